"""The pages by which a school notifies decisions, under `/admin/etablissements/<UAI>/decisions/`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from audit.services import note_reading
from orientation.council.queries import recipients_of
from orientation.decisions import services
from orientation.decisions.errors import CannotBecomeDecision
from orientation.decisions.queries import replacement_of
from orientation.decisions.selection import Selection, selection_of
from orientation.documents.decision import decision_pdf, decisions_pdf
from orientation.errors import NotAllowed
from orientation.models import CouncilAnswer, Decision, DecisionKind
from schools.policies import StaffAct
from schools.staff import divisions_of_staff
from schools.staff_pages import StaffScope, staff_scope

PAGE_SIZE = 50

LONGEST_KEY = 18
"""Figures of a key that PostgreSQL can compare: longer ones are nobody's."""


@require_safe
def decisions(request: HttpRequest, uai: str) -> HttpResponse:
    """List the pupils by class and state, a page at a time, with what can be notified."""
    scope = staff_scope(request, uai, StaffAct.READ)
    selection = selection_of(scope, request.GET, StaffAct.READ)
    context = {
        "title": _("Décisions"),
        "selection": selection,
        "form": selection.form if selection else None,
        "page": Paginator(selection.chosen if selection else [], PAGE_SIZE).get_page(request.GET.get("page")),
        "query": _query(request),
        "division": _division(selection),
        "may_steer": scope.may(StaffAct.STEER),
    }
    status = 200 if selection is None or selection.form.is_valid() else 400
    return scope.render("orientation/staff/decisions.html", context, status=status)


@require_POST
def issue(request: HttpRequest, uai: str) -> HttpResponse:
    """Show what notifying the pupils chosen would do; once confirmed, do it."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    if "confirmer" in request.POST:
        return _issue(scope)
    selection = selection_of(scope, request.GET, StaffAct.STEER)
    if selection is None:
        raise Http404
    chosen = {each for each in request.POST.getlist("eleve") if each}
    is_whole = request.POST.get("portee") == "liste"
    rows = [row for row in selection.chosen if is_whole or str(row.student.public_id) in chosen]
    answers = [each.pk for row in rows for each in row.dialogue.to_issue]
    if not answers:
        messages.error(request, _("Choisissez au moins un élève dont l’accord est à notifier."))
        return redirect(_list_url(scope))
    return _preview(scope, answers)


def _preview(scope: StaffScope, answers: Sequence[int], *, refusal: str = "", status: int = 200) -> HttpResponse:
    found = list(
        _reached(scope, answers)
        .filter(decision=None)
        .select_related("sheet__student__division")
        .order_by("sheet__student__division__code", "sheet__student__family_name", "sheet__student__given_name", "pk")
    )
    context = {
        "title": _("Notifier des décisions"),
        "answers": found,
        "keys": ",".join(str(each.pk) for each in found),
        "recipients": recipients_of(list({each.sheet.student_id: each.sheet.student for each in found}.values())),
        "refusal": refusal,
        "query": _query(scope.request),
    }
    return scope.render("orientation/staff/decisions_issue.html", context, status=status)


def _issue(scope: StaffScope) -> HttpResponse:
    named = scope.request.POST.get("reponses", "").split(",")
    if not all(each.isdecimal() and len(each) <= LONGEST_KEY for each in named):
        raise Http404
    keys = {int(each) for each in named}
    found = list(_reached(scope, list(keys)))
    if len(found) != len(keys):
        raise Http404
    try:
        issued = services.issue_decisions(answers=found, by=scope.user, at=scope.now)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except CannotBecomeDecision as refusal:
        refused = {each.pk for each in refusal.answers}
        return _preview(scope, [key for key in keys if key not in refused], refusal=str(refusal), status=409)
    messages.success(scope.request, _said(issued))
    return redirect(_list_url(scope))


def _said(issued: Sequence[Decision]) -> str:
    if not issued:
        return _("Ces décisions étaient déjà notifiées : rien n’a été envoyé de nouveau.")
    return ngettext(
        "%(count)d décision notifiée.",
        "%(count)d décisions notifiées.",
        len(issued),
    ) % {"count": len(issued)}


def _reached(scope: StaffScope, answers: Sequence[int]) -> QuerySet[CouncilAnswer]:
    students = scope.students(StaffAct.STEER).order_by().values("pk")
    return CouncilAnswer.objects.filter(pk__in=answers, sheet__student__in=students).select_related("sheet")


@require_safe
def decision_document(request: HttpRequest, uai: str, public_id: UUID) -> HttpResponse:
    """Give the notification of one decision as a PDF."""
    scope = staff_scope(request, uai, StaffAct.READ)
    students = scope.students(StaffAct.READ).order_by().values("pk")
    found = get_object_or_404(_printable().filter(student__in=students), public_id=public_id)
    note_reading(by=scope.user, school_id=scope.school.pk, subject=found.student, page="decision_pdf", at=scope.now)
    return _pdf(decision_pdf(found, replaced_by=replacement_of(found)), f"decision-orientation-n{found.number}")


@require_safe
def decision_documents(request: HttpRequest, uai: str, division: int) -> HttpResponse:
    """Give the notifications that stand for a class as one PDF, for the families that get paper."""
    scope = staff_scope(request, uai, StaffAct.READ)
    divisions = divisions_of_staff(request.user, StaffAct.READ).filter(school=scope.school)
    found = get_object_or_404(divisions, pk=division)
    own = Decision.objects.filter(student=OuterRef("student"), phase=OuterRef("phase"))
    own = own.exclude(kind=DecisionKind.AGREEMENT)
    standing = list(
        _printable()
        .filter(student__division=found, student__left_on=None, replaced_by=None)
        .exclude(Exists(own), kind=DecisionKind.AGREEMENT)
        .filter(phase__campaign__school_year=found.school_year)
        .order_by("student__family_name", "student__given_name", "number")
    )
    if not standing:
        raise Http404
    note_reading(by=scope.user, school_id=scope.school.pk, subject=found, page="decisions_pdf", at=scope.now)
    return _pdf(decisions_pdf(standing, scope.school, replaced={}, at=scope.now), f"decisions-orientation-{found.pk}")


def _printable() -> QuerySet[Decision]:
    return Decision.objects.select_related("student", "phase__campaign__school", "replaces")


def _pdf(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _division(selection: Selection | None) -> str:
    """Return the class chosen, of which all the notifications can be printed."""
    return selection.form.cleaned_data.get("classe", "") if selection and selection.form.is_valid() else ""


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _list_url(scope: StaffScope) -> str:
    return f"{reverse('admin:decisions', args=[scope.school.uai])}?{_query(scope.request)}"
