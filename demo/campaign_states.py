"""A campaign played up to the propositions, by the same services as people use: classes in every state.

Of the invented school's pupils, two in three validated intentions and nearly all final choices; the councils have met
in some classes, and the head has published some of those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from accounts.actors import StudentFile
from accounts.models import User
from demo.council_states import play_councils
from notifications.models import UNSETTLED, MessageState, OutboxMessage
from orientation.dialogue.services import acknowledge_opinions, answer_proposal
from orientation.models import CouncilAnswer, PathwayGroup, Phase, PhaseKind, Verdict
from orientation.rules import Wish
from orientation.services import save_choice, validate_draft
from schools.models import Guardian, School, Student

INTENTIONS = [
    [Wish("generale", ("mathematiques", "physique-chimie", "svt", "ses")), Wish("stmg")],
    [Wish("generale", ("hggsp", "hlp", "llcer-anglais", "cinema-audiovisuel"))],
    [Wish("sti2d"), Wish("generale", ("mathematiques", "nsi", "physique-chimie", "sciences-ingenieur"))],
    [Wish("st2s"), Wish("stmg"), Wish("autre-parcours", note="CAP accompagnant éducatif petite enfance")],
]
FINAL_CHOICES = [
    [Wish("generale", ("mathematiques", "physique-chimie", "svt")), Wish("stl", ("stl-biotechnologies",))],
    [Wish("generale", ("mathematiques", "ses", "hggsp")), Wish("stmg")],
    [Wish("generale", ("hggsp", "hlp", "llca-latin"))],
    [Wish("sti2d"), Wish("generale", ("mathematiques", "nsi", "physique-chimie")), Wish("stmg")],
    [Wish("st2s"), Wish("stmg"), Wish("autre-parcours", note="bac professionnel accompagnement, soins et services")],
    [Wish("s2tmd", ("s2tmd-musique",)), Wish("bt-metiers-musique"), Wish("generale", ("musique", "hlp", "ses"))],
]
UNDECIDED = {"2DE5": 4}
"""Classes in which this many families have not validated: one left a draft, the others never came."""
ANSWERING = {"2DE1": 1.0, "2DE2": 0.5}
"""Which share of a class's families has answered the propositions."""


@dataclass(frozen=True)
class _Family:
    """A pupil and the guardian who acts, with their account."""

    file: StudentFile
    user: User


def play_campaign(school: School, head: User, now: datetime) -> None:
    """Play the families' part, then the councils', of the school's campaign, each act at its own past instant."""
    draw = Random(20)  # noqa: S311 - an invented story
    phases = {
        phase.phase_kind: phase for phase in Phase.objects.filter(campaign__school=school).select_related("campaign")
    }
    families = list(_families(school, draw, now))
    for family in families:
        if draw.random() < 0.66:
            _validate(family, phases[PhaseKind.INTENTIONS], draw.choice(INTENTIONS), draw)
    undecided = dict(UNDECIDED)
    for family in families:
        division = str(family.file.student.division)
        left = undecided.get(division, 0)
        if not left:
            _validate(family, phases[PhaseKind.FINAL_CHOICES], draw.choice(FINAL_CHOICES), draw)
            continue
        undecided[division] = left - 1
        if left == 1:
            _draft(family, phases[PhaseKind.FINAL_CHOICES], draw.choice(FINAL_CHOICES), draw)
    play_councils(school, head, phases, now)
    for family in families:
        _read_and_answer(family, phases, draw, now)
    _settle_mails()


def _families(school: School, draw: Random, now: datetime) -> Iterator[_Family]:
    """Yield the families of whom a guardian has signed in: five in six, the first to have an address."""
    students = Student.objects.filter(school=school).select_related("school", "division").order_by("pk")
    for student in students.prefetch_related("guardians"):
        guardians = sorted(student.guardians.all(), key=lambda guardian: not guardian.usable_email)
        if student.family_name == "Haddad" or draw.random() < 0.84:
            yield _Family(StudentFile(student, guardians[0]), _account(guardians[0], now))


def _account(guardian: Guardian, now: datetime) -> User:
    """Tie an account to the guardian, as their first sign-in would have."""
    user = User.objects.create(
        first_name=guardian.given_name, last_name=guardian.family_name, last_login=now - timedelta(days=10)
    )
    Guardian.objects.filter(pk=guardian.pk).update(user=user)
    guardian.user = user
    return user


def _draft(family: _Family, phase: Phase, wishes: list[Wish], draw: Random) -> datetime:
    """Enter the wishes at some instant of the phase; return it."""
    at = phase.opens_at + (phase.closes_at - phase.opens_at) * draw.uniform(0.1, 0.95)
    for version, wish in enumerate(wishes):
        save_choice(file=family.file, phase=phase, wish=wish, version=version, by=family.user, at=at)
    return at


def _validate(family: _Family, phase: Phase, wishes: list[Wish], draw: Random) -> None:
    at = _draft(family, phase, wishes, draw) + timedelta(minutes=3)
    validate_draft(file=family.file, phase=phase, version=len(wishes), by=family.user, at=at)


def _read_and_answer(family: _Family, phases: dict[PhaseKind, Phase], draw: Random, now: datetime) -> None:
    """Acknowledge avis, two families in three; answer propositions: all of 2DE1 but Lina's, half of 2DE2."""
    opinions, proposals = phases[PhaseKind.PROVISIONAL_OPINIONS], phases[PhaseKind.PROPOSALS]
    if draw.random() < 0.66:
        at = opinions.opens_at + timedelta(days=3)
        acknowledge_opinions(file=family.file, phase=opinions, by=family.user, at=at)
    division, student = str(family.file.student.division), family.file.student
    if student.family_name == "Haddad" or draw.random() >= ANSWERING.get(division, 0):
        return
    to_answer = CouncilAnswer.objects.filter(sheet__student=student, sheet__phase=proposals)
    for answer in to_answer.exclude(pathway__group=PathwayGroup.OTHER).select_related("pathway"):
        answer_proposal(
            file=family.file,
            phase=proposals,
            pathway=answer.pathway.code,
            agrees=answer.verdict == Verdict.YES,
            seen_number=0,
            by=family.user,
            at=now - timedelta(hours=2),
        )


def _settle_mails() -> None:
    """Say that the e-mails of this past were sent when they were owed: the mailbox begins empty."""
    for message in OutboxMessage.objects.filter(state__in=UNSETTLED):
        is_refused = message.address.startswith("refusee.")
        message.state = MessageState.BOUNCED if is_refused else MessageState.SENT
        message.sent_at, message.attempts = message.created_at, 1
        message.save(update_fields=["state", "sent_at", "attempts"])
