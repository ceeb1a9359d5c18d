"""Erasing what one account wrote in drafts, at its owner's request: a draft has no legal value, a submission has."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q

from accounts.models import User
from audit.retention import erase
from orientation.models import Draft, DraftRevision, SetAside, Submission
from orientation.queries import submission_wishes, wishes_of
from orientation.submitting import write_draft


def lock_drafts(user: User) -> list[Draft]:
    """Lock and return the drafts in which this account wrote; who is writing in one is waited for."""
    own = Q(changed_by=user) | Q(pk__in=DraftRevision.objects.filter(changed_by=user).values("draft_id"))
    own |= Q(pk__in=SetAside.objects.filter(written_by=user).values("draft_id"))
    locked = Draft.objects.select_for_update(of=("self",)).filter(own)
    return list(locked.select_related("student", "phase").order_by("pk"))


def erase_drafts(user: User) -> Counter[str]:
    """Erase this account's versions and what was set aside of them; return the rows by table.

    A list that it wrote last goes back to what another guardian wrote, or to what was validated, whichever is newer;
    one of which there is neither goes whole. Within a transaction and `purging()`. Twice is harmless.
    """
    done: Counter[str] = Counter()
    for draft in lock_drafts(user):
        done += erase(SetAside.objects.filter(draft=draft, written_by=user))
        done += erase(DraftRevision.objects.filter(draft=draft, changed_by=user))
        if draft.changed_by_id == user.pk:
            done += _go_back(draft, user)
    return done


def _go_back(draft: Draft, user: User) -> Counter[str]:
    validated = draft.phase.submissions.filter(student=draft.student).select_related("submitted_by").first()
    others = draft.revisions.exclude(changed_by=user).exclude(changed_by=None).select_related("changed_by")
    theirs = others.order_by("version").last()
    if validated and (theirs is None or theirs.changed_at <= validated.submitted_at):
        return _go_back_to(draft, validated, user)
    if theirs is None or theirs.changed_by is None:
        return erase(Draft.objects.filter(pk=draft.pk))
    write_draft(draft, wishes_of(theirs), by=theirs.changed_by, at=theirs.changed_at)
    return Counter({Draft._meta.db_table: 1})


def _go_back_to(draft: Draft, validated: Submission, user: User) -> Counter[str]:
    if draft.is_validated and draft.changed_by_id == validated.submitted_by_id:
        return Counter()  # it holds nothing but what was validated
    by, at = validated.submitted_by, validated.submitted_at
    write_draft(draft, submission_wishes(validated), by=by, at=at, is_validated=True)
    draft.revisions.filter(version=draft.version, changed_by=user).update(changed_by=None)
    return Counter({Draft._meta.db_table: 1})
