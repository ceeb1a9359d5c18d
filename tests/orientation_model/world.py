"""The rows about which the model speaks: a school, two families, four accounts of staff; and what the tables hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.actors import StudentFile
from accounts.models import User
from orientation.models import (
    Acknowledgement,
    Campaign,
    Choice,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DialogueStep,
    DivisionPublication,
    Draft,
    DraftRevision,
    FamilyAnswer,
    Phase,
    SetAside,
    SheetReading,
    Submission,
)
from schools.models import Division, Guardian, Guardianship, Relationship, ResponsibilityLevel, Role, School, Student
from tests import factories
from tests.orientation_model.state import FAMILY_WRITES, Address, State
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
    guardians = {
        name: factories.guardian(school, name.title(), "Dubois", user=accounts.get(name))
        for name in ("sophie", "marc", "self", "karim")
    }
    Guardian.objects.filter(pk=guardians["sophie"].pk).update(own_email="sophie@chezelle.example")
    campaign = factories.campaign(school)
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


# --- What the tables hold --------------------------------------------------------------------------------------------

NEVER_CHANGED = {
    "orientation_draftrevision",
    "orientation_submission",
    "orientation_choice",
    "orientation_choicespeciality",
    "orientation_acknowledgement",
    "orientation_familyanswer",
    "orientation_sheetreading",
    "orientation_decision",
    "orientation_decisionreading",
}
NEVER_DELETED = NEVER_CHANGED | {
    "orientation_draft",
    "orientation_setaside",
    "orientation_councilsheet",
    "orientation_divisionpublication",
    "orientation_dialoguestep",
    "notifications_outboxmessage",
    "schools_guardian",
    "schools_student",
}
IN_THE_TRAIL = {
    "orientation_phase",
    "orientation_divisionpublication",
    "orientation_councilsheet",
    "orientation_councilanswer",
    "orientation_acknowledgement",
    "orientation_familyanswer",
    "orientation_decision",
    "orientation_dialoguestep",
    "schools_student",
    "schools_guardian",
    "schools_guardianship",
}
TABLES = sorted(NEVER_DELETED | IN_THE_TRAIL | {"orientation_councilanswer_recommended", "orientation_campaign"})

_ROWS = " UNION ALL ".join(f"SELECT '{each}', id::text, md5(t::text) FROM {each} t" for each in TABLES)

Rows = dict[tuple[str, str], str]


def rows() -> Rows:
    """Every row of the tables that acts write, as a digest: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS)
        return {(table, key): digest for table, key, digest in cursor.fetchall()}


def told(world: World) -> dict[str, Any]:
    """What the tables say, in the shape of `expected`."""
    pupil, account, guardian = world.pupil_names, world.account_names, world.guardian_names
    return {
        "phases": {each.kind: (each.opens_at, each.closes_at) for each in world.campaign.phases.all()},
        "ties": {(pupil[each.student_id], guardian[each.guardian_id]) for each in Guardianship.objects.all()},
        "drafts": {
            (pupil[each.student_id], each.phase.kind): (each.version, each.wishes, each.is_validated)
            for each in Draft.objects.select_related("phase")
            if each.version
        },
        "revisions": {
            (pupil[each.draft.student_id], each.draft.phase.kind, each.version): (
                each.wishes,
                account[each.changed_by_id or 0],
            )
            for each in DraftRevision.objects.select_related("draft__phase")
        },
        "set aside": sorted(
            (
                pupil[each.draft.student_id],
                each.draft.phase.kind,
                account[each.written_by_id],
                str(each.wishes),
                bool(each.settled_at),
            )
            for each in SetAside.objects.select_related("draft__phase").order_by("pk")
        ),
        "submissions": _submissions(world),
        "sheets": _sheets(world),
        "answers": {
            (pupil[each.answer.sheet.student_id], each.answer.pathway.code, each.number): (
                each.agrees,
                guardian[each.guardian_id],
            )
            for each in FamilyAnswer.objects.select_related("answer__sheet", "answer__pathway")
        },
        "publications": [
            (each.phase.kind, bool(each.withdrawn_at))
            for each in DivisionPublication.objects.select_related("phase").order_by("pk")
        ],
        "decisions": {
            each.number: (
                pupil[each.student_id],
                each.kind,
                each.pathway.code,
                each.is_conform,
                each.reasons,
                each.replaces.number if each.replaces else 0,
                {account[reading.user_id] for reading in each.readings.all()},
            )
            for each in Decision.objects.select_related("pathway", "replaces").prefetch_related("readings")
        },
        "steps": [
            (
                pupil[each.student_id],
                each.kind,
                each.decision.number if each.decision else 0,
                each.happened_on,
                each.outcome,
                bool(each.cancelled_at),
            )
            for each in DialogueStep.objects.select_related("decision").order_by("pk")
        ],
    }


