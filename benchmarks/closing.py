"""The last hour before final choices close: `python -m benchmarks.closing SECONDS FAMILIES`, as the product.

Lets the phases that are open close in so many seconds, takes the reminders of that closing as sent (they leave days
before), and prints as JSON the closing instant, so many families with a draft, as many that have validated, and heads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db.models import QuerySet  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.people import guardian, head  # noqa: E402
from notifications.models import UNSETTLED, MessageState, OutboxMessage  # noqa: E402
from orientation.models import Draft, Phase, PhaseKind  # noqa: E402
from orientation.notices.sweep import owe_notices  # noqa: E402
from schools.models import Guardian, StaffMembership  # noqa: E402

HEADS = 3


def main(seconds: float, count: int) -> dict[str, Any]:
    """Prepare everything, and return what the families' browsers need."""
    now = timezone.now()
    closing = Phase.objects.filter(kind=PhaseKind.FINAL_CHOICES, opens_at__lte=now, closes_at__gt=now)
    phases, closes_at = list(closing.values_list("pk", flat=True)), now + timedelta(seconds=seconds)
    closing.update(closes_at=closes_at)
    while owe_notices(at=timezone.now()):
        OutboxMessage.objects.filter(state__in=UNSETTLED).update(state=MessageState.SENT, sent_at=timezone.now())
    drafts = Draft.objects.filter(phase__in=phases).order_by("student__division", "pk")
    waiting = drafts.filter(is_validated=False)[:count]
    schools = {each.student.school_id for each in waiting.select_related("student")}
    heads = StaffMembership.objects.filter(school__in=schools).select_related("user", "school").order_by("pk")
    return {
        "closes_at": closes_at.timestamp(),
        "phases": phases,
        "families": [*_families(waiting), *_families(drafts.filter(is_validated=True)[:count])],
        "readers": [
            asdict(guardian(each))
            for each in drafts.filter(is_validated=True).select_related("student", "changed_by")[:20]
        ],
        "heads": [asdict(head(each)) for each in heads[:HEADS]],
    }


def _families(drafts: QuerySet[Draft]) -> Iterator[dict[str, Any]]:
    drafts = drafts.select_related("student__school", "changed_by")
    people = {each.user_id: each for each in Guardian.objects.filter(user__in=[each.changed_by_id for each in drafts])}
    for draft in drafts:
        who = people[draft.changed_by_id]
        yield {
            "login": who.siecle_person_id,
            "given_name": who.given_name,
            "family_name": who.family_name,
            "uai": draft.student.school.uai,
            "place": str(draft.student.public_id),
            "has_draft": not draft.is_validated,
        }


if __name__ == "__main__":
    print(json.dumps(main(float(sys.argv[1]), int(sys.argv[2]))))
