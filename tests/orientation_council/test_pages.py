"""The council's pages as the school's staff see them, with and without htmx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Reading
from notifications.models import MessageState, OutboxMessage
from orientation.council import services
from orientation.council.lines import answers_of
from orientation.council.rules import Answer
from orientation.errors import NotAllowed
from orientation.models import CouncilSheet, DivisionPublication, Draft, Phase, SheetReading
from schools.models import Division, Role, Student
from tests.factories import guardian, school, sign_in, staff, student
from tests.orientation_council.conftest import Council

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def address(name: str, council: Council, *rest: object) -> str:
    return reverse(f"admin:{name}", args=[council.school.uai, council.kind, council.division.pk, *rest])


def as_(council: Council, role: Role | None = None, *divisions: Division) -> Client:
    user = council.deputy if role is None else staff(council.school, role, *divisions)
    return sign_in(Client(), user, None)


def typed(council: Council, **values: Any) -> dict[str, Any]:
    """What the page sends for Emma's line as it has just been shown, with these values typed."""
    newest = council.newest(council.emma)
    assert newest is not None
    sheet = CouncilSheet.objects.filter(student=council.emma, phase=council.phase).first()
    return {
        "version": sheet.version if sheet else 0,
        "submission": newest.pk,
        "pathway": [each.pathway.code for each in newest.choices.order_by("rank")],
        **values,
    }


def send(client: Client, council: Council, values: dict[str, Any], *, htmx: bool = False) -> Any:
    place = address("council_line", council, council.emma.pk)
    return client.post(place, typed(council, **values), headers=HTMX if htmx else None)


@pytest.fixture
def meeting(opinions: Council) -> Iterator[Council]:
    with time_machine.travel(opinions.meeting, tick=False):
        yield opinions


@pytest.fixture
def deciding(proposals: Council) -> Iterator[Council]:
    with time_machine.travel(proposals.meeting, tick=False):
        yield proposals


@pytest.fixture
def telling(proposals: Council) -> Iterator[Council]:
    proposals.complete()
    with time_machine.travel(proposals.telling, tick=False):
        yield proposals


# --- The class -------------------------------------------------------------------------------------------------------


def test_each_pupil_is_a_line_with_what_the_family_validated_and_the_verdicts(meeting: Council) -> None:
    silent = meeting.classmate("Noé", "Petit")
    page = as_(meeting).get(address("council", meeting)).content.decode()
    assert page.index("Dubois Emma") < page.index("Petit Noé")
    assert "Demande n° 1, validée le" in page
    assert "numérique et sciences informatiques" in page
    assert "sciences de l’ingénieur <em>(hors établissement)</em>" in page
    assert page.count('value="reserved"') == 2
    assert "Aucun choix validé" in page
    assert f'id="version-{silent.pk}"' in page
    assert "@" not in re.sub(r"@container|@media", "", page)


def test_a_draft_never_goes_to_the_council(meeting: Council) -> None:
    Draft.objects.create(
        student=meeting.classmate("Noé", "Petit"),
        phase=meeting.writing,
        wishes=[{"pathway": "st2s", "specialities": [], "note": ""}],
        changed_at=meeting.meeting,
    )
    assert "ST2S" not in as_(meeting).get(address("council", meeting)).content.decode()


def test_who_opens_a_class_is_noted(meeting: Council) -> None:
    as_(meeting).get(address("council", meeting))
    reading = Reading.objects.get()
    assert (reading.user_id, reading.page, reading.object_pk) == (
        meeting.deputy.pk,
        "council",
        str(meeting.division.pk),
    )


def test_before_the_families_phase_closes_the_page_says_when_and_offers_nothing_to_enter(meeting: Council) -> None:
    with time_machine.travel(meeting.writing.closes_at - timedelta(hours=1), tick=False):
        page = as_(meeting).get(address("council", meeting)).content.decode()
    assert "La saisie du conseil commence à la fermeture de la phase « Intentions »" in page
    assert "<textarea" not in page


@pytest.mark.parametrize("role", [Role.OFFICE, Role.COUNSELLOR])
def test_who_only_reads_sees_what_was_entered_and_no_field(meeting: Council, role: Role) -> None:
    meeting.save(Answer("generale", "reserved", "À consolider."))
    page = as_(meeting, role).get(address("council", meeting)).content.decode()
    assert "À consolider." in page
    assert "<textarea" not in page
    assert "La saisie revient au professeur principal" in page


