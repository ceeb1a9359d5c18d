"""What families do to their choices, one act at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from notifications.models import OutboxMessage
from orientation import services
from orientation.errors import (
    AlreadySettled,
    DraftChangedByOther,
    DraftChangedSince,
    LastChangeByOther,
    NotAllowed,
    NothingToValidate,
    OfferNotDeclared,
    PhaseNotOpen,
    WishRefused,
)
from orientation.models import Choice, Draft, DraftRevision, Pathway, SetAside, Speciality, SpecialityOffer, Submission
from orientation.queries import offered_codes, ranked, submission_choices, wishes_of
from orientation.rules import Catalogue, Wish
from schools.models import Guardian, Guardianship, Relationship
from tests.factories import CLOSES_AT, NOW, Family, account, guardian

pytestmark = pytest.mark.django_db

SPECIALITIES = ("nsi", "mathematiques", "sciences-ingenieur")


def user_of(person: Guardian) -> User:
    assert person.user is not None
    return person.user


class Hand:
    """A guardian at work on Emma's draft: calls the services as the pages do, with the version last seen."""

    def __init__(self, family: Family, person: Guardian) -> None:
        self.family, self.person = family, person
        self.version = 0

    def _act(self, service: Callable[..., Any], at: datetime = NOW, **values: Any) -> object:
        assert self.person.user is not None
        result = service(
            file=self.family.file_of(self.person),
            phase=self.family.phase,
            version=values.pop("version", self.version),
            by=self.person.user,
            at=at,
            **values,
        )
        self.version = Draft.objects.get().version
        return result

    def add(self, pathway: str, *specialities: str, note: str = "", **values: Any) -> object:
        return self._act(services.save_choice, wish=Wish(pathway, specialities, note), **values)

    def replace(self, replacing: str, pathway: str, *specialities: str) -> object:
        return self._act(services.save_choice, wish=Wish(pathway, specialities), replacing=replacing)

    def remove(self, pathway: str, **values: Any) -> object:
        return self._act(services.remove_choice, pathway=pathway, **values)

    def move(self, pathway: str, rank: int, **values: Any) -> object:
        return self._act(services.move_choice, pathway=pathway, rank=rank, **values)

    def reset(self) -> object:
        return self._act(services.reset_draft)

    def validate(self, **values: Any) -> Submission:
        submission = self._act(services.validate_draft, **values)
        assert isinstance(submission, Submission)
        return submission

    def take_up_again(self, set_aside: SetAside) -> object:
        return self._act(services.take_up_again, set_aside=set_aside)

    def see(self) -> None:
        """Look at the page again."""
        self.version = Draft.objects.get().version


@pytest.fixture
def sophie(dubois: Family) -> Hand:
    return Hand(dubois, dubois.sophie)


@pytest.fixture
def marc(dubois: Family) -> Hand:
    return Hand(dubois, dubois.marc)


def codes() -> list[str]:
    return [wish.pathway for wish in wishes_of(Draft.objects.get())]


def test_a_choice_is_kept_at_the_end_of_the_draft(sophie: Hand) -> None:
    sophie.add("generale", *SPECIALITIES)
    sophie.add("stl", "stl-spcl")
    assert codes() == ["generale", "stl"]
    rows = ranked(wishes_of(Draft.objects.get()), offered_codes(sophie.family.phase))
    assert rows[0].specialities == (
        ("numérique et sciences informatiques", False),
        ("mathématiques", False),
        ("sciences de l’ingénieur", True),
    )
    assert rows[1].specialities == (("sciences physiques et chimiques en laboratoire", False),)


def test_removing_closes_the_hole(sophie: Hand) -> None:
    for series in ("stmg", "sti2d", "st2s"):
        sophie.add(series)
    sophie.remove("sti2d")
    assert codes() == ["stmg", "st2s"]


