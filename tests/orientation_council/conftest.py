"""A class whose council meets: 2DE3 of the Duboises' school, after the families' phase has closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from orientation.council import services
from orientation.council.rules import Answer
from orientation.models import (
    Choice,
    ChoiceSpeciality,
    CouncilSheet,
    DivisionPublication,
    Pathway,
    Phase,
    PhaseKind,
    Speciality,
    Submission,
)
from schools.models import Division, Guardian, Role, School, Student
from tests.factories import NOW, Family, account, guardian, staff, student

OPINIONS, PROPOSALS = PhaseKind.PROVISIONAL_OPINIONS, PhaseKind.PROPOSALS
MEETING = {OPINIONS: NOW - timedelta(days=95), PROPOSALS: NOW + timedelta(days=10)}
"""The evening of the council: the families' phase has closed, publishing is not possible yet."""
TELLING = {OPINIONS: NOW - timedelta(days=80), PROPOSALS: NOW + timedelta(days=25)}
"""A day on which a class may be told."""
WRITING = {OPINIONS: PhaseKind.INTENTIONS, PROPOSALS: PhaseKind.FINAL_CHOICES}


def validated(of: Student, phase: Phase, *pathways: str) -> Submission:
    """What a family validated in a phase: these pathways in order; 1re générale with NSI and Latin, not taught here."""
    person = of.guardians.select_related("user").first() or guardian(of.school, "Parent", of.family_name, of)
    number = Submission.objects.filter(student=of, phase=phase).count() + 1
    submission = Submission.objects.create(
        student=of,
        phase=phase,
        number=number,
        submitted_at=phase.opens_at + timedelta(hours=number),
        submitted_by=person.user or account("Secrétariat"),
        guardian=person,
        guardian_name=person.full_name,
    )
    rows = {each.code: each for each in Pathway.objects.all()}
    for rank, code in enumerate(pathways, start=1):
        choice = Choice.objects.create(
            submission=submission, rank=rank, pathway=rows[code], label=rows[code].full_label
        )
        if code == "generale":
            for position, name in enumerate(("nsi", "sciences-ingenieur"), start=1):
                speciality = Speciality.objects.get(code=name)
                ChoiceSpeciality.objects.create(
                    choice=choice,
                    position=position,
                    speciality=speciality,
                    label=speciality.label,
                    is_elsewhere=name != "nsi",
                )
    return submission


@dataclass
class Council:
    """One council of the class, at which Emma's family asked for 1re générale then STMG."""

    family: Family
    kind: PhaseKind
    head: User = field(init=False)
    deputy: User = field(init=False)

    def __post_init__(self) -> None:
        self.head = staff(self.school, Role.HEAD, username="camille.proviseure")
        self.deputy = staff(self.school, Role.DEPUTY, username="denis.adjoint")

    @property
    def school(self) -> School:
        return self.family.school

    @property
    def emma(self) -> Student:
        return self.family.emma

    @property
    def division(self) -> Division:
        assert self.emma.division is not None
        return self.emma.division

    @property
    def phase(self) -> Phase:
        return self.family.campaign.phases.select_related("campaign__school").get(kind=self.kind)

    @property
    def writing(self) -> Phase:
        return self.family.campaign.phases.select_related("campaign__school").get(kind=WRITING[self.kind])

    @property
    def meeting(self) -> datetime:
        return MEETING[self.kind]

    @property
    def telling(self) -> datetime:
        return TELLING[self.kind]

    def ask(self, *pathways: str, of: Student | None = None) -> Submission:
        return validated(of or self.emma, self.writing, *pathways)

    def newest(self, of: Student) -> Submission | None:
        return Submission.objects.filter(student=of, phase=self.writing).order_by("-number").first()

    def save(
        self, *answers: Answer, by: User | None = None, of: Student | None = None, **values: object
    ) -> CouncilSheet:
        """Enter a line as a page does that shows the newest state of everything, unless told otherwise."""
        pupil = of or self.emma
        sheet = CouncilSheet.objects.filter(student=pupil, phase=self.phase).first()
        newest = self.newest(pupil)
        return services.save_sheet(
            **{
                "student": pupil,
                "phase": self.phase,
                "answers": answers,
                "version": sheet.version if sheet else 0,
                "submission_id": newest.pk if newest else None,
                "by": by or self.deputy,
                "at": self.meeting,
                **values,
            }  # type: ignore[arg-type]
        )

    def complete(self, of: Student | None = None) -> CouncilSheet:
        """Say yes to everything that was asked."""
        newest = self.newest(of or self.emma)
        asked = newest.choices.select_related("pathway") if newest else []
        return self.save(*(Answer(each.pathway.code, self.welcome(each.pathway)) for each in asked), of=of)

    def welcome(self, pathway: Pathway) -> str:
        return "yes" if self.kind is PROPOSALS and pathway.code != "autre-parcours" else "favourable"

    def publish(self, by: User | None = None, at: datetime | None = None) -> DivisionPublication:
        return services.publish_division(
            phase=self.phase, division=self.division, by=by or self.head, at=at or self.telling
        )

    def withdraw(self, publication: DivisionPublication, by: User | None = None) -> DivisionPublication:
        return services.withdraw_publication(publication=publication, by=by or self.head, at=self.telling)

    def classmate(self, given_name: str, family_name: str, *, guardians: int = 1) -> Student:
        pupil = student(self.school, given_name, family_name)
        for number in range(guardians):
            guardian(self.school, f"Parent{number}", family_name, pupil)
        return pupil

    @property
    def sheet(self) -> CouncilSheet:
        return CouncilSheet.objects.get(student=self.emma, phase=self.phase)

    def of(self, person: Guardian) -> User:
        assert person.user is not None
        return person.user


@pytest.fixture
def opinions(dubois: Family) -> Council:
    council = Council(dubois, OPINIONS)
    council.ask("generale", "stmg")
    return council


@pytest.fixture
def proposals(dubois: Family) -> Council:
    council = Council(dubois, PROPOSALS)
    council.ask("generale", "stmg")
    return council
