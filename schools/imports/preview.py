"""What a plan would change, in French: the numbers, the lines, and the digest by which it is known again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from schools.contact_changes.fields import spoken_value
from schools.models import ContactField, Guardian, Guardianship, ImportState, School, SiecleImport, Student
from schools.siecle import ImportPlan, Note, school_year_at
from schools.times import spoken_instant

LINES_KEPT = 10_000
"""Per section; the true number is said beside."""

SECTIONS = {
    "students_new": gettext_lazy("Nouveaux élèves"),
    "students_changed": gettext_lazy("Élèves modifiés"),
    "students_gone": gettext_lazy("Élèves archivés"),
    "guardians_new": gettext_lazy("Nouveaux responsables"),
    "guardians_changed": gettext_lazy("Responsables modifiés"),
    "links_new": gettext_lazy("Nouveaux liens"),
    "links_changed": gettext_lazy("Liens modifiés"),
    "links_gone": gettext_lazy("Liens supprimés"),
    "refused": gettext_lazy("Lignes refusées"),
    "warnings": gettext_lazy("À savoir"),
}
NOTES = {"refused", "warnings"}
"""The sections about lines of the files, and not about people."""

MANY_ARCHIVED = 5
LARGE_SHARE = 0.1
"""More pupils than this, or a larger share of the school: the export may well be a partial one."""

_CONTACT = {field.value for field in ContactField} | {"school_email"}
_GIVEN = (
    "school_email",
    "mobile",
    "phone",
    "work_phone",
    "address_lines",
    "postal_code",
    "town",
    "country",
    "accepts_sms",
    "occupation",
    "shares_coordinates",
)
"""The order in which a new guardian's coordinates are told."""

_UNSEEN = {"folded_name", "school_email_refused_at"}

Line = dict[str, Any]
"""`who` and `what`, or `file`, `line` and `what`; `changes`: label, before, after, whether it is contact data."""


@dataclass(frozen=True)
class Preview:
    """What is kept of a plan. `summary` has `counts` by section, `unchanged`, `ignored`, `returned`, `cautions`."""

    summary: dict[str, Any]
    lines: dict[str, list[Line]]
    digest: str


def preview_of(plan: ImportPlan) -> Preview:
    """Tell a plan. One query."""
    counts: Counter[str] = Counter()
    kept: dict[str, list[Line]] = {section: [] for section in SECTIONS}
    digests: list[bytes] = []
    for section, key, line in _told(plan):
        counts[section] += 1
        digests.append(_digest([section, key, line]))
        if len(kept[section]) < LINES_KEPT:
            kept[section].append(line)
    cautions = list(_cautions(plan))
    digests += [_digest(caution["code"]) for caution in cautions]
    summary = {
        "counts": {section: counts[section] for section in SECTIONS},
        "unchanged": {
            "students": plan.students_unchanged,
            "guardians": plan.guardians_unchanged,
            "links": plan.links_unchanged,
        },
        "ignored": plan.students_ignored,
        "returned": len(plan.students_returned),
        "cautions": cautions,
    }
    # sorted, since PostgreSQL gives rows in no order of its own
    return Preview(summary, kept, hashlib.sha256(b"".join(sorted(digests))).hexdigest())


def _digest(told: Any) -> bytes:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()


def _cautions(plan: ImportPlan) -> Iterator[dict[str, str]]:
    """Yield what asks for an explicit tick: `code`, `text`, and the words of the tick."""
    export, school = plan.export, plan.school
    done = SiecleImport.objects.filter(school=school, state=ImportState.DONE, export_made_at__isnull=False)
    last = done.without_lines().order_by("-school_year", "-export_made_at").first()
    if last and last.export_made_at and (last.school_year, last.export_made_at) > (export.school_year, export.made_at):
        yield {
            "code": "older",
            "text": _(
                "Cet export a été fait le %(made)s ; un autre, fait le %(last)s, est déjà importé. "
                "Des informations récentes seraient remplacées par de plus anciennes."
            )
            % {"made": spoken_instant(export.made_at, school), "last": spoken_instant(last.export_made_at, school)},
            "tick": _("J’importe quand même cet export plus ancien"),
        }
    if export.school_year > school_year_at(timezone.now(), school.time_zone) and _leaves_classes(plan):
        years = {"first": export.school_year, "second": export.school_year + 1}
        yield {
            "code": "next_year",
            "text": _(
                "Cet export est celui de l’année %(first)s-%(second)s, qui n’a pas commencé : chaque élève y prend sa "
                "classe et son niveau d’alors. La campagne d’orientation de cette année ne les compterait plus : "
                "familles et conseils de classe ne pourraient pas la terminer."
            )
            % years,
            "tick": _("La campagne de cette année est terminée : j’importe les classes de %(first)s-%(second)s")
            % years,
        }
    archived = len(plan.students_archived)
    if archived > MANY_ARCHIVED or archived > LARGE_SHARE * plan.students_here:
        yield {
            "code": "archived",
            "text": ngettext(
                "%(count)s élève sur %(here)s serait archivé, avec ses liens : l’export est peut-être incomplet. "
                "Sa famille n’aurait plus accès à son dossier.",
                "%(count)s élèves sur %(here)s seraient archivés, avec leurs liens : l’export est peut-être incomplet. "
                "Leurs familles n’auraient plus accès à leurs dossiers.",
                archived,
            )
            % {"count": archived, "here": plan.students_here},
            "tick": ngettext(
                "J’ai vérifié : cet élève a quitté l’établissement",
                "J’ai vérifié : ces %(count)s élèves ont quitté l’établissement",
                archived,
            )
            % {"count": archived},
        }


