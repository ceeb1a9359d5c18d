"""How the head and the deputy steer a campaign: each function is one act in one transaction.

All take `by` (the account) and `at` (the aware instant at which the act arrived). The campaign and its phases are
locked first: families who write hold their phase `FOR SHARE` (`orientation.services`), so that an act waits for those
who came before it, and they for the act. `confirmed` is the signature of the cautions that the person has read.
Doing an act twice is harmless. They raise the errors of `orientation.campaigns.errors`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from orientation.campaigns import cautions as cautions_of
from orientation.campaigns.calendar import (
    Period,
    Timetable,
    date_cautions,
    date_problems,
    fingerprint,
    proposed,
    shifted,
    state_cautions,
    with_exact_instants,
)
from orientation.campaigns.errors import (
    AlreadyClosed,
    CampaignExists,
    Caution,
    ChangedMeanwhile,
    DatesRefused,
    MayNotSteer,
    NeedsConfirmation,
    NotLater,
    NotYetOpen,
    OfferToDeclare,
    ResultsPublished,
    signature,
)
from orientation.campaigns.queries import offered_ids, published_divisions, timetable_of
from orientation.models import Campaign, Phase, PhaseKind, PhaseState, SpecialityOffer, Submission
from schools.models import School
from schools.policies import ROLES_OF_ACT, StaffAct
from schools.staff import schools_of_staff

_INSTANT = timedelta(microseconds=1)


class RuleChanges(TypedDict, total=False):
    """What `change_rules` may change, and to what."""

    intention_specialities: int
    final_specialities: int
    mef_prefixes: list[str]
    single_writer: bool
    reminder_delay_days: int
    notice_days: int


@transaction.atomic
def create_campaign(*, school: School, school_year: int, source: Campaign | None, by: User, at: datetime) -> Campaign:
    """Create the campaign of a year, from another of the school or from nothing; its offer is to be declared.

    From another: its numbers, its offer, and its dates on the same weekdays. Raises CampaignExists.
    """
    locked_school = _locked_school(school, by)
    if source is not None and source.school_id != school.pk:
        raise MayNotSteer
    if Campaign.objects.filter(school=school, school_year=school_year).exists():
        raise CampaignExists(school_year)
    campaign = Campaign(school=locked_school, school_year=school_year)
    dates = proposed(school_year, locked_school)
    if source is not None:
        for name in RuleChanges.__annotations__:
            setattr(campaign, name, getattr(source, name))
        years = school_year - source.school_year
        dates = shifted(timetable_of(source.phases.all()), years, locked_school.zone) or dates
    campaign.save(force_insert=True)
    _write_dates(campaign, {}, dates)
    if source is not None:
        _write_offer(campaign, offered_ids(source))
    return campaign


@transaction.atomic
def set_dates(
    *, campaign: Campaign, timetable: Timetable, seen: str, by: User, at: datetime, confirmed: str = ""
) -> Campaign:
    """Set the dates of the phases in `timetable`; the others stay. `seen` is the fingerprint of those that were shown.

    Raises DatesRefused, ResultsPublished, ChangedMeanwhile, NeedsConfirmation.
    """
    locked = _lock(campaign, by)
    stands = timetable_of(locked.phases.values())
    wanted = {kind: with_exact_instants(period, stands.get(kind)) for kind, period in timetable.items()}
    if all(stands.get(kind) == period for kind, period in wanted.items()):
        return locked.campaign
    if seen != fingerprint(stands):
        raise ChangedMeanwhile
    locked.refuse(wanted, at)
    _ask(locked.cautions(wanted, at, names_whom=True), confirmed)
    _write_dates(locked.campaign, locked.phases, wanted)
    return locked.campaign


@transaction.atomic
def open_now(*, campaign: Campaign, kind: PhaseKind, by: User, at: datetime) -> Phase:
    """Open a phase that is to come. Raises OfferToDeclare, AlreadyClosed, DatesRefused."""
    locked = _lock(campaign, by)
    phase = locked.phases[kind]
    if kind.is_written_by_families and locked.campaign.offer_declared_at is None:
        raise OfferToDeclare
    state = phase.state_at(at)
    if state is PhaseState.OPEN:
        return phase
    if state is PhaseState.CLOSED:
        raise AlreadyClosed
    wanted = {kind: Period(at, phase.closes_at)}
    locked.refuse(wanted, at)
    _write_dates(locked.campaign, locked.phases, wanted)
    return phase


@transaction.atomic
def close_now(*, campaign: Campaign, kind: PhaseKind, by: User, at: datetime) -> Phase:
    """Close a phase that is open; what was validated until then counts. Raises NotYetOpen."""
    locked = _lock(campaign, by)
    phase = locked.phases[kind]
    state = phase.state_at(at)
    if state is PhaseState.CLOSED:
        return phase
    if state is PhaseState.UPCOMING:
        raise NotYetOpen
    # families who came while this waited for the lock are told that they were in time: so they are
    last = Submission.objects.filter(phase=phase, submitted_at__gte=at).order_by("-submitted_at").first()
    closes_at = max(at, phase.opens_at + _INSTANT, last.submitted_at + _INSTANT if last else at)
    _write_dates(locked.campaign, locked.phases, {kind: Period(phase.opens_at, closes_at)})
    return phase


@transaction.atomic
def keep_open_until(
    *, campaign: Campaign, kind: PhaseKind, closes_at: datetime, by: User, at: datetime, confirmed: str = ""
) -> Phase:
    """Prolong a phase that is open, or reopen one that is closed, until a later instant; the page says whom it touches.

    Raises NotYetOpen, NotLater, OfferToDeclare, DatesRefused, ResultsPublished, NeedsConfirmation.
    """
    locked = _lock(campaign, by)
    phase = locked.phases[kind]
    state = phase.state_at(at)
    if state is PhaseState.UPCOMING:
        raise NotYetOpen
    if closes_at == phase.closes_at and state is PhaseState.OPEN:
        return phase
    if closes_at <= at:
        raise NotLater(_("La nouvelle fermeture doit être dans l’avenir."))
    if closes_at <= phase.closes_at:
        raise NotLater(_("La phase ferme déjà plus tard : pour avancer sa fermeture, changez ses dates."))
    if kind.is_written_by_families and locked.campaign.offer_declared_at is None:
        raise OfferToDeclare
    wanted = {kind: Period(phase.opens_at, closes_at)}
    locked.refuse(wanted, at)
    _ask(locked.cautions(wanted, at, names_whom=False), confirmed)
    _write_dates(locked.campaign, locked.phases, wanted)
    return phase


@transaction.atomic
def declare_offer(
    *,
    campaign: Campaign,
    speciality_ids: Collection[int],
    is_complete: bool,
    by: User,
    at: datetime,
    confirmed: str = "",
) -> Campaign:
    """Say what the school teaches in the campaign's year; `is_complete` lets the writing phases open (decision 5).

    Raises NeedsConfirmation.
    """
    locked = _lock(campaign, by)
    changed = offered_ids(campaign) ^ set(speciality_ids)
    asked = cautions_of.of_offer(locked.campaign, changed)
    if locked.campaign.offer_declared_at and not is_complete:
        asked += cautions_of.of_withdrawn_offer(locked.campaign, locked.phases.values(), at)
    _ask(asked, confirmed)
    _write_offer(locked.campaign, speciality_ids)
    if is_complete != (locked.campaign.offer_declared_at is not None):
        locked.campaign.offer_declared_at = at if is_complete else None
        locked.campaign.save(update_fields=["offer_declared_at"])
    return locked.campaign


@transaction.atomic
def change_rules(*, campaign: Campaign, changes: RuleChanges, by: User, at: datetime, confirmed: str = "") -> Campaign:
    """Change what the campaign asks, whom it takes, who writes, how often families are reminded.

    Raises NeedsConfirmation.
    """
    locked = _lock(campaign, by).campaign
    _ask(cautions_of.of_rules(locked, changes), confirmed)
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
    return locked


@transaction.atomic
def change_welcome_message(*, school: School, message: str, by: User, at: datetime) -> School:
    """Change the message that families read on their page, at once."""
    locked = _locked_school(school, by)
    locked.welcome_message = message
    locked.save(update_fields=["welcome_message"])
    return locked


@dataclass(frozen=True)
class _Locked:
    """A campaign and its phases, which nobody else changes nor writes in meanwhile."""

    campaign: Campaign
    phases: dict[PhaseKind, Phase]

    def refuse(self, wanted: Timetable, at: datetime) -> None:
        """Raise what forbids these dates."""
        stands = timetable_of(self.phases.values())
        if problems := date_problems({**stands, **wanted}):
            raise DatesRefused(problems)
        for kind, period in wanted.items():
            if kind.is_written_by_families and self._reopens(kind, period, at):
                divisions = published_divisions(self.campaign, kind)
                if divisions:
                    raise ResultsPublished(kind, divisions)

    def _reopens(self, kind: PhaseKind, period: Period, at: datetime) -> bool:
        phase = self.phases.get(kind)
        return phase is not None and phase.closes_at <= at < period.closes_at

    def cautions(self, wanted: Timetable, at: datetime, *, names_whom: bool) -> list[Caution]:
        """Return what is to be read before these dates are set; if `names_whom`, what opens or shuts, and for whom."""
        stands = timetable_of(self.phases.values())
        cautions = date_cautions({**stands, **wanted}, stands=stands, school=self.campaign.school, at=at)
        if names_whom:
            cautions += state_cautions(wanted, stands=stands, at=at)
        for kind, period in wanted.items():
            if names_whom and kind in self.phases and period != stands[kind]:
                cautions += cautions_of.of_phase(self.campaign, kind)
            if self._reopens(kind, period, at):
                cautions += cautions_of.of_reopening(self.campaign, kind)
        return cautions


def _lock(campaign: Campaign, by: User) -> _Locked:
    """Lock the campaign, then its phases; check that this person steers it. Raises MayNotSteer."""
    locked = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("school").get(pk=campaign.pk)
    _require_steering(locked.school, by)
    phases = Phase.objects.filter(campaign=locked).order_by("pk").select_for_update(of=("self",))
    return _Locked(locked, {phase.phase_kind: phase for phase in phases})


def _locked_school(school: School, by: User) -> School:
    locked = School.objects.select_for_update(of=("self",), no_key=True).get(pk=school.pk)
    _require_steering(locked, by)
    return locked


def _require_steering(school: School, by: User) -> None:
    if not schools_of_staff(by, ROLES_OF_ACT[StaffAct.STEER]).filter(pk=school.pk).exists():
        raise MayNotSteer


def _ask(cautions: list[Caution], confirmed: str) -> None:
    if cautions and confirmed != signature(cautions):
        raise NeedsConfirmation(cautions)


def _write_dates(campaign: Campaign, phases: Mapping[PhaseKind, Phase], dates: Timetable) -> None:
    for kind, period in dates.items():
        phase = phases.get(kind)
        if phase is None:
            Phase.objects.create(campaign=campaign, kind=kind, opens_at=period.opens_at, closes_at=period.closes_at)
        elif (phase.opens_at, phase.closes_at) != (period.opens_at, period.closes_at):
            phase.opens_at, phase.closes_at = period.opens_at, period.closes_at
            phase.save(update_fields=["opens_at", "closes_at"])


def _write_offer(campaign: Campaign, speciality_ids: Collection[int]) -> None:
    scope = {"school_id": campaign.school_id, "school_year": campaign.school_year}
    SpecialityOffer.objects.filter(**scope).exclude(speciality_id__in=speciality_ids).delete()
    SpecialityOffer.objects.bulk_create(
        [SpecialityOffer(**scope, speciality_id=each) for each in speciality_ids], ignore_conflicts=True
    )
