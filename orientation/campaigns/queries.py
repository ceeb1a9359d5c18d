"""What the pages of a campaign read: each function says how many queries it makes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from orientation.campaigns.calendar import Period
from orientation.council.queries import pupils_of
from orientation.council.rules import WRITING_KIND
from orientation.models import (
    Campaign,
    ChoiceSpeciality,
    CouncilSheet,
    DivisionPublication,
    Draft,
    PathwayGroup,
    Phase,
    PhaseKind,
    Speciality,
    SpecialityOffer,
    Submission,
)
from schools.models import Division, Guardianship, School, Student


def campaigns_of(school: School) -> QuerySet[Campaign]:
    """Return the school's campaigns, newest first, with their phases: two queries."""
    return Campaign.objects.filter(school=school).order_by("-school_year").prefetch_related("phases")


def timetable_of(phases: Collection[Phase]) -> dict[PhaseKind, Period]:
    """Return the dates of phases by kind. No query."""
    return {phase.phase_kind: Period(phase.opens_at, phase.closes_at) for phase in phases}


def students_of(campaign: Campaign, mef_prefixes: Collection[str]) -> QuerySet[Student]:
    """Return the pupils, in the school, whom the campaign would take with these MEF prefixes (decision 26)."""
    return pupils_of(Campaign(school_id=campaign.school_id, mef_prefixes=list(mef_prefixes)))


def council_kind(kind: PhaseKind) -> PhaseKind:
    """Return the phase of the council that answers a writing phase; itself for a council's own."""
    return next((council for council, writing in WRITING_KIND.items() if writing is kind), kind)


@dataclass(frozen=True)
class PhaseImpact:
    """Whom an act on a phase touches, in pupils; of a writing phase, also what the council that answers it has done."""

    pupils: int
    validated: int
    changed_since: int
    """Of those validated, how many have a list that differs by now from what was validated."""
    unvalidated: int
    """Those with a list that was never validated."""
    not_signed_in: int
    """Those of whom no legal guardian ever signed in."""
    sheets: int
    divisions: tuple[str, ...]
    """The classes that were told, in order."""

    @property
    def touches_somebody(self) -> bool:
        return bool(self.validated or self.unvalidated or self.sheets or self.divisions)


def impact_of(campaign: Campaign, kind: PhaseKind) -> PhaseImpact:
    """Return whom an act on this phase touches: three queries."""
    phase = Phase.objects.filter(campaign=campaign, kind=kind).values("pk")
    validated = Submission.objects.filter(student=OuterRef("pk"), phase__in=phase)
    drafts = Draft.objects.filter(student=OuterRef("pk"), phase__in=phase, is_validated=False).exclude(wishes=[])
    signed_in = Guardianship.objects.legal().filter(student=OuterRef("pk"), guardian__user__isnull=False)
    counted = (
        pupils_of(campaign)
        .annotate(has_validated=Exists(validated), has_draft=Exists(drafts), has_signed_in=Exists(signed_in))
        .aggregate(
            pupils=Count("pk"),
            validated=Count("pk", filter=Q(has_validated=True)),
            changed_since=Count("pk", filter=Q(has_validated=True, has_draft=True)),
            unvalidated=Count("pk", filter=Q(has_validated=False, has_draft=True)),
            not_signed_in=Count("pk", filter=Q(has_signed_in=False)),
        )
    )
    return PhaseImpact(
        **counted, sheets=sheets_begun(campaign, kind), divisions=tuple(published_divisions(campaign, kind))
    )


def sheets_begun(campaign: Campaign, kind: PhaseKind) -> int:
    """Count the sheets that the council of this phase has begun: one query."""
    return CouncilSheet.objects.filter(phase__campaign=campaign, phase__kind=council_kind(kind), version__gt=0).count()


def published_divisions(campaign: Campaign, kind: PhaseKind) -> list[str]:
    """Return the codes of the classes that the council of this phase was published to: one query."""
    published = DivisionPublication.objects.filter(
        phase__campaign=campaign, phase__kind=council_kind(kind), withdrawn_at=None
    )
    return list(published.order_by("division__code").values_list("division__code", flat=True).distinct())


def imported_year(school: School) -> int | None:
    """Return the newest school year of which the school's classes are known: one query."""
    return Division.objects.filter(school=school).order_by("-school_year").values_list("school_year", flat=True).first()


def general_specialities(offered: Collection[int]) -> list[Speciality]:
    """Return the specialities of 1re générale that may be offered, or are, in order: one query."""
    may_stand = Q(is_active=True) | Q(pk__in=offered)
    return list(Speciality.objects.filter(may_stand, pathway__group=PathwayGroup.GENERAL).order_by("position"))


def by_family(specialities: Sequence[Speciality]) -> list[tuple[str, list[Speciality]]]:
    """Return the specialities under the families of the catalogue, in order. No query."""
    families: dict[str, list[Speciality]] = {}
    for each in specialities:
        families.setdefault(each.family or str(_("Autres spécialités")), []).append(each)
    return list(families.items())


def offered_ids(campaign: Campaign) -> set[int]:
    """Return the specialities that the school teaches in the campaign's year: one query."""
    offers = SpecialityOffer.objects.filter(school_id=campaign.school_id, school_year=campaign.school_year)
    return set(offers.values_list("speciality_id", flat=True))


def pupils_naming(campaign: Campaign, speciality_ids: Collection[int]) -> int:
    """Count the pupils whose validated list that counts names one of these specialities: one query."""
    newer = Submission.objects.filter(
        student=OuterRef("choice__submission__student"),
        phase=OuterRef("choice__submission__phase"),
        number__gt=OuterRef("choice__submission__number"),
    )
    named = ChoiceSpeciality.objects.filter(
        ~Exists(newer), choice__submission__phase__campaign=campaign, speciality_id__in=speciality_ids
    )
    return named.aggregate(count=Count(F("choice__submission__student"), distinct=True))["count"]


def taken_out(campaign: Campaign, mef_prefixes: Collection[str]) -> int:
    """Count the pupils with a list in the campaign whom these MEF prefixes would no longer take: one query."""
    in_campaign = {"student": OuterRef("pk"), "phase__campaign": campaign}
    written = Q(Exists(Submission.objects.filter(**in_campaign))) | Q(
        Exists(Draft.objects.filter(**in_campaign).exclude(wishes=[]))
    )
    kept = students_of(campaign, mef_prefixes).values("pk")
    return pupils_of(campaign).filter(written).exclude(pk__in=kept).count()