def test_the_projection_shows_one_pupil_and_what_was_said_without_the_menu(deciding: Council) -> None:
    other = deciding.classmate("Noé", "Petit")
    deciding.save(Answer("generale", "no", "Moyennes trop basses."), Answer("stmg", "yes"))
    client = as_(deciding)
    page = client.get(address("council", deciding), {"projection": "1"}).content.decode()
    assert "Élève 1 sur 2" in page
    assert "Moyennes trop basses." in page
    assert 'class="staff-menu"' not in page
    for wrong in ("", "abc", "99999999999999999999", "9" * 5_000, "²"):
        assert (
            "Élève 1 sur 2"
            in client.get(address("council", deciding), {"projection": "1", "eleve": str(wrong)}).content.decode()
        )
    second = client.get(address("council", deciding), {"projection": "1", "eleve": str(other.pk)}).content.decode()
    assert "Élève 2 sur 2" in second
    assert '<h2 id="nom">Petit Noé</h2>' in second


def test_a_class_without_pupils_of_the_campaign_says_so(meeting: Council) -> None:
    Student.objects.update(mef_code="24010")
    client = as_(meeting)
    for query in ("", "?projection=1"):
        assert "aucun élève concerné" in client.get(address("council", meeting) + query).content.decode()


# --- Keeping a line --------------------------------------------------------------------------------------------------


def test_with_htmx_a_line_is_kept_and_only_its_state_comes_back(meeting: Council) -> None:
    answer = send(as_(meeting), meeting, {"verdict-generale": "reserved"}, htmx=True)
    assert answer.status_code == 200
    assert answers_of(meeting.sheet) == (Answer("generale", "reserved"), Answer("stmg"))
    page = answer.content.decode()
    assert "Incomplet" in page
    assert "rang 2 sans réponse, rang 1 sans motif" in page
    assert "Enregistré à" in page
    assert f'id="version-{meeting.emma.pk}" value="1"' in page
    assert "<textarea" not in page, "what is being typed is left alone"


def test_without_javascript_a_line_is_kept_and_the_page_comes_back_at_it(meeting: Council) -> None:
    answer = send(as_(meeting), meeting, {"verdict-generale": "favourable", "comment-stmg": " Deux\r\nlignes. "})
    assert answer.status_code == 302
    assert answer.url == f"{address('council', meeting)}#eleve-{meeting.emma.pk}"
    assert answers_of(meeting.sheet)[1].comment == "Deux\nlignes."


def test_what_is_refused_stays_in_the_form(meeting: Council) -> None:
    long = "x" * 501
    client = as_(meeting)
    answer = send(client, meeting, {"verdict-generale": "reserved", "comment-generale": long})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "a 501 caractères : 500 au plus" in page
    assert long in page
    assert 'value="reserved" checked' in page
    piece = send(client, meeting, {"comment-generale": long}, htmx=True)
    assert piece.status_code == 422
    assert "Non enregistré" in piece.content.decode()
    assert not CouncilSheet.objects.exists()


def test_a_voie_is_proposed_and_taken_back(deciding: Council) -> None:
    client = as_(deciding)
    answer = send(client, deciding, {"added": "st2s", "add": "1", "verdict-generale": "no"}, htmx=True)
    assert answer.headers["HX-Retarget"] == f"#eleve-{deciding.emma.pk}"
    assert "Proposée par le conseil" in answer.content.decode()
    assert [(each.pathway, each.verdict) for each in answers_of(deciding.sheet)] == [
        ("generale", "no"),
        ("stmg", ""),
        ("st2s", "yes"),
    ]
    send(client, deciding, {"proposed": "st2s", "remove": "st2s", "verdict-generale": "no"}, htmx=True)
    assert [each.pathway for each in answers_of(deciding.sheet)] == ["generale", "stmg"]


def test_a_voie_chosen_in_the_list_without_its_button_is_not_added(deciding: Council) -> None:
    send(as_(deciding), deciding, {"added": "st2s", "verdict-generale": "no"}, htmx=True)
    assert [each.pathway for each in answers_of(deciding.sheet)] == ["generale", "stmg"]


def test_specialities_are_recommended(deciding: Council) -> None:
    client = as_(deciding)
    send(client, deciding, {"verdict-generale": "yes", "recommended-generale": ["svt", "nsi"]})
    assert answers_of(deciding.sheet)[0].recommended == {"svt", "nsi"}
    page = client.get(address("council", deciding)).content.decode()
    assert page.count(" checked>") == 3
    assert page.index("Enseignées dans l’établissement") < page.index("Hors établissement")


