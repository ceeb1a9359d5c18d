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
from orientation.council.services import note_sheet_read
from orientation.dialogue.queries import published_to
from orientation.errors import NotAllowed, OrientationError
from orientation.models import CouncilSheet, Phase, PhaseKind, PhaseState
from orientation.queries import phases_of
from orientation.wording import COUNCIL_WORDS, WRITING_WORDS
from schools.models import Guardianship


@dataclass(frozen=True)
class PhaseScope:
    """One student's file in one phase, at the instant of the request."""

    request: HttpRequest
    file: StudentFile
    phase: Phase
    now: datetime

    @property
    def user(self) -> User:
        return actor_of(self.request).user

    def _render(self, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
        """Render a page of this phase, in the frame of *Mes services*."""
        frame = page_context(self.request, file=self.file, service="orientation")
        scope = {"phase": self.phase, "kind": self.phase.phase_kind, "school": self.file.student.school}
        return render(self.request, template, {**frame, **scope, **context}, status=status)


@dataclass(frozen=True)
class WritingScope(PhaseScope):
    """One student's file in one writing phase, at the instant of the request."""

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
        """Render a page on which choices are ranked or read."""
        words = WRITING_WORDS[self.phase.phase_kind]
        return self._render(template, {"words": words, "is_open": self.is_open, **context}, status=status)

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


@dataclass(frozen=True)
class CouncilScope(PhaseScope):
    """One student's file in one phase of the council, at the instant of the request."""

    @property
    def sheet(self) -> CouncilSheet | None:
        """What the family may read, None while the class has not been told. One query, once per request."""
        return published_to(self.file.student).get(self.phase.phase_kind)

    @property
    def is_open(self) -> bool:
        return self.phase.state_at(self.now) is PhaseState.OPEN

    def can_answer(self) -> bool:
        """Whether this person may acknowledge or answer now. No query."""
        return self.is_open and policies.can_answer_council(self.file)

    def read_sheet(self) -> CouncilSheet | None:
        """Return what the family may read, noted as read: the one GET by which a family writes (read receipt).

        A second reading by the same account writes nothing.
        """
        sheet = self.sheet
        if sheet is None or self.user.pk in sheet.reader_ids:  # type: ignore[attr-defined]
            return sheet
        return sheet if note_sheet_read(sheet=sheet, by=self.user, at=self.now) else None

    def render(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Render a page of what the council said."""
        words = COUNCIL_WORDS[self.phase.phase_kind]
        own = {"words": words, "is_open": self.is_open, "can_answer": self.can_answer()}
        return self._render(template, {**own, **context}, status=status)

    def redirect(self) -> HttpResponse:
        """Lead back to what the council said in this phase."""
        return redirect(self.address)

    @property
    def address(self) -> str:
        return reverse(COUNCIL_WORDS[self.phase.phase_kind].url_name, args=[self.file.student.public_id])

    def refuse(self, error: OrientationError) -> HttpResponse:
        """Answer a refusal with its sentence: 403 for an act that is not this person's, 409 for a matter of state."""
        status = 403 if isinstance(error, NotAllowed) else 409
        return self.render("orientation/council_refused.html", {"reason": str(error)}, status=status)


def council_scope(request: HttpRequest, student: UUID, kind: PhaseKind) -> CouncilScope:
    """Return the scope of a page. Raises Http404 for somebody else's file, or a phase that does not exist."""
    return CouncilScope(*_begin(request, student, kind))


def writing_scope(request: HttpRequest, student: UUID, kind: PhaseKind) -> WritingScope:
    """Return the scope of a page. Raises Http404 for somebody else's file, or a phase that does not exist."""
    return WritingScope(*_begin(request, student, kind))


def _begin(request: HttpRequest, student: UUID, kind: PhaseKind) -> tuple[HttpRequest, StudentFile, Phase, datetime]:
    file = actor_of(request).file_or_404(student)
    phase = phases_of(file.student).get(kind)
    if phase is None:
        raise Http404
    return request, file, phase, timezone.now()
