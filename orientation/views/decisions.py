"""The décisions d'orientation as the family reads them, on line and on paper, and its deadlines for a calendar."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from accounts.menu import page_context
from orientation.decisions.calendars import calendar_of
from orientation.decisions.history import history_of, read_by
from orientation.decisions.queries import replacement_of
from orientation.decisions.rules import replacements
from orientation.decisions.services import note_decisions_read
from orientation.decisions.wording import legal_basis, recourses, said_replaced
from orientation.documents.decision import decision_pdf
from orientation.models import Decision
from orientation.queries import phases_of
from orientation.standing import FileState, where_it_stands
from orientation.timeline import events_of


@require_safe
def decisions(request: HttpRequest, student: UUID) -> HttpResponse:
    """Show each decision, what can be done against it, and the whole dialogue; the first reading is kept."""
    actor = actor_of(request)
    file = actor.file_or_404(student)
    now, school = timezone.now(), file.student.school
    history = read_by(file.student, actor.user)
    if history.unread:
        note_decisions_read(decisions=history.unread, by=actor.user, at=now)
    replaced = replacements(history.decisions)
    context = page_context(request, file=file, service="orientation") | {
        "school": school,
        "decisions": [
            (each, legal_basis(each), recourses(each), said_replaced(each, replaced.get(each.pk)))
            for each in reversed(history.decisions)
        ],
        "standing": where_it_stands(FileState(school=school, history=history), at=now),
        "events": events_of(history, school),
    }
    return render(request, "orientation/decisions.html", context)


@require_safe
def pdf(request: HttpRequest, student: UUID, public_id: UUID) -> HttpResponse:
    """Give the notification of one decision as a PDF, under a name without personal data; it is a reading."""
    actor = actor_of(request)
    file = actor.file_or_404(student)
    found = (
        Decision.objects.filter(student=file.student, public_id=public_id)
        .select_related("student", "phase__campaign__school", "replaces")
        .first()
    )
    if found is None:
        raise Http404
    note_decisions_read(decisions=[found], by=actor.user, at=timezone.now())
    disposition = f'inline; filename="decision-orientation-n{found.number}.pdf"'
    content = decision_pdf(found, replaced_by=replacement_of(found))
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


@require_safe
def deadlines(request: HttpRequest, student: UUID) -> HttpResponse:
    """Give the deadlines of a child as a calendar, with alarms."""
    file = actor_of(request).file_or_404(student)
    phases = phases_of(file.student)
    if not phases:
        raise Http404
    content = calendar_of(file.student, history_of(file.student, phases), at=timezone.now())
    disposition = 'attachment; filename="echeances-orientation.ics"'
    return HttpResponse(
        content, content_type="text/calendar; charset=utf-8", headers={"Content-Disposition": disposition}
    )
