"""What the pages of the council are made of: where one stands, and each line as it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from orientation.council import rules
from orientation.council.lines import Line, lines_of, progress_of_lines
from orientation.council.queries import (
    CouncilPhases,
    Progress,
    council_phases,
    progress_by_division,
    pupils_of,
    standing_publications,
)
from orientation.council.rules import WRITING_KIND
from orientation.models import Campaign, DivisionPublication, Pathway, PathwayGroup, PhaseKind, Speciality
from orientation.queries import offered_codes
from orientation.rules import Catalogue
from schools.models import Division, Student
from schools.policies import StaffAct
from schools.staff import divisions_of_staff
from schools.staff_pages import StaffScope, staff_scope

NOTHING = SafeString("")


@dataclass(frozen=True)
class ShownLine:
    """A line as the page shows it. `mine` is what was typed and not kept, shown beside what stands."""

    line: Line
    is_editable: bool
    addable: tuple[Pathway, ...] = ()
    boxes: SafeString = NOTHING
    error: str = ""
    mine: Line | None = None
    has_focus: bool = False


@dataclass(frozen=True)
class Place:
    """One class in one council, for one member of staff."""

    scope: StaffScope
    division: Division
    phases: CouncilPhases
    can_enter: bool

    @property
    def pupils(self) -> QuerySet[Student]:
        return pupils_of(self.phases.phase.campaign).filter(division=self.division)

    @cached_property
    def students(self) -> list[Student]:
        return list(self.pupils)

    @cached_property
    def lines(self) -> list[Line]:
        return lines_of(self.students, self.phases)

    def line_of(self, pupil: Student) -> Line:
        """Return a pupil's line, read with the whole class, whose progress is shown beside it."""
        return next(line for line in self.lines if line.student == pupil)

    @property
    def progress(self) -> Progress:
        return progress_of_lines(self.lines)

    @property
    def first_to_complete(self) -> Line | None:
        return next((line for line in self.lines if not line.is_complete), None)

    @property
    def publications(self) -> list[DivisionPublication]:
        """The publications by which the pupils of this class were told, newest first."""
        found = {
            line.sheet.publication
            for line in self.lines
            if line.sheet and line.sheet.publication and line.sheet.publication.division_id == self.division.pk
        }
        return sorted(found, key=lambda publication: publication.published_at, reverse=True)

    @property
    def entry_began(self) -> bool:
        return self.phases.entry_began(self.scope.now)

    @property
    def can_publish(self) -> bool:
        return self.scope.may(StaffAct.STEER)

    @cached_property
    def _boxes(self) -> SafeString:
        return _recommendation_boxes(offered_codes(self.phases.phase))

    def shown(self, line: Line, **values: Any) -> ShownLine:
        """Return a line as this person sees it: a form while it may be entered, else what was said."""
        is_editable = self.can_enter and self.entry_began and not line.is_published
        if not is_editable:
            return ShownLine(line, is_editable=False, **values)
        addable = rules.addable(line.kind, Catalogue.current(), (row.pathway.code for row in line.rows))
        general = next((row for row in line.rows if row.can_recommend), None)
        boxes = _ticked(self._boxes, general.answer.recommended) if general else NOTHING
        return ShownLine(line, is_editable=True, addable=tuple(addable), boxes=boxes, **values)

    def render(self, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
        """Render a piece of the page, in the school's own zone."""
        with timezone.override(self.scope.school.zone):
            return render(self.scope.request, template, {**self.context, **context}, status=status)

    @property
    def context(self) -> dict[str, Any]:
        """What every template of a class needs. No query."""
        return {
            "place": self,
            "scope": self.scope,
            "school": self.scope.school,
            "division": self.division,
            "phase": self.phases.phase,
            "kind": self.phases.kind,
        }


def place_of(request: HttpRequest, uai: str, kind: PhaseKind, division: int, act: StaffAct) -> Place:
    """Return where a page stands. Raises Http404 for another's class, PermissionDenied for another's act."""
    scope = staff_scope(request, uai, act)
    entered = divisions_of_staff(scope.user, StaffAct.ENTER_COUNCIL).filter(pk=OuterRef("pk"))
    reached = divisions_of_staff(scope.user, act).filter(school=scope.school).annotate(can_enter=Exists(entered))
    found = get_object_or_404(reached, pk=division)
    phases = council_phases(scope.school, found.school_year, kind)
    if phases is None:
        raise Http404
    return Place(scope, found, phases, can_enter=found.can_enter)  # type: ignore[attr-defined]


ClassRow = tuple[Division, list[tuple[PhaseKind, Progress, DivisionPublication | None]]]


def classes_of(scope: StaffScope, campaign: Campaign, councils: Sequence[CouncilPhases]) -> list[ClassRow]:
    """Return the classes that the campaign takes pupils of, with how far each council is: one query, and two each."""
    divisions = list(scope.divisions(StaffAct.READ, school_year=campaign.school_year))
    progress = {each.kind: progress_by_division(divisions, each) for each in councils}
    published = {
        each.kind: {one.division_id: one for one in reversed(standing_publications(each.phase, divisions))}
        for each in councils
    }
    return [
        (
            division,
            [(each.kind, progress[each.kind][division.pk], published[each.kind].get(division.pk)) for each in councils],
        )
        for division in divisions
        if any(division.pk in progress[each.kind] for each in councils)
    ]


def councils_of(campaign: Campaign) -> list[CouncilPhases]:
    """Return the councils whose dates are set, from the campaign's prefetched phases. No query."""
    by_kind = {phase.phase_kind: phase for phase in campaign.phases.all()}
    return [
        CouncilPhases(by_kind[kind], by_kind.get(writing)) for kind, writing in WRITING_KIND.items() if kind in by_kind
    ]


def title_of(kind: PhaseKind, division: Division) -> str:
    """Return the heading of a class's page."""
    if kind is PhaseKind.PROVISIONAL_OPINIONS:
        return _("%(division)s : avis provisoires du conseil de classe") % {"division": division}
    return _("%(division)s : propositions du conseil de classe") % {"division": division}


def _recommendation_boxes(offered: frozenset[str]) -> SafeString:
    """Return the boxes of 1re générale, those taught here first: drawn once per page, since each line has them all."""
    catalogue = Catalogue.current()
    general = catalogue.of_group(PathwayGroup.GENERAL)
    specialities = catalogue.specialities_of(general[0]) if general else []
    here = [each for each in specialities if each.code in offered]
    elsewhere = [each for each in specialities if each.code not in offered]
    return mark_safe(  # noqa: S308 - joined from format_html
        _group_of_boxes(general, _("Enseignées dans l’établissement"), here)
        + _group_of_boxes(general, _("Hors établissement"), elsewhere)
    )


def _group_of_boxes(general: list[Pathway], legend: str, specialities: list[Speciality]) -> str:
    boxes = format_html_join(
        "",
        '<label><input type="checkbox" name="recommended-{}" value="{}"> {}</label>',
        ((general[0].code, each.code, each.label) for each in specialities),
    )
    return format_html("<fieldset><legend>{}</legend><div>{}</div></fieldset>", legend, boxes) if specialities else ""


def _ticked(boxes: SafeString, codes: frozenset[str]) -> SafeString:
    """Return the boxes with those of these specialities ticked."""
    html = str(boxes)
    for code in codes:
        value = format_html('value="{}">', code)
        html = html.replace(value, value.replace(">", " checked>"))
    return mark_safe(html)  # noqa: S308 - from format_html
