"""The figures of the home and the lists of the follow-up say the same, and what plain Python says."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orientation.followup.families import FamilyState, last_birth_date_of_adults, state_of_families
from orientation.followup.figures import figures_by_division, total_of
from orientation.models import (
    Acknowledgement,
    Campaign,
    CouncilSheet,
    Draft,
    Phase,
    PhaseKind,
    Submission,
    Verdict,
)
from schools.models import Guardianship, Relationship, Student
from tests.factories import NOW, Family, account, guardian, staff, student
from tests.orientation_followup.builders import (
    acknowledge,
    answer,
    decide,
    draft,
    many_families,
    phase_of,
    sheet,
    submission,
)

pytestmark = pytest.mark.django_db


def state(family: Family, kind: PhaseKind, pupil: Student | None = None) -> str:
    phase = phase_of(family.campaign, kind)
    students = Student.objects.filter(pk=(pupil or family.emma).pk)
    return str(state_of_families(family.campaign, phase, students=students, at=NOW).get().state)


def test_a_family_goes_from_nothing_to_a_draft_to_validated(dubois: Family) -> None:
    assert state(dubois, PhaseKind.FINAL_CHOICES) == FamilyState.NOTHING
    draft(dubois.emma, dubois.phase)
    assert state(dubois, PhaseKind.FINAL_CHOICES) == FamilyState.DRAFT
    submission(dubois.emma, dubois.phase, dubois.sophie)
    assert state(dubois, PhaseKind.FINAL_CHOICES) == FamilyState.VALIDATED
    assert state(dubois, PhaseKind.INTENTIONS) == FamilyState.NOTHING


def test_an_emptied_draft_is_nothing(dubois: Family) -> None:
    draft(dubois.emma, dubois.phase, ())
    assert state(dubois, PhaseKind.FINAL_CHOICES) == FamilyState.NOTHING


def test_avis_are_to_be_acknowledged_once_published(dubois: Family) -> None:
    phase = phase_of(dubois.campaign, PhaseKind.PROVISIONAL_OPINIONS)
    told = sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.FAVOURABLE}, is_published=False)
    assert state(dubois, PhaseKind.PROVISIONAL_OPINIONS) == FamilyState.UNPUBLISHED
    told.delete()
    told = sheet(dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.FAVOURABLE})
    assert state(dubois, PhaseKind.PROVISIONAL_OPINIONS) == FamilyState.TO_ACKNOWLEDGE
    acknowledge(told, dubois.marc)
    assert state(dubois, PhaseKind.PROVISIONAL_OPINIONS) == FamilyState.ACKNOWLEDGED


def test_a_withdrawn_publication_asks_nothing(dubois: Family) -> None:
    head = staff(dubois.school)
    told = sheet(
        dubois.emma, phase_of(dubois.campaign, PhaseKind.PROVISIONAL_OPINIONS), head, {"stmg": Verdict.FAVOURABLE}
    )
    assert told.publication is not None
    told.publication.withdrawn_at, told.publication.withdrawn_by = NOW, head
    told.publication.save()
    assert state(dubois, PhaseKind.PROVISIONAL_OPINIONS) == FamilyState.UNPUBLISHED


def test_each_yes_waits_for_an_answer_and_a_no_for_none(dubois: Family) -> None:
    phase = phase_of(dubois.campaign, PhaseKind.PROPOSALS)
    told = sheet(
        dubois.emma, phase, staff(dubois.school), {"stmg": Verdict.YES, "generale": Verdict.YES, "sti2d": Verdict.NO}
    )
    answer(told, dubois.sophie, rank=1)
    assert state(dubois, PhaseKind.PROPOSALS) == FamilyState.TO_ANSWER
    answer(told, dubois.marc, agrees=False, rank=2)
    assert state(dubois, PhaseKind.PROPOSALS) == FamilyState.ANSWERED


def test_once_the_head_has_decided_no_answer_is_awaited(dubois: Family) -> None:
    phase, head = phase_of(dubois.campaign, PhaseKind.PROPOSALS), staff(dubois.school)
    sheet(dubois.emma, phase, head, {"stmg": Verdict.YES})
    assert state(dubois, PhaseKind.PROPOSALS) == FamilyState.TO_ANSWER
    decide(dubois.emma, phase, head)
    assert state(dubois, PhaseKind.PROPOSALS) == FamilyState.NOTHING_TO_ANSWER


def test_a_family_to_whom_nothing_is_proposed_has_nothing_to_answer(dubois: Family) -> None:
    sheet(dubois.emma, phase_of(dubois.campaign, PhaseKind.PROPOSALS), staff(dubois.school), {"stmg": Verdict.NO})
    assert state(dubois, PhaseKind.PROPOSALS) == FamilyState.NOTHING_TO_ANSWER


def test_a_minor_in_the_file_as_their_own_guardian_counts_for_nobody(dubois: Family) -> None:
    own = student(dubois.school, "Noé", "Petit", user=account())
    guardian(dubois.school, "Noé", "Petit", own, relationship=Relationship.SELF)
    [minor] = state_of_families(dubois.campaign, dubois.phase, students=Student.objects.filter(pk=own.pk), at=NOW)
    assert (minor.has_signed_in, minor.reachability) == (False, "sans-adresse")
    Student.objects.filter(pk=own.pk).update(birth_date="2009-05-20")
    [adult] = state_of_families(dubois.campaign, dubois.phase, students=Student.objects.filter(pk=own.pk), at=NOW)
    assert (adult.has_signed_in, adult.reachability) == (True, "courriel")


@pytest.mark.parametrize("today", [date(2027, 5, 20), date(2028, 2, 29), date(2026, 2, 28), date(2027, 1, 1)])
def test_sql_and_the_student_agree_on_who_is_an_adult(today: date) -> None:
    limit = last_birth_date_of_adults(today)
    for day in range(-400, 400):
        born = date.fromordinal(limit.toordinal() + day)
        assert Student(birth_date=born).is_adult_on(today) == (born <= limit)


def test_those_who_left_or_are_in_another_level_are_not_counted(dubois: Family) -> None:
    student(dubois.school, left_on="2027-01-01")
    student(dubois.school, mef_code="24720009110")
    [figures] = figures_by_division(dubois.campaign, dubois.phase, students=Student.objects.all(), at=NOW)
    assert (figures.label, figures.pupils) == ("2DE3", 1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", list(PhaseKind))
def test_figures_lists_and_plain_python_agree_on_random_families(dubois: Family, kind: PhaseKind, seed: int) -> None:
    many_families(dubois.campaign, classes=3, pupils=12, seed=seed, by=staff(dubois.school))
    phase = phase_of(dubois.campaign, kind)
    everybody = Student.objects.all()
    rows = figures_by_division(dubois.campaign, phase, students=everybody, at=NOW)
    listed = list(state_of_families(dubois.campaign, phase, students=everybody, at=NOW))

    assert sum(row.pupils for row in rows) == len(listed)
    for row in rows:
        of_class: list = [each for each in listed if each.division_id == row.division_id]
        assert row.pupils == len(of_class)
        assert row.signed_in == sum(each.has_signed_in for each in of_class)
        assert row.no_account == row.pupils - row.signed_in
        assert row.validated == sum(each.is_validated for each in of_class)
        assert row.no_address == sum(each.reachability == "sans-adresse" for each in of_class)
        assert row.refused == sum(each.reachability == "refusee" for each in of_class)
        assert row.states == {state: sum(each.state == state for each in of_class) for state in row.states}
        assert sum(row.states.values()) == row.pupils
    for each in listed:
        assert each.state == plain_state(each, phase)
        assert each.has_signed_in == plain_signed_in(each)
        assert each.reachability == plain_reachability(each)
    total = total_of(rows, phase)
    assert total.pupils == len(listed)
    assert sum(total.states.values()) == len(listed)


def plain_state(pupil: Student, phase: Phase) -> str:
    if phase.phase_kind.is_written_by_families:
        if Submission.objects.filter(student=pupil, phase=phase).exists():
            return "validee"
        drafts = Draft.objects.filter(student=pupil, phase=phase)
        return "brouillon" if any(each.wishes for each in drafts) else "rien"
    told = CouncilSheet.objects.filter(student=pupil, phase=phase).first()
    if told is None or told.publication is None or told.publication.withdrawn_at:
        return "non-publie"
    if phase.phase_kind is PhaseKind.PROVISIONAL_OPINIONS:
        return "accuse" if Acknowledgement.objects.filter(sheet=told).exists() else "a-accuser"
    proposals = [each for each in told.answers.all() if each.verdict == Verdict.YES]
    if not proposals:
        return "rien-a-repondre"
    return "repondu" if all(each.family_answers.exists() for each in proposals) else "a-repondre"


def plain_acting(pupil: Student) -> list[Guardianship]:
    links = Guardianship.objects.legal().filter(student=pupil).select_related("guardian")
    is_adult = pupil.is_adult_on(date(2027, 5, 20))
    return [each for each in links if each.relationship != Relationship.SELF or is_adult]


def plain_signed_in(pupil: Student) -> bool:
    return any(
        bool(pupil.user_id if each.relationship == Relationship.SELF else each.guardian.user_id)
        for each in plain_acting(pupil)
    )


def plain_reachability(pupil: Student) -> str:
    people = [each.guardian for each in plain_acting(pupil)]
    if any(each.usable_email for each in people):
        return "courriel"
    return "refusee" if any(each.own_email or each.school_email for each in people) else "sans-adresse"


def test_figures_cost_one_query_whatever_the_number_of_classes(dubois: Family) -> None:
    campaign = Campaign.objects.select_related("school").prefetch_related("phases").get()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            figures_by_division(campaign, dubois_phase, students=Student.objects.all(), at=NOW)
        return len(queries)

    dubois_phase = dubois.phase
    assert cost() == 1
    many_families(dubois.campaign, classes=8, pupils=4, seed=1, by=staff(dubois.school))
    assert cost() == 1
