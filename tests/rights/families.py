"""What families do: their list, what the council told them, what is their own."""

from __future__ import annotations

from typing import Any

from accounts.connections import end_connection
from orientation import services as choices
from orientation.dialogue import services as dialogue
from orientation.rules import Wish
from schools import contact, muting
from schools.contact_changes import services as contact_changes
from schools.models import ContactField
from tests.factories import NOW
from tests.orientation_decisions.conftest import ANSWERED_AT
from tests.orientation_dialogue.conftest import OPINIONS, READ_AT
from tests.rights.act import FAMILY, OWNER, Act
from tests.rights.world import World


def _writing(world: World) -> dict[str, Any]:
    return {
        "file": world.file,
        "phase": world.family.phase,
        "version": world.draft.version,
        "by": world.by,
        "at": NOW,
    }


def _sophie_has_written(world: World) -> None:
    sophie = world.family.sophie
    choices.save_choice(
        **{**_writing(world), "file": world.family.file_of(sophie), "by": sophie.user}, wish=Wish("sti2d")
    )


def _the_list_is_empty(world: World) -> None:
    draft = world.draft
    draft.wishes, draft.version = [], draft.version + 1
    draft.save()


ACTS: dict[str, Act] = {
    "orientation.services.save_choice": Act(FAMILY, lambda w: choices.save_choice(**_writing(w), wish=Wish("sti2d"))),
    "orientation.services.remove_choice": Act(FAMILY, lambda w: choices.remove_choice(**_writing(w), pathway="stmg")),
    "orientation.services.move_choice": Act(
        FAMILY, lambda w: choices.move_choice(**_writing(w), pathway="stmg", rank=1)
    ),
    "orientation.services.copy_intentions": Act(
        FAMILY, lambda w: choices.copy_intentions(**_writing(w)), _the_list_is_empty
    ),
    "orientation.services.reset_draft": Act(FAMILY, lambda w: choices.reset_draft(**_writing(w)), _sophie_has_written),
    "orientation.services.take_up_again": Act(
        FAMILY, lambda w: choices.take_up_again(**_writing(w), set_aside=w.draft.set_aside.get()), World.set_aside
    ),
    "orientation.services.validate_draft": Act(
        FAMILY, lambda w: choices.validate_draft(**_writing(w), is_confirmed=True), _sophie_has_written
    ),
    "orientation.dialogue.services.acknowledge_opinions": Act(
        FAMILY,
        lambda w: dialogue.acknowledge_opinions(
            file=w.file, phase=w.veil.phase(OPINIONS), by=w.by, at=READ_AT[OPINIONS]
        ),
    ),
    "orientation.dialogue.services.answer_proposal": Act(
        FAMILY,
        lambda w: dialogue.answer_proposal(
            file=w.file,
            phase=w.veil.proposals,
            pathway="stmg",
            agrees=True,
            seen_number=0,
            by=w.by,
            at=ANSWERED_AT,
        ),
    ),
}

OWN: dict[str, Act] = {
    "schools.contact.propose_email": Act(
        FAMILY,
        lambda w: contact.propose_email(
            guardian=w.record,
            address="nouvelle@familles.example",
            by=w.by,
            at=NOW,
            confirm_url=lambda token: f"https://scolarite.example/{token}",
        ),
    ),
    "schools.contact_changes.services.change_contact_data": Act(
        FAMILY,
        lambda w: contact_changes.change_contact_data(
            guardian=w.record, values={ContactField.TOWN: "Lyon"}, by=w.by, at=NOW
        ),
    ),
    "schools.muting.choose_reminders": Act(
        FAMILY, lambda w: muting.choose_reminders(guardian=w.record, muted=True, by=w.by, at=NOW)
    ),
    "accounts.connections.end_connection": Act(
        OWNER,
        lambda w: end_connection(public_id=w.sophies().public_id, by=w.by),
        World.sophies_connection,
    ),
}
