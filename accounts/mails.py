"""The e-mails of accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from accounts.oidc.settings import site_url
from notifications.kinds import URGENT, Kind, register
from notifications.languages import FRENCH
from notifications.models import OutboxMessage
from notifications.services import enqueue
from schools.models import Role, School, StaffMembership
from schools.times import spoken_instant_lazy

PROOF_LOCKED = "accounts.proof_locked"
STAFF_INVITATION = "accounts.staff_invitation"
STAFF_PASSWORD = "accounts.staff_password"  # noqa: S105 - the name of a kind


def register_kinds() -> None:
    """Tell the outbox which messages this app sends; called when the app is ready."""
    register(Kind(code=PROOF_LOCKED))
    register(Kind(code=STAFF_INVITATION, priority=URGENT, still_wanted=_is_still_member))
    register(Kind(code=STAFF_PASSWORD, priority=URGENT))


def _is_still_member(message: OutboxMessage) -> bool:
    return StaffMembership.objects.filter(pk=message.context["membership"]).exists()


def owe_invitation(*, member: StaffMembership, link: str, period: int, at: datetime) -> None:
    """Tell somebody that they are of a school's staff; `link` is where they choose a password, if they have none.

    Once per `period`, a number that changes with time.
    """
    enqueue(
        kind=STAFF_INVITATION,
        address=member.user.email,
        recipient=f"account:{member.user_id}",
        language=member.user.language or FRENCH,
        context={
            "membership": member.pk,
            "school": member.school.name,
            "role": Role(member.role).label,
            "username": member.user.username,
            "link": link,
            "sign_in": site_url(reverse("admin:login")),
        },
        deduplication_key=f"staff_invitation:{member.pk}:{period}",
        at=at,
    )


def owe_password_link(*, user: User, link: str, period: int, at: datetime) -> None:
    """Give the owner of an account's mailbox a link to choose a password, once per `period`."""
    enqueue(
        kind=STAFF_PASSWORD,
        address=user.email,
        recipient=f"account:{user.pk}",
        language=user.language or FRENCH,
        context={"link": link, "username": user.username},
        deduplication_key=f"staff_password:{user.pk}:{period}",
        at=at,
    )


def owe_lock_notices(*, attempts_id: int, schools: Iterable[School], until: datetime, at: datetime) -> None:
    """Tell each school that somebody spent their tries at the proof of decision 19, and until when they are locked.

    Nobody is named: the person may be a stranger, and the record theirs or not.
    """
    for school in schools:
        if school.email:
            enqueue(
                kind=PROOF_LOCKED,
                address=school.email,
                recipient=f"school:{school.pk}",
                context={"school": school.name, "until": spoken_instant_lazy(until, school)},
                deduplication_key=f"proof_locked:{attempts_id}:{until.isoformat()}:{school.pk}",
                at=at,
            )
