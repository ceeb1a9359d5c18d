"""The pages by which a school follows its families, under `/admin/etablissements/<UAI>/suivi/`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from audit.services import note_reading
from notifications.languages import in_french
from orientation.decisions.history import history_of
from orientation.errors import NotAllowed
from orientation.followup import exports
from orientation.followup.reminders import ReminderRefused, plan_reminders, preview_text, remind
from orientation.followup.rows import choices_of, rows_of
from orientation.followup.selection import Selection, selection_of
from orientation.followup.student_file import (
    entry_phases,
    guardianships_of,
    messages_of,
    papers_to_enter,
    phase_files,
    reminders_of,
    with_draft_phases,
)
from orientation.models import PhaseKind
from orientation.queries import phases_of
from orientation.standing import FileState, where_it_stands
from orientation.timeline import events_of
from schools.models import Student
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope

PAGE_SIZE = 50


@require_safe
def followup(request: HttpRequest, uai: str) -> HttpResponse:
    """List the families by class, state, reachability and name, a page at a time."""
    scope = staff_scope(request, uai, StaffAct.READ)
    selection = selection_of(scope, request.GET, StaffAct.READ)
    title = _("Suivi des familles")
    if selection is None:
        return scope.render(
            "orientation/staff/followup_none.html", {"title": title, "may_steer": scope.may(StaffAct.STEER)}
        )
    page = Paginator(selection.chosen, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "title": title,
        "selection": selection,
        "form": selection.form,
        "page": page,
        "division": selection.form.chosen_division,
        "rows": rows_of(list(page), selection.campaign, selection.phase, at=scope.now),
        "query": _query(request),
        "formats": exports.FileFormat,
        "may_remind": scope.may(StaffAct.REMIND),
        "may_export": scope.may(StaffAct.EXPORT),
        "may_read_contact": scope.may(StaffAct.READ_CONTACT),
    }
    return scope.render("orientation/staff/followup.html", context, status=200 if selection.form.is_valid() else 400)


@require_safe
def student_file(request: HttpRequest, uai: str, student: UUID) -> HttpResponse:
    """Show one pupil's file: what was validated, said, answered; who acted when; what is owed to whom."""
    scope = staff_scope(request, uai, StaffAct.READ)
    reached = with_draft_phases(scope.students(StaffAct.READ)).select_related("division", "school")
    pupil = get_object_or_404(reached, public_id=student)
    note_reading(by=scope.user, school_id=scope.school.pk, subject=pupil, page="student_file", at=scope.now)
    phases = phases_of(pupil)
    history, files = history_of(pupil, phases), phase_files(pupil, phases)
    current = phases.current_at(scope.now)
    is_drafted = any(each.has_draft for each in files if each.phase == current)
    state = FileState(school=scope.school, history=history, has_changes=is_drafted)
    may_act = scope.may(StaffAct.ACT_FOR_FAMILY)
    links = guardianships_of(pupil)
    context = {
        "title": pupil.full_name,
        "student": pupil,
        "standing": where_it_stands(state, at=scope.now),
        "events": events_of(history, scope.school, with_cancelled=True),
        "has_dialogue": phases.get(PhaseKind.PROPOSALS) is not None,
        "files": files,
        "links": links,
        "owed": messages_of(pupil, links),
        "reminders": reminders_of(pupil),
        "entries": entry_phases(phases, scope.now) if may_act else [],
        "papers": papers_to_enter(files, scope.now) if may_act else [],
        "may_read_contact": scope.may(StaffAct.READ_CONTACT),
    }
    return scope.render("orientation/staff/student_file.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest, uai: str) -> HttpResponse:
    """Show what reminding the families chosen would do; once confirmed, do it. Without a choice, lead to the list."""
    scope = staff_scope(request, uai, StaffAct.REMIND)
    if request.method != "POST":
        return redirect(_list_url(request, scope))
    selection = selection_of(scope, request.GET, StaffAct.REMIND)
    if selection is None:
        raise Http404
    students = _chosen(request, scope, selection)
    if "confirmer" in request.POST and students is not None:
        return _send(request, scope, selection, students)
    if students is None or not selection.form.is_valid():
        messages.error(request, _("Choisissez au moins une famille à relancer."))
        return redirect(_list_url(request, scope))
    plan = plan_reminders(selection.campaign, selection.phase, students=students, at=scope.now)
    context = {
        "title": _("Relancer des familles"),
        "selection": selection,
        "plan": plan,
        "text": preview_text(plan.to_write[0].student, selection.campaign, selection.phase) if plan.to_write else "",
        "pupils": ",".join(str(family.student.public_id) for family in plan.to_write),
        "seen_at": scope.now.isoformat(),
        "is_open": selection.phase.opens_at <= scope.now < selection.phase.closes_at,
        "query": _query(request),
        "may_read_contact": scope.may(StaffAct.READ_CONTACT),
    }
    return scope.render("orientation/staff/followup_reminders.html", context)


def _chosen(request: HttpRequest, scope: StaffScope, selection: Selection) -> QuerySet[Student] | None:
    """Return the pupils named in the form, or all those listed; None when there is none. Raises Http404."""
    if request.POST.get("portee") == "liste":
        return Student.objects.filter(pk__in=selection.chosen.order_by().values("pk"))
    named = request.POST.getlist("eleve") + request.POST.get("eleves", "").split(",")
    try:
        wanted = {UUID(each) for each in named if each}
    except ValueError:
        raise Http404 from None
    found = scope.students(StaffAct.REMIND).filter(public_id__in=wanted)
    if found.distinct().count() != len(wanted):
        raise Http404
    return found if wanted else None


def _send(request: HttpRequest, scope: StaffScope, selection: Selection, students: QuerySet[Student]) -> HttpResponse:
    try:
        families = remind(
            campaign=selection.campaign,
            phase=selection.phase,
            students=students,
            by=scope.user,
            at=scope.now,
            since=_seen_at(request, scope),
        )
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except ReminderRefused as refusal:
        context = {"title": _("Relancer des familles"), "refusal": refusal, "query": _query(request)}
        return scope.render("orientation/staff/followup_reminders.html", context, status=409)
    if families:
        said = ngettext(
            "Relance envoyée à %(count)d famille. Une famille qui aura agi d’ici l’envoi ne la recevra pas.",
            "Relance envoyée à %(count)d familles. Celles qui auront agi d’ici l’envoi ne la recevront pas.",
            families,
        )
        messages.success(request, said % {"count": families})
    else:
        messages.warning(
            request, _("Aucune relance envoyée : entre-temps, ces familles ont agi ou ont déjà été relancées.")
        )
    return redirect(_list_url(request, scope))


def _seen_at(request: HttpRequest, scope: StaffScope) -> datetime:
    """Return when the preview was shown, as its form says; now, where it says nothing that can be read."""
    try:
        seen = parse_datetime(request.POST.get("vu", ""))
    except ValueError:
        seen = None
    return seen if seen is not None and seen.tzinfo is not None else scope.now


@require_safe
@in_french
def followup_export(request: HttpRequest, uai: str) -> HttpResponse:
    """Give the families listed, or what they validated, as a file."""
    scope = staff_scope(request, uai, StaffAct.EXPORT)
    selection = selection_of(scope, request.GET, StaffAct.EXPORT)
    file_format = chosen_format(request)
    content = request.GET.get("contenu", "")
    if selection is None or content not in ("familles", "rangs", "choix") or not selection.form.is_valid():
        raise Http404
    rows = rows_of(list(selection.chosen), selection.campaign, selection.phase, at=scope.now)
    if content == "familles":
        table = exports.families_table(rows, selection.phase)
    else:
        choices = choices_of([row.submission for row in rows if row.submission])
        make = exports.ranks_table if content == "rangs" else exports.choices_table
        table = make(rows, choices)
    note_reading(by=scope.user, school_id=scope.school.pk, subject=scope.school, page="followup_export", at=scope.now)
    name = exports.file_name(scope.school, selection.phase, content, file_format, scope.now)
    return attachment(exports.written(table, file_format, scope.school), file_format, name)


def attachment(content: bytes, file_format: exports.FileFormat, name: str) -> HttpResponse:
    """Answer with a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=exports.CONTENT_TYPES[file_format], headers=headers)


def chosen_format(request: HttpRequest) -> exports.FileFormat:
    try:
        return exports.FileFormat(request.GET.get("format", ""))
    except ValueError:
        raise Http404 from None


def _query(request: HttpRequest) -> str:
    """Return what selects the families, without the page, for the addresses that follow from this one."""
    kept = request.GET.copy()
    for name in ("page", "contenu", "format"):
        kept.pop(name, None)
    return kept.urlencode()


def _list_url(request: HttpRequest, scope: StaffScope) -> str:
    return f"{reverse('admin:followup', args=[scope.school.uai])}?{_query(request)}"
