"""What the tables hold, and what the model says that they must hold, in the same shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import connection
from psycopg import sql

from orientation.models import (
    Acknowledgement,
    Choice,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DialogueStep,
    DivisionPublication,
    Draft,
    DraftRevision,
    FamilyAnswer,
    SetAside,
    SheetReading,
    Submission,
)
from schools.models import Guardian, Guardianship
from tests.orientation_model.state import FAMILY_WRITES, State
from tests.orientation_model.world import World

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
    "orientation_reminder",
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
    "orientation_reminder",
    "schools_student",
    "schools_guardian",
    "schools_guardianship",
}
TABLES = sorted(NEVER_DELETED | IN_THE_TRAIL | {"orientation_councilanswer_recommended", "orientation_campaign"})

_ROWS = sql.SQL(" UNION ALL ").join(
    sql.SQL("SELECT {}, id::text, md5(t::text) FROM {} t").format(sql.Literal(each), sql.Identifier(each))
    for each in TABLES
)

Rows = dict[tuple[str, str], str]


def rows() -> Rows:
    """Every row of the tables that acts write, as a digest: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS)
        return {(table, key): digest for table, key, digest in cursor.fetchall()}


def _phases(world: World) -> Any:
    return {each.kind: (each.opens_at, each.closes_at) for each in world.campaign.phases.all()}


def _ties(world: World) -> Any:
    return {
        (world.pupil_names[each.student_id], world.guardian_names[each.guardian_id])
        for each in Guardianship.objects.all()
    }


def _guardians(world: World) -> Any:
    return {
        world.guardian_names[each.pk]: (each.usable_email, each.mutes_reminders)
        for each in Guardian.objects.filter(pk__in=world.guardian_names)
    }


def _drafts(world: World) -> Any:
    return {
        (world.pupil_names[each.student_id], each.phase.kind): (each.version, each.wishes, each.is_validated)
        for each in Draft.objects.select_related("phase")
        if each.version
    }


def _revisions(world: World) -> Any:
    return {
        (world.pupil_names[each.draft.student_id], each.draft.phase.kind, each.version): (
            each.wishes,
            world.account_names[each.changed_by_id or 0],
        )
        for each in DraftRevision.objects.select_related("draft__phase")
    }


def _set_aside(world: World) -> Any:
    return sorted(
        (
            world.pupil_names[each.draft.student_id],
            each.draft.phase.kind,
            world.account_names[each.written_by_id],
            json.dumps(each.wishes, sort_keys=True),
            bool(each.settled_at),
        )
        for each in SetAside.objects.select_related("draft__phase").order_by("pk")
    )


def _answers(world: World) -> Any:
    return {
        (world.pupil_names[each.answer.sheet.student_id], each.answer.pathway.code, each.number): (
            each.agrees,
            world.guardian_names[each.guardian_id],
        )
        for each in FamilyAnswer.objects.select_related("answer__sheet", "answer__pathway")
    }


def _publications(world: World) -> Any:
    return [
        (each.phase.kind, bool(each.withdrawn_at))
        for each in DivisionPublication.objects.select_related("phase").order_by("pk")
    ]


def _decisions(world: World) -> Any:
    return {
        each.number: (
            world.pupil_names[each.student_id],
            each.kind,
            each.pathway.code,
            each.is_conform,
            each.reasons,
            each.replaces.number if each.replaces else 0,
            {world.account_names[reading.user_id] for reading in each.readings.all()},
        )
        for each in Decision.objects.select_related("pathway", "replaces").prefetch_related("readings")
    }


def _steps(world: World) -> Any:
    return [
        (
            world.pupil_names[each.student_id],
            each.kind,
            each.decision.number if each.decision else 0,
            each.happened_on,
            each.outcome,
            bool(each.cancelled_at),
        )
        for each in DialogueStep.objects.select_related("decision").order_by("pk")
    ]


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


SECTIONS: dict[str, tuple[set[str], Callable[[World], Any]]] = {
    "phases": ({"orientation_phase"}, _phases),
    "ties": ({"schools_guardianship"}, _ties),
    "guardians": ({"schools_guardian"}, _guardians),
    "drafts": ({"orientation_draft"}, _drafts),
    "revisions": ({"orientation_draftrevision"}, _revisions),
    "set aside": ({"orientation_setaside"}, _set_aside),
    "submissions": ({"orientation_submission", "orientation_choice", "orientation_choicespeciality"}, _submissions),
    "sheets": (
        {
            "orientation_councilsheet",
            "orientation_councilanswer",
            "orientation_sheetreading",
            "orientation_acknowledgement",
            "orientation_divisionpublication",
        },
        _sheets,
    ),
    "answers": ({"orientation_familyanswer"}, _answers),
    "publications": ({"orientation_divisionpublication"}, _publications),
    "decisions": ({"orientation_decision", "orientation_decisionreading"}, _decisions),
    "steps": ({"orientation_dialoguestep"}, _steps),
}
"""What is compared, each with the tables that it is read from."""


def expected(state: State) -> dict[str, Any]:
    """What the tables must say."""

    def listed(wishes: Any) -> list[dict[str, Any]]:
        return [{"pathway": one, "specialities": list(chosen), "note": note} for one, chosen, note in wishes]

    lists = state.lists.items()
    sheets = state.sheets.items()
    return {
        "phases": {kind: (each.opens_at, each.closes_at) for kind, each in state.phases.items()},
        "ties": {(pupil, guardian) for pupil, found in state.ties.items() for guardian in found},
        "guardians": {name: (state.usable(name), name in state.muted) for name in state.addresses},
        "drafts": {key: (held.version, listed(held.wishes), held.is_validated) for key, held in lists if held.versions},
        "revisions": {
            (*key, version): (listed(wishes), author)
            for key, held in lists
            for version, (wishes, author) in enumerate(held.versions, start=1)
        },
        "set aside": sorted(
            (*key, each.author, json.dumps(listed(each.wishes), sort_keys=True), each.is_settled)
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
