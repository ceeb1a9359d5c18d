"""What each page of orientation begins with: whose file, which phase, and how a refusal is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts.actors import StudentFile, actor_of
from accounts.menu import page_context
from accounts.models import User
from orientation import policies
from orientation.errors import NotAllowed, OrientationError
from orientation.models import Phase, PhaseKind, PhaseState
from orientation.queries import phases_of
from orientation.wording import WRITING_WORDS
from schools.models import Guardianship


@dataclass(frozen=True)
class WritingScope:
    """One student's file in one writing phase, at the instant of the request."""

    request: HttpRequest
    file: StudentFile
    phase: Phase
    now: datetime

    @property
    def user(self) -> User:
        return actor_of(self.request).user

    @property
    def is_open(self) -> bool:
        """Whether the phase takes choices for this student now."""
        campaign = self.phase.campaign
        return (
            self.phase.state_at(self.now) is PhaseState.OPEN
            and campaign.offer_declared_at is not None
            and campaign.takes(self.file.student)
        )

    def can_write(self) -> bool:
        """Whether this person may change choices now. No query, but one where the campaign has a single writer."""
        if not self.is_open or self.file.guardian is None:
            return False
        designated = None
        if self.phase.campaign.single_writer:
            designated = (
                Guardianship.objects.legal()
                .filter(student=self.file.student, is_designated=True)
                .values_list("guardian_id", flat=True)
                .first()
            )
        return policies.can_write_choices(self.file, self.phase.campaign, designated_guardian_id=designated)

    def render(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Render a page of this phase, in the frame of *Mes services*."""
        frame = page_context(self.request, file=self.file, service="orientation")
        words = WRITING_WORDS[self.phase.phase_kind]
        scope = {"phase": self.phase, "kind": self.phase.phase_kind, "school": self.file.student.school, "words": words}
        return render(self.request, template, {**frame, **scope, "is_open": self.is_open, **context}, status=status)

    @property
    def htmx_target(self) -> str | None:
        """The element that htmx will replace, None for a plain page."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return htmx.target if htmx else None

    def redirect(self, name: str, *rest: object, whole_page: bool = True) -> HttpResponse:
        """Lead to another page of this phase; asked by htmx, in place of the whole page unless said otherwise."""
        address = reverse(name, args=[self.file.student.public_id, self.phase.phase_kind.slug, *rest])
        is_htmx = self.htmx_target is not None
        return HttpResponseClientRedirect(address) if is_htmx and whole_page else redirect(address)

    def refuse_to_write(self) -> HttpResponse:
        """Answer who asks for a page of writing without `can_write`."""
        return self.refuse(NotAllowed(_("Ces choix ne peuvent pas être modifiés maintenant depuis ce compte.")))

    def refuse(self, error: OrientationError, *, status: int | None = None) -> HttpResponse:
        """Answer a refusal with its sentence: 403 for an act that is not this person's, 409 for a matter of state."""
        status = status or (403 if isinstance(error, NotAllowed) else 409)
        return self.render("orientation/refused.html", {"reason": str(error)}, status=status)


def writing_scope(request: HttpRequest, student: UUID, kind: PhaseKind) -> WritingScope:
    """Return the scope of a page. Raises Http404 for somebody else's file, or a phase that does not exist."""
    file = actor_of(request).file_or_404(student)
    phase = phases_of(file.student).get(kind)
    if phase is None:
        raise Http404
    return WritingScope(request, file, phase, timezone.now())
