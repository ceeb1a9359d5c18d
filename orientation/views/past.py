"""What was asked and decided in an earlier school year, for a pupil whose new campaign has begun: reading only."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import StudentFile, actor_of
from accounts.menu import page_context
from orientation.decisions.history import history_of
from orientation.decisions.rules import replacements
from orientation.decisions.services import note_decisions_read
from orientation.decisions.wording import said_replaced
from orientation.dialogue.queries import choices_by_submission
from orientation.models import PhaseKind
from orientation.queries import PhaseSet, past_phases
from orientation.timeline import events_of
from orientation.views.documents import receipt_response


def _phases_of_year(file: StudentFile, year: int) -> PhaseSet:
    phases = past_phases(file.student).get(year)
    if phases is None:
        raise Http404
    return phases


@require_safe
def past_year(request: HttpRequest, student: UUID, year: int) -> HttpResponse:
    """Show the requests, the decisions and the steps of an earlier year; the first reading of a decision is kept."""
    actor = actor_of(request)
    file = actor.file_or_404(student)
    history = history_of(file.student, _phases_of_year(file, year), reader=actor.user)
    if history.unread:
        note_decisions_read(decisions=history.unread, by=actor.user, at=timezone.now())
    sent = [(kind, each) for kind, submissions in history.submissions.items() for each in reversed(submissions)]
    choices = choices_by_submission([each for _kind, each in sent])
    replaced = replacements(history.decisions)
    context = page_context(request, file=file, service="orientation") | {
        "year": year,
        "next_year": year + 1,
        "school": file.student.school,
        "requests": [(kind, each, choices[each.pk]) for kind, each in sent],
        "decisions": [(each, said_replaced(each, replaced.get(each.pk))) for each in reversed(history.decisions)],
        "events": events_of(history, file.student.school),
    }
    return render(request, "orientation/past_year.html", context)


@require_safe
def past_receipt(request: HttpRequest, student: UUID, year: int, kind: PhaseKind, number: int) -> HttpResponse:
    """Give the receipt of one submission of an earlier year as a PDF."""
    file = actor_of(request).file_or_404(student)
    phase = _phases_of_year(file, year).get(kind)
    if phase is None:
        raise Http404
    return receipt_response(file.student, phase, number)
