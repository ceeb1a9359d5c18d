"""Every public function that writes for somebody, with who may do it; the others, each with its reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.connections import end_connection
from accounts.staff import members
from orientation import services as choices
from orientation.campaigns import services as campaigns
from orientation.campaigns.calendar import Period, fingerprint
from orientation.campaigns.queries import timetable_of
from orientation.council import services as council
from orientation.council.rules import Answer
from orientation.decisions import services as decisions
from orientation.dialogue import services as dialogue
from orientation.entry import services as entry
from orientation.followup.reminders import remind
from orientation.models import PhaseKind, StepKind
from orientation.rules import Wish
from schools import contact, muting
from schools import services as designation
from schools.contact_changes import services as contact_changes
from schools.imports import services as imports
from schools.imports.uploads import Upload
from schools.messages import services as messages
from schools.models import Audience, ContactField, Role, SiecleImport, Student
from schools.siecle.reader import Kind
from tests.factories import CLOSES_AT, NOW, guardian, student
from tests.orientation_campaigns.people import having_read
from tests.orientation_decisions.conftest import ANSWERED_AT, CLOSED_AT
from tests.orientation_dialogue.conftest import MET_AT, OPINIONS, PROPOSALS, READ_AT, TOLD_AT
from tests.rights.world import Person, World

ROOMS = ("accounts", "schools", "orientation", "portal", "notifications", "audit")

FAMILY = frozenset({Person.GUARDIAN, Person.ADULT})
HEAD = frozenset({Person.HEAD})
LEADS = HEAD | {Person.DEPUTY}
OFFICE = LEADS | {Person.OFFICE}
COUNCIL = LEADS | {Person.TEACHER}
OWNER = frozenset({Person.GUARDIAN})
"""Of what is Sophie's alone."""


@dataclass(frozen=True)
class Act:
    """Who may do an act, what must have happened before, and how it is done by the person of the world."""

    may: frozenset[Person]
    do: Callable[[World], Any]
    before: Callable[[World], Any] | None = None


# --- A family's list ------------------------------------------------------------------------------------------------


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


# --- The council's word ---------------------------------------------------------------------------------------------


def _save_sheet(world: World) -> Any:
    return council.save_sheet(
        student=world.emma,
        phase=world.veil.proposals,
        answers=(Answer("generale", "yes"), Answer("stmg", "yes"), Answer("autre-parcours", "favourable")),
        version=world.sheet.version,
        submission_id=world.sheet.submission_id,
        by=world.by,
        at=MET_AT[PROPOSALS],
    )


def _on_paper(world: World, kind: PhaseKind) -> dict[str, Any]:
    return {
        "student": world.emma,
        "guardian": world.family.marc,
        "phase": world.veil.phase(kind),
        "by": world.by,
        "at": READ_AT[kind],
    }


# --- The end of the dialogue ----------------------------------------------------------------------------------------


def _met(world: World) -> None:
    world.veil.refuse_all()
    world.veil.meet_family()


def _appealed(world: World) -> None:
    _met(world)
    world.veil.decide()
    world.veil.receive()
    world.veil.appeal()


def _cancel_step(world: World) -> Any:
    step = world.emma.dialogue_steps.get()
    return decisions.cancel_step(step=step, by=world.by, at=CLOSED_AT + timedelta(hours=1))


# --- The campaign ---------------------------------------------------------------------------------------------------


def _set_dates(world: World) -> None:
    stands = timetable_of(world.family.campaign.phases.all())
    last = stands[PROPOSALS]
    having_read(
        lambda **given: campaigns.set_dates(
            campaign=world.family.campaign,
            timetable={PROPOSALS: Period(last.opens_at, last.closes_at + timedelta(days=1))},
            seen=fingerprint(stands),
            by=world.by,
            at=NOW,
            **given,
        )
    )


def _keep_open(world: World) -> None:
    having_read(
        lambda **given: campaigns.keep_open_until(
            campaign=world.family.campaign,
            kind=PhaseKind.FINAL_CHOICES,
            closes_at=CLOSES_AT + timedelta(days=1),
            by=world.by,
            at=NOW,
            **given,
        )
    )


def _declare_offer(world: World) -> None:
    having_read(
        lambda **given: campaigns.declare_offer(
            campaign=world.family.campaign, speciality_ids=[], is_complete=True, by=world.by, at=NOW, **given
        )
    )


def _of_campaign(world: World, kind: PhaseKind) -> dict[str, Any]:
    return {"campaign": world.family.campaign, "kind": kind, "by": world.by, "at": NOW}


# --- What the office does -------------------------------------------------------------------------------------------


def _somebody_has_done_nothing(world: World) -> None:
    place = world.family.school
    guardian(place, "Paul", "Petit", student(place, "Lucas", "Petit"))


def _start_import(world: World) -> Any:
    SiecleImport.objects.all().delete()
    uploads = [Upload(f"{kind}.xml", 1, f"{number}" * 64, kind, b"") for number, kind in enumerate(Kind)]
    return imports.start_import(school=world.family.school, uploads=uploads, school_year=2026, by=world.by, at=NOW)


