"""Entering a paper form in the name of a family (decision 14)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from notifications.models import OutboxMessage
from orientation import services
from orientation.entry.services import submit_for_family
from orientation.errors import (
    DraftInProgress,
    EntryClosed,
    NotAllowed,
    NothingToValidate,
    OfferNotDeclared,
    OrientationError,
    SubmittedMeanwhile,
    WishRefused,
)
from orientation.models import Campaign, Draft, DraftRevision, Pathway, Phase, Submission
from orientation.queries import submission_wishes, wishes_of
from orientation.rules import Wish, Wishes
from schools.models import Guardian, Guardianship, Relationship, Role, Student
from tests.factories import CLOSES_AT, NOW, Family, account, guardian, school, staff

pytestmark = pytest.mark.django_db

STI2D, STMG = Wish("sti2d"), Wish("stmg")
GENERAL = Wish("generale", ("nsi", "mathematiques", "sciences-ingenieur"))


def enter(family: Family, by: User, *wishes: Wish, **values: Any) -> Submission:
    given: dict[str, Any] = {"guardian": family.sophie, "seen_number": 0, "at": NOW, **values}
    return submit_for_family(student=family.emma, phase=family.phase, wishes=wishes, by=by, **given)


def prepare(family: Family, *wishes: Wish) -> Draft:
    """Let Sophie begin a list online."""
    user = family.sophie.user
    assert user is not None
    for version, wish in enumerate(wishes):
        services.save_choice(
            file=family.file_of(family.sophie), phase=family.phase, wish=wish, version=version, by=user, at=NOW
        )
    return Draft.objects.get()


def validate(family: Family, version: int) -> Submission:
    user = family.sophie.user
    assert user is not None
    return services.validate_draft(
        file=family.file_of(family.sophie), phase=family.phase, version=version, by=user, at=NOW
    )


def list_of(draft: Draft) -> Wishes:
    draft.refresh_from_db()
    return wishes_of(draft)


def test_a_paper_form_becomes_a_submission_that_says_who_entered_it_and_in_whose_name(
    dubois: Family, nadia: User
) -> None:
    submission = enter(dubois, nadia, GENERAL, STI2D)
    assert (submission.number, submission.submitted_by, submission.guardian) == (1, nadia, dubois.sophie)
    assert submission.attribution == "saisie par l’établissement (Nadia Martin), au nom de Sophie Bernard"
    assert submission_wishes(submission) == (GENERAL, STI2D)


def test_a_guardian_needs_no_account_to_be_entered_for(dubois: Family, nadia: User) -> None:
    Guardian.objects.filter(pk=dubois.sophie.pk).update(user=None)
    assert enter(dubois, nadia, STI2D).guardian == dubois.sophie


def test_each_legal_guardian_is_owed_the_same_e_mail(dubois: Family, nadia: User) -> None:
    enter(dubois, nadia, STI2D)
    owed = OutboxMessage.objects.order_by("address")
    assert [mail.address for mail in owed] == ["marc.dubois@familles.example", "sophie.bernard@familles.example"]
    assert {(mail.context["entered_by"], mail.context["by"]) for mail in owed} == {("Nadia Martin", "Sophie Bernard")}


def test_a_family_without_a_list_finds_there_what_was_entered(dubois: Family, nadia: User) -> None:
    enter(dubois, nadia, STI2D)
    draft = Draft.objects.get()
    assert wishes_of(draft) == (STI2D,)
    assert draft.is_validated
    assert DraftRevision.objects.get().changed_by == nadia


def test_a_list_begun_online_is_asked_about_once_and_never_touched(dubois: Family, nadia: User) -> None:
    draft = prepare(dubois, STMG)
    with pytest.raises(DraftInProgress):
        enter(dubois, nadia, STI2D)
    assert not Submission.objects.exists()
    enter(dubois, nadia, STI2D, is_confirmed=True)
    assert list_of(draft) == (STMG,)
    assert (draft.version, draft.is_validated) == (1, False)


def test_a_validated_list_that_differs_from_the_entry_is_no_longer_what_counts(dubois: Family, nadia: User) -> None:
    draft = prepare(dubois, STMG)
    validate(dubois, 1)
    assert enter(dubois, nadia, STI2D, seen_number=1).number == 2
    assert list_of(draft) == (STMG,)
    assert not draft.is_validated


def test_a_list_that_says_the_same_counts_as_validated(dubois: Family, nadia: User) -> None:
    draft = prepare(dubois, STMG)
    enter(dubois, nadia, STMG, is_confirmed=True)
    draft.refresh_from_db()
    assert draft.is_validated


def test_the_same_form_sent_twice_is_entered_once(dubois: Family, nadia: User) -> None:
    assert enter(dubois, nadia, STI2D) == enter(dubois, nadia, STI2D)
    assert OutboxMessage.objects.count() == 2


def test_what_the_family_validated_meanwhile_is_not_replaced_unseen(dubois: Family, nadia: User) -> None:
    prepare(dubois, STMG)
    validate(dubois, 1)
    with pytest.raises(SubmittedMeanwhile, match="n° 1 a été validée par Sophie Bernard"):
        enter(dubois, nadia, STI2D)
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("at", [CLOSES_AT, NOW - timedelta(days=30)])
def test_nothing_is_entered_before_the_opening_nor_from_the_closing_on(dubois: Family, nadia: User, at: Any) -> None:
    with pytest.raises(EntryClosed, match="peut la rouvrir"):
        enter(dubois, nadia, STI2D, at=at)


def test_a_closing_that_happens_meanwhile_counts(dubois: Family, nadia: User) -> None:
    phase = dubois.phase
    Phase.objects.filter(pk=phase.pk).update(closes_at=NOW)
    with pytest.raises(EntryClosed):
        submit_for_family(
            student=dubois.emma, guardian=dubois.sophie, phase=phase, wishes=(STI2D,), seen_number=0, by=nadia, at=NOW
        )


@pytest.mark.parametrize(
    "wishes",
    [
        (Wish("generale", ("nsi",)),),
        (Wish("generale", ("danse", "musique", "nsi")),),
        (Wish("stl"),),
        (Wish("inconnue"),),
        (STI2D, STI2D),
        (Wish("autre-parcours", note="x" * 501),),
        (STI2D, Wish("stmg", ("nsi",))),
    ],
    ids=["too few", "two arts", "series without its own", "unknown", "twice", "too long", "one too many"],
)
def test_the_rules_are_those_of_families_and_a_refusal_writes_nothing(
    dubois: Family, nadia: User, wishes: Wishes
) -> None:
    with pytest.raises(WishRefused):
        enter(dubois, nadia, *wishes)
    assert not Submission.objects.exists()
    assert not Draft.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_an_empty_form_is_not_entered(dubois: Family, nadia: User) -> None:
    with pytest.raises(NothingToValidate):
        enter(dubois, nadia)


def test_nothing_is_entered_before_the_offer_is_declared(dubois: Family, nadia: User) -> None:
    Campaign.objects.update(offer_declared_at=None)
    with pytest.raises(OfferNotDeclared):
        enter(dubois, nadia, STI2D)


def test_only_the_designated_guardian_is_entered_for_where_the_campaign_says_so(dubois: Family, nadia: User) -> None:
    Campaign.objects.update(single_writer=True)
    Guardianship.objects.filter(guardian=dubois.marc).update(is_designated=True)
    with pytest.raises(NotAllowed, match="désigné"):
        enter(dubois, nadia, STI2D)
    assert enter(dubois, nadia, STI2D, guardian=dubois.marc).guardian == dubois.marc


def test_a_contact_or_a_strangers_guardian_is_not_entered_for(dubois: Family, nadia: User) -> None:
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    for other in (contact, guardian(dubois.school, "Paule", "Autre")):
        with pytest.raises(NotAllowed, match="représentant légal"):
            enter(dubois, nadia, STI2D, guardian=other)


def test_a_minor_is_never_their_own_guardian_on_paper_either(dubois: Family, nadia: User) -> None:
    own = guardian(dubois.school, "Emma", "Dubois", dubois.emma, relationship=Relationship.SELF)
    with pytest.raises(NotAllowed):
        enter(dubois, nadia, STI2D, guardian=own)
    Student.objects.update(birth_date="2009-05-20")
    dubois.emma.refresh_from_db()
    assert enter(dubois, nadia, STI2D, guardian=own).guardian == own


@pytest.mark.parametrize("role", [Role.FORM_TEACHER, Role.COUNSELLOR])
def test_roles_that_do_not_enter_for_families_are_refused(dubois: Family, role: Role) -> None:
    assert dubois.emma.division is not None
    for by in (staff(dubois.school, role, dubois.emma.division), staff(school("0699902Y"), Role.HEAD), account()):
        with pytest.raises(OrientationError):
            enter(dubois, by, STI2D)
    assert not Submission.objects.exists()


def test_a_pupil_who_has_left_is_not_entered_for(dubois: Family, nadia: User) -> None:
    Student.objects.update(left_on="2027-05-01")
    with pytest.raises(NotAllowed):
        enter(dubois, nadia, STI2D)


def test_entering_eleven_choices_takes_eighteen_statements_at_most(dubois: Family, nadia: User) -> None:
    specialities = {"generale": GENERAL.specialities, "stl": ("stl-spcl",), "s2tmd": ("s2tmd-danse",)}
    codes = list(Pathway.objects.values_list("code", flat=True))
    with CaptureQueriesContext(connection) as queries:
        enter(dubois, nadia, *(Wish(code, specialities.get(code, ())) for code in codes))
    assert Submission.objects.get().choices.count() == 11
    counted = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(counted) <= 18, f"{len(counted)}\n" + "\n".join(sql[:120] for sql in counted)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_entry_waits_for_a_family_that_validates_and_does_not_replace_it_unseen(dubois: Family, nadia: User) -> None:
    prepare(dubois, STMG)
    outcome: list[object] = []

    def enter_meanwhile() -> None:
        try:
            outcome.append(enter(dubois, nadia, STI2D, is_confirmed=True))
        except SubmittedMeanwhile as refusal:
            outcome.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=enter_meanwhile)
    with transaction.atomic():
        validate(dubois, 1)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the entry waits"
    thread.join()
    assert isinstance(outcome[0], SubmittedMeanwhile)
    assert submission_wishes(Submission.objects.get()) == (STMG,)