def test_moving_keeps_the_ranks_without_a_hole(sophie: Hand) -> None:
    for series in ("stmg", "sti2d", "st2s"):
        sophie.add(series)
    sophie.move("st2s", 1)
    assert codes() == ["st2s", "stmg", "sti2d"]


def test_replacing_keeps_the_rank(sophie: Hand) -> None:
    sophie.add("generale", *SPECIALITIES)
    sophie.add("stmg")
    sophie.replace("generale", "stl", "stl-biotechnologies")
    assert codes() == ["stl", "stmg"]


def test_eleven_can_be_ranked_and_the_last_replaced_but_no_twelfth_added(sophie: Hand) -> None:
    for pathway in Pathway.objects.all():
        specialities = {"generale": SPECIALITIES, "stl": ("stl-spcl",), "s2tmd": ("s2tmd-indecis",)}
        sophie.add(pathway.code, *specialities.get(pathway.code, ()))
    assert len(codes()) == 11
    sophie.replace("stl", "stl", "stl-biotechnologies")
    with pytest.raises(WishRefused):
        sophie.add("generale", "svt", "ses", "hggsp")
    assert len(codes()) == 11


@pytest.mark.parametrize("act", ["add", "remove", "move", "validate"])
def test_doing_it_twice_does_it_once(sophie: Hand, act: str) -> None:
    sophie.add("stmg")
    sophie.add("sti2d")
    version = sophie.version
    for _twice in range(2):
        if act == "add":
            sophie.add("st2s", version=version)
        elif act == "remove":
            sophie.remove("stmg", version=version)
        elif act == "move":
            sophie.move("sti2d", 1, version=version)
        else:
            sophie.validate(version=version)
    expected = {"add": ["stmg", "sti2d", "st2s"], "remove": ["sti2d"], "move": ["sti2d", "stmg"]}
    assert codes() == expected.get(act, ["stmg", "sti2d"])
    assert Submission.objects.count() == (1 if act == "validate" else 0)


def test_a_submission_freezes_the_labels_and_hors_etablissement(sophie: Hand) -> None:
    sophie.add("generale", *SPECIALITIES)
    submission = sophie.validate()
    SpecialityOffer.objects.all().delete()
    Pathway.objects.filter(code="generale").update(label="1re autrement dite")
    [choice] = submission_choices(submission)
    assert choice.label == "1re générale"
    assert [elsewhere for _label, elsewhere in choice.specialities] == [False, False, True]


def test_submissions_are_numbered_and_the_older_stay(sophie: Hand) -> None:
    sophie.add("stmg")
    first = sophie.validate()
    sophie.add("sti2d")
    second = sophie.validate()
    assert (first.number, second.number) == (1, 2)
    assert len(submission_choices(first)) == 1


def test_a_submission_is_owed_to_each_legal_guardian_and_to_nobody_else(dubois: Family, sophie: Hand) -> None:
    guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3, relationship=Relationship.ASCENDANT)
    guardian(dubois.school, "Sans", "Adresse", dubois.emma, school_email="")
    sophie.add("stmg")
    sophie.validate()
    owed = {message.address: message for message in OutboxMessage.objects.all()}
    assert set(owed) == {"sophie.bernard@familles.example", "marc.dubois@familles.example"}
    for address, message in owed.items():
        others = set(owed) - {address}
        assert not any(other in str(message.context) for other in others), "no other address in a message"


def test_a_refused_validation_owes_nothing(sophie: Hand) -> None:
    sophie.add("stmg")
    with pytest.raises(PhaseNotOpen):
        sophie.validate(at=CLOSES_AT)
    assert not OutboxMessage.objects.exists()
    assert not Submission.objects.exists()


def test_an_empty_draft_is_not_validated(sophie: Hand) -> None:
    sophie.add("stmg")
    sophie.remove("stmg")
    with pytest.raises(NothingToValidate):
        sophie.validate()


