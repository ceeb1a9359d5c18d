"""The page on which the office enters a family's paper form."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.services import note_reading
from orientation.entry.forms import EntryForm
from orientation.entry.queries import draft_in_progress_at, guardians_to_enter_for
from orientation.entry.services import submit_for_family
from orientation.errors import DraftInProgress, NotAllowed, OrientationError, SubmittedMeanwhile
from orientation.models import Phase, PhaseKind, PhaseState, Submission
from orientation.queries import newest_submission, offered_codes, phases_of, submission_choices, submission_wishes
from orientation.rules import Catalogue
from orientation.wording import WRITING_WORDS
from schools.models import Guardianship, Student
from schools.names import of_person
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope


@dataclass(frozen=True)
class _Page:
    """One pupil in one phase, as the page of entry begins."""

    scope: StaffScope
    student: Student
    phase: Phase
    newest: Submission | None
    links: list[Guardianship]

    @property
    def closed_because(self) -> str:
        """Why nothing can be entered now; empty when it can."""
        if not self.phase.campaign.takes(self.student) or self.student.left_on:
            return _("La campagne ne concerne pas cet élève.")
        if self.phase.campaign.offer_declared_at is None:
            return _("L’établissement n’a pas encore déclaré les spécialités qu’il propose.")
        if self.phase.state_at(self.scope.now) is not PhaseState.OPEN:
            return _("Cette phase n’est pas ouverte. Le chef d’établissement ou son adjoint peut la rouvrir.")
        if not self.links:
            return _("Cet élève n’a aucun représentant légal au nom de qui saisir.")
        return ""

    def form(self, data: QueryDict | None = None) -> EntryForm:
        wishes = submission_wishes(self.newest) if self.newest and data is None else ()
        return EntryForm(
            data,
            initial={**EntryForm.initial_of(wishes), "seen_number": self.newest.number if self.newest else 0},
            catalogue=Catalogue.current(holding=wishes),
            offered=offered_codes(self.phase),
            speciality_count=self.phase.speciality_count,
            links=self.links,
        )

    def render(self, form: EntryForm, *, refusal: str = "", status: int = 200) -> HttpResponse:
        words = WRITING_WORDS[self.phase.phase_kind]
        context = {
            "title": _("Saisie pour %(name)s : %(phase)s") % {"name": self.student.full_name, "phase": words.title},
            "student": self.student,
            "phase": self.phase,
            "newest": self.newest,
            "choices": submission_choices(self.newest) if self.newest else [],
            "draft_changed_at": draft_in_progress_at(self.student, self.phase),
            "closed_because": self.closed_because,
            "form": form,
            "rows": list(form.rows()),
            "refusal": refusal,
        }
        return self.scope.render("orientation/staff/entry.html", context, status=status)


def _page(request: HttpRequest, uai: str, student: UUID, kind: PhaseKind) -> _Page:
    scope = staff_scope(request, uai, StaffAct.ACT_FOR_FAMILY)
    students = scope.students(StaffAct.ACT_FOR_FAMILY).select_related("school", "division")
    found = get_object_or_404(students, public_id=student)
    phase = phases_of(found).get(kind)
    if phase is None:
        raise Http404
    note_reading(by=scope.user, school_id=scope.school.pk, subject=found, page="entry", at=scope.now)
    newest = newest_submission(found, phase)
    return _Page(scope, found, phase, newest, guardians_to_enter_for(found, phase, scope.now))


@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest, uai: str, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Show the paper form to fill, or enter it: one act, from the ranks to the submission."""
    page = _page(request, uai, student, kind)
    if request.method != "POST":
        return page.render(page.form())
    form = page.form(request.POST)
    if not form.is_valid():
        return page.render(form, status=422)
    try:
        submission = _submit(page, form)
    except NotAllowed as error:
        return page.render(form, refusal=str(error), status=403)
    except DraftInProgress as error:
        form.add_error("is_confirmed", str(error))
        return page.render(form, status=409)
    except SubmittedMeanwhile as error:
        return page.render(_seen(page, error.newest), refusal=str(error), status=409)
    except OrientationError as error:
        return page.render(form, refusal=str(error), status=409)
    messages.success(request, _success(submission))
    return redirect("admin:student_file", uai, student)


def _submit(page: _Page, form: EntryForm) -> Submission:
    chosen = next(link.guardian for link in page.links if link.guardian_id == form.cleaned_data["guardian"])
    return submit_for_family(
        student=page.student,
        guardian=chosen,
        phase=page.phase,
        wishes=form.wishes,
        seen_number=form.cleaned_data["seen_number"],
        is_confirmed=form.cleaned_data["is_confirmed"],
        by=page.scope.user,
        at=page.scope.now,
    )


def _seen(page: _Page, newest: Submission) -> EntryForm:
    """Return the form as it was typed, for a page that now shows this submission."""
    data = page.scope.request.POST.copy()
    data["seen_number"] = str(newest.number)
    return page.form(data)


def _success(submission: Submission) -> str:
    return _("Demande n° %(number)d enregistrée au nom %(of_guardian)s.") % {
        "number": submission.number,
        "of_guardian": of_person(submission.guardian_name),
    }