def _content() -> messages.MessageContent:
    return messages.MessageContent(
        title="Portes ouvertes",
        body="Samedi.",
        shown_from=NOW,
        shown_until=NOW + timedelta(days=2),
        audience=Audience.SCHOOL,
    )


# --- The staff ------------------------------------------------------------------------------------------------------


def _invite(world: World) -> Any:
    invitation = members.Invitation(
        first_name="Nina", last_name="Neuve", email="nina@ecole.example", role=Role.COUNSELLOR
    )
    return members.invite(school=world.family.school, invitation=invitation, by=world.by, at=NOW)


def _colleague_has_an_address(world: World) -> None:
    user = world.colleague.user
    user.email = "collegue@ecole.example"
    user.set_unusable_password()
    user.save()


def _colleague_has_a_telephone(world: World) -> None:
    TOTPDevice.objects.create(user=world.colleague.user, name="téléphone", confirmed=True)


ACTS: dict[str, Act] = {
    # a family's list
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
    # the council's word, read
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
    # in the name of a family
    "orientation.entry.services.submit_for_family": Act(
        OFFICE,
        lambda w: entry.submit_for_family(
            student=w.emma,
            guardian=w.family.marc,
            phase=w.family.phase,
            wishes=(Wish("sti2d"),),
            seen_number=1,
            by=w.by,
            at=NOW,
        ),
    ),
    "orientation.entry.services.acknowledge_for_family": Act(
        OFFICE, lambda w: entry.acknowledge_for_family(**_on_paper(w, OPINIONS))
    ),
    "orientation.entry.services.answer_for_family": Act(
        OFFICE,
        lambda w: entry.answer_for_family(
            **_on_paper(w, PROPOSALS), answers=[dialogue.GivenAnswer(pathway="stmg", agrees=True, seen_number=0)]
        ),
    ),
    # the council
    "orientation.council.services.save_sheet": Act(COUNCIL, _save_sheet, World.withdraw),
    "orientation.council.services.publish_division": Act(
        LEADS,
        lambda w: council.publish_division(phase=w.veil.proposals, division=w.division, by=w.by, at=TOLD_AT[PROPOSALS]),
        World.withdraw,
    ),
    "orientation.council.services.withdraw_publication": Act(
        LEADS, lambda w: council.withdraw_publication(publication=w.publication, by=w.by, at=TOLD_AT[PROPOSALS])
    ),
    # the end of the dialogue
    "orientation.decisions.services.issue_decisions": Act(
        LEADS,
        lambda w: decisions.issue_decisions(answers=[w.veil.answer_on("stmg")], by=w.by, at=CLOSED_AT),
        lambda w: w.veil.answer(True),
    ),
    "orientation.decisions.services.issue_reasoned_decision": Act(LEADS, lambda w: w.veil.decide(by=w.by), _met),
    "orientation.decisions.services.record_commission_decision": Act(
        LEADS, lambda w: w.veil.commission(by=w.by), _appealed
    ),
    "orientation.decisions.services.record_step": Act(
        LEADS,
        lambda w: w.veil.record(StepKind.INTERVIEW, date(2027, 6, 18), at=CLOSED_AT, by=w.by, outcome="disagreement"),
        lambda w: w.veil.refuse_all(),
    ),
    "orientation.decisions.services.cancel_step": Act(LEADS, _cancel_step, _met),
    # the campaign
    "orientation.campaigns.services.create_campaign": Act(
        LEADS,
        lambda w: campaigns.create_campaign(
            school=w.family.school, school_year=2027, source=w.family.campaign, by=w.by, at=NOW
        ),
    ),
    "orientation.campaigns.services.set_dates": Act(LEADS, _set_dates),
    "orientation.campaigns.services.open_now": Act(
        LEADS,
        lambda w: campaigns.open_now(**{**_of_campaign(w, PROPOSALS), "at": CLOSES_AT + timedelta(hours=1)}),
    ),
    "orientation.campaigns.services.close_now": Act(
        LEADS, lambda w: campaigns.close_now(**_of_campaign(w, PhaseKind.FINAL_CHOICES))
    ),
    "orientation.campaigns.services.keep_open_until": Act(LEADS, _keep_open),
    "orientation.campaigns.services.declare_offer": Act(LEADS, _declare_offer),
    "orientation.campaigns.services.change_rules": Act(
        LEADS,
        lambda w: campaigns.change_rules(
            campaign=w.family.campaign, changes={"reminder_delay_days": 9}, by=w.by, at=NOW
        ),
    ),
    "orientation.campaigns.services.change_welcome_message": Act(
        LEADS,
        lambda w: campaigns.change_welcome_message(school=w.family.school, message="Bonjour", by=w.by, at=NOW),
    ),
    "schools.messages.services.write_message": Act(
        LEADS,
        lambda w: messages.write_message(school=w.family.school, key=uuid4(), content=_content(), by=w.by, at=NOW),
    ),
    "schools.messages.services.change_message": Act(
        LEADS,
        lambda w: messages.change_message(message=w.message, content=_content(), seen=NOW, by=w.by, at=NOW),
    ),
    "schools.messages.services.end_message": Act(
        LEADS, lambda w: messages.end_message(message=w.message, by=w.by, at=NOW + timedelta(hours=1))
    ),
    "schools.services.designate_guardian": Act(
        LEADS,
        lambda w: designation.designate_guardian(student=w.emma, guardian=w.family.sophie, by=w.by, at=NOW),
    ),
    "schools.services.withdraw_designation": Act(
        LEADS,
        lambda w: designation.withdraw_designation(student=w.emma, guardian=w.family.sophie, by=w.by),
        lambda w: designation.designate_guardian(student=w.emma, guardian=w.family.sophie, by=w.veil.head, at=NOW),
    ),
    # what the office does
    "orientation.followup.reminders.remind": Act(
        OFFICE,
        lambda w: remind(
            campaign=w.family.campaign,
            phase=w.family.phase,
            students=Student.objects.filter(family_name="Petit"),
            by=w.by,
            at=NOW,
            since=NOW,
        ),
        _somebody_has_done_nothing,
    ),
    "schools.imports.services.start_import": Act(OFFICE, _start_import),
    "schools.imports.services.confirm_import": Act(
        OFFICE,
        lambda w: imports.confirm_import(
            siecle_import=SiecleImport.objects.get(), digest="empreinte", accepted=[], by=w.by, at=NOW
        ),
    ),
    "schools.imports.services.cancel_import": Act(
        OFFICE, lambda w: imports.cancel_import(siecle_import=SiecleImport.objects.get(), by=w.by, at=NOW)
    ),
    "schools.contact_changes.services.mark_exported": Act(
        OFFICE, lambda w: contact_changes.mark_exported(school=w.family.school, by=w.by, at=NOW)
    ),
    "schools.contact_changes.services.note_taken": Act(
        OFFICE, lambda w: contact_changes.note_taken(change=w.change, by=w.by, at=NOW)
    ),
    "schools.contact_changes.services.refuse_change": Act(
        OFFICE, lambda w: contact_changes.refuse_change(change=w.change, reason="Illisible.", by=w.by, at=NOW)
    ),
    # the staff
    "accounts.staff.members.invite": Act(HEAD, _invite),
    "accounts.staff.members.invite_again": Act(
        HEAD,
        lambda w: members.invite_again(member=w.membership(), by=w.by, at=NOW),
        _colleague_has_an_address,
    ),
    "accounts.staff.members.change": Act(
        HEAD,
        lambda w: members.change(member=w.membership(), role=Role.COUNSELLOR, divisions=[], school_year=2026, by=w.by),
    ),
    "accounts.staff.members.remove": Act(HEAD, lambda w: members.remove(member=w.membership(), by=w.by)),
    "accounts.staff.members.reset_second_factor": Act(
        HEAD,
        lambda w: members.reset_second_factor(member=w.membership(), by=w.by),
        _colleague_has_a_telephone,
    ),
    # one's own
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

OWN_ACCOUNT = {
    "accounts.connections.end_all_connections": "takes nothing but the account that asks",
    "accounts.languages.choose_language": "takes nothing but the account that asks",
}

CALLER_CHECKS = {
    "orientation.council.services.note_sheet_read": "the page has found the file among the account's own",
    "orientation.decisions.services.note_decisions_read": "the page has found the file among the account's own",
    "portal.contact.write_to_school": "the page has found the file among the account's own",
    "notifications.services.retry_now": "an action of the administration, which the operator alone opens",
    "audit.services.note_reading": "notes who was shown a page, after the page's own check",
    "schools.imports.services.import_at_once": "the operator's command",
    "schools.siecle.write.apply_import": "the worker, after confirm_import; the operator's command",
}
"""What asks no right itself; the addresses that lead there are tried in tests/test_addresses.py and the staff's."""

PARTS = {
    "schools.contact_changes.recording.record_changes",
    "orientation.dialogue.services.record_acknowledgement",
    "orientation.dialogue.services.record_answer",
    "orientation.dialogue.services.lock_sheet",
    "orientation.submitting.acts",
    "orientation.submitting.lock_writing",
    "orientation.submitting.write_draft",
    "orientation.submitting.submit",
}
"""Parts of the acts above, called under their locks and after their checks."""

KNOWN: Collection[str] = {*ACTS, *OWN_ACCOUNT, *CALLER_CHECKS, *PARTS}


def written_for_somebody() -> Iterator[str]:
    """Yield each public function of the product that takes an account as `by`."""
    for room in ROOMS:
        for found in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if ".migrations" in found.name or ".management" in found.name:
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if not inspect.isfunction(value) or value.__module__ != found.name or name.startswith("_"):
                    continue
                if "by" in inspect.signature(value).parameters:
                    yield f"{found.name}.{name}"
