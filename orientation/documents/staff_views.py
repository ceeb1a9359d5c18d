"""What the school prints: the fiche de dialogue of a pupil, or of a whole class."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from audit.services import note_reading
from orientation.council.queries import pupils_of
from orientation.dialogue.records import records_of
from orientation.documents.dialogue_form import dialogue_forms_pdf
from orientation.models import Campaign
from orientation.queries import phases_of
from schools.models import Division, Student
from schools.policies import StaffAct
from schools.staff import divisions_of_staff
from schools.staff_pages import StaffScope, staff_scope


@require_safe
def dialogue_form(request: HttpRequest, uai: str, student: UUID) -> HttpResponse:
    """Give a pupil's fiche de dialogue as a PDF; `?vierge=1` leaves it to be filled by hand."""
    scope = staff_scope(request, uai, StaffAct.READ)
    students = scope.students(StaffAct.READ).select_related("school", "division")
    found = get_object_or_404(students, public_id=student)
    phase = next(iter(phases_of(found)), None)
    if phase is None:
        raise Http404
    return _answer(scope, [found], phase.campaign, subject=found, name="fiche-de-dialogue")


@require_safe
def dialogue_forms(request: HttpRequest, uai: str, division: int) -> HttpResponse:
    """Give the fiches de dialogue of a class as one PDF, in the order of the class list."""
    scope = staff_scope(request, uai, StaffAct.READ)
    divisions = divisions_of_staff(request.user, StaffAct.READ).filter(school=scope.school)
    found = get_object_or_404(divisions, pk=division)
    campaigns = Campaign.objects.filter(school=scope.school, school_year=found.school_year).select_related("school")
    campaign = get_object_or_404(campaigns)
    students = list(pupils_of(campaign).filter(division=found).select_related("division"))
    if not students:
        raise Http404
    return _answer(scope, students, campaign, subject=found, name=f"fiches-de-dialogue-{found.pk}")


def _answer(
    scope: StaffScope, students: Sequence[Student], campaign: Campaign, *, subject: Student | Division, name: str
) -> HttpResponse:
    """Return the PDF, under a name without personal data; a filled one is a file that was read."""
    is_blank = "vierge" in scope.request.GET
    if not is_blank:
        _note(scope, subject)
    pdf = dialogue_forms_pdf(records_of(students, campaign), campaign, is_blank=is_blank, at=scope.now)
    disposition = f'inline; filename="{name}.pdf"'
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": disposition})


def _note(scope: StaffScope, subject: Model) -> None:
    page = "dialogue_form" if isinstance(subject, Student) else "dialogue_forms"
    note_reading(by=scope.user, school_id=scope.school.pk, subject=subject, page=page, at=scope.now)
