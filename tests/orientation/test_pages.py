"""The pages of Orientation as a family sees them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile, User
from notifications.models import OutboxMessage
from orientation.models import Campaign, Draft, Pathway, Phase, PhaseKind, Submission
from orientation.queries import wishes_of
from orientation.rules import Wish
from schools.models import Guardian, Guardianship, Student
from tests.factories import CLOSES_AT, NOW, Family, account, campaign, guardian, school, sign_in, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

FINAL = "choix-definitifs"
GENERAL = {
    "group": "generale",
    "speciality_1": "sciences-ingenieur",
    "speciality_2": "llca-latin",
    "speciality_3": "nsi",
}


def address(name: str, of: Family | Student, *rest: object) -> str:
    child = of.emma if isinstance(of, Family) else of
    return reverse(f"orientation:{name}", args=[child.public_id, *rest])


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


@pytest.fixture
def marc(dubois: Family) -> Client:
    return sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)


@pytest.fixture
def emma(dubois: Family) -> Client:
    return sign_in(Client(), dubois.emma.user, Profile.STUDENT)


def wishes() -> list[Wish]:
    return list(wishes_of(Draft.objects.first()))


def add(client: Client, family: Family, **values: object) -> str:
    version = Draft.objects.get().version if Draft.objects.exists() else 0
    answer = client.post(address("add_choice", family, FINAL), {"version": version, **values}, follow=True)
    return answer.content.decode()


def validate(client: Client, family: Family, **values: object) -> str:
    version = Draft.objects.get().version
    answer = client.post(address("validate_choices", family, FINAL), {"version": version, **values}, follow=True)
    return answer.content.decode()


def test_the_home_of_orientation_shows_four_phases_and_the_current_one(sophie: Client, dubois: Family) -> None:
    page = sophie.get(address("home", dubois)).content.decode()
    assert page.count('aria-current="step"') == 1
    assert "Je formule les choix définitifs d’orientation" in page
    assert "jeudi 20 mai 2027 à 23\u00a0h\u00a059 (heure de Paris)" in page


def test_a_guardian_adds_a_choice_and_validates_it(sophie: Client, dubois: Family) -> None:
    page = add(sophie, dubois, **GENERAL)
    assert "sciences de l’ingénieur (hors établissement)" in page
    assert "Brouillon non validé" in page
    page = validate(sophie, dubois)
    assert "Vos choix définitifs ont bien été validés." in page
    assert "sophie.bernard@familles.example" in page
    assert "marc.dubois@familles.example" not in page, "the other guardian's address is never shown"
    assert Submission.objects.get().number == 1
    assert OutboxMessage.objects.count() == 2


def test_a_school_speaks_of_its_own_time(client: Client) -> None:
    volcan = school("9749903Z", time_zone="Indian/Reunion")
    campaign(volcan)
    noe = student(volcan, "Noé", "Hoarau")
    marie = guardian(volcan, "Marie", "Hoarau", noe, user=account("Marie", "Hoarau"))
    page = sign_in(client, marie.user, Profile.GUARDIAN).get(address("home", noe)).content.decode()
    assert "vendredi 21 mai 2027 à 1\u00a0h\u00a059 (heure de La Réunion)" in page


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({}, "Choisissez une voie d’orientation"),
        ({"group": "inconnue"}, "Choisissez une voie d’orientation"),
        ({"group": "technologique"}, "Choisissez une série"),
        ({"group": "technologique", "series": "inconnue"}, "Choisissez une voie d’orientation"),
        ({"group": "technologique", "series": "generale"}, "enseignements de spécialité"),
        ({"group": "technologique", "series": "stl"}, "Choisissez 1 enseignement de spécialité"),
        ({"group": "technologique", "series": "stl", "speciality_stl": "s2tmd-danse"}, "n’existe pas pour"),
        ({"group": "generale", "speciality_1": "nsi"}, "Choisissez 3 enseignements"),
        ({**GENERAL, "speciality_2": "nsi"}, "deux fois la même"),
        ({**GENERAL, "speciality_1": "danse", "speciality_2": "musique"}, "Une seule spécialité d’arts"),
        ({**GENERAL, "speciality_1": "stl-spcl"}, "n’existe pas pour"),
        ({"group": "autre-parcours", "note": "é" * 501}, "501 caractères"),
        ({"group": "autre-parcours", "note": "nul\x00"}, "caractère"),
        ({"group": "technologique", "series": "stmg", "version": "n'importe quoi"}, "Saisissez un nombre entier"),
    ],
)
def test_bad_input_is_named_comes_back_filled_and_writes_nothing(
    sophie: Client, dubois: Family, typed: dict[str, object], message: str
) -> None:
    answer = sophie.post(address("add_choice", dubois, FINAL), {"version": 0, **typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert "<title>Erreur :" in page
    assert wishes() == []
    if typed.get("group") in ("generale", "technologique", "autre-parcours"):
        assert f'value="{typed["group"]}" required checked' in page
    if typed.get("speciality_1") == "nsi":
        assert page.count('<option value="nsi" selected>') == 1
    if "note" in typed and "\x00" not in str(typed["note"]):
        assert str(typed["note"]) in page


def test_wrongly_encoded_text_is_shown_again_not_a_crash(sophie: Client, dubois: Family) -> None:
    answer = sophie.post(
        address("add_choice", dubois, FINAL),
        "version=0&group=autre-parcours&note=%E9t%E9",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 302
    assert wishes()[0].note == "\ufffdt\ufffd"


def test_what_families_type_is_never_markup(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="autre-parcours", note="<script>alert(1)</script>")
    page = validate(sophie, dubois)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_same_pathway_twice_is_refused_with_the_rank_at_which_it_stands(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="stl", speciality_stl="stl-spcl")
    page = add(sophie, dubois, group="technologique", series="stl", speciality_stl="stl-biotechnologies")
    assert "déjà choisie au rang 1" in page


def test_another_series_keeps_the_dialog_open(sophie: Client, dubois: Family) -> None:
    answer = sophie.post(
        address("add_choice", dubois, FINAL),
        {"version": 0, "group": "technologique", "series": "sti2d", "another": "1"},
    )
    assert answer["Location"].endswith("ajouter/?voie=technologique&suite=1")
    page = sophie.get(answer["Location"]).content.decode()
    assert "Rang 2" in page
    assert "Choix enregistré dans le brouillon au rang 1." in page
    assert 'value="technologique" required checked' in page


def test_choices_are_moved_changed_and_removed(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, **GENERAL)
    add(sophie, dubois, group="technologique", series="sti2d")
    sophie.post(address("move_choice", dubois, FINAL, "sti2d"), {"version": 2, "rank": 1})
    page = sophie.get(address("edit_choice", dubois, FINAL, "generale")).content.decode()
    assert '<option value="llca-latin" selected>' in page
    sophie.post(address("edit_choice", dubois, FINAL, "generale"), {"version": 3, **GENERAL, "speciality_3": "svt"})
    assert "Supprimer le rang 1" in sophie.get(address("remove_choice", dubois, FINAL, "sti2d")).content.decode()
    sophie.post(address("remove_choice", dubois, FINAL, "sti2d"), {"version": 4})
    assert wishes() == [Wish("generale", ("sciences-ingenieur", "llca-latin", "svt"))]


def test_cancelling_asks_first(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="sti2d")
    assert "le brouillon sera vidé" in sophie.get(address("reset_choices", dubois, FINAL)).content.decode()
    assert wishes()
    sophie.post(address("reset_choices", dubois, FINAL), {"version": 1})
    assert wishes() == []


def conflicting(sophie: Client, marc: Client, dubois: Family) -> str:
    """Let both parents change the list at once; return the address of the page that Sophie is led to."""
    add(sophie, dubois, group="technologique", series="sti2d")
    add(marc, dubois, group="technologique", series="stmg")
    answer = sophie.post(address("add_choice", dubois, FINAL), {"version": 1, **GENERAL})
    return str(answer["Location"])


def test_two_versions_are_shown_side_by_side_and_ones_own_is_taken_up_again(
    sophie: Client, marc: Client, dubois: Family
) -> None:
    conflict = conflicting(sophie, marc, dubois)
    page = sophie.get(conflict).content.decode()
    assert "La version de Marc Dubois" in page
    assert "1<sup>re</sup> STMG" in page
    assert "latin" in page
    sophie.post(conflict, {"version": 2, "mine": "1"})
    assert [wish.pathway for wish in wishes()] == ["sti2d", "generale"]
    assert sophie.get(conflict).status_code == 302, "it is settled"


def test_the_others_version_is_kept(sophie: Client, marc: Client, dubois: Family) -> None:
    conflict = conflicting(sophie, marc, dubois)
    sophie.post(conflict, {"version": 2, "theirs": "1"})
    assert [wish.pathway for wish in wishes()] == ["sti2d", "stmg"]
    assert sophie.get(conflict).status_code == 302


def test_what_was_set_aside_is_its_authors_alone(sophie: Client, marc: Client, emma: Client, dubois: Family) -> None:
    conflict = conflicting(sophie, marc, dubois)
    for other in (marc, emma):
        assert other.get(conflict).status_code == 404
        assert other.post(conflict, {"version": 2, "mine": "1"}).status_code == 404


def test_validating_what_the_other_guardian_changed_last_is_asked_once(
    sophie: Client, marc: Client, dubois: Family
) -> None:
    add(sophie, dubois, group="technologique", series="sti2d")
    page = validate(marc, dubois)
    assert "modifié en dernier par Sophie Bernard" in page
    assert not Submission.objects.exists()
    validate(marc, dubois, confirmed="1")
    assert Submission.objects.get().guardian == dubois.marc


def test_an_act_that_arrives_after_the_closing_is_said_and_the_draft_is_kept(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="sti2d")
    with time_machine.travel(CLOSES_AT, tick=False):
        late = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        for name, values in (("add_choice", {"version": 1, **GENERAL}), ("validate_choices", {"version": 1})):
            answer = late.post(address(name, dubois, FINAL), values)
            assert answer.status_code == 409
            assert "Votre brouillon est conservé" in answer.content.decode()
        page = late.get(address("choices", dubois, FINAL)).content.decode()
    assert "Brouillon qui n’a pas été validé" in page
    assert not Submission.objects.exists()


def test_a_closed_phase_stays_readable_and_offers_nothing_to_write(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="sti2d")
    validate(sophie, dubois)
    with time_machine.travel(CLOSES_AT + timedelta(days=3), tick=False):
        again = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        page = again.get(address("choices", dubois, FINAL)).content.decode()
    assert "La saisie est fermée depuis" in page
    assert "1<sup>re</sup> STI2D" in page
    assert "Ajouter un choix" not in page


def test_a_student_reads_what_was_validated_never_the_draft(sophie: Client, emma: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="sti2d")
    page = emma.get(address("choices", dubois, FINAL)).content.decode()
    assert "STI2D" not in page
    assert "Aucun choix n’a été validé" in page
    validate(sophie, dubois)
    add(sophie, dubois, group="technologique", series="stmg")
    page = emma.get(address("choices", dubois, FINAL)).content.decode()
    assert "STI2D" in page
    assert "STMG" not in page
    submission = emma.get(address("submission", dubois, FINAL, 1)).content.decode()
    assert "familles.example" not in submission


def test_a_child_in_a_level_without_campaign_gets_a_page_that_says_so(client: Client, dubois: Family) -> None:
    older = student(dubois.school, "Paul", "Dubois", mef_code="20212111110")
    Guardianship.objects.create(guardian=dubois.sophie, student=older, level=1, relationship="10")
    page = sign_in(client, dubois.sophie.user, Profile.GUARDIAN).get(address("home", older)).content.decode()
    assert "pas de campagne d’orientation en ligne" in page


def test_a_contact_who_is_no_legal_guardian_opens_no_file(client: Client, dubois: Family) -> None:
    michel = guardian(dubois.school, "Michel", "Roux", dubois.emma, user=account("Michel", "Roux"), level=3)
    stranger = sign_in(client, michel.user, Profile.GUARDIAN)
    assert stranger.get(address("home", dubois)).status_code == 404


def test_a_guardian_whose_link_ends_loses_access_at_the_next_request(sophie: Client, dubois: Family) -> None:
    assert sophie.get(address("home", dubois)).status_code == 200
    dubois.sophie.guardianships.all().delete()
    assert sophie.get(address("home", dubois)).status_code == 404


@pytest.fixture
def full_list(sophie: Client, dubois: Family) -> Client:
    """Eleven choices, validated, then changed; and a sister in another school."""
    for pathway in Pathway.objects.all():
        fields: dict[str, object] = {"group": pathway.group}
        if pathway.code == "generale":
            fields = dict(GENERAL)
        elif pathway.group == "technologique":
            fields |= {"series": pathway.code, "speciality_stl": "stl-spcl", "speciality_s2tmd": "s2tmd-danse"}
        add(sophie, dubois, **fields)
    assert len(wishes()) == 11
    validate(sophie, dubois)
    sophie.post(address("move_choice", dubois, FINAL, "stl"), {"version": 11, "rank": 1})
    other = school("0699902Y")
    campaign(other)
    sister = student(other, "Jade", "Dubois")
    guardian(other, "Sophie", "Bernard", sister, user=dubois.sophie.user)
    return sophie


def test_ranks_that_two_children_share_lead_each_to_their_own_file_in_the_language_that_is_spoken(
    full_list: Client, dubois: Family
) -> None:
    hugo = student(dubois.school, "Hugo", "Dubois")
    guardian(dubois.school, "Sophie", "Bernard", hugo, user=dubois.sophie.user)
    full_list.post(address("add_choice", hugo, FINAL), {"version": 0, "group": "technologique", "series": "sti2d"})
    otherwise = {"group": "autre-parcours", "note": "CAP fleuriste"}
    full_list.post(address("add_choice", hugo, FINAL), {"version": 1, **otherwise})
    for child, sibling in ((dubois.emma, hugo), (hugo, dubois.emma)):
        ranks = full_list.get(address("choices", child, FINAL)).content.decode().partition('<div id="choix">')[2]
        assert address("edit_choice", child, FINAL, "sti2d") in ranks
        assert str(sibling.public_id) not in ranks
        assert ("CAP fleuriste" in ranks) is (child is hugo)
    User.objects.filter(guardian_files=dubois.sophie).update(language="en")
    assert ">Edit<" in full_list.get(address("choices", hugo, FINAL)).content.decode()


@pytest.mark.parametrize(
    ("name", "rest", "count"),
    [
        ("choose", None, 3),
        ("home", [], 7),
        ("choices", [FINAL], 8),
        ("add_choice", [FINAL], 6),
        ("edit_choice", [FINAL, "generale"], 6),
        ("remove_choice", [FINAL, "stl"], 6),
        ("reset_choices", [FINAL], 6),
        ("submission", [FINAL, 1], 8),
    ],
)
def test_each_page_makes_its_number_of_queries(
    full_list: Client, dubois: Family, name: str, rest: list[object] | None, count: int
) -> None:
    url = reverse(f"orientation:{name}") if rest is None else address(name, dubois, *rest)
    full_list.get(url)  # the catalogue is read once per process
    with CaptureQueriesContext(connection) as queries:
        assert full_list.get(url).status_code == 200
    assert len(queries) == count, "\n".join(query["sql"][:150] for query in queries)


@pytest.mark.parametrize(
    ("name", "rest", "values", "count"),
    [
        ("edit_choice", ["generale"], {**GENERAL, "speciality_1": "svt"}, 15),
        ("remove_choice", ["stl"], {}, 15),
        ("move_choice", ["stmg"], {"rank": 2}, 15),
        ("validate_choices", [], {}, 15),
    ],
)
def test_each_act_makes_few_queries(
    full_list: Client, dubois: Family, name: str, rest: list[object], values: dict[str, object], count: int
) -> None:
    version = Draft.objects.get().version
    with CaptureQueriesContext(connection) as queries:
        answer = full_list.post(address(name, dubois, FINAL, *rest), {"version": version, **values})
    assert answer.status_code == 302
    counted = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(counted) <= count, f"{len(counted)}\n" + "\n".join(sql[:150] for sql in counted)


def test_guardians_and_students_are_never_more_queries(full_list: Client, dubois: Family) -> None:
    def measure() -> int:
        with CaptureQueriesContext(connection) as queries:
            full_list.get(address("choices", dubois, FINAL))
        return len(queries)

    before = measure()
    for number in range(5):
        child = student(dubois.school, f"Enfant{number}", "Dubois")
        guardian(dubois.school, "Sophie", "Bernard", child, user=dubois.sophie.user)
        guardian(dubois.school, f"Autre{number}", "Dubois", child)
    assert measure() == before
    assert Guardian.objects.count() > 10
    assert NOW < CLOSES_AT


def test_a_refused_form_shown_again_is_no_newer_for_it(sophie: Client, marc: Client, dubois: Family) -> None:
    add(sophie, dubois, **GENERAL)
    edit = address("edit_choice", dubois, FINAL, "generale")
    marc.post(edit, {"version": 1, **GENERAL, "speciality_1": "svt"})
    refused = sophie.post(edit, {"version": 1, "group": "generale", "speciality_1": "nsi"})
    assert 'name="version" value="1"' in refused.content.decode()
    answer = sophie.post(edit, {"version": 1, **GENERAL, "speciality_1": "ses"})
    assert "/conflit/" in answer["Location"]


def test_what_was_set_aside_is_found_again_from_the_list_the_services_and_after_the_closing(
    sophie: Client, marc: Client, dubois: Family
) -> None:
    conflict = conflicting(sophie, marc, dubois)
    for page in (address("choices", dubois, FINAL), "/mes-services/"):
        assert conflict in sophie.get(page).content.decode()
    sophie.post(conflict, {"version": "?", "mine": "1"})
    assert conflict in sophie.get("/mes-services/").content.decode(), "an unreadable form settles nothing"
    with time_machine.travel(CLOSES_AT, tick=False):
        late = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        assert conflict in late.get(address("choices", dubois, FINAL)).content.decode()
        page = late.get(conflict).content.decode()
    assert "Vous pouvez l’imprimer" in page
    assert "Reprendre ma version" not in page


def test_emptying_a_validated_list_leaves_the_way_back(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="stmg")
    validate(sophie, dubois)
    sophie.post(address("remove_choice", dubois, FINAL, "stmg"), {"version": 1})
    page = sophie.get(address("choices", dubois, FINAL)).content.decode()
    assert address("reset_choices", dubois, FINAL) in page
    assert "reste prise en compte" in page


def test_preparing_next_years_campaign_does_not_hide_this_years(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="stmg")
    validate(sophie, dubois)
    following = Campaign.objects.create(school=dubois.school, school_year=2027)
    Phase.objects.create(
        campaign=following,
        kind=PhaseKind.INTENTIONS,
        opens_at=NOW + timedelta(days=250),
        closes_at=NOW + timedelta(days=260),
    )
    assert sophie.get(address("submission", dubois, FINAL, 1)).status_code == 200
    assert sophie.get(address("choices", dubois, FINAL)).status_code == 200


def test_what_was_validated_stays_readable_once_the_student_is_in_another_level(sophie: Client, dubois: Family) -> None:
    add(sophie, dubois, group="technologique", series="stmg")
    validate(sophie, dubois)
    Student.objects.update(mef_code="21110019110")
    assert sophie.get(address("receipt", dubois, FINAL, 1)).status_code == 200
    assert sophie.get(address("add_choice", dubois, FINAL)).status_code == 403


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"speciality_1": "nsi", "speciality_2": "svt", "speciality_3": ""}, ["speciality_3"]),
        ({"speciality_1": "nsi", "speciality_2": "svt", "speciality_3": "nsi"}, ["speciality_1", "speciality_3"]),
    ],
)
def test_each_list_to_look_at_is_marked(
    sophie: Client, dubois: Family, typed: dict[str, str], wrong: list[str]
) -> None:
    page = sophie.post(address("add_choice", dubois, FINAL), {"version": 0, "group": "generale", **typed})
    marked = re.findall(r'name="(speciality_\d)" aria-invalid="true"', page.content.decode())
    assert marked == wrong
