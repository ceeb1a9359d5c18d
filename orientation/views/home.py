"""Where the campaign stands for a child, and the choice of the child."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import StudentFile, actor_of
from accounts.menu import page_context
from orientation import policies
from orientation.decisions.history import read_by
from orientation.dialogue.queries import published_to
from orientation.models import CouncilSheet, Phase, PhaseKind, PhaseState
from orientation.queries import draft_of, past_phases, phases_of
from orientation.standing import FileState, where_it_stands
from orientation.timeline import events_of
from orientation.wording import COUNCIL_WORDS, WRITING_WORDS


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Lead to the only child's file, or let the person choose among several."""
    files = actor_of(request).files
    if len(files) == 1:
        return redirect("orientation:home", files[0].student.public_id)
    return render(request, "orientation/choose.html", page_context(request, service="orientation"))


@require_safe
def home(request: HttpRequest, student: UUID) -> HttpResponse:
    """Show the four phases, the current one marked, its text and the one button (seed, step 2)."""
    actor = actor_of(request)
    file = actor.file_or_404(student)
    now = timezone.now()
    phases = phases_of(file.student)
    context = page_context(request, file=file, service="orientation")
    current = phases.current_at(now)
    context["school"] = file.student.school
    if current is None:
        return render(request, "orientation/no_campaign.html", context)
    published = published_to(file.student)
    is_written = current.phase_kind.is_written_by_families
    history = read_by(file.student, actor.user)
    draft = draft_of(file.student, current) if is_written and policies.can_read_draft(file) else None
    newest = history.newest(current.phase_kind)
    has_changes = draft is not None and not draft.is_validated and bool(draft.wishes or newest)
    state = FileState(school=file.student.school, history=history, has_changes=has_changes)
    context |= {
        "phases": [(phase, phase.phase_kind, phase.state_at(now), published.get(phase.phase_kind)) for phase in phases],
        "current": current,
        "kind": current.phase_kind,
        "state": current.state_at(now),
        "is_open": current.state_at(now) is PhaseState.OPEN,
        "offer_is_declared": current.campaign.offer_declared_at is not None,
        "words": WRITING_WORDS.get(current.phase_kind),
        **_council(file, current, published.get(current.phase_kind), now),
        "draft": draft,
        "newest": newest,
        "standing": where_it_stands(state, at=now),
        "events": events_of(history, file.student.school),
        "has_decisions": bool(history.decisions),
        "past_years": [(year, year + 1) for year in past_phases(file.student)],
    }
    return render(request, "orientation/home.html", context)


def _council(file: StudentFile, phase: Phase, sheet: CouncilSheet | None, now: datetime) -> dict[str, Any]:
    """Return where a phase of the council stands, and whether this person may acknowledge or answer now."""
    acknowledgement = getattr(sheet, "acknowledgement", None)
    is_waiting = sheet is not None and (
        bool(sheet.answerable)  # type: ignore[attr-defined]
        if phase.phase_kind is PhaseKind.PROPOSALS
        else acknowledgement is None
    )
    is_open = phase.state_at(now) is PhaseState.OPEN
    return {
        "council_words": COUNCIL_WORDS.get(phase.phase_kind),
        "sheet": sheet,
        "acknowledgement": acknowledgement,
        "can_act": is_waiting and is_open and policies.can_answer_council(file),
    }
