"""The pages by which a school steers its campaigns, under `/admin/etablissements/<UAI>/campagne/`."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from orientation.campaigns import services
from orientation.campaigns.calendar import fingerprint, proposed, shifted, standing_cautions
from orientation.campaigns.errors import (
    CampaignExists,
    ChangedMeanwhile,
    DatesRefused,
    MayNotSteer,
    NeedsConfirmation,
    OfferToDeclare,
    signature,
)
from orientation.campaigns.forms import ClosingForm, DatesForm, MessageForm, NewCampaignForm, OfferForm
from orientation.campaigns.pages import ACTS, SETTINGS, Act, next_years, timeline
from orientation.campaigns.queries import (
    campaigns_of,
    general_specialities,
    impact_of,
    imported_year,
    offered_ids,
    timetable_of,
)
from orientation.errors import OrientationError
from orientation.models import Campaign, Phase, PhaseKind, PhaseState
from schools.policies import StaffAct
from schools.siecle.territories import school_year_at
from schools.staff_pages import StaffScope, staff_scope


@require_safe
def campaign(request: HttpRequest, uai: str, year: int | None = None) -> HttpResponse:
    """Show a campaign, the newest unless a year is named: its phases, its offer, its settings; list the others."""
    scope = staff_scope(request, uai, StaffAct.READ)
    campaigns = list(campaigns_of(scope.school))
    shown = next((each for each in campaigns if year in (None, each.school_year)), None)
    if shown is None and year is not None:
        raise Http404
    if shown is None:
        return scope.render("orientation/staff/campaign_none.html", {"title": _("Campagne et phases"), **_may(scope)})
    offered = offered_ids(shown)
    context = {
        "title": _("Campagne %(first)d-%(second)d") % {"first": shown.school_year, "second": shown.school_year + 1},
        "campaign": shown,
        "is_newest": shown is campaigns[0],
        "others": [each for each in campaigns if each is not shown],
        "running": [each for each in campaigns if each is not shown and _is_running(each, scope)],
        "timeline": timeline(shown, scope.now),
        "offered": [each for each in general_specialities(offered) if each.pk in offered],
        **_may(scope),
    }
    return scope.render("orientation/staff/campaign.html", context)


def _is_running(campaign: Campaign, scope: StaffScope) -> bool:
    return any(phase.state_at(scope.now) is PhaseState.OPEN for phase in campaign.phases.all())


def _may(scope: StaffScope) -> dict[str, bool]:
    return {"may_steer": scope.may(StaffAct.STEER)}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uai: str) -> HttpResponse:
    """Create the campaign of a year, from the last or from nothing, then lead to its dates."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    campaigns = list(campaigns_of(scope.school))
    last = campaigns[0] if campaigns else None
    years = next_years(imported_year(scope.school), school_year_at(scope.now, scope.school.time_zone), last)
    initial = {"school_year": years[0], "source": last.pk if last else ""}
    form = NewCampaignForm(_data(request), initial=initial, years=sorted(years), last=last)
    refusal: CampaignExists | None = None
    if form.is_bound and form.is_valid():
        source = last if last and form.cleaned_data["source"] == last.pk else None
        year = form.cleaned_data["school_year"]
        try:
            services.create_campaign(school=scope.school, school_year=year, source=source, by=scope.user, at=scope.now)
        except CampaignExists as refused:
            refusal = refused
        else:
            messages.success(request, _("La campagne est créée. Vérifiez ses dates, puis déclarez l’offre."))
            return redirect("admin:campaign_dates", uai, year)
    return _render_new(scope, form, campaigns, years[0], refusal)


def _render_new(
    scope: StaffScope,
    form: NewCampaignForm,
    campaigns: list[Campaign],
    school_year: int,
    refusal: CampaignExists | None,
) -> HttpResponse:
    """Show the form, and the dates that each way to begin would give to the year proposed."""
    ways = [(_("Dates usuelles"), proposed(school_year, scope.school))]
    if campaigns and campaigns[0].school_year < school_year:
        last = campaigns[0]
        years = school_year - last.school_year
        dates = shifted(timetable_of(last.phases.all()), years, scope.school.zone)
        ways.insert(0, (_("D’après la dernière campagne"), dates))
    context = {
        "title": _("Nouvelle campagne"),
        "form": form,
        "refusal": refusal,
        "proposed_year": f"{school_year}-{school_year + 1}",
        "ways": [(name, [(kind, dates[kind]) for kind in PhaseKind if kind in dates]) for name, dates in ways],
    }
    return scope.render("orientation/staff/campaign_new.html", context, status=409 if refusal else _status(form))


