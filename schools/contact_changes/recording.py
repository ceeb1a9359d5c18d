"""Keeping what guardians change, and closing it once SIECLE says the same. Within the caller's transaction.

The rule: the guardian's value stays shown, whatever an import brings, until an export of SIECLE made after the change
carries it, the school says that SIECLE has it, or the school refuses it. An import never undoes what a guardian said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from schools.contact_changes.fields import is_same, siecle_value
from schools.models import ContactChange, ContactField, ContactOutcome, Guardian, School


def record_changes(
    records: Sequence[Guardian], values: Mapping[ContactField, str], *, by: Any, at: datetime
) -> list[ContactChange]:
    """Keep what differs from what each of these records shows; return it. The records are locked by the caller.

    `by` is the account that says it, none for who came by a link.
    A value that SIECLE already has needs no change, unless the school was already given another. Three queries at most.
    """
    open_changes = ContactChange.objects.waiting().filter(guardian__in=records, field__in=values)
    waiting = {(change.guardian_id, change.field): change for change in open_changes}
    replaced, created = [], []
    for record in records:
        for field, after in values.items():
            known = waiting.get((record.pk, field.value))
            before = siecle_value(record, field)
            if (known.after if known else before) == after or (known is None and is_same(field, before, after)):
                continue
            if known is not None:
                replaced.append(known.pk)
            if is_same(field, before, after) and not (known and known.exported_at):
                continue
            created.append(
                ContactChange(guardian=record, field=field, before=before, after=after, changed_at=at, changed_by=by)
            )
    if replaced:
        ContactChange.objects.filter(pk__in=replaced).update(outcome=ContactOutcome.REPLACED, closed_at=at)
    return ContactChange.objects.bulk_create(created) if created else []


def close_carried(*, school: School, made_at: datetime, at: datetime) -> int:
    """Close the changes that an export made later carries; return how many. The import's rows are written.

    An export made before the change cannot have taken it: the same value there says nothing. Two queries at most.
    """
    waiting = ContactChange.objects.waiting().filter(guardian__school=school, changed_at__lte=made_at)
    carried = [change.pk for change in waiting.select_related("guardian") if _is_carried(change)]
    return _close(carried, at) if carried else 0


def _is_carried(change: ContactChange) -> bool:
    field = ContactField(change.field)
    return is_same(field, siecle_value(change.guardian, field), change.after)


def _close(keys: Iterable[int], at: datetime) -> int:
    # those that their guardian replaced meanwhile are no longer waiting
    found = ContactChange.objects.waiting().filter(pk__in=keys)
    return found.update(outcome=ContactOutcome.TAKEN, closed_at=at)
