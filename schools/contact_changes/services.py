"""A guardian changes their own data, their school takes it or refuses it: each function is one act."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from schools.contact import NotOwnContactDataError, accounts_of, records_of_person
from schools.contact_changes.errors import AlreadySettled, MayNotFollowChanges, ReasonMissing
from schools.contact_changes.fields import write_value
from schools.contact_changes.recording import record_changes
from schools.models import ContactChange, ContactField, ContactOutcome, Guardian, School
from schools.policies import ROLES_OF_ACT, StaffAct
from schools.staff import schools_of_staff

By = Any
"""An account: this room names the user model by its setting only."""

REASON_MAX_LENGTH = 200


@transaction.atomic
def change_contact_data(
    *, guardian: Guardian, values: Mapping[ContactField, str], by: By, at: datetime
) -> list[ContactChange]:
    """Take what a person says of themselves, for each of their records; return what differs from before.

    `by` is the account that says it. The e-mail has its own way (`schools.contact`). Raises NotOwnContactDataError.
    """
    if by.pk not in accounts_of(guardian):
        raise NotOwnContactDataError
    records = list(records_of_person(guardian).select_for_update(of=("self",)))
    own: dict[ContactField, str] = {key: value for key, value in values.items() if key != ContactField.EMAIL}
    return record_changes(records, own, by=by, at=at)


@transaction.atomic
def mark_exported(*, school: School, by: By, at: datetime) -> list[ContactChange]:
    """Return the changes that wait in a school, for its file, and note that they stood in it.

    An export done again is the same file; the first one's instant is kept. Raises MayNotFollowChanges.
    """
    _check_right(school, StaffAct.EXPORT, by)
    waiting = list(
        ContactChange.objects.waiting().filter(guardian__school=school).select_for_update(of=("self",)).order_by("pk")
    )
    fresh = [change.pk for change in waiting if change.exported_at is None]
    if fresh:
        ContactChange.objects.filter(pk__in=fresh).update(exported_at=at)
    return waiting


@transaction.atomic
def note_taken(*, change: ContactChange, by: By, at: datetime) -> ContactChange:
    """Note that SIECLE now has a change, as its school says: what SIECLE abbreviates, no import would recognise.

    Raises MayNotFollowChanges, AlreadySettled.
    """
    locked = _locked(change, by)
    if locked.outcome == ContactOutcome.TAKEN:
        return locked
    _check_waits(locked)
    guardian = locked.guardian
    guardian.save(update_fields=write_value(guardian, ContactField(locked.field), locked.after))
    return _settle(locked, ContactOutcome.TAKEN, at=at)


@transaction.atomic
def refuse_change(*, change: ContactChange, reason: str, by: By, at: datetime) -> ContactChange:
    """Refuse a change: the guardian's page shows the school's value again, and the reason.

    An e-mail address that was confirmed stays the one we write to. Raises MayNotFollowChanges, AlreadySettled,
    ReasonMissing.
    """
    locked = _locked(change, by)
    if locked.outcome == ContactOutcome.REFUSED:
        return locked
    _check_waits(locked)
    reason = " ".join(reason.split())[:REASON_MAX_LENGTH]
    if not reason:
        raise ReasonMissing
    locked.reason = reason
    return _settle(locked, ContactOutcome.REFUSED, at=at)


def _locked(change: ContactChange, by: By) -> ContactChange:
    """Lock the record, then the change, in the order of an import; after the right of who asks."""
    school = School.objects.get(guardians=change.guardian_id)
    _check_right(school, StaffAct.IMPORT, by)
    guardian = Guardian.objects.select_for_update().get(pk=change.guardian_id)
    locked = ContactChange.objects.select_for_update().get(pk=change.pk)
    locked.guardian = guardian
    return locked


def _check_waits(change: ContactChange) -> None:
    if change.outcome != ContactOutcome.WAITING:
        raise AlreadySettled


def _check_right(school: School, act: StaffAct, by: By) -> None:
    if not schools_of_staff(by, ROLES_OF_ACT[act]).filter(pk=school.pk).exists():
        raise MayNotFollowChanges


def _settle(change: ContactChange, outcome: ContactOutcome, *, at: datetime) -> ContactChange:
    change.outcome, change.closed_at = outcome, at
    change.save(update_fields=["outcome", "closed_at", "reason"])
    return change
