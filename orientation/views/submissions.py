"""Validating, and reading what was validated."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from notifications.models import MessageState
from orientation import services
from orientation.errors import DraftChangedSince, LastChangeByOther, NothingToValidate, OrientationError, WishRefused
from orientation.forms import VersionForm
from orientation.models import PhaseKind, Submission
from orientation.queries import (
    MailedGuardian,
    draft_choices,
    draft_of,
    guardians_with_mail,
    submission_choices,
    submissions_of,
)
from orientation.views.scope import WritingScope, writing_scope


@require_http_methods(["GET", "HEAD", "POST"])
def validate(request: HttpRequest, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Validate the draft; asks once more when another guardian changed it last (decision 2)."""
    scope = writing_scope(request, student, kind)
    if request.method != "POST":
        return _ask_to_confirm(scope)
    limits.check(request, "validation", school=scope.file.student.school)
    form = VersionForm(request.POST)
    if not form.is_valid():
        return scope.redirect("orientation:choices")
    try:
        submission = services.validate_draft(
            file=scope.file,
            phase=scope.phase,
            version=form.cleaned_data["version"],
            by=scope.user,
            at=scope.now,
            is_confirmed="confirmed" in request.POST,
        )
    except LastChangeByOther:
        return scope.redirect("orientation:validate_choices")
    except (DraftChangedSince, NothingToValidate, WishRefused) as error:
        messages.warning(request, str(error))
        return scope.redirect("orientation:choices")
    except OrientationError as error:
        return scope.refuse(error)
    return scope.redirect("orientation:submission", submission.number)


def _ask_to_confirm(scope: WritingScope) -> HttpResponse:
    """Show the draft that another guardian changed last, with the button that says yes to it."""
    draft = draft_of(scope.file.student, scope.phase) if scope.can_write() else None
    if draft is None or draft.is_validated or draft.changed_by_id == scope.user.pk:
        return scope.redirect("orientation:choices")
    choices = draft_choices(draft, scope.phase)
    return scope.render("orientation/confirm_validation.html", {"draft": draft, "choices": choices})


@require_safe
def show(request: HttpRequest, student: UUID, kind: PhaseKind, number: int) -> HttpResponse:
    """Show one submission: the recap, what was sent to whom, and until when it can be changed."""
    scope = writing_scope(request, student, kind)
    submissions = submissions_of(scope.file.student, scope.phase)
    submission = next((each for each in submissions if each.number == number), None)
    if submission is None:
        raise Http404
    return scope.render(
        "orientation/submission.html",
        {
            "submission": submission,
            "is_newest": submission is submissions[0],
            "others": [each for each in submissions if each is not submission],
            "choices": submission_choices(submission),
            "recipients": _recipients(scope, submission) if scope.file.guardian else [],
        },
    )


def _recipients(scope: WritingScope, submission: Submission) -> list[tuple[str, str]]:
    """Say what became of one's own e-mail, and of the other guardians only whether an address exists (decision 15)."""
    return [
        (each.guardian.full_name, _own_mail(each) if each.guardian == scope.file.guardian else _other_mail(each))
        for each in guardians_with_mail(submission)
    ]


def _own_mail(mailed: MailedGuardian) -> str:
    if not mailed.mail_state:
        return _("aucun courriel : aucune adresse électronique valide n’était connue. Complétez votre fiche.")
    return f"{mailed.mail_address} ({MessageState(mailed.mail_state).label})"


def _other_mail(mailed: MailedGuardian) -> str:
    if mailed.guardian.usable_email:
        return _("une adresse électronique valide est connue.")
    return _("aucune adresse électronique valide n’est connue.")
