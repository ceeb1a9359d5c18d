"""Reading what guardians changed: each function says how many queries it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from schools.contact import records_of_person
from schools.contact_changes.fields import siecle_value, spoken_value
from schools.models import (
    ContactChange,
    ContactField,
    ContactOutcome,
    Guardian,
    Guardianship,
    School,
)

OWN_FIELDS: list[ContactField] = [each for each in ContactField if each != ContactField.EMAIL]


@dataclass(frozen=True)
class FieldState:
    """Where one changed piece stands at one school, for its author: waiting there, or refused."""

    school: School
    outcome: ContactOutcome
    changed_at: datetime
    exported_at: datetime | None
    closed_at: datetime | None
    reason: str


@dataclass
class OwnData:
    """A person's own data as their page shows it: `values` by the names of ContactField, `states` likewise.

    `others` are values that another of their schools has instead, in French.
    """

    records: list[Guardian]
    values: dict[str, str]
    states: dict[str, list[FieldState]] = field(default_factory=dict)
    others: dict[str, list[tuple[School, str]]] = field(default_factory=dict)

    @property
    def schools(self) -> list[School]:
        return [record.school for record in self.records]


def own_data(guardian: Guardian) -> OwnData:
    """Return what a person's page shows of them: the newest they said, else what their schools have. Three queries."""
    records = list(records_of_person(guardian).select_related("school"))
    # one's own record comes first: what it shows is what another school's may differ from
    records.sort(key=lambda record: record.pk != guardian.pk)
    newest: dict[tuple[int, str], ContactChange] = {}
    told = ContactChange.objects.filter(
        guardian__in=records, outcome__in=[ContactOutcome.WAITING, ContactOutcome.REFUSED]
    )
    for change in told.order_by("pk"):
        newest[change.guardian_id, change.field] = change
    data = OwnData(records, {})
    for each in OWN_FIELDS:
        _read_field(data, each, {pk: change for (pk, name), change in newest.items() if name == each.value})
    for each in ContactField:
        states = [_state(newest[record.pk, each], record) for record in records if (record.pk, each) in newest]
        data.states[each.value] = [state for state in states if state]
    return data


def own_links(data: OwnData) -> list[Guardianship]:
    """Return what ties a person to each of their children, with these and their schools. One query."""
    links = Guardianship.objects.legal().filter(guardian__in=data.records, student__left_on__isnull=True)
    return list(links.select_related("student__division", "student__school").order_by("student__given_name", "pk"))


def _read_field(data: OwnData, each: ContactField, changes: Mapping[int, ContactChange]) -> None:
    waiting = [change for change in changes.values() if change.outcome == ContactOutcome.WAITING]
    latest = max(waiting, key=lambda change: (change.changed_at, change.pk), default=None)
    known = {record.pk: siecle_value(record, each) for record in data.records}
    known.update({change.guardian_id: change.after for change in waiting})
    value = latest.after if latest else next((text for text in known.values() if text), "")
    data.values[each.value] = value
    data.others[each.value] = [
        (record.school, spoken_value(each, known[record.pk], record.school))
        for record in data.records
        if known[record.pk] and known[record.pk] != value
    ]


def _state(change: ContactChange, record: Guardian) -> FieldState | None:
    """Return where a change stands; nothing to say of a refused one that SIECLE has taken all the same."""
    if change.outcome == ContactOutcome.REFUSED and siecle_value(record, ContactField(change.field)) == change.after:
        return None
    return FieldState(
        school=record.school,
        outcome=ContactOutcome(change.outcome),
        changed_at=change.changed_at,
        exported_at=change.exported_at,
        closed_at=change.closed_at,
        reason=change.reason,
    )


@dataclass(frozen=True)
class Line:
    """One change that waits, for the school; `now` is what SIECLE says since, where that is neither of the two."""

    change: ContactChange
    label: str
    before: str
    after: str
    now: str


@dataclass
class PersonChanges:
    """A guardian, and what of theirs waits to be taken into SIECLE."""

    guardian: Guardian
    children: str
    lines: list[Line] = field(default_factory=list)


def people_with_changes(school: School) -> QuerySet[Guardian]:
    """Return the guardians of a school of whom something waits, in the order of names."""
    waiting = ContactChange.objects.waiting()
    return (
        Guardian.objects.filter(school=school, pk__in=waiting.values("guardian_id"))
        .select_related("school")
        .order_by("family_name", "given_name", "pk")
    )


def told_people(guardians: Iterable[Guardian]) -> list[PersonChanges]:
    """Return these guardians with their changes and the names of their pupils, in their order. Three queries."""
    people = {each.pk: PersonChanges(each, "") for each in guardians}
    children: dict[int, list[str]] = {pk: [] for pk in people}
    links = Guardianship.objects.filter(guardian__in=people, student__left_on__isnull=True)
    for link in links.select_related("student__division").order_by("student__given_name", "student_id"):
        division = link.student.division
        children[link.guardian_id].append(f"{link.student.full_name} ({division})" if division else str(link.student))
    for change in ContactChange.objects.waiting().filter(guardian__in=people).order_by("pk"):
        person = people[change.guardian_id]
        person.lines.append(_line(change, person.guardian))
    for pk, person in people.items():
        person.children = ", ".join(children[pk])
    return list(people.values())


def _line(change: ContactChange, guardian: Guardian) -> Line:
    each = ContactField(change.field)
    now = siecle_value(guardian, each)
    return Line(
        change=change,
        label=str(each.label),
        before=spoken_value(each, change.before, guardian.school),
        after=spoken_value(each, change.after, guardian.school),
        now="" if now in (change.before, change.after) else spoken_value(each, now, guardian.school),
    )
