"""Every act that writes, tried as each person of the rights table; the whole database is compared."""

from __future__ import annotations

import pytest
import time_machine
from django.db import transaction

from accounts.staff.errors import NotTheirHead
from orientation.errors import NotAllowed
from schools.contact import NotOwnContactDataError
from schools.contact_changes.errors import MayNotFollowChanges
from schools.imports.errors import MayNotImport
from schools.messages.errors import MayNotWriteMessages
from schools.services import MayNotDesignate
from tests.factories import NOW
from tests.rights.__main__ import DOCUMENT
from tests.rights.act import Act
from tests.rights.acts import ACTS, KNOWN, written_for_somebody
from tests.rights.matrix import written
from tests.rights.world import Person, World, fingerprint

NOT_THEIR_RIGHT = (
    NotAllowed,
    NotTheirHead,
    NotOwnContactDataError,
    MayNotFollowChanges,
    MayNotImport,
    MayNotWriteMessages,
    MayNotDesignate,
)


def test_every_function_that_writes_for_somebody_stands_in_the_tables() -> None:
    assert set(written_for_somebody()) == set(KNOWN)


def outcome(act: Act, world: World) -> str:
    """Do an act and undo it; say `done`, `refused`, or what else became of it."""
    with transaction.atomic():
        if act.before:
            act.before(world)
        before = fingerprint()
        try:
            with transaction.atomic():
                act.do(world)
            said = "done"
        except NOT_THEIR_RIGHT:
            said = "refused"
        except Exception as error:  # noqa: BLE001 - the table shows it
            said = f"{type(error).__name__}: {error}"
        has_written = fingerprint() != before
        transaction.set_rollback(True)
    if said == "refused" and has_written:
        return "refused, and written all the same"
    return "refused" if said == "done" and not has_written else said


@pytest.mark.django_db
@pytest.mark.parametrize("person", Person)
def test_each_person_does_the_acts_that_are_theirs_and_no_other(person: Person) -> None:
    with time_machine.travel(NOW, tick=False):
        world = World(person)
        found = {name: outcome(act, world) for name, act in ACTS.items()}
    assert found == {name: "done" if person in act.may else "refused" for name, act in ACTS.items()}


def test_the_document_shows_the_tables_of_today() -> None:
    text = DOCUMENT.read_text()
    assert text == written(text)
