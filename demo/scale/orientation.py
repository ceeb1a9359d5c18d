"""A school's campaign in the data set: what its families asked, what the councils answered, and what both left behind.

Schools of an even number are on the closing evening of the final choices; in the others the propositions are told, and
half of the families have answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from demo.scale.people import LargeSchool, Parent, Pupil
from demo.scale.tables import Rows
from notifications.kinds import URGENT
from notifications.models import MessageState
from orientation.mails import SUBMISSION_VALIDATED
from orientation.models import PathwayGroup, PhaseKind, Speciality, Verdict
from orientation.rules import Catalogue, Wish, Wishes

INTENTION_RANKS = 3
ASKED = {PhaseKind.INTENTIONS: 4, PhaseKind.FINAL_CHOICES: 3}
"""Specialities that go with 1re générale."""

VALIDATED = 0.6
"""Share of the families who have validated by the closing evening: the others have a draft."""
VALIDATED_TWICE = 0.3
"""Share of those who validate who did it again later."""
ANSWERED = 0.5

SECOND_CHOICES = ("mathematiques", "physique-chimie", "svt", "ses", "hggsp", "hlp", "nsi", "llcer-anglais", "amc")
"""What the schools of the data set teach, and what is asked for."""


@dataclass
class Calendar:
    """When the phases of a school open and close, seen from `now`."""

    now: datetime
    is_closing: bool
    dates: dict[PhaseKind, tuple[datetime, datetime]] = field(init=False)

    def __post_init__(self) -> None:
        late = timedelta() if self.is_closing else timedelta(days=20)

        def between(opens_in: float, closes_in: float) -> tuple[datetime, datetime]:
            return self.now + timedelta(days=opens_in) - late, self.now + timedelta(days=closes_in) - late

        self.dates = {
            PhaseKind.INTENTIONS: between(-120, -99),
            PhaseKind.PROVISIONAL_OPINIONS: between(-88, -74),
            PhaseKind.FINAL_CHOICES: between(-14, 0.25),
            PhaseKind.PROPOSALS: between(10, 34),
        }


@dataclass(frozen=True)
class Asked:
    """A pathway as the rows need it: its words once, and the codes of the specialities that go with it."""

    pk: int
    group: str
    label: str
    specialities: tuple[str, ...]


@dataclass(frozen=True)
class Askable:
    """What can be asked for, read once for the whole data set."""

    pathways: dict[str, Asked]
    specialities: dict[str, Speciality]

    @classmethod
    def load(cls) -> Askable:
        catalogue = Catalogue.load()
        pathways = {
            code: Asked(
                pathway.pk,
                pathway.group,
                pathway.full_label,
                tuple(each.code for each in catalogue.specialities_of(pathway)),
            )
            for code, pathway in catalogue.pathways.items()
        }
        return cls(pathways, catalogue.specialities)


class Campaign:
    """Adds the campaign of one school to the rows; the same at each run."""

    def __init__(self, rows: Rows, school: LargeSchool, askable: Askable, *, now: datetime) -> None:
        self.rows, self.school = rows, school
        self.draw = Random(-1 - school.number)  # noqa: S311 - an invented story
        self.asks, self.specialities = askable.pathways, askable.specialities
        self.is_closing = school.number % 2 == 0
        self.dates = Calendar(now, self.is_closing).dates
        begun = self.dates[PhaseKind.INTENTIONS][0] - timedelta(days=10)
        campaign = rows.add("orientation.Campaign", school.school_id, school.year, ["20010"], 4, 3, begun, False, 3, 3)
        self.phases = {
            kind: rows.add("orientation.Phase", campaign, kind, *dates) for kind, dates in self.dates.items()
        }
        for code in SECOND_CHOICES:
            rows.add("orientation.SpecialityOffer", school.school_id, school.year, self.specialities[code].pk)

    def play(self) -> None:
        """Add what every family did, and what its class was told."""
        told = {
            (kind, division): self._publication(kind, division)
            for kind in (PhaseKind.PROVISIONAL_OPINIONS, PhaseKind.PROPOSALS)
            if kind is PhaseKind.PROVISIONAL_OPINIONS or not self.is_closing
            for division in self.school.division_ids
        }
        for pupil in self.school.pupils:
            intentions = self._submission(pupil, PhaseKind.INTENTIONS, 1, self._list(PhaseKind.INTENTIONS))
            self._sheet(pupil, PhaseKind.PROVISIONAL_OPINIONS, intentions, told)
            final = self._final_choices(pupil)
            if not self.is_closing:
                self._sheet(pupil, PhaseKind.PROPOSALS, final, told)

    def _publication(self, kind: PhaseKind, division: int) -> int:
        at = self.dates[kind][0] + timedelta(hours=12)
        return self.rows.add("orientation.DivisionPublication", self.phases[kind], division, at, self.school.head_id)

    def _list(self, kind: PhaseKind) -> Wishes:
        """Return a list that keeps the rules: every pathway in some order for the final choices."""
        codes = list(self.asks)
        self.draw.shuffle(codes)
        if kind is PhaseKind.INTENTIONS:
            codes = codes[:INTENTION_RANKS]
        return tuple(Wish(code, self._specialities(code, kind)) for code in codes)

    def _specialities(self, code: str, kind: PhaseKind) -> tuple[str, ...]:
        asked = self.asks[code]
        if asked.group == PathwayGroup.GENERAL:
            return tuple(self.draw.sample(SECOND_CHOICES, ASKED[kind]))
        return (self.draw.choice(asked.specialities),) if asked.specialities else ()

    def _final_choices(self, pupil: Pupil) -> tuple[int, Wishes] | None:
        """Add the final choices of a family, or its draft; return the submission that counts."""
        kind = PhaseKind.FINAL_CHOICES
        if self.is_closing and self.draw.random() >= VALIDATED:
            self._draft(pupil, kind, [self._list(kind)], is_validated=False)
            return None
        for number in (1, 2) if self.draw.random() < VALIDATED_TWICE else (1,):
            made = self._submission(pupil, kind, number, self._list(kind))
        return made

    def _draft(self, pupil: Pupil, kind: PhaseKind, versions: list[Wishes], *, is_validated: bool) -> None:
        by, at = pupil.guardians[0], self._instant(kind)
        lists = [json.dumps([wish.to_json() for wish in wishes]) for wishes in versions]
        draft = self.rows.add(
            "orientation.Draft",
            *(pupil.student_id, self.phases[kind], len(lists), lists[-1], is_validated, at, by.user_id),
        )
        for version, wishes in enumerate(lists, start=1):
            self.rows.add("orientation.DraftRevision", draft, version, wishes, at, by.user_id)

    def _instant(self, kind: PhaseKind) -> datetime:
        opens, closes = self.dates[kind]
        return opens + (closes - opens) * (0.1 + 0.8 * self.draw.random())

    def _submission(self, pupil: Pupil, kind: PhaseKind, number: int, wishes: Wishes) -> tuple[int, Wishes]:
        """Add a submission with its ranks, its e-mails and its line of the trail; the first brings its draft."""
        if number == 1:
            self._draft(pupil, kind, [wishes[:2], wishes], is_validated=True)
        by, at, key = pupil.guardians[0], self._instant(kind), UUID(int=self.draw.getrandbits(128), version=4)
        submission = self.rows.add(
            "orientation.Submission",
            *(key, pupil.student_id, self.phases[kind], number, at, by.user_id, by.guardian_id, by.name, ""),
        )
        shown = list(self._ranks(submission, wishes))
        for guardian in pupil.guardians:
            self._mail(pupil, guardian, key, kind, shown, at)
        content = json.dumps(
            {"id": submission, "number": number, "phase_id": self.phases[kind], "guardian_name": by.name}
        )
        self.rows.add(
            "audit.Change",
            *(at, "orientation_submission", str(submission), "insert", content, self.school.school_id),
            *(pupil.student_id, by.user_id, "orientation:validate_choices", submission),
        )
        return submission, wishes

    def _ranks(self, submission: int, wishes: Wishes) -> Iterator[dict[str, Any]]:
        for rank, wish in enumerate(wishes, start=1):
            asked = self.asks[wish.pathway]
            choice = self.rows.add("orientation.Choice", submission, rank, asked.pk, asked.label, wish.note)
            labels = []
            for position, code in enumerate(wish.specialities, start=1):
                speciality = self.specialities[code]
                self.rows.add("orientation.ChoiceSpeciality", choice, position, speciality.pk, speciality.label, False)
                labels.append({"label": speciality.label, "is_elsewhere": False})
            yield {"rank": rank, "label": asked.label, "specialities": labels, "note": wish.note}

    def _mail(
        self, pupil: Pupil, to: Parent, key: UUID, kind: PhaseKind, choices: list[dict[str, Any]], at: datetime
    ) -> None:
        context = {"student": pupil.name, "school": self.school.name, "phase": kind.label, "choices": choices}
        self.rows.add_named(
            "notifications.OutboxMessage",
            *(UUID(int=self.draw.getrandbits(128), version=4), SUBMISSION_VALIDATED, f"guardian:{to.guardian_id}"),
            *(to.email, "fr", json.dumps(context, default=str), f"submission:{key}:guardian:{to.guardian_id}", URGENT),
            *(MessageState.SENT, 1, at, "", "", at, at + timedelta(seconds=3)),
        )

    def _sheet(
        self,
        pupil: Pupil,
        kind: PhaseKind,
        examined: tuple[int, Wishes] | None,
        told: dict[tuple[PhaseKind, int], int],
    ) -> None:
        """Add what the council said of one pupil, and what half of the families answered."""
        if examined is None:
            return
        submission, wishes = examined
        at, head = self.dates[kind][0] + timedelta(hours=2), self.school.head_id
        sheet = self.rows.add(
            "orientation.CouncilSheet",
            *(pupil.student_id, self.phases[kind], submission, told[kind, pupil.division_id], 1, 0, at, head),
        )
        answers = kind is PhaseKind.PROPOSALS and self.draw.random() < ANSWERED
        for rank, wish in enumerate(wishes, start=1):
            asked = self.asks[wish.pathway]
            verdict, comment = self._verdict(kind, asked.group)
            answer = self.rows.add("orientation.CouncilAnswer", sheet, asked.pk, rank, asked.label, verdict, comment)
            if answers and asked.group != PathwayGroup.OTHER:
                by = pupil.guardians[0]
                self.rows.add(
                    "orientation.FamilyAnswer",
                    *(answer, 1, self.draw.random() < 0.8, self.dates[kind][0] + timedelta(days=2)),
                    *(by.user_id, by.guardian_id, by.name, ""),
                )

    def _verdict(self, kind: PhaseKind, group: str) -> tuple[Verdict, str]:
        is_welcome = self.draw.random() < 0.7
        if kind is PhaseKind.PROVISIONAL_OPINIONS or group == PathwayGroup.OTHER:
            verdict = Verdict.FAVOURABLE if is_welcome else Verdict.UNFAVOURABLE
        else:
            verdict = Verdict.YES if is_welcome else Verdict.NO
        return verdict, "" if is_welcome else "Les résultats doivent se confirmer au prochain trimestre."
