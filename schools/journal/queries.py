"""Reading the trail of one school: newest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.http import Http404

from audit.models import Change, Reading
from schools.journal.forms import Somebody, Trail
from schools.journal.tables import model_of, tables_of
from schools.models import Guardian, School, StaffMembership, Student
from schools.names import fold

PAGE_SIZE = 50

Entry = TypeVar("Entry", Change, Reading)


@dataclass(frozen=True)
class Page(Generic[Entry]):
    """Some entries; `older` is the entry after which the next page begins, None on the last."""

    entries: list[Entry]
    older: int | None


def search_changes(school: School, wanted: dict[str, Any], *, before: int | None) -> Page[Change]:
    """Return the school's changes that the form asks for. Two queries. Raises Http404 for another's `before`."""
    found = Change.objects.filter(school_id=school.pk).filter(_common(school, wanted, actor="actor_id"))
    if operation := wanted.get("operation"):
        found = found.filter(operation=operation)
    return _page(found, Change.objects.filter(school_id=school.pk), before)


def search_readings(school: School, wanted: dict[str, Any], *, before: int | None) -> Page[Reading]:
    """Return the school's readings that the form asks for; as above."""
    found = Reading.objects.filter(school_id=school.pk).filter(_common(school, wanted, actor="user_id"))
    return _page(found, Reading.objects.filter(school_id=school.pk), before)


def history_of(
    school: School, table: str, pk: str, *, trail: Trail, before: int | None
) -> Page[Change] | Page[Reading]:
    """Return the trail of one object in this school; of a pupil, all that concerns them. Three queries at most.

    Raises Http404 for an object of no known table, and for one of which only other schools have a trail.
    """
    model = model_of(table)
    if model is None or model._meta.auto_created:
        raise Http404
    of_object = Q(table__in=tables_of(model), object_pk=pk)
    if not _is_known_here(school, of_object):
        raise Http404
    if model is Student and pk.isdecimal() and len(pk) < 19:
        of_object |= Q(student_id=pk)
    if trail is Trail.READINGS:
        readings = Reading.objects.filter(school_id=school.pk)
        return _page(readings.filter(of_object), readings, before)
    changes = Change.objects.filter(school_id=school.pk)
    return _page(changes.filter(of_object), changes, before)


def _is_known_here(school: School, of_object: Q) -> bool:
    """Tell whether the school has a trail of the object, or nobody has: it is older than the trail."""
    schools = Change.objects.filter(of_object).values_list("school_id")
    known = set(schools.union(Reading.objects.filter(of_object).values_list("school_id")))
    return not known or (school.pk,) in known


def _page(found: QuerySet[Entry], all_of_school: QuerySet[Entry], before: int | None) -> Page[Entry]:
    if before is not None:
        at = all_of_school.filter(pk=before).values_list("at", flat=True).first()
        if at is None:
            raise Http404
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=before), at__lte=at)
    entries = list(found.order_by("-at", "-pk")[: PAGE_SIZE + 1])
    shown = entries[:PAGE_SIZE]
    return Page(shown, shown[-1].pk if len(entries) > PAGE_SIZE else None)


def _common(school: School, wanted: dict[str, Any], *, actor: str) -> Q:
    condition = _period(school, wanted.get("du"), wanted.get("au")) & _by(school, wanted.get("personne", ""), actor)
    if table := wanted.get("objet"):
        model = model_of(table)
        condition &= Q(table__in=tables_of(model) if model else [table])
    for_pupils = fold(wanted.get("eleve") or "").split()
    return condition & _about_pupils(school, for_pupils) if for_pupils else condition


def _period(school: School, since: date | None, until: date | None) -> Q:
    condition = Q()
    if since:
        condition &= Q(at__gte=_midnight(since, school))
    if until:
        condition &= Q(at__lt=_midnight(until + timedelta(days=1), school))
    return condition


def _midnight(day: date, school: School) -> datetime:
    return datetime.combine(day, time.min, school.zone)


def _by(school: School, person: str, actor: str) -> Q:
    if person == Somebody.NOBODY:
        return Q(**{f"{actor}__isnull": True})
    if person == Somebody.OTHERS:
        members = StaffMembership.objects.filter(school=school).values("user_id")
        return Q(**{f"{actor}__isnull": False}) & ~Q(**{f"{actor}__in": members})
    return Q(**{actor: int(person)}) if person else Q()


def _about_pupils(school: School, words: list[str]) -> Q:
    """What concerns the pupils whose names hold all these folded words, and their guardians' own records."""
    pupils = Student.objects.filter(school=school)
    for word in words:
        pupils = pupils.filter(folded_names__contains=word)
    guardians = Guardian.objects.filter(students__in=pupils).annotate(text=Cast("pk", CharField())).values("text")
    of_guardians = Q(table=Guardian._meta.db_table, object_pk__in=guardians)
    return Q(student_id__in=pupils.values("pk")) | of_guardians
