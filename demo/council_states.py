"""The councils' part of the invented campaign: classes not begun, half entered, complete, told, answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from accounts.models import User
from orientation.council.rules import Answer
from orientation.council.services import publish_division, save_sheet
from orientation.models import Choice, PathwayGroup, Phase, PhaseKind, Submission, Verdict
from schools.models import Division, School, Student

TOLD = ["2DE1", "2DE2", "2DE6"]
COMPLETE = [*TOLD, "2DE3"]
HALF_ENTERED = "2DE4"
"""Of the propositions; avis provisoires were published in every class. Nothing is entered yet for 2DE5."""

REASONS = {
    Verdict.RESERVED: "Les résultats de physique-chimie doivent se confirmer au 3e trimestre.",
    Verdict.UNFAVOURABLE: "Le conseil recommande d’étudier aussi la voie technologique.",
    Verdict.NO: "Le niveau en mathématiques reste trop fragile pour cette voie.",
}


def play_councils(school: School, head: User, phases: dict[PhaseKind, Phase], now: datetime) -> None:
    """Enter and publish what the councils said, each act at its own past instant."""
    draw = Random(21)  # noqa: S311 - an invented story
    divisions = {each.code: each for each in Division.objects.filter(school=school)}
    opinions, proposals = phases[PhaseKind.PROVISIONAL_OPINIONS], phases[PhaseKind.PROPOSALS]
    for division in divisions.values():
        at = opinions.opens_at + timedelta(days=1)
        for student in division.students.all():
            _enter(student, phases[PhaseKind.INTENTIONS], opinions, head, at, draw)
        publish_division(phase=opinions, division=division, by=head, at=at + timedelta(hours=2))
    for code in [*COMPLETE, HALF_ENTERED]:
        students = list(divisions[code].students.all())
        told_at = proposals.opens_at + (now - proposals.opens_at) / 2
        for student in students if code in COMPLETE else students[: len(students) // 2]:
            _enter(student, phases[PhaseKind.FINAL_CHOICES], proposals, head, told_at, draw)
        if code in TOLD:
            publish_division(phase=proposals, division=divisions[code], by=head, at=told_at + timedelta(minutes=20))


def _enter(student: Student, asked_in: Phase, phase: Phase, head: User, at: datetime, draw: Random) -> None:
    """Answer each rank that the family validated; nothing is entered for who validated nothing (decision 23)."""
    submission = Submission.objects.filter(student=student, phase=asked_in).order_by("-number").first()
    if submission is None:
        return
    choices = Choice.objects.filter(submission=submission).select_related("pathway").order_by("rank")
    save_sheet(
        student=student,
        phase=phase,
        answers=tuple(_answer(choice, phase.phase_kind, draw) for choice in choices),
        version=0,
        submission_id=submission.pk,
        by=head,
        at=at,
    )


def _answer(choice: Choice, kind: PhaseKind, draw: Random) -> Answer:
    pathway = choice.pathway
    verdict = _verdict(kind, pathway.group, draw)
    is_welcome = verdict in (Verdict.FAVOURABLE, Verdict.YES)
    advised = frozenset({"mathematiques", "ses", "hggsp"})
    return Answer(
        pathway.code,
        verdict,
        REASONS.get(verdict, ""),
        advised if pathway.group == PathwayGroup.GENERAL and is_welcome and draw.random() < 0.4 else frozenset(),
    )


def _verdict(kind: PhaseKind, group: str, draw: Random) -> Verdict:
    if kind is PhaseKind.PROVISIONAL_OPINIONS:
        return draw.choices([Verdict.FAVOURABLE, Verdict.RESERVED, Verdict.UNFAVOURABLE], [6, 3, 1])[0]
    if group == PathwayGroup.OTHER:
        return Verdict.FAVOURABLE
    return draw.choices([Verdict.YES, Verdict.NO], [4, 1])[0]
