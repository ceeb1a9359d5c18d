"""The demonstration's families do all that can be done: nothing of them stands in logs, subjects nor addresses."""

from __future__ import annotations

import io
import logging
import re
import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from celery import shared_task
from django.conf import settings
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Profile, User
from audit.tasks import apply_retention
from demo.management.commands.load_demo import Command
from demo.people import PEOPLE, Person
from notifications.models import OutboxMessage
from notifications.rendering import subject_of
from notifications.tasks import send_due_messages
from operations.logs import JsonLine, Line, RequestIdFilter, message_of
from orientation.models import Submission
from portal.views import family
from schools.models import Guardian, Guardianship, Student
from tests.factories import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("load_demo")]

LINKS = re.compile(r'(?:href|action|src)="([^"]*)"')
TOKEN = re.compile(r"/courriel/confirmation/([^/\s]+)/")
PAGES = [
    "/", "/mes-services/", "/mes-services/actualites/", "/mes-services/fiche-renseignements/", "/espace-famille/",
    "/espace-famille/historique/", "/espace-famille/courriels/", "/espace-famille/connexions/",
    "/espace-famille/mes-donnees/", "/espace-famille/mes-donnees/donnees.json",
    "/espace-famille/mes-donnees/donnees.pdf", "/contact/", "/contact/message/", "/nulle-part/",
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """The whole demonstration, loaded once for these tests, and then undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command(Command(), stdout=io.StringIO())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def written() -> Iterator[list[io.StringIO]]:
    """All that is logged from INFO on, as a line and as JSON, by the very formatters of the settings."""
    formatters: dict[str, Any] = settings.LOGGING["formatters"]  # type: ignore[assignment]
    assert formatters["line"]["()"] == f"{Line.__module__}.{Line.__name__}"
    streams, handlers = [io.StringIO(), io.StringIO()], []
    for stream, formatter in zip(streams, (Line(formatters["line"]["format"]), JsonLine()), strict=True):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        handler.addFilter(RequestIdFilter())
        handlers.append(handler)
    root, django = logging.getLogger(), logging.getLogger("django")
    levels = {logger: logger.level for logger in (root, django)}
    for logger in levels:
        logger.setLevel(logging.INFO)
        for handler in handlers:
            logger.addHandler(handler)
    yield streams
    for logger, level in levels.items():
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)


class RefusingBackend(EmailBackend):
    """A mail server that refuses some, and says whom in its words."""

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if "kowalski" in message.to[0]:
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, f"{message.to[0]} is unknown".encode())})
            if "diallo" in message.to[0]:
                raise smtplib.SMTPDataError(451, f"later, {message.to[0]}".encode())
        return int(super().send_messages(messages))


@shared_task
def fail_about(name: str) -> None:
    raise ValueError(f"{name} is not possible")


def families() -> list[Person]:
    return [each for each in PEOPLE if each.guardian_of or each.student_of]


def who_acts() -> list[Person]:
    """Enough of them for two guardians of one pupil, two schools, a refused mailbox, pupils."""
    people = families()
    return [*people[:8], *[each for each in people[8:] if each.is_student][:2]]


def names() -> set[str]:
    """What tells who somebody is: names, addresses, INE and SIECLE's numbers of all who are in the tables."""
    told = {word for each in families() for word in (each.given_name, each.family_name, each.usual_name, each.email)}
    for model, fields in (
        (Student, ["given_name", "family_name", "usual_name", "ine"]),
        (Guardian, ["given_name", "family_name", "usual_name", "school_email", "own_email", "pending_email"]),
    ):
        told |= {word for row in model.objects.values_list(*fields) for word in row}
    return told - {""}


def found(words: set[str], text: str) -> set[str]:
    return {word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)}


def account_of(person: Person) -> tuple[User, Profile] | None:
    """Tie an account to the records of a person, as their sign-in would."""
    user, _ = User.objects.get_or_create(
        username=person.login, defaults={"first_name": person.given_name, "last_name": person.family_name}
    )
    model: type[Any] = Student if person.is_student else Guardian
    key, records = ("ine", person.student_of) if person.is_student else ("siecle_person_id", person.guardian_of)
    tied = [model.objects.filter(school__uai=uai, **{key: value}).update(user=user) for uai, value in records.items()]
    return (user, Profile.STUDENT if person.is_student else Profile.GUARDIAN) if any(tied) else None


class Seen(Client):
    """A browser that keeps every address it is shown or sent to."""

    def __init__(self) -> None:
        super().__init__(raise_request_exception=False)
        self.addresses: set[str] = set()

    def request(self, **arguments: Any) -> Any:
        answer = super().request(**arguments)
        self.addresses.add(answer.headers.get("Location", ""))
        if "text/html" in answer.headers.get("Content-Type", ""):
            self.addresses |= set(LINKS.findall(answer.content.decode()))
        return answer