def test_the_closing_instant_is_exclusive_and_keeps_the_draft(sophie: Hand) -> None:
    sophie.add("stmg", at=CLOSES_AT - timedelta(microseconds=1))
    for act in (lambda: sophie.add("sti2d", at=CLOSES_AT), lambda: sophie.remove("stmg", at=CLOSES_AT)):
        with pytest.raises(PhaseNotOpen):
            act()
    assert codes() == ["stmg"]


def test_nothing_is_written_before_the_opening(dubois: Family, sophie: Hand) -> None:
    before = dubois.phase.opens_at - timedelta(seconds=1)
    with pytest.raises(PhaseNotOpen, match="pas encore ouverte"):
        sophie.add("stmg", at=before)
    assert not Draft.objects.exists()


def test_a_closing_that_happens_meanwhile_counts(dubois: Family, sophie: Hand) -> None:
    stale_phase = dubois.phase
    type(stale_phase).objects.filter(pk=stale_phase.pk).update(closes_at=NOW)
    with pytest.raises(PhaseNotOpen):
        services.save_choice(
            file=dubois.file_of(dubois.sophie),
            phase=stale_phase,
            wish=Wish("stmg"),
            version=0,
            by=user_of(dubois.sophie),
            at=NOW,
        )


def test_no_writing_phase_opens_before_the_offer_is_declared(dubois: Family, sophie: Hand) -> None:
    type(dubois.campaign).objects.update(offer_declared_at=None)
    with pytest.raises(OfferNotDeclared):
        sophie.add("stmg")


def test_a_guardian_whose_link_was_removed_meanwhile_writes_nothing(dubois: Family, sophie: Hand) -> None:
    file = dubois.file_of(dubois.sophie)
    Guardianship.objects.filter(guardian=dubois.sophie).delete()
    with pytest.raises(NotAllowed):
        services.save_choice(
            file=file,
            phase=dubois.phase,
            wish=Wish("stmg"),
            version=0,
            by=user_of(dubois.sophie),
            at=NOW,
        )


def test_another_account_cannot_write_through_a_guardian_record(dubois: Family) -> None:
    with pytest.raises(NotAllowed):
        services.save_choice(
            file=dubois.file_of(dubois.sophie), phase=dubois.phase, wish=Wish("stmg"), version=0, by=account(), at=NOW
        )


def test_a_student_writes_nothing(dubois: Family) -> None:
    assert dubois.emma.user is not None
    with pytest.raises(NotAllowed):
        services.save_choice(
            file=dubois.file_of(dubois.emma.user),
            phase=dubois.phase,
            wish=Wish("stmg"),
            version=0,
            by=dubois.emma.user,
            at=NOW,
        )


@pytest.mark.parametrize(("born", "may_write"), [("2009-05-20", True), ("2009-05-21", False)])
def test_a_student_tied_to_themselves_writes_from_their_eighteenth_birthday(
    dubois: Family, born: str, may_write: bool
) -> None:
    user = dubois.emma.user
    assert user is not None
    guardian(dubois.school, "Emma", "Dubois", dubois.emma, user=user, relationship=Relationship.SELF)
    type(dubois.emma).objects.update(birth_date=born)
    with time_machine.travel(NOW, tick=False):
        file = dubois.file_of(user)
        assert (file.guardian is not None) is may_write
        if may_write:
            services.save_choice(file=file, phase=dubois.phase, wish=Wish("stmg"), version=0, by=user, at=NOW)
            assert codes() == ["stmg"]


def test_ones_own_newer_version_does_not_hide_the_others(sophie: Hand, marc: Hand) -> None:
    sophie.add("stl", "stl-spcl")
    marc.see()
    marc.replace("stl", "stl", "stl-biotechnologies")
    sophie.see()
    sophie.add("stmg")
    sophie.version = 1  # the telephone, left open on the first version
    with pytest.raises(DraftChangedByOther):
        sophie.replace("stl", "sthr")
    sophie.version = 1
    with pytest.raises(DraftChangedSince):
        sophie.validate()


