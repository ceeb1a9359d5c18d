"""What the conseil de classe said, and what the family does with it: acknowledge, answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orientation.dialogue import services
from orientation.dialogue.queries import lines_for_family
from orientation.errors import AnsweredMeanwhile, AnswerFrozen, DialogueClosed, NotAllowed, OrientationError
from orientation.forms import AnswerForm
from orientation.models import FamilyAnswer, PhaseKind
from orientation.views.scope import CouncilScope, council_scope


@require_safe
def opinions(request: HttpRequest, student: UUID) -> HttpResponse:
    """Show the avis provisoires beside the intentions, with *J’accuse réception*."""
    return _show(council_scope(request, student, PhaseKind.PROVISIONAL_OPINIONS), "orientation/opinions.html")


@require_safe
def proposals(request: HttpRequest, student: UUID) -> HttpResponse:
    """Show the propositions beside the choix définitifs, each with its answer or the buttons to give one."""
    return _show(council_scope(request, student, PhaseKind.PROPOSALS), "orientation/proposals.html")


def _show(scope: CouncilScope, template: str) -> HttpResponse:
    sheet = scope.read_sheet()
    if sheet is None:
        return scope.render("orientation/not_published.html", {})
    acknowledgement = getattr(sheet, "acknowledgement", None)
    lines = lines_for_family(sheet)
    return scope.render(template, {"sheet": sheet, "lines": lines, "acknowledgement": acknowledgement})


@require_POST
def acknowledge(request: HttpRequest, student: UUID) -> HttpResponse:
    """*J’accuse réception*: once, by either guardian."""
    scope = council_scope(request, student, PhaseKind.PROVISIONAL_OPINIONS)
    try:
        services.acknowledge_opinions(file=scope.file, phase=scope.phase, by=scope.user, at=scope.now)
    except OrientationError as error:
        return scope.refuse(error)
    messages.success(request, _("Vous avez accusé réception des avis provisoires."))
    return scope.redirect()


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, student: UUID, pathway: str, *, agrees: bool) -> HttpResponse:
    """Say what an answer means, then give it; another guardian's newer answer is shown first (decision 24)."""
    scope = council_scope(request, student, PhaseKind.PROPOSALS)
    if request.method != "POST":
        return _ask(scope, pathway, agrees)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _ask(scope, pathway, agrees)
    try:
        given = services.answer_proposal(
            file=scope.file,
            phase=scope.phase,
            pathway=pathway,
            agrees=agrees,
            seen_number=form.cleaned_data["seen_number"],
            by=scope.user,
            at=scope.now,
        )
    except AnsweredMeanwhile as error:
        return _ask(scope, pathway, agrees, refusal=str(error), status=409)
    except OrientationError as error:
        return scope.refuse(error)
    messages.success(request, _said(given))
    return scope.redirect()


def _ask(scope: CouncilScope, pathway: str, agrees: bool, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """Show the proposition with what the answer means, and the button that gives it."""
    sheet = scope.read_sheet()
    if sheet is None:
        return scope.redirect()
    line = next((each for each in lines_for_family(sheet) if each.code == pathway and each.is_answerable), None)
    if line is None:
        raise Http404
    if scope.file.guardian is None:
        return scope.refuse(NotAllowed(_("Le compte d’un élève permet seulement de consulter.")))
    if not scope.can_answer():
        return scope.refuse(DialogueClosed())
    if line.is_frozen:
        return scope.refuse(AnswerFrozen())
    counting = line.family_answer
    if counting and counting.agrees == agrees:
        messages.info(scope.request, _said(counting))
        return scope.redirect()
    context = {"line": line, "agrees": agrees, "refusal": refusal, "seen_number": counting.number if counting else 0}
    return scope.render("orientation/answer.html", context, status=status)


def _said(given: FamilyAnswer) -> str:
    words = _("d’accord") if given.agrees else _("pas d’accord")
    return _("La réponse qui compte pour « %(label)s » : %(answer)s.") % {
        "label": given.answer.label,
        "answer": words,
    }
