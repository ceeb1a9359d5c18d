"""What the office does, and what the head does with the staff."""

from __future__ import annotations

from typing import Any

from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.staff import members
from orientation.followup.reminders import remind
from schools.contact_changes import services as contact_changes
from schools.imports import services as imports
from schools.imports.uploads import Upload
from schools.models import Role, SiecleImport, Student
from schools.siecle.reader import Kind
from tests.factories import NOW, guardian, student
from tests.rights.act import HEAD, OFFICE, Act
from tests.rights.world import World


def _somebody_has_done_nothing(world: World) -> None:
    place = world.family.school
    guardian(place, "Paul", "Petit", student(place, "Lucas", "Petit"))


def _start_import(world: World) -> Any:
    SiecleImport.objects.all().delete()
    uploads = [Upload(f"{kind}.xml", 1, f"{number}" * 64, kind, b"") for number, kind in enumerate(Kind)]
    return imports.start_import(school=world.family.school, uploads=uploads, school_year=2026, by=world.by, at=NOW)


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
}