def test_over_anothers_version_both_are_shown_and_either_is_kept(meeting: Council) -> None:
    form = typed(meeting, **{"verdict-generale": "reserved", "comment-generale": "Trop juste."})
    meeting.save(Answer("generale", "favourable", "Bel élan."), by=meeting.head)
    client = as_(meeting)
    answer = client.post(address("council_line", meeting, meeting.emma.pk), form, headers=HTMX)
    assert answer.status_code == 409
    page = answer.content.decode()
    for words in ("Bel élan.", "Trop juste.", "Garder la mienne", "Garder la sienne", "camille.proviseure"):
        assert words in page
    assert answers_of(meeting.sheet)[0].comment == "Bel élan."
    plain = client.post(address("council_line", meeting, meeting.emma.pk), form)
    assert plain.status_code == 409
    assert "Trop juste." in plain.content.decode()
    theirs = client.get(address("council_line", meeting, meeting.emma.pk), headers=HTMX).content.decode()
    assert "Bel élan." in theirs
    assert client.get(address("council_line", meeting, meeting.emma.pk)).status_code == 302
    client.post(address("council_line", meeting, meeting.emma.pk), {**form, "version": 1, "whole": "1"}, headers=HTMX)
    assert answers_of(meeting.sheet)[0].comment == "Trop juste."


def test_on_a_list_that_the_family_changed_what_still_fits_stays_typed(deciding: Council) -> None:
    form = typed(deciding, **{"verdict-generale": "no", "verdict-stmg": "yes", "comment-stmg": "Très bien."})
    deciding.ask("stmg", "sti2d")
    answer = as_(deciding).post(address("council_line", deciding, deciding.emma.pk), form, headers=HTMX)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "La famille a validé une nouvelle liste" in page
    assert "Très bien." in page
    assert "STI2D" in page
    assert 'value="generale"' not in page.split("council-add")[0].replace('option value="generale"', "")
    assert not CouncilSheet.objects.exists()


def test_a_line_published_meanwhile_keeps_what_was_typed_on_the_screen(telling: Council) -> None:
    form = typed(telling, **{"verdict-generale": "no", "comment-generale": "Trop juste."})
    telling.publish()
    answer = as_(telling).post(address("council_line", telling, telling.emma.pk), form, headers=HTMX)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Retirez d’abord la publication" in page
    assert "Trop juste." in page
    assert "Garder la mienne" not in page


@pytest.mark.parametrize("broken", [{"version": "x"}, {"version": ""}, {"version": "-1"}, {"submission": "x"}])
def test_what_no_page_of_ours_sends_is_refused(meeting: Council, broken: dict[str, str]) -> None:
    assert send(as_(meeting), meeting, broken).status_code == 400
    assert not CouncilSheet.objects.exists()


def test_a_line_to_review_says_what_is_no_longer_asked(meeting: Council) -> None:
    meeting.complete()
    meeting.ask("stmg", "sti2d")
    page = as_(meeting).get(address("council", meeting)).content.decode()
    assert "À revoir" in page
    assert "N’est plus demandé : 1re générale (favorable)." in page
    assert "J’ai revu cette ligne" in page


def test_lines_shown_by_another_address_than_the_page_are_read_too(meeting: Council) -> None:
    client = as_(meeting)
    assert client.get(address("council_news", meeting), {"connues": ""}).status_code == 200
    assert not Reading.objects.exists()
    client.get(address("council_news", meeting), {"connues": f"{meeting.emma.pk}:0"})
    assert Reading.objects.get().page == "council"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL audit.purge = 'on'")
    Reading.objects.all().delete()
    client.get(address("council_line", meeting, meeting.emma.pk))
    assert Reading.objects.get().page == "council"


# --- What others enter -----------------------------------------------------------------------------------------------


