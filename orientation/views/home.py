"""Where the campaign stands for a child, and the choice of the child."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from accounts.menu import page_context
from orientation import policies
from orientation.dialogue.queries import published_to
from orientation.models import PhaseState
from orientation.queries import draft_of, phases_of, submissions_of
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
    file = actor_of(request).file_or_404(student)
    now = timezone.now()
    phases = phases_of(file.student)
    context = page_context(request, file=file, service="orientation")
    current = phases.current_at(now)
    context["school"] = file.student.school
    if current is None:
        return render(request, "orientation/no_campaign.html", context)
    published = published_to(file.student)
    is_written = current.phase_kind.is_written_by_families
    context |= {
        "phases": [(phase, phase.phase_kind, phase.state_at(now), published.get(phase.phase_kind)) for phase in phases],
        "current": current,
        "kind": current.phase_kind,
        "state": current.state_at(now),
        "is_open": current.state_at(now) is PhaseState.OPEN,
        "offer_is_declared": current.campaign.offer_declared_at is not None,
        "words": WRITING_WORDS.get(current.phase_kind),
        "council_words": COUNCIL_WORDS.get(current.phase_kind),
        "sheet": published.get(current.phase_kind),
        "acknowledgement": getattr(published.get(current.phase_kind), "acknowledgement", None),
        "draft": draft_of(file.student, current) if is_written and policies.can_read_draft(file) else None,
        "newest": submissions_of(file.student, current).first() if is_written else None,
    }
    return render(request, "orientation/home.html", context)
