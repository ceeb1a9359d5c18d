"""What a school tells its families: who reads it, when, and that nothing but words comes through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Profile
from audit.models import Change
from schools.messages.errors import ChangedMeanwhile, MayNotWriteMessages, PeriodRefused, UnknownAudience
from schools.messages.services import MessageContent, change_message, end_message, write_message
from schools.messages.text import as_html
from schools.models import Audience, Division, Role, School, SchoolMessage
from tests.factories import NOW, Family, guardian, school, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

HOUR = timedelta(hours=1)
Tell = Callable[..., SchoolMessage]


def content(**values: Any) -> MessageContent:
    return MessageContent(
        **{
            "title": "Réunion",
            "body": "Lundi à 18 h.",
            "shown_from": NOW - HOUR,
            "shown_until": NOW + HOUR,
            "audience": Audience.SCHOOL,
            **values,
        }
    )


@pytest.fixture
def tell(dubois: Family) -> Tell:
    def write(of: School | None = None, **values: Any) -> SchoolMessage:
        place = of or dubois.school
        return write_message(school=place, key=uuid4(), content=content(**values), by=staff(place), at=NOW)

    return write


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


def titles(client: Client) -> list[str]:
    return [message.title for message in client.get("/mes-services/actualites/").context["page"]]


def test_a_family_reads_what_is_told_now_to_its_school_level_and_class(
    sophie: Client, dubois: Family, tell: Tell
) -> None:
    other_class = Division.objects.create(school=dubois.school, school_year=2026, code="2DE9")
    elsewhere = school("0699902Y")
    tell(title="à l’école")
    tell(title="à la 2de", audience=Audience.LEVEL, mef_prefix="20010")
    tell(title="à la classe", audience=Audience.DIVISIONS, divisions=[dubois.emma.division, other_class])
    tell(title="à la 1re", audience=Audience.LEVEL, mef_prefix="20110")
    tell(title="à une autre classe", audience=Audience.DIVISIONS, divisions=[other_class])
    tell(title="ailleurs", of=elsewhere)
    tell(title="ailleurs, à la 2de", of=elsewhere, audience=Audience.LEVEL, mef_prefix="20010")
    tell(title="demain", shown_from=NOW + HOUR, shown_until=NOW + 2 * HOUR)
    tell(title="finie", shown_from=NOW - HOUR, shown_until=NOW)
    assert titles(sophie) == ["à la classe", "à la 2de", "à l’école"]
    assert titles(sign_in(Client(), dubois.emma.user, Profile.STUDENT)) == titles(sophie)


def test_the_newest_stand_where_one_arrives_and_the_others_one_link_away(sophie: Client, tell: Tell) -> None:
    for number in range(4):
        tell(title=f"Nouvelle {number}", shown_from=NOW - HOUR + timedelta(minutes=number))
    page = sophie.get("/mes-services/").content.decode()
    assert "Nouvelle 3" in page
    assert "Nouvelle 1" in page
    assert "Nouvelle 0" not in page
    assert 'href="/mes-services/actualites/">Toutes' in page


def test_a_parent_of_two_schools_reads_both(sophie: Client, dubois: Family, tell: Tell) -> None:
    other = school("0699902Y", name="Lycée du Parc")
    guardian(other, "Sophie", "Bernard", student(other, "Noé", "Dubois"), user=dubois.sophie.user)
    tell(title="ici")
    tell(title="là-bas", of=other)
    assert set(titles(sophie)) == {"ici", "là-bas"}
    assert "Lycée du Parc" in sophie.get("/mes-services/actualites/").content.decode()


def test_who_has_no_child_here_reads_nothing(client: Client, dubois: Family, tell: Tell) -> None:
    tell(title="à l’école")
    assert titles(sign_in(client, staff(dubois.school), None)) == []


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](JavaScript&#58;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](//malin.example)",
        "[x](https:malin)",
        "<javascript:alert(1)>",
        "![x](https://malin.example/x.png)\n\n<style>p{}</style>",
        '[x](https://a.example "t\\"onmouseover=\\"alert(1)")',
    ],
)
def test_what_is_no_sign_of_ours_stays_text(typed: str) -> None:
    html = as_html(typed)
    for forbidden in ("<script", "<img", "<style", 'href="javascript', 'href="data', 'href="//', 'href="https:malin'):
        assert forbidden not in html.lower()
    assert ' onerror="' not in html
    assert '"onmouseover' not in html


def test_the_signs_of_ours_are_shown() -> None:
    html = as_html("**gras** et *italique*\n\n- un\n- deux\n\n[Onisep](https://www.onisep.fr/?a=1&b=2)")
    assert "<strong>gras</strong>" in html
    assert "<em>italique</em>" in html
    assert "<li>deux</li>" in html
    assert '<a href="https://www.onisep.fr/?a=1&amp;b=2">Onisep</a>' in html


@pytest.mark.parametrize("role", [Role.OFFICE, Role.FORM_TEACHER, Role.COUNSELLOR])
def test_only_those_who_steer_speak_for_the_school(dubois: Family, tell: Tell, role: Role) -> None:
    member, message = staff(dubois.school, role), tell()
    with pytest.raises(MayNotWriteMessages):
        write_message(school=dubois.school, key=uuid4(), content=content(), by=member, at=NOW)
    with pytest.raises(MayNotWriteMessages):
        change_message(message=message, content=content(), seen=message.changed_at, by=member, at=NOW)
    with pytest.raises(MayNotWriteMessages):
        end_message(message=message, by=member, at=NOW)
    with pytest.raises(MayNotWriteMessages):
        end_message(message=message, by=staff(school("0699902Y")), at=NOW)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"shown_until": NOW - HOUR}, PeriodRefused),
        ({"audience": Audience.LEVEL}, UnknownAudience),
        ({"audience": Audience.DIVISIONS}, UnknownAudience),
    ],
)
def test_a_message_that_cannot_be_is_refused(dubois: Family, tell: Tell, values: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        tell(**values)
    assert not SchoolMessage.objects.exists()


def test_a_class_of_another_school_is_refused(dubois: Family, tell: Tell) -> None:
    elsewhere = Division.objects.create(school=school("0699902Y"), school_year=2026, code="2DE1")
    with pytest.raises(UnknownAudience):
        tell(audience=Audience.DIVISIONS, divisions=[elsewhere])


def test_the_same_form_sent_twice_writes_one_message(dubois: Family) -> None:
    head, key = staff(dubois.school), uuid4()
    first = write_message(school=dubois.school, key=key, content=content(), by=head, at=NOW)
    assert write_message(school=dubois.school, key=key, content=content(), by=head, at=NOW) == first


def test_a_form_older_than_another_s_change_writes_nothing(dubois: Family, tell: Tell) -> None:
    message, head = tell(), staff(dubois.school)
    seen = message.changed_at
    change_message(message=message, content=content(title="Déplacée"), seen=seen, by=head, at=NOW + HOUR)
    with pytest.raises(ChangedMeanwhile):
        change_message(message=message, content=content(title="Annulée"), seen=seen, by=head, at=NOW + HOUR)
    message.refresh_from_db()
    assert message.title == "Déplacée"


def test_ending_takes_it_away_at_once_and_twice_is_once(sophie: Client, dubois: Family, tell: Tell) -> None:
    message, to_come = tell(), tell(shown_from=NOW + HOUR, shown_until=NOW + 2 * HOUR)
    head = staff(dubois.school)
    for _attempt in range(2):
        end_message(message=message, by=head, at=NOW)
        end_message(message=to_come, by=head, at=NOW)
    assert titles(sophie) == []
    to_come.refresh_from_db()
    assert to_come.shown_until == to_come.shown_from


def test_the_database_refuses_a_period_that_ends_before_it_begins(tell: Tell) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SchoolMessage.objects.filter(pk=tell().pk).update(shown_until=NOW - 2 * HOUR)


def test_a_message_and_its_classes_stand_in_the_trail(dubois: Family, tell: Tell) -> None:
    before = Change.objects.count()
    tell(audience=Audience.DIVISIONS, divisions=[dubois.emma.division])
    tables = set(Change.objects.order_by("pk")[before:].values_list("table", "school_id"))
    assert ("schools_schoolmessage", dubois.school.pk) in tables
    assert ("schools_schoolmessage_divisions", dubois.school.pk) in tables


# --- The school's pages ----------------------------------------------------------------------------------------------


def base(dubois: Family) -> str:
    return f"/admin/etablissements/{dubois.school.uai}/actualites/"


def typed(**values: Any) -> dict[str, Any]:
    return {
        "key": str(uuid4()),
        "title": "Réunion",
        "body": "Lundi à **18 h**.",
        "shown_from_on": "20/05/2027",
        "shown_from_time": "22:00",
        "shown_until_on": "31/05/2027",
        "shown_until_time": "23:59",
        "audience": "school",
        **values,
    }


@pytest.fixture
def head(dubois: Family) -> Client:
    return sign_in(Client(), staff(dubois.school), None)


def test_the_head_writes_and_the_family_reads_it(head: Client, sophie: Client, dubois: Family) -> None:
    answer = head.post(base(dubois) + "nouvelle/", typed(), follow=True)
    assert "L’actualité est enregistrée." in answer.content.decode()
    message = SchoolMessage.objects.get()
    assert message.shown_from == datetime.fromisoformat("2027-05-20T22:00+02:00")
    assert "<strong>18 h</strong>" in sophie.get("/mes-services/actualites/").content.decode()


def test_a_preview_writes_nothing_and_keeps_what_was_typed(head: Client, dubois: Family) -> None:
    page = head.post(base(dubois) + "nouvelle/", typed(preview="1"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "<strong>18 h</strong>" in text
    assert "Lundi à **18 h**." in text
    assert not SchoolMessage.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"title": ""}, "Donnez un titre au message."),
        ({"body": " "}, "Écrivez le texte du message."),
        ({"shown_until_on": "19/05/2027"}, "La fin de l’affichage doit venir après son début."),
        ({"shown_from_on": "20 mai"}, "Écrivez une date comme 20/05/2027."),
        ({"audience": "level"}, "Choisissez le niveau auquel ce message s’adresse."),
        ({"audience": "divisions"}, "Choisissez au moins une classe."),
        ({"shown_from_on": "28/03/2027", "shown_from_time": "02:30"}, "Cette heure n’existe pas ce jour-là"),
    ],
)
def test_a_wrong_form_is_said_and_keeps_what_was_typed(
    head: Client, dubois: Family, values: dict[str, str], sentence: str
) -> None:
    answer = head.post(base(dubois) + "nouvelle/", typed(**values))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not SchoolMessage.objects.exists()


def test_a_message_is_changed_then_taken_away(head: Client, dubois: Family, tell: Tell) -> None:
    message = tell(audience=Audience.DIVISIONS, divisions=[dubois.emma.division])
    address = f"{base(dubois)}{message.pk}/"
    page = head.get(address)
    assert page.status_code == 200
    values = typed(seen=page.context["form"].initial["seen"], audience="level", mef_prefix="20010")
    assert head.post(address, values).status_code == 302
    message.refresh_from_db()
    assert (message.audience, message.mef_prefix, message.divisions.count()) == ("level", "20010", 0)
    assert head.post(address, values | {"title": "Trop tard", "seen": "2027-01-01T00:00:00+00:00"}).status_code == 409
    assert head.post(address + "terminer/").status_code == 302
    message.refresh_from_db()
    assert message.shown_until == NOW


def test_another_school_s_message_does_not_exist(head: Client, dubois: Family, tell: Tell) -> None:
    message = tell(of=school("0699902Y"))
    assert head.get(f"{base(dubois)}{message.pk}/").status_code == 404
    assert head.post(f"{base(dubois)}{message.pk}/terminer/").status_code == 404


def test_who_only_reads_sees_no_button(dubois: Family, tell: Tell) -> None:
    tell(title="Réunion")
    page = sign_in(Client(), staff(dubois.school, Role.OFFICE), None).get(base(dubois)).content.decode()
    assert "Réunion" in page
    assert "Modifier" not in page
    assert "Ne plus afficher" not in page


@pytest.mark.parametrize("count", [1, 15])
def test_each_page_makes_the_same_queries_however_much_is_told(
    sophie: Client, head: Client, dubois: Family, tell: Tell, count: int
) -> None:
    for number in range(count):
        division = Division.objects.create(school=dubois.school, school_year=2026, code=f"2DE{number + 10}")
        message = tell(audience=Audience.DIVISIONS, divisions=[dubois.emma.division, division])
    expected = {
        (sophie, "/mes-services/actualites/"): 5,
        (head, base(dubois)): 9,
        (head, base(dubois) + "nouvelle/"): 8,
        (head, f"{base(dubois)}{message.pk}/"): 10,
    }
    made = {}
    for client, page in expected:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        made[client, page] = len(queries)
    assert made == expected
