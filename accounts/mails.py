"""The e-mails of accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from notifications.kinds import Kind, register
from notifications.services import enqueue
from schools.models import School
from schools.times import spoken_instant

PROOF_LOCKED = "accounts.proof_locked"


def register_kinds() -> None:
    """Tell the outbox which messages this app sends; called when the app is ready."""
    register(Kind(code=PROOF_LOCKED))


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
                context={"school": school.name, "until": spoken_instant(until, school)},
                deduplication_key=f"proof_locked:{attempts_id}:{until.isoformat()}:{school.pk}",
                at=at,
            )
