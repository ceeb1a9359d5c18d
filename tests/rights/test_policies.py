"""The policies themselves, written out: who reads these two tables knows who may do what."""

from __future__ import annotations

import pytest

from accounts.actors import StudentFile
from orientation import policies
from orientation.models import Campaign
from schools.models import Guardian, Role, Student
from schools.policies import (
    ROLES_OF_ACT,
    ROLES_WITH_SECOND_FACTOR,
    StaffAct,
    is_limited_to_own_classes,
    may,
)

H, D, O, F, C = Role.HEAD, Role.DEPUTY, Role.OFFICE, Role.FORM_TEACHER, Role.COUNSELLOR  # noqa: E741

WRITTEN_OUT = {
    StaffAct.READ: {H, D, O, F, C},
    StaffAct.READ_CONTACT: {H, D, O},
    StaffAct.ACT_FOR_FAMILY: {H, D, O},
    StaffAct.IMPORT: {H, D, O},
    StaffAct.REMIND: {H, D, O},
    StaffAct.EXPORT: {H, D, O},
    StaffAct.ENTER_COUNCIL: {H, D, F},
    StaffAct.STEER: {H, D},
    StaffAct.READ_JOURNAL: {H, D},
    StaffAct.MANAGE_STAFF: {H},
}

SOPHIE, MARC = Guardian(pk=1), Guardian(pk=2)
EMMA = Student()
AS_SOPHIE, AS_EMMA = StudentFile(EMMA, SOPHIE), StudentFile(EMMA, None)


@pytest.mark.parametrize("act", StaffAct)
def test_an_act_of_the_school_is_that_of_its_roles(act: StaffAct) -> None:
    assert {role for role in Role if may(role, act)} == WRITTEN_OUT[act] == ROLES_OF_ACT[act]


def test_the_head_and_the_deputy_enter_with_a_second_factor() -> None:
    assert {H, D} == ROLES_WITH_SECOND_FACTOR


def test_the_form_teacher_alone_is_limited_to_their_classes() -> None:
    assert {role for role in Role if is_limited_to_own_classes(role)} == {F}


def test_a_draft_is_read_by_guardians() -> None:
    assert policies.can_read_draft(AS_SOPHIE) is True
    assert policies.can_read_draft(AS_EMMA) is False


def test_the_council_is_answered_by_guardians() -> None:
    assert policies.can_answer_council(AS_SOPHIE) is True
    assert policies.can_answer_council(AS_EMMA) is False


@pytest.mark.parametrize(
    ("file", "single_writer", "designated", "allowed"),
    [
        (AS_EMMA, False, None, False),
        (AS_EMMA, True, None, False),
        (AS_EMMA, True, MARC.pk, False),
        (AS_SOPHIE, False, None, True),
        (AS_SOPHIE, False, MARC.pk, True),
        (AS_SOPHIE, True, None, True),
        (AS_SOPHIE, True, MARC.pk, False),
        (AS_SOPHIE, True, SOPHIE.pk, True),
    ],
)
def test_choices_are_written_by_guardians_or_by_the_designated_one(
    file: StudentFile, single_writer: bool, designated: int | None, allowed: bool
) -> None:
    campaign = Campaign(single_writer=single_writer)
    assert policies.can_write_choices(file, campaign, designated_guardian_id=designated) is allowed