def _submissions(world: World) -> dict[tuple[str, str, int], Any]:
    found: dict[tuple[str, str, int], Any] = {}
    chosen: dict[int, list[Any]] = {}
    for choice in Choice.objects.select_related("pathway").prefetch_related("choice_specialities__speciality"):
        specialities = [each.speciality.code for each in choice.choice_specialities.all()]
        chosen.setdefault(choice.submission_id, []).append(
            (choice.rank, choice.pathway.code, specialities, choice.note)
        )
    for each in Submission.objects.select_related("phase"):
        found[world.pupil_names[each.student_id], each.phase.kind, each.number] = (
            sorted(chosen[each.pk]),
            world.account_names[each.submitted_by_id],
            world.guardian_names[each.guardian_id],
        )
    return found


def _sheets(world: World) -> dict[tuple[str, str], Any]:
    publications = list(DivisionPublication.objects.order_by("pk").values_list("pk", flat=True))
    said: dict[int, list[Any]] = {}
    for answer in CouncilAnswer.objects.select_related("pathway"):
        said.setdefault(answer.sheet_id, []).append((answer.rank, answer.pathway.code, answer.verdict, answer.comment))
    readers: dict[int, set[str]] = {}
    for reading in SheetReading.objects.all():
        readers.setdefault(reading.sheet_id, set()).add(world.account_names[reading.user_id])
    received = {each.sheet_id: world.guardian_names[each.guardian_id] for each in Acknowledgement.objects.all()}
    return {
        (world.pupil_names[each.student_id], each.phase.kind): (
            each.version,
            said.get(each.pk, []),
            each.submission.number if each.submission else 0,
            publications.index(each.publication_id) if each.publication_id else None,
            readers.get(each.pk, set()),
            received.get(each.pk, ""),
        )
        for each in CouncilSheet.objects.select_related("phase", "submission")
    }


def expected(state: State) -> dict[str, Any]:
    """What the tables must say."""

    def listed(wishes: Any) -> list[dict[str, Any]]:
        return [{"pathway": one, "specialities": list(chosen), "note": note} for one, chosen, note in wishes]

    lists = state.lists.items()
    sheets = state.sheets.items()
    return {
        "phases": {kind: (each.opens_at, each.closes_at) for kind, each in state.phases.items()},
        "ties": {(pupil, guardian) for pupil, found in state.ties.items() for guardian in found},
        "drafts": {key: (held.version, listed(held.wishes), held.is_validated) for key, held in lists if held.versions},
        "revisions": {
            (*key, version): (listed(wishes), author)
            for key, held in lists
            for version, (wishes, author) in enumerate(held.versions, start=1)
        },
        "set aside": sorted(
            (*key, each.author, str(listed(each.wishes)), each.is_settled)
            for key, held in lists
            for each in held.set_aside
        ),
        "submissions": {
            (*key, number): (
                [(rank, one, list(chosen), note) for rank, (one, chosen, note) in enumerate(each.wishes, start=1)],
                each.by,
                each.guardian,
            )
            for key, held in lists
            for number, each in enumerate(held.submissions, start=1)
        },
        "sheets": {
            key: (
                len(sheet.authors),
                [(_rank(state, key, sheet.examined, *each), *each) for each in sheet.said],
                sheet.examined,
                sheet.publication,
                sheet.readers,
                sheet.acknowledged_by,
            )
            for key, sheet in sheets
            if sheet.is_row
        },
        "answers": {
            (key[0], pathway, number): (each.agrees, each.guardian)
            for key, sheet in sheets
            for pathway, given in sheet.answers.items()
            for number, each in enumerate(given, start=1)
        },
        "publications": [(each.kind, each.is_withdrawn) for each in state.publications],
        "decisions": {
            number: (
                each.pupil,
                each.kind,
                each.pathway,
                each.is_conform,
                each.reasons,
                each.replaces,
                each.readers,
            )
            for number, each in enumerate(state.decisions, start=1)
        },
        "steps": [
            (each.pupil, each.kind, each.decision, each.on, each.outcome, each.is_cancelled) for each in state.steps
        ],
    }


def _rank(state: State, key: tuple[str, str], examined: int, pathway: str, *_rest: str) -> int | None:
    """The rank at which the list that the council examined asks for a pathway, None for one added unasked."""
    if not examined:
        return None
    asked = state.list_of(key[0], FAMILY_WRITES[key[1]]).submissions[examined - 1].wishes
    return next((rank for rank, wish in enumerate(asked, start=1) if wish.pathway == pathway), None)
