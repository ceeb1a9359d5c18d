"""The home, the list and the file: what they show, and that they cost the same whatever the number of pupils."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.models import OutboxMessage
from orientation import mails
from orientation.followup.families import STATES_OF_PHASE
from orientation.models import PhaseKind, Verdict
from orientation.queries import submission_choices
from schools.models import Guardian, Role, School, Student
from tests.factories import NOW, Family, account, campaign, guardian, school, sign_in, staff, student
from tests.orientation_decisions.conftest import CLOSED_AT, Dialogue
from tests.orientation_dialogue.conftest import PROPOSALS
from tests.orientation_followup.builders import (
    acknowledge,
    address,
    answer,
    divisions_of,
    draft,
    many_families,
    open_only,
    phase_of,
    sheet,
    submission,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

HOME = "/admin/"


def as_head(of: School, role: Role = Role.HEAD) -> Client:
    return sign_in(Client(), staff(of, role), None)


def listed(client: Client, of: School, **query: Any) -> list[str]:
    page = client.get(reverse("admin:followup", args=[of.uai]), query)
    assert page.status_code == 200
    return [row.student.given_name for row in page.context["rows"]]


def test_the_home_says_the_phase_its_countdown_and_what_to_do(dubois: Family) -> None:
    page = as_head(dubois.school).get(HOME).content.decode()
    assert "Choix définitifs" in page
    assert "La phase ferme aujourd’hui, le jeudi 20 mai 2027 à 23\u00a0h\u00a059" in page
    assert "1 famille n’a pas encore validé, et la phase ferme aujourd’hui. Relancez-la." in page
    assert f'href="{address("followup", dubois.school)}?etat=attendu"' in page


def test_the_home_counts_what_is_left_of_the_decisions(dubois: Family) -> None:
    veil = Dialogue(dubois)
    veil.tell(PROPOSALS)
    veil.answer(True)

    def step(at: datetime) -> str:
        with time_machine.travel(at, tick=False):
            [home] = as_head(dubois.school).get(HOME).context["homes"]
        return str(home.step.sentence)

    assert step(CLOSED_AT).endswith("Décisions\u00a0: 1 accord à notifier.")
    veil.answer(False)
    veil.answer(False, "sti2d")
    assert step(CLOSED_AT).endswith("Décisions\u00a0: 1 dialogue sans décision.")
    veil.meet_family()
    veil.decide()
    veil.receive()
    running = step(datetime(2027, 6, 28, 12, tzinfo=UTC))
    assert running.endswith("1 délai d’appel en cours, jusqu’au mardi 29 juin 2027 à 24\u00a0h (heure de Paris).")
    assert "Décisions" not in step(datetime(2027, 6, 30, 12, tzinfo=UTC))


@pytest.mark.parametrize("kind", list(PhaseKind))
def test_the_figures_of_the_home_lead_to_the_families_they_count(dubois: Family, kind: PhaseKind) -> None:
    open_only(dubois.campaign, kind)
    many_families(dubois.campaign, classes=2, pupils=8, seed=4, by=staff(dubois.school))
    client = as_head(dubois.school)
    page = client.get(HOME)
    [home] = page.context["homes"]
    assert home.phase.phase_kind is kind
    links = re.findall(r'<a href="([^"]*suivi/\?phase[^"]*)">(\d+)</a>', page.content.decode())
    assert len(links) > 10
    for url, number in links:
        found = client.get(url.replace("&amp;", "&"))
        assert found.context["page"].paginator.count == int(number)


@pytest.mark.parametrize("kind", list(PhaseKind))
def test_the_table_says_each_number_of_the_chart(dubois: Family, kind: PhaseKind) -> None:
    open_only(dubois.campaign, kind)
    page = as_head(dubois.school).get(HOME)
    for state in STATES_OF_PHASE[kind]:
        label = str(state.label)
        assert f"{label[0].upper()}{label[1:]}</th>" in page.content.decode()


def test_the_home_of_a_new_school_says_to_import() -> None:
    place = school()
    page = as_head(place).get(HOME).content.decode()
    assert "importez les fichiers de SIECLE" in page


def test_a_step_for_another_role_is_said_without_its_button(dubois: Family) -> None:
    dubois.campaign.offer_declared_at = None
    dubois.campaign.save()
    assert "Aller à la campagne" in as_head(dubois.school).get(HOME).content.decode()
    page = as_head(dubois.school, Role.COUNSELLOR).get(HOME).content.decode()
    assert "offre de spécialités" in page
    assert "Aller à la campagne" not in page


def test_a_form_teacher_counts_their_own_classes(dubois: Family) -> None:
    many_families(dubois.campaign, classes=2, pupils=6, seed=2, by=staff(dubois.school))
    teacher = staff(dubois.school, Role.FORM_TEACHER, *divisions_of(dubois))
    [home] = sign_in(Client(), teacher, None).get(HOME).context["homes"]
    assert [row.label for row in home.rows] == ["2DE3"]


def test_the_home_shows_each_school_of_a_member(dubois: Family) -> None:
    other = school("0699902Y", name="Lycée Autre")
    campaign(other)
    member = staff(dubois.school)
    member.memberships.create(school=other, role=Role.OFFICE)
    homes = sign_in(Client(), member, None).get(HOME).context["homes"]
    assert {home.school for home in homes} == {dubois.school, other}


def test_an_operator_finds_the_lists_they_may_open(admin_client: Client) -> None:
    page = admin_client.get(HOME)
    assert page.context["homes"] == []
    assert reverse("admin:orientation_speciality_changelist") in page.content.decode()


@pytest.mark.parametrize("kind", list(PhaseKind))
def test_the_pages_cost_the_same_with_many_classes_and_stay_within_twenty(dubois: Family, kind: PhaseKind) -> None:
    open_only(dubois.campaign, kind)
    head = staff(dubois.school)
    submission(dubois.emma, phase_of(dubois.campaign, PhaseKind.FINAL_CHOICES), dubois.sophie, [("generale", ["nsi"])])
    told = sheet(dubois.emma, phase_of(dubois.campaign, PhaseKind.PROPOSALS), head, {"stmg": Verdict.YES})
    answer(told, dubois.sophie)
    urls = {
        "home": HOME,
        "list": address("followup", dubois.school),
        "search": address("followup", dubois.school, q="dubois"),
        "totals": address("totals", dubois.school),
        "file": address("student_file", dubois.school, dubois.emma.public_id),
        "export": address("followup_export", dubois.school, contenu="familles", format="csv"),
    }
    client = sign_in(Client(), head, None)

    def costs() -> dict[str, int]:
        found = {}
        for name, url in urls.items():
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            found[name] = len(queries)
        return found

    costs()  # what a process reads once
    one = costs()
    many_families(dubois.campaign, classes=12, pupils=6, seed=3, by=head)
    assert costs() == one
    assert max(one.values()) <= 20, one


def test_the_list_is_filtered_by_class_state_and_reachability(dubois: Family) -> None:
    place = dubois.school
    lea = student(place, "Léa", "Martin", division=place.divisions.create(school_year=2026, code="2DE1"))
    guardian(place, "Jo", "Martin", lea, school_email="")
    noe = student(place, "Noé", "Nuñez", division=None)
    guardian(place, "Al", "Nuñez", noe, school_email_refused_at=NOW, user=account())
    draft(lea, dubois.phase)
    submission(noe, dubois.phase, dubois.sophie)
    client = as_head(place)
    assert listed(client, place) == ["Emma", "Léa", "Noé"]
    assert listed(client, place, classe=lea.division_id) == ["Léa"]
    assert listed(client, place, classe="aucune") == ["Noé"]
    assert listed(client, place, etat="validee") == ["Noé"]
    assert listed(client, place, etat="brouillon") == ["Léa"]
    assert listed(client, place, etat="attendu") == ["Emma", "Léa"]
    assert listed(client, place, joignable="sans-adresse") == ["Léa"]
    assert listed(client, place, joignable="refusee") == ["Noé"]
    assert listed(client, place, joignable="non") == ["Léa", "Noé"]
    assert listed(client, place, compte="non") == ["Léa"]
    assert listed(client, place, phase="intentions", etat="rien") == ["Emma", "Léa", "Noé"]
    assert listed(client, place, tri="classe") == ["Léa", "Emma", "Noé"]


@pytest.mark.parametrize("words", ["lea nunez", "NUÑEZ", "núñez", "Léa", "muller", "Müller nunez", "nune"])
def test_the_search_folds_accents_and_case_and_knows_the_responsables(dubois: Family, words: str) -> None:
    lea = student(dubois.school, "Léa", "Nuñez")
    guardian(dubois.school, "Anna", "Müller", lea)
    assert listed(as_head(dubois.school), dubois.school, q=words) == ["Léa"]


@pytest.mark.parametrize("words", ["???", "%", "_", "personne", "'; drop table"])
def test_a_search_of_nobody_finds_nobody(dubois: Family, words: str) -> None:
    assert listed(as_head(dubois.school), dubois.school, q=words) == []


def test_a_state_of_another_phase_is_refused_in_words(dubois: Family) -> None:
    page = as_head(dubois.school).get(address("followup", dubois.school, etat="repondu"))
    assert page.status_code == 400
    assert "Cet état n’existe pas dans cette phase" in page.content.decode()


@pytest.mark.parametrize("query", [{"classe": "0"}, {"phase": "x"}, {"tri": "ine"}])
def test_an_unknown_value_in_the_address_is_refused_in_words(dubois: Family, query: dict[str, str]) -> None:
    page = as_head(dubois.school).get(address("followup", dubois.school, **query))
    assert page.status_code == 400
    assert "Sélectionnez un choix valide" in page.content.decode()
    assert page.context["rows"] == []


def test_the_list_comes_by_pages_that_keep_the_filter(dubois: Family) -> None:
    for _ in range(60):
        student(dubois.school, "Zoé", "Zola")
    client = as_head(dubois.school)
    page = client.get(address("followup", dubois.school, q="zola")).content.decode()
    assert "Page 1 sur 2" in page
    assert "?q=zola&amp;page=2" in page
    assert len(listed(client, dubois.school, q="zola", page=2)) == 10


def test_the_form_says_which_phase_is_shown(dubois: Family) -> None:
    client = as_head(dubois.school)
    page = client.get(address("followup", dubois.school)).content.decode()
    assert '<option value="choix-definitifs" selected>' in page
    page = client.get(address("followup", dubois.school, phase="propositions")).content.decode()
    assert '<option value="propositions" selected>' in page


def test_a_class_of_another_year_is_no_choice(dubois: Family) -> None:
    old = dubois.school.divisions.create(school_year=2025, code="2DE3")
    page = as_head(dubois.school).get(address("followup", dubois.school, classe=old.pk))
    assert page.status_code == 400


def test_the_file_says_what_was_validated_said_and_answered(dubois: Family) -> None:
    head = staff(dubois.school)
    first = submission(dubois.emma, dubois.phase, dubois.sophie, [("stmg", ())])
    second = submission(
        dubois.emma, dubois.phase, dubois.marc, [("generale", ["nsi", "svt"])], elsewhere=["svt"], note="Une précision"
    )
    for each in (first, second):
        mails.owe_confirmations(each, submission_choices(each), guardians=[dubois.sophie], at=NOW)
    avis = sheet(
        dubois.emma, phase_of(dubois.campaign, PhaseKind.PROVISIONAL_OPINIONS), head, {"stmg": Verdict.RESERVED}
    )
    acknowledge(avis, dubois.sophie)
    told = sheet(dubois.emma, phase_of(dubois.campaign, PhaseKind.PROPOSALS), head, {"generale": Verdict.YES})
    answer(told, dubois.sophie, agrees=False)
    answer(told, dubois.marc)
    page = as_head(dubois.school).get(address("student_file", dubois.school, dubois.emma.public_id)).content.decode()
    for words in (
        "Demande n° 2",
        "Demande n° 1",
        "validée par Marc Dubois",
        "hors établissement",
        "Une précision",
        "réservé",
        "Accusé de réception par Sophie Bernard",
        "pas d’accord",
        "Confirmation des choix d’orientation validés (n° 2)",
    ):
        assert words in page
    assert page.index("Demande n° 2") < page.index("Demande n° 1")


def test_the_file_never_shows_a_draft_only_that_there_is_one(dubois: Family) -> None:
    draft(dubois.emma, dubois.phase, [{"pathway": "autre-parcours", "specialities": [], "note": "un secret"}])
    page = as_head(dubois.school).get(address("student_file", dubois.school, dubois.emma.public_id)).content.decode()
    assert "Brouillon seul" in page
    assert "un secret" not in page
    assert "voie professionnelle" not in page


def test_the_file_lists_the_mails_about_this_pupil_and_not_about_a_sister(dubois: Family) -> None:
    sister = student(dubois.school, "Jade", "Dubois")
    sister.guardianships.create(guardian=dubois.sophie, level=1)
    made = submission(sister, dubois.phase, dubois.sophie)
    mails.owe_confirmations(made, submission_choices(made), guardians=[dubois.sophie], at=NOW)
    client = as_head(dubois.school)
    assert OutboxMessage.objects.count() == 1
    emma = client.get(address("student_file", dubois.school, dubois.emma.public_id))
    assert emma.context["owed"] == []
    jade = client.get(address("student_file", dubois.school, sister.public_id))
    assert len(jade.context["owed"]) == 1


def test_the_file_leads_to_the_entry_only_while_a_phase_is_open_and_for_who_enters(dubois: Family) -> None:
    url = address("student_file", dubois.school, dubois.emma.public_id)
    assert "Saisir pour la famille" in as_head(dubois.school).get(url).content.decode()
    assert "Saisir pour la famille" not in as_head(dubois.school, Role.COUNSELLOR).get(url).content.decode()
    head = as_head(dubois.school)
    with time_machine.travel(NOW.replace(month=6, day=5), tick=False):
        sign_in(head, staff(dubois.school), None)
        assert "Saisir pour la famille" not in head.get(url).content.decode()


def test_the_file_of_who_has_left_stays_readable(dubois: Family) -> None:
    Student.objects.filter(pk=dubois.emma.pk).update(left_on="2027-02-01")
    page = as_head(dubois.school).get(address("student_file", dubois.school, dubois.emma.public_id)).content.decode()
    assert "A quitté l’établissement" in page


def test_a_name_is_never_read_as_markup(dubois: Family) -> None:
    Student.objects.filter(pk=dubois.emma.pk).update(given_name="<script>alert(1)</script>")
    Guardian.objects.filter(pk=dubois.sophie.pk).update(given_name="<b>Sophie</b>")
    client = as_head(dubois.school)
    for url in (
        address("followup", dubois.school),
        address("student_file", dubois.school, dubois.emma.public_id),
    ):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<b>Sophie" not in page
