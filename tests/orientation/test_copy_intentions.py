"""Final choices that start from a copy of the intentions: nothing lost, nothing validated that was not chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile
from orientation.errors import DraftChangedByOther, ListNotEmpty, NoIntentions, NotAllowed, PhaseNotOpen, WishRefused
from orientation.models import Draft, Phase, PhaseKind, SetAside, Submission
from orientation.queries import wishes_of
from orientation.rules import Wish
from orientation.services import copy_intentions, save_choice, validate_draft
from schools.models import Guardian
from tests.factories import CLOSES_AT, NOW, Family, sign_in
from tests.orientation_followup.builders import phase_of, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

FOUR = ("nsi", "mathematiques", "svt", "ses")
ASKED = (("stl", ("stl-spcl",)), ("generale", FOUR), ("autre-parcours", ()))


@pytest.fixture
def intentions(dubois: Family) -> Submission:
    phase = phase_of(dubois.campaign, PhaseKind.INTENTIONS)
    submission(dubois.emma, phase, dubois.marc, (("stmg", ()),))
    return submission(dubois.emma, phase, dubois.marc, ASKED)


@pytest.fixture
def sophie(dubois: Family) -> Client:
    return sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)


def copy(family: Family, person: Guardian | None = None, **values: Any) -> Draft:
    who = person or family.sophie
    given = {"version": 0, "by": who.user, "at": NOW, **values}
    return copy_intentions(file=family.file_of(who), phase=family.phase, **given)


def address(family: Family, name: str, *rest: object, kind: str = "choix-definitifs") -> str:
    return reverse(f"orientation:{name}", args=[family.emma.public_id, kind, *rest])


def test_the_newest_intentions_are_copied_whole_in_their_order(dubois: Family, intentions: Submission) -> None:
    made = copy(dubois)
    assert wishes_of(made) == (Wish("stl", ("stl-spcl",)), Wish("generale", FOUR), Wish("autre-parcours"))
    assert not made.is_validated
    assert not Submission.objects.filter(phase=dubois.phase).exists()


def test_copying_twice_copies_once(dubois: Family, intentions: Submission) -> None:
    assert copy(dubois).version == copy(dubois).version == 1


def test_a_list_that_is_begun_is_never_replaced(dubois: Family, intentions: Submission) -> None:
    save_choice(
        file=dubois.file_of(dubois.sophie),
        phase=dubois.phase,
        wish=Wish("stmg"),
        version=0,
        by=dubois.sophie.user,  # type: ignore[arg-type]
        at=NOW,
    )
    with pytest.raises(ListNotEmpty):
        copy(dubois, version=1)
    assert wishes_of(Draft.objects.get()) == (Wish("stmg"),)


def test_over_what_the_other_guardian_began_meanwhile_it_is_set_aside(dubois: Family, intentions: Submission) -> None:
    save_choice(
        file=dubois.file_of(dubois.marc),
        phase=dubois.phase,
        wish=Wish("stmg"),
        version=0,
        by=dubois.marc.user,  # type: ignore[arg-type]
        at=NOW,
    )
    with pytest.raises(DraftChangedByOther):
        copy(dubois, version=0)
    assert wishes_of(Draft.objects.get()) == (Wish("stmg"),)
    assert len(wishes_of(SetAside.objects.get())) == 3


def test_without_validated_intentions_there_is_nothing_to_copy(dubois: Family) -> None:
    with pytest.raises(NoIntentions):
        copy(dubois)
    assert wishes_of(Draft.objects.first()) == ()


def test_a_student_and_a_closed_phase_copy_nothing(dubois: Family, intentions: Submission) -> None:
    with pytest.raises(PhaseNotOpen):
        copy(dubois, at=CLOSES_AT)
    assert dubois.emma.user is not None
    with pytest.raises(NotAllowed):
        copy_intentions(
            file=dubois.file_of(dubois.emma.user), phase=dubois.phase, version=0, by=dubois.emma.user, at=NOW
        )
    assert not Draft.objects.exists()


def test_what_asks_for_another_number_of_specialities_is_not_validated_before_the_family_chose(
    dubois: Family, intentions: Submission
) -> None:
    made = copy(dubois)
    with pytest.raises(WishRefused, match=r"Rang 2.: 4 enseignements de spécialité .* gardez-en 3"):
        validate_draft(
            file=dubois.file_of(dubois.sophie),
            phase=dubois.phase,
            version=made.version,
            by=dubois.sophie.user,  # type: ignore[arg-type]
            at=NOW,
        )
    assert not Submission.objects.filter(phase=dubois.phase).exists()


# --- the pages


def test_the_button_stands_on_an_empty_list_only(dubois: Family, sophie: Client, intentions: Submission) -> None:
    page = sophie.get(address(dubois, "choices")).content.decode()
    assert "Partir de mes intentions" in page
    assert "demande n°\u00a02" in page or "demande n° 2" in page
    sophie.post(address(dubois, "copy_intentions"), {"version": 0})
    assert "Partir de mes intentions" not in sophie.get(address(dubois, "choices")).content.decode()


def test_there_is_no_button_without_intentions(dubois: Family, sophie: Client) -> None:
    assert "Partir de mes intentions" not in sophie.get(address(dubois, "choices")).content.decode()


def test_there_is_no_button_among_the_intentions_themselves(dubois: Family, sophie: Client) -> None:
    Phase.objects.filter(kind=PhaseKind.FINAL_CHOICES).delete()
    Phase.objects.filter(kind=PhaseKind.INTENTIONS).update(closes_at=CLOSES_AT)
    assert "Partir de mes" not in sophie.get(address(dubois, "choices", kind="intentions")).content.decode()
    assert sophie.post(address(dubois, "copy_intentions", kind="intentions"), {"version": 0}).status_code == 404


def test_one_click_then_the_rank_to_complete_is_marked_and_the_rest_is_not(
    dubois: Family, sophie: Client, intentions: Submission
) -> None:
    answer = sophie.post(address(dubois, "copy_intentions"), {"version": 0}, follow=True)
    page = answer.content.decode()
    assert "Vos intentions sont reprises dans le brouillon" in page
    assert page.count("À compléter") == 1
    assert [bool(each.to_complete) for each in answer.context["choices"]] == [False, True, False]


def test_validating_it_as_it_stands_is_refused_with_the_rank_and_the_reason(
    dubois: Family, sophie: Client, intentions: Submission
) -> None:
    sophie.post(address(dubois, "copy_intentions"), {"version": 0})
    page = sophie.post(address(dubois, "validate_choices"), {"version": 1}, follow=True).content.decode()
    assert "Rang 2" in page
    assert "gardez-en 3" in page
    assert not Submission.objects.filter(phase=dubois.phase).exists()


def test_the_dialog_shows_three_and_says_which_one_is_left_out(
    dubois: Family, sophie: Client, intentions: Submission
) -> None:
    sophie.post(address(dubois, "copy_intentions"), {"version": 0})
    answer = sophie.get(address(dubois, "edit_choice", "generale"))
    assert [answer.context["form"][f"speciality_{n}"].value() for n in (1, 2, 3)] == list(FOUR[:3])
    assert answer.context["left_out"] == ["sciences économiques et sociales"]
    page = answer.content.decode()
    assert "Laissé de côté\u00a0: sciences économiques et sociales" in page
    kept = {"version": 1, "group": "generale", "speciality_1": "nsi", "speciality_2": "ses", "speciality_3": "svt"}
    assert sophie.post(address(dubois, "edit_choice", "generale"), kept).status_code == 302
    assert wishes_of(Draft.objects.get())[1] == Wish("generale", ("nsi", "ses", "svt"))
    assert sophie.get(address(dubois, "edit_choice", "generale")).context["left_out"] == []
    sophie.post(address(dubois, "validate_choices"), {"version": 2})
    assert Submission.objects.filter(phase=dubois.phase).count() == 1


def test_a_form_shown_again_says_what_is_left_out_of_what_was_typed(
    dubois: Family, sophie: Client, intentions: Submission
) -> None:
    sophie.post(address(dubois, "copy_intentions"), {"version": 0})
    typed = {"version": 1, "group": "generale", "speciality_1": "nsi", "speciality_2": "ses", "speciality_3": ""}
    answer = sophie.post(address(dubois, "edit_choice", "generale"), typed)
    assert answer.status_code == 422
    assert set(answer.context["left_out"]) == {"mathématiques", "sciences de la vie et de la Terre"}


def test_the_button_costs_one_query(dubois: Family, sophie: Client, intentions: Submission) -> None:
    sophie.get(address(dubois, "choices"))
    with CaptureQueriesContext(connection) as queries:
        sophie.get(address(dubois, "choices"))
    assert len(queries) <= 9, [query["sql"][:100] for query in queries]