def test_the_page_learns_of_the_lines_that_others_changed_and_of_no_others(meeting: Council) -> None:
    other = meeting.classmate("Noé", "Petit")
    meeting.ask("st2s", of=other)
    client = as_(meeting)
    page = client.get(address("council", meeting)).content.decode()
    known = ",".join(
        f"{pk}:{token}" for pk, token in re.findall(r'id="version-(\d+)" value="\d+" data-token="([\d.]+)"', page)
    )
    assert known.count(":") == 2
    quiet = client.get(address("council_news", meeting), {"connues": known}).content.decode()
    assert "<article" not in quiet
    assert 'id="jeton"' in quiet
    meeting.save(Answer("st2s", "favourable", "Très bon stage."), of=other, by=meeting.head)
    news = client.get(address("council_news", meeting), {"connues": known}).content.decode()
    assert f'id="eleve-{other.pk}"' in news
    assert f'id="eleve-{meeting.emma.pk}"' not in news
    assert "Très bon stage." in news
    assert "par camille.proviseure" in news
    assert client.get(address("council_news", meeting), {"connues": "rubbish,:,7"}).status_code == 200


# --- Publishing ------------------------------------------------------------------------------------------------------


def test_the_page_before_publishing_says_who_will_be_told_and_who_cannot(telling: Council) -> None:
    telling.classmate("Noé", "Petit")
    silent = telling.classmate("Lou", "Roux", guardians=0)
    guardian(telling.school, "Paul", "Roux", silent, school_email="")
    page = as_(telling).get(address("publish_council", telling)).content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "représentants légaux prévenus par courriel 3 sur 4" in text
    assert "représentants légaux qui ont un compte 2 sur 4" in text
    assert "Lou Roux : Paul Roux" in text
    assert "par un courriel qui dit qu’aucun choix n’était validé : Noé Petit, Lou Roux." in text
    assert "@familles.example" not in page
    assert not DivisionPublication.objects.exists()


def test_a_class_is_published_by_a_post_and_then_shown_as_published(telling: Council) -> None:
    client = as_(telling)
    answer = client.post(address("publish_council", telling), follow=True)
    assert DivisionPublication.objects.get().published_by == telling.deputy
    page = answer.content.decode()
    assert "La classe 2DE3 est publiée." in page
    assert "Retirer la publication" in page
    assert "<textarea" not in page
    again = client.get(address("publish_council", telling)).content.decode()
    assert "Toute la classe est déjà publiée." in again


def test_a_half_filled_page_is_refused_by_name_and_nothing_is_half_written(deciding: Council) -> None:
    other = deciding.classmate("Noé", "Petit")
    deciding.ask("stmg", "sti2d", of=other)
    deciding.complete()
    deciding.save(Answer("stmg", "yes"), of=other)
    with time_machine.travel(deciding.telling, tick=False):
        client = as_(deciding)
        page = client.get(address("publish_council", deciding)).content.decode()
        assert "Noé Petit</a> : rang 2 sans réponse" in page
        assert "Publier la classe 2DE3</button>" not in page
        answer = client.post(address("publish_council", deciding))
    assert answer.status_code == 409
    assert "La classe ne peut pas être publiée : 1 ligne n’est pas prête." in answer.content.decode()
    assert not DivisionPublication.objects.exists()
    assert not CouncilSheet.objects.exclude(publication=None).exists()
    assert not OutboxMessage.objects.exists()


def test_out_of_the_dates_the_page_says_when(telling: Council) -> None:
    for at, words in (
        (telling.phase.opens_at - timedelta(hours=1), "La publication n’est possible qu’à partir du"),
        (telling.phase.closes_at, "prolongez la phase"),
    ):
        with time_machine.travel(at, tick=False):
            client = sign_in(Client(), telling.deputy, None)
            assert words in client.get(address("publish_council", telling)).content.decode()
            answer = client.post(address("publish_council", telling))
        assert answer.status_code == 409
        assert words in answer.content.decode()


def test_a_publication_is_withdrawn_before_anybody_reads_and_the_page_says_what_has_gone(telling: Council) -> None:
    publication = telling.publish()
    first = OutboxMessage.objects.first()
    assert first is not None
    OutboxMessage.objects.filter(pk=first.pk).update(state=MessageState.SENT)
    client = as_(telling)
    page = client.get(address("withdraw_council", telling)).content.decode()
    assert "1 courriel est déjà parti" in page
    assert "1 courriel n’est pas encore parti" in page
    answer = client.post(address("withdraw_council", telling), {"publication": publication.pk}, follow=True)
    assert "La publication est retirée" in answer.content.decode()
    publication.refresh_from_db()
    assert publication.withdrawn_by == telling.deputy
    assert "il n’y a rien à retirer" in client.get(address("withdraw_council", telling)).content.decode()