def test_nobody_validates_a_list_that_another_tab_has_changed(sophie: Hand) -> None:
    sophie.add("stmg")
    sophie.add("sti2d")
    with pytest.raises(DraftChangedSince):
        sophie.validate(version=1)
    assert not Submission.objects.exists()


def test_cancelling_comes_back_to_what_was_validated_while_it_waited(
    sophie: Hand, marc: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    sophie.add("stmg")
    sophie.validate()
    sophie.add("sti2d")
    lock_draft = services._lock_draft

    def wait_for_marc(*arguments: Any, **values: Any) -> Any:
        monkeypatch.setattr(services, "_lock_draft", lock_draft)
        marc.see()
        marc.validate(is_confirmed=True)
        return lock_draft(*arguments, **values)

    monkeypatch.setattr(services, "_lock_draft", wait_for_marc)
    sophie.reset()
    assert codes() == ["stmg", "sti2d"]
    assert Draft.objects.get().is_validated


def test_a_draft_holding_a_new_speciality_is_shown_by_a_process_with_an_older_catalogue(sophie: Hand) -> None:
    Catalogue.current()
    general = Pathway.objects.get(code="generale")
    Speciality.objects.create(code="nouvelle", pathway=general, label="nouvelle", position=99)
    wishes = (Wish("generale", ("nouvelle", "nsi", "svt")),)
    assert ranked(wishes, frozenset())[0].specialities[0][0] == "nouvelle"


def test_a_write_over_somebody_elses_newer_version_is_set_aside(sophie: Hand, marc: Hand) -> None:
    sophie.add("stmg")
    sophie.add("sti2d")
    marc.see()
    marc.add("stl", "stl-spcl")
    intended = {
        "add": (lambda: sophie.add("st2s"), ["stmg", "sti2d", "st2s"]),
        "replace": (lambda: sophie.replace("stmg", "sthr"), ["sthr", "sti2d"]),
        "remove": (lambda: sophie.remove("stmg"), ["sti2d"]),
        "move": (lambda: sophie.move("sti2d", 1), ["sti2d", "stmg"]),
        "reset": (lambda: sophie.reset(), []),
    }
    for act, expected in intended.values():
        with pytest.raises(DraftChangedByOther, match="Marc Dubois") as refusal:
            act()
        set_aside = refusal.value.set_aside
        assert set_aside is not None
        assert [wish.pathway for wish in wishes_of(set_aside)] == expected
    with pytest.raises(DraftChangedSince):
        sophie.validate()
    assert codes() == ["stmg", "sti2d", "stl"], "nothing was written over"


def test_what_was_set_aside_is_taken_up_again_once(sophie: Hand, marc: Hand) -> None:
    sophie.add("stmg")
    marc.see()
    marc.add("sti2d")
    with pytest.raises(DraftChangedByOther):
        sophie.add("st2s")
    set_aside = SetAside.objects.get()
    sophie.see()
    sophie.take_up_again(set_aside)
    with pytest.raises(AlreadySettled):
        sophie.take_up_again(set_aside)
    assert codes() == ["stmg", "st2s"]
    assert [revision.version for revision in DraftRevision.objects.all()] == [3, 2, 1]
    assert [str(revision.changed_by) for revision in DraftRevision.objects.all()] == [
        "Sophie Bernard",
        "Marc Dubois",
        "Sophie Bernard",
    ]


def test_taking_up_again_does_not_write_over_a_third_version(sophie: Hand, marc: Hand) -> None:
    sophie.add("stmg")
    marc.see()
    marc.add("sti2d")
    with pytest.raises(DraftChangedByOther):
        sophie.add("st2s")
    sophie.see()
    marc.add("sthr")
    with pytest.raises(DraftChangedByOther):
        sophie.take_up_again(SetAside.objects.get())
    assert codes() == ["stmg", "sti2d", "sthr"]


def test_ones_own_older_tab_may_write(sophie: Hand) -> None:
    sophie.add("stmg")
    sophie.add("sti2d")
    sophie.add("st2s", version=1)
    assert codes() == ["stmg", "sti2d", "st2s"]


def test_validating_what_the_other_changed_last_is_asked_once(sophie: Hand, marc: Hand) -> None:
    sophie.add("stmg")
    marc.see()
    with pytest.raises(LastChangeByOther, match="Sophie Bernard"):
        marc.validate()
    assert marc.validate(is_confirmed=True).guardian == marc.person


def test_cancelling_comes_back_to_the_newest_submission(sophie: Hand) -> None:
    sophie.add("generale", *SPECIALITIES)
    sophie.add("stmg")
    sophie.validate()
    sophie.remove("generale")
    sophie.add("sti2d")
    sophie.reset()
    assert codes() == ["generale", "stmg"]
    assert Draft.objects.get().is_validated
    assert wishes_of(Draft.objects.get())[0] == Wish("generale", SPECIALITIES)


def test_cancelling_without_a_submission_empties_the_draft(sophie: Hand) -> None:
    sophie.add("stmg")
    sophie.reset()
    assert codes() == []


def test_a_draft_that_no_longer_fits_the_campaign_is_refused_with_its_rank(dubois: Family, sophie: Hand) -> None:
    sophie.add("stmg")
    sophie.add("generale", *SPECIALITIES)
    type(dubois.campaign).objects.update(final_specialities=2)
    with pytest.raises(WishRefused, match="Rang 2"):
        sophie.validate()


def test_only_the_designated_guardian_writes_where_the_campaign_says_so(
    dubois: Family, sophie: Hand, marc: Hand
) -> None:
    type(dubois.campaign).objects.update(single_writer=True)
    sophie.add("stmg")
    Guardianship.objects.filter(guardian=dubois.marc).update(is_designated=True)
    marc.see()
    marc.add("sti2d")
    sophie.see()
    with pytest.raises(NotAllowed, match="désigné"):
        sophie.add("st2s")


def test_the_database_refuses_a_hole_in_the_ranks_of_a_submission(sophie: Hand) -> None:
    sophie.add("stmg")
    submission = sophie.validate()
    Choice.objects.create(submission=submission, rank=3, pathway=Pathway.objects.get(code="sti2d"), label="STI2D")
    with pytest.raises(IntegrityError, match="without a hole"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "wishes",
    [
        "not a list",
        [{"pathway": "stmg", "specialities": [], "note": ""}] * 2,
        [{"pathway": "", "specialities": [], "note": ""}],
        [{"pathway": "generale", "specialities": ["nsi", "nsi"], "note": ""}],
        [{"pathway": str(rank), "specialities": [], "note": ""} for rank in range(12)],
    ],
)
def test_the_database_refuses_a_draft_that_is_no_list_of_wishes(sophie: Hand, wishes: object) -> None:
    sophie.add("stmg")
    with pytest.raises(IntegrityError, match="wishes_hold"):
        Draft.objects.update(wishes=wishes)


def test_the_database_refuses_to_change_a_submission(sophie: Hand) -> None:
    sophie.add("stmg")
    sophie.validate()
    for rows in (Submission.objects, Choice.objects):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            rows.update(**({"number": 9} if rows.model is Submission else {"rank": 2}))


def test_validating_eleven_choices_takes_fifteen_statements_at_most(sophie: Hand) -> None:
    for pathway in Pathway.objects.all():
        specialities = {"generale": SPECIALITIES, "stl": ("stl-spcl",), "s2tmd": ("s2tmd-indecis",)}
        sophie.add(pathway.code, *specialities.get(pathway.code, ()))
    file, phase = sophie.family.file_of(sophie.person), sophie.family.phase
    with CaptureQueriesContext(connection) as queries:
        services.validate_draft(
            file=file,
            phase=phase,
            version=sophie.version,
            by=user_of(sophie.person),
            at=NOW,
        )
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) <= 15, "\n".join(statements)
