"""Owe the confirmations of submissions of the data set anew: `python -m benchmarks.owe COUNT`, as the product does."""

from __future__ import annotations

import sys

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from notifications.models import OutboxMessage  # noqa: E402
from orientation.mails import owe_confirmations  # noqa: E402
from orientation.models import Submission  # noqa: E402
from orientation.queries import confirmation_key, submission_choices  # noqa: E402
from schools.models import Guardian  # noqa: E402


@transaction.atomic
def main(count: int) -> None:
    """Forget that so many confirmations were sent, and owe them."""
    submissions = Submission.objects.select_related("student", "phase__campaign__school").order_by("pk")
    owed = 0
    for submission in submissions.iterator():
        guardians = list(Guardian.objects.filter(guardianships__student=submission.student))[: count - owed]
        keys = [confirmation_key(submission, guardian.pk) for guardian in guardians]
        OutboxMessage.objects.filter(deduplication_key__in=keys).delete()
        owe_confirmations(submission, submission_choices(submission), guardians=guardians, at=timezone.now())
        owed += len(guardians)
        if owed >= count:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]))