def test_once_read_the_page_refuses_to_withdraw(telling: Council) -> None:
    publication = telling.publish()
    SheetReading.objects.create(sheet=telling.sheet, user=telling.of(telling.family.sophie), read_at=telling.telling)
    client = as_(telling)
    assert "1 famille l’a déjà lue" in client.get(address("withdraw_council", telling)).content.decode()
    answer = client.post(address("withdraw_council", telling), {"publication": publication.pk})
    assert answer.status_code == 409
    assert "ne peut plus être retirée" in answer.content.decode()


@pytest.mark.parametrize("wrong", ["", "x", "999999", "99999999999999999999"])
def test_only_a_publication_of_this_class_is_withdrawn(telling: Council, wrong: str) -> None:
    telling.publish()
    assert as_(telling).post(address("withdraw_council", telling), {"publication": wrong}).status_code == 404


# --- The classes -----------------------------------------------------------------------------------------------------


def test_the_classes_are_listed_with_how_far_each_council_is(telling: Council) -> None:
    place = reverse("admin:councils", args=[telling.school.uai])
    client = as_(telling)
    assert "Prête" in client.get(place).content.decode()
    telling.ask("generale")
    assert "À revoir" in client.get(place).content.decode()
    telling.complete()
    telling.publish()
    page = client.get(place).content.decode()
    assert "Publiée" in page
    assert "1 sur 1" in page
    telling.classmate("Noé", "Petit")
    assert "En partie" in client.get(place).content.decode()


def test_without_campaign_or_dates_the_list_says_so(telling: Council) -> None:
    elsewhere = school("0699902Y")
    page = sign_in(Client(), staff(elsewhere), None).get(reverse("admin:councils", args=[elsewhere.uai]))
    assert "Aucune campagne n’est préparée" in page.content.decode()
    CouncilSheet.objects.all().delete()
    Phase.objects.filter(kind__in=["provisional_opinions", "proposals"]).delete()
    place = reverse("admin:councils", args=[telling.school.uai])
    assert "ne sont pas fixées" in as_(telling).get(place).content.decode()


# --- Who comes in ----------------------------------------------------------------------------------------------------

READ_PAGES = ["council", "council_news"]
STEER_PAGES = ["publish_council", "withdraw_council"]


@pytest.mark.parametrize("name", ["councils", *READ_PAGES, *STEER_PAGES, "council_line"])
def test_nobody_is_led_to_the_sign_in_and_a_stranger_finds_nothing(meeting: Council, name: str) -> None:
    rest = [meeting.emma.pk] if name == "council_line" else []
    place = (
        reverse("admin:councils", args=[meeting.school.uai]) if name == "councils" else address(name, meeting, *rest)
    )
    assert Client().get(place).status_code == 302
    stranger = sign_in(Client(), staff(school("0699902Y")), None)
    assert stranger.get(place).status_code == 404
    assert stranger.post(place).status_code in (404, 405)


@pytest.mark.parametrize("name", READ_PAGES)
@pytest.mark.parametrize("role", Role)
def test_every_role_reads_its_classes(meeting: Council, name: str, role: Role) -> None:
    assert as_(meeting, role, meeting.division).get(address(name, meeting)).status_code == 200


@pytest.mark.parametrize("name", STEER_PAGES)
@pytest.mark.parametrize("role", [Role.OFFICE, Role.COUNSELLOR, Role.FORM_TEACHER])
def test_only_head_and_deputy_reach_publishing(meeting: Council, name: str, role: Role) -> None:
    client = as_(meeting, role, meeting.division)
    assert client.get(address(name, meeting)).status_code == 403
    assert client.post(address(name, meeting)).status_code == 403


@pytest.mark.parametrize("role", [Role.OFFICE, Role.COUNSELLOR])
def test_who_only_reads_posts_no_line(meeting: Council, role: Role) -> None:
    client = as_(meeting, role)
    assert send(client, meeting, {"verdict-generale": "favourable"}).status_code == 403
    assert not CouncilSheet.objects.exists()


def test_a_pupil_whom_the_campaign_does_not_take_is_not_on_the_page(meeting: Council) -> None:
    client = as_(meeting)
    Student.objects.update(mef_code="24010")
    assert send(client, meeting, {"verdict-generale": "favourable"}).status_code == 404
    assert not CouncilSheet.objects.exists()


