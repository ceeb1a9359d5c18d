"""Everything that happened about one pupil in a campaign, read in one query: what the timeline is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime

from operations.prepared import Keys, Parameter, prepared
from orientation.decisions.rules import Dialogue, Proposition
from orientation.models import (
    Acknowledgement,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DecisionReading,
    DialogueStep,
    FamilyAnswer,
    PhaseKind,
    PhaseState,
    SheetReading,
    Submission,
)
from orientation.queries import PhaseSet, phases_of
from schools.models import Student

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True)
class Told:
    """That the class was told what the council said, and who acknowledged it, if anybody did.

    `is_opened` says that an account of the family has read it: until then it may be withdrawn. `entered_by` is the
    member of staff who entered an accusé de réception that came on paper.
    """

    published_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    is_opened: bool = True
    entered_by: str = ""


@dataclass(frozen=True)
class Given:
    """One answer of the family to a proposition; `number` grows, the newest counts. `entered_by` is as in Told."""

    label: str
    number: int
    agrees: bool
    at: datetime
    by: str
    entered_by: str = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """What happened about one pupil; `submissions` and `told` by the kind of their phase, oldest first."""

    phases: PhaseSet = field(default_factory=lambda: PhaseSet([]))
    submissions: Mapping[PhaseKind, Sequence[Submission]] = field(default_factory=dict)
    told: Mapping[PhaseKind, Told] = field(default_factory=dict)
    propositions: tuple[Proposition, ...] = ()
    answers: tuple[Given, ...] = ()
    decisions: tuple[Decision, ...] = ()
    steps: tuple[DialogueStep, ...] = ()
    """Those that were cancelled included."""
    read_decisions: Mapping[int, datetime] = field(default_factory=dict)
    """When the family first opened each decision, by its key."""
    read_by_reader: frozenset[int] = frozenset()
    """The decisions that the account which asks has opened."""

    @property
    def unread(self) -> list[Decision]:
        """The decisions that the account which asks has not opened."""
        return [each for each in self.decisions if each.pk not in self.read_by_reader]

    def newest(self, kind: PhaseKind) -> Submission | None:
        """Return the submission that counts in a phase."""
        found = self.submissions.get(kind)
        return found[-1] if found else None

    def dialogue_at(self, at: datetime) -> Dialogue:
        """Return the end of the dialogue as the rules read it."""
        phase = self.phases.get(PhaseKind.PROPOSALS)
        is_published = PhaseKind.PROPOSALS in self.told
        return Dialogue(
            phase_state=phase.state_at(at) if phase else PhaseState.UPCOMING,
            is_published=is_published,
            propositions=self.propositions if is_published else (),
            decisions=self.decisions,
            steps=tuple(step for step in self.steps if step.cancelled_at is None),
        )


def history_of(student: Student, phases: PhaseSet, *, reader: AbstractBaseUser | None = None) -> History:
    """Return what happened about a student in the campaign of these phases: one query, none without a phase.

    `reader` is the account of the family that asks, if one does.
    """
    return _histories({student: phases}, reader)[student.pk]


def load_histories(students: Collection[Student], *, reader: AbstractBaseUser) -> None:
    """Read what happened about each of these students, as `read_by` returns it: one query for all."""
    for student in students:
        phases_of(student)
    found = _histories({student: phases_of(student) for student in students}, reader)
    for student in students:
        student._history = (reader.pk, found[student.pk])  # type: ignore[attr-defined]


def read_by(student: Student, reader: AbstractBaseUser) -> History:
    """Return what happened in the campaign to show, for an account of the family: one query, once per student object.

    One more for the phases.
    """
    if getattr(student, "_history", (None,))[0] != reader.pk:
        load_histories([student], reader=reader)
    history: History = student._history[1]  # type: ignore[attr-defined]
    return history


def _histories(wanted: Mapping[Student, PhaseSet], reader: AbstractBaseUser | None) -> dict[int, History]:
    dated = [phase.pk for phases in wanted.values() for phase in phases]
    rows = {}
    if dated:
        found = _happened([each.pk for each in wanted], dated, reader.pk if reader else None)
        rows = {each.pk: {name: getattr(each, name) for name in _COLUMNS} for each in found}
    return {
        student.pk: _history(student, phases, _of_phases(rows[student.pk], phases))
        if phases
        else History(phases=phases)
        for student, phases in wanted.items()
    }


@prepared
def _happened(students: Keys, phases: Keys, reader: Parameter) -> QuerySet[Student]:
    return Student.objects.filter(pk__in=students).only("pk").annotate(**_columns(phases, reader))


_COLUMNS = ("sent", "said", "proposed", "given", "decided", "done")


def _of_phases(row: dict[str, Any], phases: PhaseSet) -> dict[str, Any]:
    """Keep what is of these phases: others were asked of other students."""
    own = {phase.pk for phase in phases}
    return {name: [each for each in found if each["phase_id"] in own] for name, found in row.items()}


def _history(student: Student, phases: PhaseSet, row: dict[str, Any]) -> History:
    kinds = {phase.pk: phase.phase_kind for phase in phases}
    proposals = phases.get(PhaseKind.PROPOSALS)
    submissions: dict[PhaseKind, list[Submission]] = {}
    for submission in _sorted(_rows(Submission, row["sent"]), lambda each: each.number):
        submissions.setdefault(kinds[submission.phase_id], []).append(submission)
    decisions = _sorted(_rows(Decision, row["decided"]), lambda each: each.number)
    for each in decisions:
        each.student = student
        if proposals:
            each.phase = proposals
    return History(
        phases=phases,
        submissions=submissions,
        told={kinds[each["phase_id"]]: _told(each) for each in row["said"]},
        propositions=tuple(_proposition(**each) for each in row["proposed"]),
        answers=tuple(sorted((_given(each) for each in row["given"]), key=lambda each: each.at)),
        decisions=tuple(decisions),
        steps=tuple(_sorted(_rows(DialogueStep, row["done"]), lambda each: (each.happened_on, each.recorded_at))),
        read_by_reader=frozenset(each["id"] for each in row["decided"] if each["is_read"]),
        read_decisions={each["id"]: _instant(each["read_at"]) for each in row["decided"] if each["read_at"]},
    )


def _columns(phases: Keys, reader: Parameter) -> dict[str, ArraySubquery]:
    """Return the arrays of rows, each row as JSON: what is told of each table (`_COLUMNS`)."""
    of_student = {"student": OuterRef("pk"), "phase__in": phases}
    published = CouncilSheet.objects.filter(**of_student, publication__withdrawn_at=None).exclude(publication=None)
    answers = CouncilAnswer.objects.filter(sheet__student=OuterRef("pk"), sheet__phase__kind=PhaseKind.PROPOSALS)
    answers = answers.filter(sheet__phase__in=phases)
    given = FamilyAnswer.objects.filter(
        answer__sheet__student=OuterRef("pk"),
        answer__sheet__phase__in=phases,
        answer__sheet__publication__withdrawn_at=None,
    )
    newest = FamilyAnswer.objects.filter(answer=OuterRef("pk")).order_by("-number").values("agrees")[:1]
    acknowledged = Acknowledgement.objects.filter(sheet=OuterRef("pk"))
    readings = DecisionReading.objects.filter(decision=OuterRef("pk"))
    decided = Decision.objects.filter(**of_student).annotate(
        read_at=Subquery(readings.order_by("read_at").values("read_at")[:1]),
        is_read=Exists(readings.filter(user=reader)),
    )
    return {
        "sent": _array(Submission.objects.filter(**of_student), *_own(Submission)),
        "said": _array(
            published.annotate(
                acknowledged_at=Subquery(acknowledged.values("acknowledged_at")),
                acknowledged_by=Subquery(acknowledged.values("guardian_name")),
                entered_by=Subquery(acknowledged.values("entered_by_name")),
                is_opened=Exists(SheetReading.objects.filter(sheet=OuterRef("pk"))),
            ),
            "phase_id",
            "acknowledged_at",
            "acknowledged_by",
            "entered_by",
            "is_opened",
            published_at="publication__published_at",
        ),
        "proposed": _array(
            answers.annotate(
                agrees=Subquery(newest), is_decided=Exists(Decision.objects.filter(answer=OuterRef("pk")))
            ),
            "pk",
            "label",
            "verdict",
            "agrees",
            "is_decided",
            group="pathway__group",
            phase_id="sheet__phase_id",
        ),
        "given": _array(
            given,
            "number",
            "agrees",
            at="answered_at",
            by="guardian_name",
            entered_by="entered_by_name",
            label="answer__label",
            phase_id="answer__sheet__phase_id",
        ),
        "decided": _array(decided, *_own(Decision), "read_at", "is_read"),
        "done": _array(DialogueStep.objects.filter(**of_student), *_own(DialogueStep)),
    }


def _own(model: type[Model]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]


def _array(rows: QuerySet[Any], *names: str, **others: str) -> ArraySubquery:
    fields = {**{name: F(name) for name in names}, **{name: F(path) for name, path in others.items()}}
    return ArraySubquery(rows.order_by("pk").values(json=JSONObject(**fields)))


def _rows(model: type[_Row], found: Sequence[dict[str, Any]]) -> list[_Row]:
    """Make the rows of a model again from their JSON."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return [model(**{name: columns[name].to_python(each[name]) for name in columns}) for each in found]


def _sorted(rows: list[_Row], key: Callable[[_Row], Any]) -> list[_Row]:
    return sorted(rows, key=key)


def _proposition(*, phase_id: int, **values: Any) -> Proposition:
    return Proposition(**values)


def _told(row: dict[str, Any]) -> Told:
    acknowledged = row["acknowledged_at"]
    return Told(
        published_at=_instant(row["published_at"]),
        acknowledged_at=_instant(acknowledged) if acknowledged else None,
        acknowledged_by=row["acknowledged_by"] or "",
        is_opened=row["is_opened"],
        entered_by=row["entered_by"] or "",
    )


def _given(row: dict[str, Any]) -> Given:
    return Given(row["label"], row["number"], row["agrees"], _instant(row["at"]), row["by"], row["entered_by"])


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    assert found is not None  # noqa: S101 - written by PostgreSQL
    return found