def _leaves_classes(plan: ImportPlan) -> bool:
    """Whether pupils would leave a class of an earlier year."""
    former = (plan.former.get(student, {}).get("division") for student in plan.students_changed)
    return any(division is not None and division.school_year < plan.export.school_year for division in former)


def _told(plan: ImportPlan) -> Iterator[tuple[str, str, Line]]:
    """Yield each line with its section and what tells its row from all others."""
    yield from _students(plan)
    for guardian in plan.guardians_new:
        yield "guardians_new", guardian.siecle_person_id, _line(guardian, changes=_contact(guardian))
    for guardian in plan.guardians_changed:
        yield "guardians_changed", guardian.siecle_person_id, _line(guardian, changes=_changes(plan, guardian))
    for section, links in (("links_new", plan.links_new), ("links_gone", plan.links_gone)):
        for link in links:
            yield section, _key(link), _line(link.guardian, what=_tie(link))
    for link in plan.links_changed:
        yield "links_changed", _key(link), _line(link.guardian, what=_tie(link), changes=_changes(plan, link))
    yield from _notes("refused", plan.refused)
    yield from _notes("warnings", plan.warnings)


def _students(plan: ImportPlan) -> Iterator[tuple[str, str, Line]]:
    returned = set(plan.students_returned)
    for student in plan.students_new:
        yield "students_new", student.ine, _line(student, what=_class_of(student))
    for student in plan.students_changed:
        what = _("de retour dans l’établissement") if student in returned else ""
        yield "students_changed", student.ine, _line(student, what=what, changes=_changes(plan, student))
    for student in plan.students_archived:
        # the identifier of an export is of no use to who reads, where the pupil is no longer in it
        changes = [each for each in _changes(plan, student) if each[0] != _label(student, "siecle_id")]
        yield "students_gone", student.ine, _line(student, what=_class_of(student), changes=changes)


def _notes(section: str, notes: Iterable[Note]) -> Iterator[tuple[str, str, Line]]:
    for note in notes:
        yield section, "", {"file": note.file, "line": note.line, "what": note.reason}


def _line(person: Student | Guardian, *, what: str = "", changes: list[list[Any]] | None = None) -> Line:
    return {"who": person.full_name, "what": what, "changes": changes or []}


def _class_of(student: Student) -> str:
    return str(student.division) if student.division else _("sans classe")


def _tie(link: Guardianship) -> str:
    return _("%(relationship)s de %(student)s, %(level)s") % {
        "relationship": link.get_relationship_display(),
        "student": link.student.full_name,
        "level": link.get_level_display(),
    }


def _key(link: Guardianship) -> str:
    return f"{link.student.ine} {link.guardian.siecle_person_id}"


def _contact(guardian: Guardian) -> list[list[Any]]:
    given = [(name, value) for name in _GIVEN if (value := getattr(guardian, name)) not in ("", None)]
    return [[_label(guardian, name), "", _said(guardian, name, value, guardian.school), True] for name, value in given]


def _changes(plan: ImportPlan, row: Student | Guardian | Guardianship) -> list[list[Any]]:
    return [
        [
            _label(row, name),
            _said(row, name, before, plan.school),
            _said(row, name, getattr(row, name), plan.school),
            name in _CONTACT,
        ]
        for name, before in plan.former.get(row, {}).items()
        if name not in _UNSEEN
    ]


def _label(row: models.Model, name: str) -> str:
    return str(getattr(row._meta.get_field(name), "verbose_name", name))


def _said(row: models.Model, name: str, value: Any, school: School) -> str:
    choices = dict(getattr(row._meta.get_field(name), "flatchoices", []))
    if choices and value in choices:
        return str(choices[value])
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(row, Guardian) and name in ContactField.values and value is not None:
        return spoken_value(ContactField(name), value, school)
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return "" if value is None else str(value)