def live(person: Person, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Sign in, open every page, write and validate, write to the school, change one's address, use its link twice."""
    browser = Seen()
    if (known := account_of(person)) is None:
        return browser
    sign_in(browser, *known)
    for page in PAGES:
        browser.get(page)
    for student in Student.objects.filter(guardians__user=known[0]) | Student.objects.filter(user=known[0]):
        where = reverse("orientation:home", args=[student.public_id])
        for page in ("", "avis-provisoires/", "propositions/", "decisions/", "choix-definitifs/", "intentions/"):
            browser.get(where + page)
        for kind in ("intentions", "choix-definitifs"):
            browser.post(f"{where}{kind}/ajouter/", {"version": 0, "group": "technologique", "series": "stmg"})
            browser.post(f"{where}{kind}/valider/", {"version": 1})
            browser.get(f"{where}{kind}/demande/1/recepisse.pdf")
        browser.post("/contact/message/", {"student": student.public_id, "subject": "other", "text": f"{person.email}"})
    browser.post("/mes-services/fiche-renseignements/", {"email": f"nouvelle.{person.email}", "save_email": "1"})
    fail(browser, person, monkeypatch)
    return browser


def fail(browser: Seen, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a page fail by errors that say who: our own, and PostgreSQL's with its row."""

    def own(*arguments: Any) -> None:
        raise ValueError(f"{person.given_name} {person.family_name} <{person.email}>")

    def of_the_database(*arguments: Any) -> None:
        with transaction.atomic():
            Guardianship.objects.bulk_create([Guardianship(**_values(Guardianship.objects.all()[0]))])

    for broken in (own, of_the_database):
        with monkeypatch.context() as patch:
            patch.setattr(family, "children_of", broken)
            answer = browser.get("/espace-famille/")
        assert answer.status_code == 500
        assert found(names(), re.sub(r"<[^>]*>", " ", answer.content.decode())) == set()


def _values(row: Guardianship) -> dict[str, Any]:
    return {"guardian_id": row.guardian_id, "student_id": row.student_id, "level": row.level}


def confirm_all(browser: Client) -> set[str]:
    """Open each link that was sent, use it, and use it again; return the secrets."""
    tokens = {token for row in OutboxMessage.objects.all() for token in TOKEN.findall(str(row.context))}
    for token in tokens:
        for _time in range(2):
            browser.post(f"/courriel/confirmation/{token}/")
        browser.get(f"/courriel/rappels/{token}/")
        browser.get(f"/admin/connexion/mot-de-passe/MQ/{token}/")
    return tokens


@pytest.mark.usefixtures("loaded")
def test_a_whole_run_of_the_families_leaves_nobody_in_logs_subjects_nor_addresses(
    written: list[io.StringIO], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    browsers = [live(person, monkeypatch) for person in who_acts()]
    assert all("/espace-famille/" in browser.addresses for browser in browsers)
    for _round in range(10):
        send_due_messages.apply()
    visitor = Seen()
    visitor.post("/admin/login/", {"username": "claire.martin@familles.example", "password": "Dubois"})
    tokens = confirm_all(visitor)
    assert tokens
    assert Submission.objects.exists()
    fail_about.apply(args=("Sophie Bernard",))
    apply_retention.apply()
    with pytest.raises(IntegrityError), transaction.atomic():
        Guardianship.objects.bulk_create([Guardianship(**_values(Guardianship.objects.all()[0]))])
    secrets = names() | tokens | {f"nouvelle.{person.email}" for person in families() if person.email}
    for stream in written:
        text = stream.getvalue()
        for happened in ("ValueError", "IntegrityError", "Not Found", "address refused", "fail_about", "***"):
            assert happened in text
        assert found(secrets, text) == set()
    subjects = [subject_of(message) for message in OutboxMessage.objects.all()]
    assert len(set(subjects)) >= 3
    assert found(names(), "\n".join(subjects)) == set()
    shown = {each for browser in (*browsers, visitor) for each in browser.addresses if not each.startswith("mailto:")}
    assert len(shown) > 100
    assert found(names(), "\n".join(shown)) == set()


def test_no_subject_of_any_message_says_anything_but_numbers_and_what_it_is_about() -> None:
    templates = list(Path(settings.BASE_DIR, "templates").glob("*/mail/*.subject.txt"))
    said = {name for each in templates for name in re.findall(r"{{\s*([\w.]+)", each.read_text())}
    assert len(templates) > 15
    assert said <= {"number", "about"}


PARTS = {
    "public_id", "student", "kind", "pathway", "number", "key", "token", "uidb64", "year", "uai", "pk", "object_id",
    "division", "table", "app_label", "content_type_id", "url", "filename", "name",
    "step",
}  # fmt: skip
"""What addresses are made of: identifiers, codes, numbers, `name` of an act or a setting; nobody's name nor INE."""


def parts(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for each in patterns:
        yield from re.findall(r"<(?:\w+:)?(\w+)>", str(each.pattern))
        if isinstance(each, URLResolver):
            yield from parts(each.url_patterns)


def test_addresses_are_made_of_identifiers() -> None:
    assert set(parts(get_resolver().url_patterns)) <= PARTS


def with_a_secret() -> dict[str, str]:
    """The addresses of links that are secrets, by their names."""
    return {
        "portal:confirm_email": reverse("portal:confirm_email", args=["s3cret"]),
        "portal:mute_reminders": reverse("portal:mute_reminders", args=["s3cret"]),
        "admin:choose_password": reverse("admin:choose_password", args=["MQ", "s3cret"]),
    }


def test_no_log_holds_the_secret_of_a_link_ours_nor_the_proxys() -> None:
    nginx = (Path(settings.BASE_DIR) / "deploy/nginx/nginx.conf").read_text()
    masks = re.findall(r"^ +~\*(\S+) (/\S+\*\*\*/);$", nginx, re.M)
    assert sum(part == "token" for part in parts(get_resolver().url_patterns)) == len(with_a_secret())
    for address in with_a_secret().values():
        record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Not Found: %s", (address,), None)
        assert "s3cret" not in message_of(record)
        assert [said for mask, said in masks if re.search(mask, address, re.IGNORECASE)][:1]
    untouched = "Not Found: /mes-services/fiche-renseignements/rappels/"
    assert message_of(logging.LogRecord("x", 20, "", 1, untouched, None, None)) == untouched
    assert not [said for mask, said in masks if re.search(mask, "/mes-services/fiche-renseignements/rappels/")]
