"""The pages by which staff import their school's pupils."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from schools.imports import queries
from schools.imports.errors import ImportRefusal, MayNotImport
from schools.imports.forms import ConfirmForm, UploadForm
from schools.imports.services import cancel_import, confirm_import, start_import
from schools.models import ImportState, SiecleImport
from schools.open_pages import asked_by_an_open_page
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope
from schools.times import spoken_instant


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest, uai: str) -> HttpResponse:
    """The history of the school's imports, and a new one."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    if request.method != "POST":
        return _history(scope, UploadForm(school=scope.school, at=scope.now))
    form = UploadForm(request.POST, request.FILES, school=scope.school, at=scope.now)
    if not form.is_valid():
        return _history(scope, form, status=422)
    year = form.cleaned_data["school_year"]
    try:
        started = start_import(school=scope.school, uploads=form.uploads, school_year=year, by=scope.user, at=scope.now)
    except ImportRefusal as refusal:
        form.add_error(None, str(refusal))
        return _history(scope, form, status=409)
    return redirect("admin:import", uai, started.pk)


@asked_by_an_open_page(lasts=0, by_htmx=True)
@require_GET
def import_page(request: HttpRequest, uai: str, key: UUID) -> HttpResponse:
    """One import: how far it is, what it would change, or what it did."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    return _page(scope, _import(scope, key))


@require_POST
def confirm(request: HttpRequest, uai: str, key: UUID) -> HttpResponse:
    """Have the plan that the page showed written."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    found = _import(scope, key)
    form = ConfirmForm(request.POST, siecle_import=found)
    if found.state == ImportState.TO_CONFIRM and not form.is_valid():
        return _page(scope, found, form=form, status=422)
    digest = request.POST.get("digest", "")
    accepted = form.accepted if form.is_valid() else []
    try:
        confirm_import(siecle_import=found, digest=digest, accepted=accepted, by=scope.user, at=scope.now)
    except ImportRefusal as refusal:
        return _refused(scope, key, refusal)
    return redirect("admin:import", uai, key)


@require_POST
def cancel(request: HttpRequest, uai: str, key: UUID) -> HttpResponse:
    """Give an import up, and delete its files."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    try:
        cancel_import(siecle_import=_import(scope, key), by=scope.user, at=scope.now)
    except ImportRefusal as refusal:
        return _refused(scope, key, refusal)
    messages.success(request, _("L’import est annulé et ses fichiers sont supprimés : rien n’a été changé."))
    return redirect("admin:imports", uai)


@require_GET
def report(request: HttpRequest, uai: str, key: UUID) -> HttpResponse:
    """What an import would change, or changed, line by line, for a spreadsheet."""
    scope = staff_scope(request, uai, StaffAct.IMPORT)
    text = queries.report_of(_import(scope, key), with_contact=scope.may(StaffAct.READ_CONTACT))
    name = f"import-{scope.school.uai}-{key}.csv"
    return HttpResponse(
        text.encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _import(scope: StaffScope, key: UUID) -> SiecleImport:
    return get_object_or_404(queries.imports_of(scope.school), pk=key)


def _history(scope: StaffScope, form: UploadForm, *, status: int = 200) -> HttpResponse:
    history = queries.history_of(scope.school)
    under_way = next((each for each in history if each.is_under_way), None)
    context = {"title": _("Import SIECLE"), "form": form, "history": history, "under_way": under_way}
    return scope.render("schools/staff/imports.html", context, status=status)


def _page(
    scope: StaffScope, found: SiecleImport, *, form: ConfirmForm | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Import du %(at)s") % {"at": spoken_instant(found.uploaded_at, scope.school)},
        "siecle_import": found,
        "refusal": refusal,
        "form": form,
        "sections": [],
    }
    if found.state in (ImportState.TO_CONFIRM, ImportState.DONE):
        context["sections"] = queries.sections_of(found, with_contact=scope.may(StaffAct.READ_CONTACT))
    if found.state == ImportState.TO_CONFIRM:
        context["form"] = form = form or ConfirmForm(siecle_import=found)
        context["cautions"] = list(zip(found.summary["cautions"], form.ticks, strict=True))
        context["has_changes"] = any(not section.is_about_files for section in context["sections"])
    return scope.render("schools/staff/import.html", context, status=status)


def _refused(scope: StaffScope, key: UUID, refusal: ImportRefusal) -> HttpResponse:
    """Show the import as it is now, with the reason; 403 for who has lost the right meanwhile."""
    if isinstance(refusal, MayNotImport):
        raise PermissionDenied(str(refusal))
    return _page(scope, _import(scope, key), refusal=str(refusal), status=409)
