"""Writing to the school of one's child: one act, in one transaction, within limits that are counted in a table."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import StudentFile
from accounts.models import User
from notifications.kinds import Kind, register
from notifications.models import OutboxMessage
from notifications.services import enqueue
from portal.models import ContactMessage, ContactSubject
from schools.models import School

FAMILY_MESSAGE = "portal.family_message"

PER_ACCOUNT, ACCOUNT_PERIOD = 5, timedelta(days=1)
PER_SCHOOL, SCHOOL_PERIOD = 50, timedelta(hours=1)
"""How many messages an account may send, and a school receive, in how long a time."""


class ContactRefused(Exception):
    """A refusal. `str(error)` is the French sentence to show."""


class SchoolWithoutAddress(ContactRefused):
    """The school has no address to write to: there remains the telephone."""


class TooManyMessages(ContactRefused):
    """The account, or the school, has reached its limit (answered 429)."""


def register_kinds() -> None:
    """Tell the outbox which messages this room sends; called when the app is ready."""
    register(Kind(code=FAMILY_MESSAGE, reply_to=_reply_to))


def _reply_to(message: OutboxMessage) -> str:
    return str(message.context["reply_to"])


@transaction.atomic
def write_to_school(
    *,
    file: StudentFile,
    subject: ContactSubject,
    text: str,
    wants_answer_by_email: bool,
    key: UUID,
    by: User,
    at: datetime,
) -> ContactMessage:
    """Send what a family typed to the school of this child. `key` is the form's: sent twice, it is sent once.

    Only a guardian's own usable address is ever told, and only if they ask for it: the school has its own records.
    Raises ContactRefused.
    """
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    if sent := ContactMessage.objects.filter(sent_by=by, key=key).first():
        return sent
    # the lock by which messages to one school are counted one by one
    school = School.objects.select_for_update(of=("self",), no_key=True).get(pk=file.student.school_id)
    if not school.email:
        raise SchoolWithoutAddress(_("Cet établissement n’a pas donné d’adresse électronique : appelez-le."))
    _check_limits(school, by, at)
    message = ContactMessage.objects.create(
        key=key,
        sent_by=by,
        school=school,
        student=file.student,
        subject=subject,
        wants_answer_by_email=wants_answer_by_email,
        sent_at=at,
    )
    _owe_mail(message, file, text)
    return message


def _check_limits(school: School, by: User, at: datetime) -> None:
    if ContactMessage.objects.filter(sent_by=by, sent_at__gt=at - ACCOUNT_PERIOD).count() >= PER_ACCOUNT:
        raise TooManyMessages(
            _("Vous avez déjà envoyé %(count)s messages en vingt-quatre heures. Réessayez demain, ou appelez.")
            % {"count": PER_ACCOUNT}
        )
    if ContactMessage.objects.filter(school=school, sent_at__gt=at - SCHOOL_PERIOD).count() >= PER_SCHOOL:
        raise TooManyMessages(
            _("L’établissement reçoit trop de messages en ce moment. Réessayez dans une heure, ou appelez.")
        )


def _owe_mail(message: ContactMessage, file: StudentFile, text: str) -> None:
    """Owe the school its copy, the only one: neither the other guardian nor the pupil is told."""
    guardian = file.guardian
    reply_to = guardian.usable_email if guardian and message.wants_answer_by_email else ""
    enqueue(
        kind=FAMILY_MESSAGE,
        address=message.school.email,
        recipient=f"school:{message.school_id}",
        context={
            "number": message.number,
            "school": str(message.school),
            "writer": guardian.full_name if guardian else file.student.full_name,
            "is_guardian": guardian is not None,
            "student": file.student.full_name,
            "division": str(file.student.division or ""),
            "about": ContactSubject(message.subject).label,
            "text": text,
            "reply_to": reply_to,
        },
        deduplication_key=message.outbox_key,
        at=message.sent_at,
    )