def _campaign_or_404(scope: StaffScope, year: int) -> Campaign:
    return get_object_or_404(campaigns_of(scope.school).select_related("school"), school_year=year)


def _status(form: Any) -> int:
    return 422 if form is not None and form.is_bound and form.errors else 200


@require_http_methods(["GET", "HEAD", "POST"])
def dates(request: HttpRequest, uai: str, year: int) -> HttpResponse:
    """Set the dates of the four phases at once."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    campaign = _campaign_or_404(scope, year)
    stands = timetable_of(campaign.phases.all())
    form = DatesForm(_data(request), campaign=campaign, stands=stands, initial={"seen": fingerprint(stands)})
    refusal: OrientationError | None = None
    if form.is_bound and form.is_valid():
        try:
            services.set_dates(
                campaign=campaign,
                timetable=form.timetable,
                seen=form.cleaned_data["seen"],
                by=scope.user,
                at=scope.now,
                confirmed=_confirmed(request),
            )
        except DatesRefused as refused:
            form.show(refused.problems)
        except OrientationError as refused:
            refusal = refused
        else:
            messages.success(request, _("Les dates sont enregistrées. Les familles les voient dès maintenant."))
            return redirect("admin:campaign_year", uai, year)
    is_outdated = isinstance(refusal, ChangedMeanwhile)
    context = {
        "title": _("Dates des phases %(first)d-%(second)d") % {"first": year, "second": year + 1},
        "form": form,
        "stands": [(kind, stands[kind]) for kind in PhaseKind if kind in stands] if is_outdated else [],
        "standing": [] if form.is_bound else standing_cautions(stands, scope.school, scope.now),
        # who has just compared with the dates in force may save over them
        "seen": form["seen"].value() if form.is_bound and not is_outdated else fingerprint(stands),
    }
    return _render(scope, "orientation/staff/campaign_dates.html", campaign, context, refusal, form)


def _data(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _confirmed(request: HttpRequest) -> str:
    return request.POST.get("confirmed", "")


def _render(
    scope: StaffScope,
    template: str,
    campaign: Campaign | None,
    context: dict[str, Any],
    refusal: OrientationError | None,
    form: Any,
) -> HttpResponse:
    """Show a page with what was refused or is to be confirmed, everything typed still in the form."""
    if isinstance(refusal, MayNotSteer):
        raise refusal
    cautions = list(refusal.cautions) if isinstance(refusal, NeedsConfirmation) else []
    frame = {
        "campaign": campaign,
        "refusal": refusal,
        "offer_is_missing": isinstance(refusal, OfferToDeclare),
        "dates_are_wrong": isinstance(refusal, DatesRefused),
        "cautions": cautions,
        "signature": signature(cautions),
    }
    return scope.render(template, {**frame, **context}, status=409 if refusal else _status(form))


@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, uai: str, year: int) -> HttpResponse:
    """Say which specialities the school teaches, and that this is all."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    campaign = _campaign_or_404(scope, year)
    offered = offered_ids(campaign)
    initial = {"specialities": sorted(offered), "is_complete": campaign.offer_declared_at is not None}
    form = OfferForm(_data(request), specialities=general_specialities(offered), initial=initial)
    refusal: OrientationError | None = None
    if form.is_bound and form.is_valid():
        try:
            services.declare_offer(
                campaign=campaign,
                speciality_ids=form.cleaned_data["specialities"],
                is_complete=form.cleaned_data["is_complete"],
                by=scope.user,
                at=scope.now,
                confirmed=_confirmed(request),
            )
        except OrientationError as refused:
            refusal = refused
        else:
            if form.cleaned_data["is_complete"]:
                messages.success(request, _("L’offre de spécialités est enregistrée."))
            else:
                messages.warning(
                    request,
                    _(
                        "L’offre de spécialités est enregistrée, sans être déclarée complète : "
                        "aucune saisie ne peut ouvrir avant."
                    ),
                )
            return redirect("admin:campaign_year", uai, year)
    return _render(
        scope,
        "orientation/staff/campaign_offer.html",
        campaign,
        {"title": _("Offre de spécialités"), "form": form},
        refusal,
        form,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def setting(request: HttpRequest, uai: str, year: int, name: str) -> HttpResponse:
    """Change one setting of the campaign, alone on its page."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    campaign = _campaign_or_404(scope, year)
    if name not in SETTINGS:
        raise Http404
    page = SETTINGS[name]
    form = page.form(_data(request), instance=campaign)
    refusal: OrientationError | None = None
    if form.is_bound and form.is_valid():
        changes = cast(services.RuleChanges, form.cleaned_data)
        try:
            services.change_rules(
                campaign=campaign, changes=changes, by=scope.user, at=scope.now, confirmed=_confirmed(request)
            )
        except OrientationError as refused:
            refusal = refused
        else:
            messages.success(request, _("Le réglage est enregistré."))
            return redirect("admin:campaign_year", uai, year)
    context = {"title": page.title, "form": form}
    return _render(scope, "orientation/staff/campaign_setting.html", campaign, context, refusal, form)


@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, uai: str) -> HttpResponse:
    """Change the message that families read."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    form = MessageForm(_data(request), instance=scope.school)
    if form.is_bound and form.is_valid():
        services.change_welcome_message(
            school=scope.school, message=form.cleaned_data["welcome_message"], by=scope.user, at=scope.now
        )
        messages.success(request, _("Le message est enregistré : les familles le lisent dès maintenant."))
        return redirect("admin:campaign", uai)
    context = {"title": _("Message de l’établissement"), "form": form}
    return _render(scope, "orientation/staff/campaign_setting.html", None, context, None, form)


@require_http_methods(["GET", "HEAD", "POST"])
def open_phase(request: HttpRequest, uai: str, year: int, kind: PhaseKind) -> HttpResponse:
    """Say whom opening a phase now touches, then open it."""
    return _act(staff_scope(request, uai, StaffAct.STEER), year, kind, ACTS["ouvrir"])


@require_http_methods(["GET", "HEAD", "POST"])
def close_phase(request: HttpRequest, uai: str, year: int, kind: PhaseKind) -> HttpResponse:
    """Say whom closing a phase now touches, then close it."""
    return _act(staff_scope(request, uai, StaffAct.STEER), year, kind, ACTS["fermer"])


def _act(scope: StaffScope, year: int, kind: PhaseKind, page: Act) -> HttpResponse:
    campaign = _campaign_or_404(scope, year)
    phase = _phase_or_404(campaign, kind)
    refusal: OrientationError | None = None
    if scope.request.method == "POST":
        try:
            page.service(campaign=campaign, kind=kind, by=scope.user, at=scope.now)
        except OrientationError as refused:
            refusal = refused
        else:
            messages.success(scope.request, page.done % {"phase": kind.label})
            return redirect("admin:campaign_year", scope.school.uai, year)
    context = {"title": page.title % {"phase": kind.label}, "act": page, "form": None}
    return _render_act(scope, campaign, phase, context, refusal)


@require_http_methods(["GET", "HEAD", "POST"])
def keep_open(request: HttpRequest, uai: str, year: int, kind: PhaseKind) -> HttpResponse:
    """Prolong an open phase, or reopen a closed one, until a later instant."""
    scope = staff_scope(request, uai, StaffAct.STEER)
    campaign = _campaign_or_404(scope, year)
    phase = _phase_or_404(campaign, kind)
    form = ClosingForm(_data(request), campaign=campaign)
    refusal: OrientationError | None = None
    if form.is_bound and form.is_valid():
        try:
            services.keep_open_until(
                campaign=campaign,
                kind=kind,
                closes_at=form.cleaned_data["closes_at"],
                by=scope.user,
                at=scope.now,
                confirmed=_confirmed(request),
            )
        except OrientationError as refused:
            refusal = refused
        else:
            messages.success(request, _("« %(phase)s » a une nouvelle date de fermeture.") % {"phase": kind.label})
            return redirect("admin:campaign_year", uai, year)
    is_closed = phase.state_at(scope.now) is PhaseState.CLOSED
    title = _("Rouvrir : %(phase)s") if is_closed else _("Prolonger : %(phase)s")
    context = {
        "title": title % {"phase": kind.label},
        "act": ACTS["rouvrir" if is_closed else "prolonger"],
        "form": form,
    }
    return _render_act(scope, campaign, phase, context, refusal)


def _phase_or_404(campaign: Campaign, kind: PhaseKind) -> Phase:
    found = next((phase for phase in campaign.phases.all() if phase.phase_kind is kind), None)
    if found is None:
        raise Http404
    return found


def _render_act(
    scope: StaffScope, campaign: Campaign, phase: Phase, context: dict[str, Any], refusal: OrientationError | None
) -> HttpResponse:
    state = phase.state_at(scope.now)
    frame = {
        "phase": phase,
        "kind": phase.phase_kind,
        "state": state,
        "is_possible": state in context["act"].states,
        "impact": impact_of(campaign, phase.phase_kind),
    }
    return _render(
        scope, "orientation/staff/campaign_act.html", campaign, {**frame, **context}, refusal, context["form"]
    )
