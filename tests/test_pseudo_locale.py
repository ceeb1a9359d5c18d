"""No text of a page is left out of the catalogue: the gallery, in a language of brackets, shows nothing outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from time import time
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from accounts.models import Profile, User
from accounts.sessions import PENDING_SESSION_KEY, PendingIdentity
from demo.exports import dated_exports
from demo.management.commands.load_demo import Command
from demo.people import BORDEAUX, PASSWORD, PEOPLE, STAFF
from notifications import kinds
from notifications.models import OutboxMessage
from notifications.rendering import subject_of
from portal.accessibility import declaration
from schools.imports.work import work
from schools.models import Guardian, Student
from schools.models.school import TimeZone
from schools.siecle import school_year_at
from tests import factories
from tests.browser.gallery import BEFORE_THE_CODE, BY_FRANCECONNECT, FAMILY, GALLERY, Shown
from tests.browser.visit import QUERIES
from tests.pseudo_locale import OPEN, as_known, pseudo_locale, unmarked

ROOMS = ("accounts", "orientation", "portal", "schools", "otp_totp")
"""Those whose tables hold what pages show: names, codes, frozen labels, what schools and families wrote."""

NAMES = {
    "Français": "a language in its own words",
    "English": "a language in its own words",
    "FR": "a language's code",
    "EN": "a language's code",
    settings.BRAND["site_title"]: "a setting",
    "FranceConnect": "a service's name, in the button that django-dsfr draws",
    "Horizons 21": "a site's name",
    "MEF": "the ministry's name of its codes",
    "Europe/Paris": "the name of a time zone in its database",
    "Id": "the same word in both languages",
    "messages": "the name of a cookie",
    "session": "the name of a cookie",
    "csrf": "the name of a cookie",
    "langue": "the name of a cookie",
}
"""What stands outside of brackets and in no table, each with its reason."""


SECRET = re.compile(r"(?:[A-Z2-7]{4} ?){8}")
"""A second factor's secret, made anew each time."""


def _data() -> Iterator[str]:
    """Yield what pages show as it is: what tables hold, but the values of lists of choices, which have labels.

    So are the facts of the accessibility statement, the codes of messages, and their subjects, in their reader's
    language.
    """
    for model in (each for room in ROOMS for each in apps.get_app_config(room).get_models()):
        fields = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField | models.EmailField)
            and not field.choices
        ]
        for row in model._default_manager.values_list(*fields):
            for value in row:
                yield from _texts(value)
    yield from _texts(asdict(declaration()))
    yield from kinds.codes()
    for message in OutboxMessage.objects.all():
        yield from (str(message.pk), message.kind, message.recipient, message.address, subject_of(message))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
        yield from (part for part in re.split(r"[\n*_\[\]()]+", value) if len(part) > 2)


@pytest.fixture
def demonstration(db: None, tmp_path: Path) -> None:
    """The demonstration, and in it what the gallery needs to be shown."""
    call_command(Command())
    _sign_up()
    _disagree()
    _upload(dated_exports(BORDEAUX, timezone.now(), tmp_path))


def _sign_up() -> None:
    """Families' accounts, which the demonstration opens as they come through their provider."""
    staff = {agent.login for agent in STAFF}
    for person in (each for each in PEOPLE if each.login not in staff):
        user = User.objects.create(username=person.login, first_name=person.given_name, last_name=person.family_name)
        for uai, key in person.guardian_of.items():
            Guardian.objects.filter(school__uai=uai, siecle_person_id=key).update(user=user)
        for uai, ine in person.student_of.items():
            Student.objects.filter(school__uai=uai, ine=ine).update(user=user)


def _disagree() -> None:
    """Emma's parents write over each other, as in `tests.browser.visit.Visit`."""
    form = FAMILY + _place("emma") + "/choix-definitifs/ajouter/"
    clients = [_client(who) for who in ("marc.dubois", "sophie.bernard")]
    pages = [client.get(form).content.decode() for client in clients]
    for client, page, series in zip(clients, pages, ("stmg", "sthr"), strict=True):
        version = re.search(r'name="version" value="(\d+)"', page)
        assert version
        client.post(form, {"version": version[1], "group": "technologique", "series": series})


def _upload(files: list[Path]) -> None:
    page = f"/admin/etablissements/{BORDEAUX}/imports/"
    client = _client("proviseur.bordeaux")
    year = school_year_at(timezone.now(), TimeZone.METROPOLE)
    with files[0].open("rb") as students, files[1].open("rb") as guardians:
        sent = client.post(page, {"students": students, "guardians": guardians, "school_year": year})
    assert sent.status_code == 302
    work(at=timezone.now())


def _place(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name])
        return str(cursor.fetchone()[0])


def _client(who: str) -> Client:
    client = Client()
    if who == BY_FRANCECONNECT:
        pending = PendingIdentity("franceconnect", "sub", "Hoarau", "Marie", "", "accounts.oidc.backends.X")
        session = client.session
        session[PENDING_SESSION_KEY] = asdict(pending) | {"expires_at": time() + 600}
        session.save()
        client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    elif who == BEFORE_THE_CODE:
        client.post("/admin/login/", {"username": "adjoint.paris", "password": PASSWORD})
    elif who:
        is_staff = who in {agent.login for agent in STAFF}
        person = next((each for each in PEOPLE if each.login == who), None)
        profile = None if is_staff else Profile.STUDENT if person and person.is_student else Profile.GUARDIAN
        factories.sign_in(client, User.objects.get(username=who), profile)
    return client


def _seen(shown: Shown) -> str:
    client = _client(shown.who)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    with pseudo_locale():
        answer = client.get(re.sub(r"{(\w+)}", lambda place: _place(place[1]), shown.path))
    assert (answer.status_code, answer.headers["Content-Language"]) == (shown.status, "en"), shown.name
    return answer.content.decode()


@pytest.mark.usefixtures("demonstration")
def test_no_page_shows_a_text_outside_of_the_catalogue() -> None:
    pages = {shown.name: _seen(shown) for shown in GALLERY}
    data = as_known([*_data(), *NAMES])

    assert [name for name, html in pages.items() if 'lang="en"' not in html or OPEN not in html] == []
    found = {text: name for name, html in pages.items() for text in unmarked(html, data)}
    found = {text: name for text, name in found.items() if not SECRET.fullmatch(text)}
    assert not found, "mark them (docs/translating.md):\n" + "\n".join(f"{found[text]}: {text}" for text in found)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>⟦Bonjour⟧, <b>Emma Dubois</b> : ⟦%(n)s <b>choix⟧</b> 12</p>", []),
        ("<p>⟦Bonjour⟧ Madame</p>", ["Madame"]),
        ("<p>Emma Durand</p>", ["Emma Durand"]),
        ('<a title="Ouvrir" href="/fr/">⟦Lire⟧</a>', ["Ouvrir"]),
        ('<input type="submit" value="Valider"><input value="Emma">', ["Valider"]),
        ("<script>const mot = 1</script><title>Accueil</title>", ["Accueil"]),
    ],
)
def test_text_is_told_from_data(html: str, found: list[str]) -> None:
    assert unmarked(html, as_known(["Emma", "Dubois"])) == found
