"""Going from one child's file to another's, to the same place where there is one."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from orientation.models import PhaseKind
from orientation.queries import phases_of
from orientation.wording import COUNCIL_WORDS


@require_safe
def switch(request: HttpRequest, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Lead to this phase in this child's file; to where its campaign stands, if it has no such phase."""
    file = actor_of(request).file_or_404(student)
    if phases_of(file.student).get(kind) is None:
        return redirect("orientation:home", student)
    if kind.is_written_by_families:
        return redirect("orientation:choices", student, kind.slug)
    return redirect(COUNCIL_WORDS[kind].url_name, student)
