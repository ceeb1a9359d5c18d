"""The pages by which a school plans the next year's groups, under `/admin/etablissements/<UAI>/suivi/totaux/`."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from notifications.languages import in_french
from orientation.followup import exports
from orientation.followup.charts import Chart, chart
from orientation.followup.families import campaign_of
from orientation.followup.totals import Demand, Totals, totals_of
from orientation.followup.views import attachment, chosen_format
from orientation.queries import PhaseSet
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope


def _totals(request: HttpRequest, scope: StaffScope, act: StaffAct) -> tuple[Totals | None, PhaseSet]:
    """Return the totals of the phase asked for, the newest begun by default; None without a dated writing phase."""
    campaign = campaign_of(scope.school, scope.now)
    dated = campaign.phases.all() if campaign else []
    phases = PhaseSet(each for each in dated if each.phase_kind.is_written_by_families)
    begun = [each for each in phases if each.opens_at <= scope.now]
    wanted = request.GET.get("phase", "")
    phase = next((each for each in phases if each.phase_kind.slug == wanted), None)
    if wanted and phase is None:
        raise Http404
    phase = phase or next(reversed(begun), None) or next(iter(phases), None)
    if campaign is None or phase is None:
        return None, phases
    return totals_of(campaign, phase, students=scope.students(act)), phases


@require_safe
def totals(request: HttpRequest, uai: str) -> HttpResponse:
    """Show how many pupils ask for each voie and each speciality, and which specialities together."""
    scope = staff_scope(request, uai, StaffAct.READ)
    counted, phases = _totals(request, scope, StaffAct.READ)
    title = _("Prévision des groupes")
    if counted is None:
        return scope.render(
            "orientation/staff/followup_none.html", {"title": title, "may_steer": scope.may(StaffAct.STEER)}
        )
    context = {
        "title": title,
        "totals": counted,
        "phases": phases,
        "pathways_chart": _chart(counted.pathways),
        "taught_chart": _chart(counted.taught),
        "formats": exports.FileFormat,
        "may_export": scope.may(StaffAct.EXPORT),
    }
    return scope.render("orientation/staff/totals.html", context)


@require_safe
@in_french
def totals_export(request: HttpRequest, uai: str) -> HttpResponse:
    """Give the totals as a file."""
    scope = staff_scope(request, uai, StaffAct.EXPORT)
    counted, _phases = _totals(request, scope, StaffAct.EXPORT)
    file_format = chosen_format(request)
    if counted is None:
        raise Http404
    name = exports.file_name(scope.school, counted.phase, "totaux", file_format, scope.now)
    return attachment(exports.written(exports.totals_table(counted), file_format, scope.school), file_format, name)


def _chart(demands: list[Demand]) -> Chart:
    rows = [(demand.label, [demand.first, demand.any_rank - demand.first]) for demand in demands]
    return chart([_("au rang 1"), _("à un autre rang")], rows, has_long_labels=True)
