"""The rows about which the model speaks: a school, two families, four accounts of staff; and what the tables hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from accounts.actors import StudentFile
from accounts.models import User
from orientation.models import (
    Campaign,
    Phase,
)
from schools.models import Division, Guardian, Guardianship, Relationship, ResponsibilityLevel, Role, School, Student
from tests import factories
from tests.orientation_model.state import Address, State
from tests.orientation_model.state import Phase as PlainPhase

BEGINS = datetime(2027, 5, 3, 6, 0, tzinfo=UTC)
"""Monday 3 May 2027, 8:00 in Paris: a spring with public holidays."""

DAYS = {
    "intentions": (0, 5),
    "provisional_opinions": (8, 12),
    "final_choices": (14, 20),
    "proposals": (24, 31),
}
"""On which day from the beginning each phase opens and closes."""

RELATIONSHIPS = {"sophie": Relationship.MOTHER, "marc": Relationship.FATHER, "self": Relationship.SELF}


@dataclass
class World:
    """Primary keys by the names that the model uses."""

    school: School
    division: Division
    campaign: Campaign
    pupils: dict[str, int]
    guardians: dict[str, int]
    accounts: dict[str, User]

    def __post_init__(self) -> None:
        self.pupil_names = {pk: name for name, pk in self.pupils.items()}
        self.guardian_names = {pk: name for name, pk in self.guardians.items()}
        self.phase_names = {each.pk: each.kind for each in self.campaign.phases.all()}
        self.account_names = {user.pk: name for name, user in self.accounts.items()}

    def student(self, name: str) -> Student:
        return Student.objects.select_related("school", "division").get(pk=self.pupils[name])

    def phase(self, kind: str) -> Phase:
        return Phase.objects.select_related("campaign__school").get(campaign=self.campaign, kind=kind)

    def file(self, pupil: str, guardian: str) -> StudentFile:
        """The file as a page opened earlier may still hold it, whatever became of the tie since."""
        found = Guardian.objects.get(pk=self.guardians[guardian]) if guardian else None
        return StudentFile(self.student(pupil), found)

    def tie(self, guardian: str, pupil: str, *, is_designated: bool = False) -> None:
        Guardianship.objects.create(
            guardian_id=self.guardians[guardian],
            student_id=self.pupils[pupil],
            level=ResponsibilityLevel.LEGAL,
            relationship=RELATIONSHIPS.get(guardian, Relationship.OTHER),
            is_designated=is_designated,
        )

    def untie(self, guardian: str, pupil: str) -> None:
        Guardianship.objects.filter(guardian=self.guardians[guardian], student=self.pupils[pupil]).delete()


def build() -> World:
    """Emma, whose parents are separated; Lucas of the same class and his father; who works at their school."""
    school = factories.school()
    accounts = {name: factories.account(name.title(), "Dubois") for name in ("sophie", "marc", "emma", "karim")}
    emma = factories.student(school, user=accounts["emma"])
    lucas = factories.student(school, "Lucas", "Petit")
    assert emma.division is not None
    accounts |= {
        "head": factories.staff(school, Role.HEAD),
        "teacher": factories.staff(school, Role.FORM_TEACHER, emma.division),
        "office": factories.staff(school, Role.OFFICE),
    }
    for name in ("head", "teacher", "office"):
        User.objects.filter(pk=accounts[name].pk).update(first_name=name.title(), last_name="Martin")
        accounts[name].refresh_from_db()
    guardians = {
        name: factories.guardian(school, name.title(), "Dubois", user=accounts.get(name))
        for name in ("sophie", "marc", "self", "karim")
    }
    Guardian.objects.filter(pk=guardians["sophie"].pk).update(own_email="sophie@chezelle.example")
    campaign = factories.campaign(school, offer_declared_at=BEGINS - timedelta(days=60))
    world = World(
        school,
        emma.division,
        campaign,
        {"emma": emma.pk, "lucas": lucas.pk},
        {name: each.pk for name, each in guardians.items()},
        accounts,
    )
    for kind, (opens, closes) in DAYS.items():
        campaign.phases.filter(kind=kind).update(
            opens_at=BEGINS + timedelta(days=opens), closes_at=BEGINS + timedelta(days=closes)
        )
    for guardian, pupil in (("sophie", "emma"), ("marc", "emma"), ("karim", "lucas")):
        world.tie(guardian, pupil)
    return world


def first_state(emma_turns_18: date) -> State:
    """What the model knows of `build()`."""
    return State(
        now=BEGINS,
        phases={
            kind: PlainPhase(BEGINS + timedelta(days=opens), BEGINS + timedelta(days=closes))
            for kind, (opens, closes) in DAYS.items()
        },
        ties={"emma": {"sophie", "marc"}, "lucas": {"karim"}},
        addresses={
            "sophie": [Address("sophie@chezelle.example"), Address("sophie.dubois@familles.example")],
            **{name: [Address(f"{name}.dubois@familles.example")] for name in ("marc", "self", "karim")},
        },
        emma_turns_18=emma_turns_18,
    )
