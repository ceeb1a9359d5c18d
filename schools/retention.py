"""How long what a school knows of its people is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.models import Change
from audit.retention import Period, Rule, register, unreferenced
from schools.models import (
    ContactChange,
    ContactOutcome,
    Guardian,
    Guardianship,
    SchoolMessage,
    SiecleImport,
    Student,
    TimeZone,
)
from schools.models.imports import UNDER_WAY
from schools.siecle import school_year_at, school_year_begins_at

FILES_KEPT = Period(years=2)
"""One year, then one of intermediate archive (domain, 7), said as one: nothing else changes after the first."""

AFTER_SCHOOL_YEAR = _("après la fin de l’année scolaire ; plus longtemps si un recours est en cours")
ONE_YEAR = Period(years=1)


def last_year_past(at: datetime, time_zone: str = TimeZone.METROPOLE) -> int:
    """Return the newest school year that is past its retention at this instant, in schools of this zone."""
    return school_year_at(FILES_KEPT.before(at), time_zone) - 1


def school_years_past(at: datetime, *, year: str, zone: str) -> Q:
    """Return what belongs to such a school year, by the fields that hold the year and the school's zone."""
    condition = Q(pk__in=())
    for time_zone in TimeZone:
        condition |= Q(**{zone: time_zone, f"{year}__lte": last_year_past(at, time_zone)})
    return condition


def cutoff_of_files(at: datetime) -> datetime:
    """Return the end of the newest school year past its retention, in the mainland."""
    return school_year_begins_at(last_year_past(at) + 1)


def register_rules() -> None:
    """Make the rules of this room known."""
    register(
        Rule(
            name="schools.students",
            what=_("Identité et scolarité d’un élève qui a quitté l’établissement, et ses représentants légaux"),
            kept=FILES_KEPT,
            since=AFTER_SCHOOL_YEAR,
            past=_students,
            with_them=_with_students,
            cutoff=cutoff_of_files,
        ),
        Rule(
            name="schools.guardians",
            what=_("Identité et coordonnées d’un responsable sans élève"),
            kept=ONE_YEAR,
            since=_("après qu’il n’a plus d’élève dans l’établissement"),
            past=_lone_guardians,
            prepare=note_lone_guardians,
        ),
        Rule(
            name="schools.contact_changes",
            what=_("Modifications de coordonnées déjà traitées par l’établissement"),
            kept=ONE_YEAR,
            since=_("après leur traitement"),
            past=_contact_changes,
        ),
        Rule(
            name="schools.messages",
            what=_("Actualités de l’établissement"),
            kept=ONE_YEAR,
            since=_("après la fin de leur affichage"),
            past=lambda at: SchoolMessage.objects.filter(shown_until__lte=ONE_YEAR.before(at)),
        ),
        Rule(
            name="schools.imports",
            what=_("Comptes rendus d’import SIECLE (les fichiers eux-mêmes sont effacés dès la fin de l’import)"),
            kept=ONE_YEAR,
            since=_("après l’import"),
            past=_imports,
        ),
    )


def _students(at: datetime) -> QuerySet[Student]:
    """Those who left, or whose class is of such a year in a school that imports no more, and whom nothing protects."""
    left = Q(pk__in=())
    for time_zone in TimeZone:
        end = school_year_begins_at(last_year_past(at, time_zone) + 1, time_zone).date()
        left |= Q(school__time_zone=time_zone, left_on__lt=end)
    forgotten = Q(left_on=None) & school_years_past(at, year="division__school_year", zone="school__time_zone")
    return Student.objects.filter(left | forgotten).filter(unreferenced(Student))


def _with_students(keys: Sequence[int], at: datetime) -> Iterator[QuerySet[Any]]:
    """All that the trail says of them, and the guardians who answer for nobody else here."""
    yield Change.objects.filter(student_id__in=keys)
    others = Guardianship.objects.filter(guardian=OuterRef("pk")).exclude(student__in=keys)
    theirs = Exists(Guardianship.objects.filter(guardian=OuterRef("pk"), student__in=keys))
    yield Guardian.objects.filter(theirs, ~Exists(others)).filter(unreferenced(Guardian))


def note_lone_guardians(at: datetime) -> None:
    """Note since when a guardian has no pupil: no act of anybody says it, an import removes ties."""
    has_pupil = Exists(Guardianship.objects.filter(guardian=OuterRef("pk")))
    Guardian.objects.filter(~has_pupil, without_pupil_since=None).update(without_pupil_since=at)
    Guardian.objects.filter(has_pupil, without_pupil_since__isnull=False).update(without_pupil_since=None)


def _lone_guardians(at: datetime) -> QuerySet[Guardian]:
    past = Guardian.objects.filter(guardianships=None, without_pupil_since__lte=ONE_YEAR.before(at))
    return past.filter(unreferenced(Guardian))


def _contact_changes(at: datetime) -> QuerySet[ContactChange]:
    past = ContactChange.objects.filter(closed_at__lte=ONE_YEAR.before(at))
    return past.exclude(outcome=ContactOutcome.WAITING)


def _imports(at: datetime) -> QuerySet[SiecleImport]:
    ended = SiecleImport.objects.exclude(state__in=UNDER_WAY)
    return ended.filter(uploaded_at__lte=ONE_YEAR.before(at))
