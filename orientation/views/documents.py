"""What families keep on paper or on disk."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from orientation.documents import receipt_pdf
from orientation.models import Phase, PhaseKind
from orientation.queries import submission_choices, submissions_of
from orientation.views.scope import writing_scope
from schools.models import Student


@require_safe
def receipt(request: HttpRequest, student: UUID, kind: PhaseKind, number: int) -> HttpResponse:
    """Give the receipt of one submission as a PDF, under a name without personal data: folders are shared."""
    scope = writing_scope(request, student, kind)
    return receipt_response(scope.file.student, scope.phase, number)


def receipt_response(student: Student, phase: Phase, number: int) -> HttpResponse:
    """Return the receipt of a submission of a phase. Raises Http404 for a number that was not given."""
    submissions = submissions_of(student, phase)
    submission = next((each for each in submissions if each.number == number), None)
    if submission is None:
        raise Http404
    pdf = receipt_pdf(
        submission,
        student=student,
        phase=phase,
        choices=submission_choices(submission),
        newest_number=submissions[0].number,
    )
    name = f"recepisse-{phase.phase_kind.slug}-n{number}.pdf"
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )
