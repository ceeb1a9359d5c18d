"""Two people, one file: what was written over somebody else's newer version, side by side with it (decision 2)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from orientation import services
from orientation.errors import AlreadySettled, DraftChangedByOther, OrientationError
from orientation.forms import VersionForm
from orientation.models import PhaseKind, SetAside
from orientation.queries import offered_codes, ranked, wishes_of
from orientation.views.scope import WritingScope, writing_scope


@require_http_methods(["GET", "HEAD", "POST"])
def conflict(request: HttpRequest, student: UUID, kind: PhaseKind, public_id: UUID) -> HttpResponse:
    """Show both versions; keep the other's, or take up one's own again. What was set aside is its author's alone."""
    scope = writing_scope(request, student, kind)
    set_aside = get_object_or_404(
        SetAside.objects.select_related("draft__changed_by"),
        public_id=public_id,
        written_by=scope.user,
        draft__student=scope.file.student,
        draft__phase=scope.phase,
    )
    if request.method == "POST":
        return _settle(scope, set_aside)
    if set_aside.settled_at:
        return scope.redirect("orientation:choices")
    offered = offered_codes(scope.phase)
    return scope.render(
        "orientation/conflict.html",
        {
            "draft": set_aside.draft,
            "theirs": ranked(wishes_of(set_aside.draft), offered),
            "mine": ranked(wishes_of(set_aside), offered),
            "written_at": set_aside.written_at,
            "can_write": scope.can_write(),
        },
    )


def _settle(scope: WritingScope, set_aside: SetAside) -> HttpResponse:
    form = VersionForm(scope.request.POST)
    if "theirs" in scope.request.POST:
        services.settle(set_aside=set_aside, at=scope.now)
        messages.info(scope.request, _("La version de l’autre représentant légal est gardée."))
        return scope.redirect("orientation:choices")
    if "mine" not in scope.request.POST or not form.is_valid():
        return scope.redirect("orientation:conflict", set_aside.public_id)
    try:
        services.take_up_again(
            set_aside=set_aside,
            file=scope.file,
            phase=scope.phase,
            version=form.cleaned_data["version"],
            by=scope.user,
            at=scope.now,
        )
    except DraftChangedByOther as error:
        messages.warning(scope.request, str(error))
        return scope.redirect("orientation:conflict", set_aside.public_id)
    except AlreadySettled as error:
        messages.info(scope.request, str(error))
        return scope.redirect("orientation:choices")
    except OrientationError as error:
        return scope.refuse(error)
    messages.success(scope.request, _("Votre version est reprise dans le brouillon. Il reste à valider vos choix."))
    return scope.redirect("orientation:choices")
