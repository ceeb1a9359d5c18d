"""What *Espace famille* tells: the other guardians by their names, what was done, what was sent. Says its queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actors import Actor, StudentFile
from accounts.menu import Notice
from notifications.kinds import UnknownKindError
from notifications.models import MessageState, OutboxMessage
from notifications.rendering import subject_of
from orientation.models import Acknowledgement, Decision, FamilyAnswer, Submission
from orientation.wording import COUNCIL_WORDS
from portal.models import ContactMessage
from schools.models import Guardianship, Relationship, School, Student

LIMIT = 50
"""Lines of a history: the newest ones."""


@dataclass(frozen=True)
class OtherGuardian:
    """Another legal guardian of a child: a name and a link, never contact data (decision 16)."""

    name: str
    relationship: str


@dataclass(frozen=True)
class Child:
    """A child whose file one opens: who else answers for them, and what waits."""

    file: StudentFile
    others: list[OtherGuardian]
    notices: list[Notice]


def children_of(actor: Actor, notices: Collection[Notice]) -> list[Child]:
    """Return the files of an actor with their other guardians and what waits in each. One query.

    What waits for a child leads to an address that names the child: that is how it is told whose it is.
    """
    students = [file.student for file in actor.files]
    links = (
        Guardianship.objects.legal()
        .filter(student__in=students)
        .exclude(relationship=Relationship.SELF)
        .exclude(guardian__user_id=actor.user.pk)
        .select_related("guardian")
        .order_by("pk")
    )
    others: dict[int, list[OtherGuardian]] = defaultdict(list)
    for link in links:
        others[link.student_id].append(OtherGuardian(link.guardian.full_name, link.get_relationship_display()))
    return [
        Child(file, others[file.student.pk], [each for each in notices if str(file.student.public_id) in each.url])
        for file in actor.files
    ]


@dataclass(frozen=True)
class Event:
    """Something that was done about a child. `entered_by` is the member of staff who typed it for the family."""

    at: datetime
    student: Student
    what: str
    by: str = ""
    entered_by: str = ""
    url: str = ""

    @property
    def school(self) -> School:
        return self.student.school


def history_of(actor: Actor) -> list[Event]:
    """Return what each guardian and the school did about these children, the newest first. Four queries."""
    by_key = {file.student.pk: file.student for file in actor.files}
    events = chain(_submissions(by_key), _acknowledgements(by_key), _answers(by_key), _decisions(by_key))
    return sorted(events, key=lambda event: event.at, reverse=True)[:LIMIT]


def _submissions(students: dict[int, Student]) -> Iterator[Event]:
    rows = Submission.objects.filter(student__in=students).select_related("phase").order_by("-submitted_at", "-pk")
    for row in rows[:LIMIT]:
        student, kind = students[row.student_id], row.phase.phase_kind
        yield Event(
            row.submitted_at,
            student,
            _("%(phase)s validés, demande n° %(number)s") % {"phase": kind.label, "number": row.number}
            if kind.slug == "choix-definitifs"
            else _("%(phase)s validées, demande n° %(number)s") % {"phase": kind.label, "number": row.number},
            row.guardian_name,
            row.entered_by_name,
            reverse("orientation:submission", args=[student.public_id, kind.slug, row.number]),
        )


def _acknowledgements(students: dict[int, Student]) -> Iterator[Event]:
    rows = Acknowledgement.objects.filter(sheet__student__in=students).select_related("sheet__phase")
    for row in rows.order_by("-acknowledged_at", "-pk")[:LIMIT]:
        student = students[row.sheet.student_id]
        url = reverse(COUNCIL_WORDS[row.sheet.phase.phase_kind].url_name, args=[student.public_id])
        what = _("Accusé de réception des avis provisoires")
        yield Event(row.acknowledged_at, student, what, row.guardian_name, row.entered_by_name, url)


def _answers(students: dict[int, Student]) -> Iterator[Event]:
    rows = FamilyAnswer.objects.filter(answer__sheet__student__in=students).select_related("answer__sheet__phase")
    for row in rows.order_by("-answered_at", "-pk")[:LIMIT]:
        student = students[row.answer.sheet.student_id]
        url = reverse(COUNCIL_WORDS[row.answer.sheet.phase.phase_kind].url_name, args=[student.public_id])
        text = _("D’accord avec la proposition : %(label)s") if row.agrees else _("Pas d’accord avec : %(label)s")
        what = text % {"label": row.answer.label}
        yield Event(row.answered_at, student, what, row.guardian_name, row.entered_by_name, url)


def _decisions(students: dict[int, Student]) -> Iterator[Event]:
    rows = Decision.objects.filter(student__in=students).defer("reasons").order_by("-issued_at", "-pk")
    for row in rows[:LIMIT]:
        student = students[row.student_id]
        what = _("Décision d’orientation notifiée : %(label)s") % {"label": row.label}
        url = reverse("orientation:decisions", args=[student.public_id])
        yield Event(row.issued_at, student, what, row.issuer_name, "", url)


_MAIL_STATES = {
    MessageState.QUEUED: gettext_lazy("à envoyer"),
    MessageState.SENDING: gettext_lazy("en cours d’envoi"),
    MessageState.RETRYING: gettext_lazy("pas encore parti, un nouvel essai est prévu"),
    MessageState.SENT: gettext_lazy("envoyé"),
    MessageState.DROPPED: gettext_lazy("devenu sans objet, non envoyé"),
    MessageState.FAILED: gettext_lazy("non envoyé"),
    MessageState.BOUNCED: gettext_lazy("refusé par la messagerie"),
}


@dataclass(frozen=True)
class Mail:
    """An e-mail that was owed to the person, or that they sent to a school."""

    at: datetime
    school: School
    subject: str
    address: str
    state: str
    is_lost: bool


def mails_to(actor: Actor) -> list[Mail]:
    """Return what was sent to this person, the newest first: their own records' only. One query."""
    schools = {f"guardian:{file.guardian.pk}": file.student.school for file in actor.files if file.guardian}
    rows = OutboxMessage.objects.filter(recipient__in=schools).order_by("-created_at", "pk")
    return [_mail(row, schools[row.recipient], _subject(row), row.address) for row in rows[:LIMIT]]


def mails_by(actor: Actor) -> list[Mail]:
    """Return what this person wrote to their schools, the newest first. Two queries."""
    sent = list(ContactMessage.objects.filter(sent_by=actor.user).select_related("school")[:LIMIT])
    keys = [message.outbox_key for message in sent]
    rows = {row.deduplication_key: row for row in OutboxMessage.objects.filter(deduplication_key__in=keys)}
    return [
        _mail(row, message.school, f"{message.get_subject_display()} (n° {message.number})", "")
        for message in sent
        if (row := rows.get(message.outbox_key))
    ]


def _mail(row: OutboxMessage, school: School, subject: str, address: str) -> Mail:
    state = MessageState(row.state)
    is_lost = state in (MessageState.FAILED, MessageState.BOUNCED)
    return Mail(row.sent_at or row.created_at, school, subject, address, str(_MAIL_STATES[state]), is_lost)


def _subject(row: OutboxMessage) -> str:
    try:
        return subject_of(row)
    except UnknownKindError:  # of a service that is gone
        return _("Courriel")