def test_what_the_service_does_not_allow_is_answered_by_403(telling: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_values: object) -> None:
        raise NotAllowed("Vos droits ont été retirés pendant ce temps.")

    publication = telling.publish()
    for name in ("save_sheet", "publish_division", "withdraw_publication"):
        monkeypatch.setattr(services, name, refuse)
    client = as_(telling)
    assert send(client, telling, {"verdict-generale": "no"}).status_code == 403
    assert client.post(address("publish_council", telling)).status_code == 403
    answer = client.post(address("withdraw_council", telling), {"publication": publication.pk})
    assert answer.status_code == 403


def test_a_form_teacher_finds_their_own_class_only(meeting: Council) -> None:
    other = Division.objects.create(school=meeting.school, school_year=2026, code="2DE9")
    pupil = student(meeting.school, "Noé", "Petit", division=other)
    client = as_(meeting, Role.FORM_TEACHER, other)
    assert client.get(address("council", meeting)).status_code == 404
    assert client.get(address("council_news", meeting)).status_code == 404
    assert client.get(address("council_line", meeting, meeting.emma.pk)).status_code == 404
    assert send(client, meeting, {"verdict-generale": "favourable"}).status_code == 404
    own = [meeting.school.uai, meeting.kind, other.pk]
    assert client.get(reverse("admin:council", args=own)).status_code == 200
    mixed = client.post(reverse("admin:council_line", args=[*own, meeting.emma.pk]), typed(meeting))
    assert mixed.status_code == 404, "a pupil of another class is not reached through one's own"
    assert pupil.pk
    page = client.get(reverse("admin:councils", args=[meeting.school.uai])).content.decode()
    assert "2DE9" in page
    assert "2DE3" not in page
    assert not CouncilSheet.objects.exists()


def test_a_class_of_another_school_is_not_reached_through_ones_own(meeting: Council) -> None:
    elsewhere = school("0699902Y")
    theirs = Division.objects.create(school=elsewhere, school_year=2026, code="2DE1")
    client = as_(meeting)
    for name in ("council", "council_news", "publish_council", "withdraw_council"):
        assert (
            client.get(reverse(f"admin:{name}", args=[meeting.school.uai, meeting.kind, theirs.pk])).status_code == 404
        )


# --- What it costs ---------------------------------------------------------------------------------------------------


def queries(client: Client, place: str) -> int:
    client.get(place)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(place).status_code == 200
    return len(captured)


def fill(council: Council, pupils: int) -> None:
    for number in range(pupils):
        pupil = council.classmate(f"Élève{number}", "Petit")
        council.ask("generale", "stmg", of=pupil)
        council.save(Answer("generale", "yes", "Bien.", frozenset({"nsi"})), of=pupil)


def test_a_class_of_thirty_five_costs_what_a_class_of_one_does(deciding: Council) -> None:
    deciding.save(Answer("generale", "yes", recommended=frozenset({"svt"})))
    client = as_(deciding)
    places = {
        "page": address("council", deciding),
        "projection": f"{address('council', deciding)}?projection=1",
        "news": f"{address('council_news', deciding)}?connues={deciding.emma.pk}:0.0.0",
        "publish": address("publish_council", deciding),
    }
    with_one = {name: queries(client, place) for name, place in places.items()}
    fill(deciding, 34)
    assert {name: queries(client, place) for name, place in places.items()} == with_one
    assert with_one == {"page": 17, "projection": 16, "news": 17, "publish": 16}


def test_forty_classes_cost_what_one_does(telling: Council) -> None:
    client = as_(telling)
    place = reverse("admin:councils", args=[telling.school.uai])
    with_one = queries(client, place)
    for number in range(39):
        division = Division.objects.create(school=telling.school, school_year=2026, code=f"2D{number:02}")
        pupil = student(telling.school, "Noé", f"Petit{number}", division=division)
        telling.ask("stmg", of=pupil)
        telling.complete(of=pupil)
    assert queries(client, place) == with_one
    assert with_one == 13


def test_keeping_a_line_costs_the_same_in_a_class_of_thirty_five(deciding: Council) -> None:
    client = as_(deciding)

    def cost(verdict: str) -> int:
        values = typed(deciding, **{"verdict-generale": verdict})
        place = address("council_line", deciding, deciding.emma.pk)
        with CaptureQueriesContext(connection) as captured:
            assert client.post(place, values, headers=HTMX).status_code == 200
        return len(captured)

    cost("yes")
    alone = cost("no")
    fill(deciding, 34)
    assert cost("yes") == alone
    assert alone == 25
