"""The pages on which the office enters what a family signed on paper about the council's word (decision 14)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from audit.services import note_reading
from orientation.dialogue.queries import lines_for_family, published_to
from orientation.dialogue.records import Line
from orientation.entry.council_forms import AnswersForm, GuardianForm
from orientation.entry.queries import guardians_to_answer_for
from orientation.entry.services import acknowledge_for_family, answer_for_family
from orientation.errors import AnsweredMeanwhile, NotAllowed, OrientationError
from orientation.models import Acknowledgement, CouncilSheet, Phase, PhaseKind, PhaseState
from orientation.queries import phases_of
from schools.models import Guardianship, Student
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope


@dataclass(frozen=True)
class _Page:
    """One pupil in one phase of the council, as these pages begin."""

    scope: StaffScope
    student: Student
    phase: Phase
    sheet: CouncilSheet | None
    lines: tuple[Line, ...]
    links: list[Guardianship]

    @property
    def acknowledgement(self) -> Acknowledgement | None:
        return getattr(self.sheet, "acknowledgement", None)

    @property
    def closed_because(self) -> str:
        """Why nothing can be entered now; empty when it can."""
        if self.student.left_on:
            return _("Cet élève a quitté l’établissement.")
        if self.sheet is None:
            return _("La classe n’est pas publiée : la famille n’a encore rien reçu du conseil.")
        if self.phase.state_at(self.scope.now) is not PhaseState.OPEN:
            return _("Cette phase n’est pas ouverte. Le chef d’établissement ou son adjoint peut la rouvrir.")
        if not self.links:
            return _("Cet élève n’a aucun représentant légal au nom de qui saisir.")
        return ""

    def render(self, template: str, title: str, form: GuardianForm, refusal: str, status: int) -> HttpResponse:
        context = {
            "title": title % {"name": self.student.full_name},
            "student": self.student,
            "phase": self.phase,
            "sheet": self.sheet,
            "lines": self.lines,
            "acknowledgement": self.acknowledgement,
            "closed_because": self.closed_because,
            "form": form,
            "refusal": refusal,
        }
        return self.scope.render(template, context, status=status)


def _page(request: HttpRequest, uai: str, student: UUID, kind: PhaseKind, name: str) -> _Page:
    scope = staff_scope(request, uai, StaffAct.ACT_FOR_FAMILY)
    students = scope.students(StaffAct.ACT_FOR_FAMILY).select_related("school", "division")
    found = get_object_or_404(students, public_id=student)
    phase = phases_of(found).get(kind)
    if phase is None:
        raise Http404
    note_reading(by=scope.user, school_id=scope.school.pk, subject=found, page=name, at=scope.now)
    sheet = published_to(found).get(kind)
    lines = lines_for_family(sheet) if sheet else ()
    return _Page(scope, found, phase, sheet, lines, guardians_to_answer_for(found, scope.now))


@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, uai: str, student: UUID) -> HttpResponse:
    """Show the avis with who signed for them to choose, or enter it."""
    page = _page(request, uai, student, PhaseKind.PROVISIONAL_OPINIONS, "acknowledge_for_family")
    form = GuardianForm(_data(request), links=page.links)
    refusal, status = "", 200
    if form.is_valid():
        try:
            made = acknowledge_for_family(
                student=page.student, guardian=form.signatory, phase=page.phase, by=page.scope.user, at=page.scope.now
            )
        except OrientationError as error:
            refusal, status = str(error), _status(error)
        else:
            messages.success(request, _("Accusé de réception %(attribution)s.") % {"attribution": made.attribution})
            return redirect("admin:student_file", uai, student)
    elif form.is_bound:
        status = 422
    return page.render(
        "orientation/staff/acknowledge_for_family.html",
        _("Accusé de réception reçu sur papier pour %(name)s"),
        form,
        refusal,
        status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, uai: str, student: UUID) -> HttpResponse:
    """Show the propositions with the answers on paper to report, or enter them: all or none."""
    page = _page(request, uai, student, PhaseKind.PROPOSALS, "answer_for_family")
    form = _answers_form(page, _data(request))
    refusal, status = "", 200
    if form.is_valid():
        try:
            made = answer_for_family(
                student=page.student,
                guardian=form.signatory,
                phase=page.phase,
                answers=form.answers,
                by=page.scope.user,
                at=page.scope.now,
            )
        except AnsweredMeanwhile as error:
            form, refusal, status = _seen(page), str(error), 409
        except OrientationError as error:
            refusal, status = str(error), _status(error)
        else:
            messages.success(request, _said(len(made)))
            return redirect("admin:student_file", uai, student)
    elif form.is_bound:
        status = 422
    return page.render(
        "orientation/staff/answer_for_family.html", _("Réponses reçues sur papier pour %(name)s"), form, refusal, status
    )


def _data(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _answers_form(page: _Page, data: QueryDict | None) -> AnswersForm:
    open_lines = [line for line in page.lines if line.is_answerable and not line.is_frozen]
    return AnswersForm(data, links=page.links, lines=open_lines)


def _seen(page: _Page) -> AnswersForm:
    """Return the form as it was typed, for a page that now shows the newest answers."""
    data = page.scope.request.POST.copy()
    for line in page.lines:
        if line.family_answer:
            data[f"seen_{line.code}"] = str(line.family_answer.number)
    return _answers_form(page, data)


def _status(error: OrientationError) -> int:
    return 403 if isinstance(error, NotAllowed) else 409


def _said(count: int) -> str:
    said = ngettext("%(count)d réponse enregistrée.", "%(count)d réponses enregistrées.", count)
    return said % {"count": count}
