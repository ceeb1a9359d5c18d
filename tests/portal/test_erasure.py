"""At a person's request: what they added goes, what is proof stays and says why."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import QuerySet
from django.test import Client

from accounts.models import Identity, Profile, SignedInSession, User
from audit.models import Change
from notifications.models import MessageState, OutboxMessage
from orientation.models import CouncilSheet, SheetReading, Submission
from portal.erasure import erase_person
from portal.models import ContactMessage
from portal.own_data import person_of_record
from schools.models import ContactChange, Guardian
from tests.factories import NOW, Family, sign_in, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

OWN = "sophie.a.elle@familles.example"


@pytest.fixture
def lived(dubois: Family) -> Family:
    """Sophie confirmed an address of her own, changed her town, is signed in, and read a sheet."""
    sophie = dubois.sophie
    assert sophie.user
    Guardian.objects.filter(pk=sophie.pk).update(own_email=OWN, mutes_reminders=True, phone="+33100000001")
    ContactChange.objects.create(guardian=sophie, field="town", after="Sophieville", changed_at=NOW)
    Identity.objects.create(user=sophie.user, provider="educonnect", subject="sub")
    sign_in(Client(), sophie.user, Profile.GUARDIAN).get("/mes-services/")
    sheet = CouncilSheet.objects.create(
        student=dubois.emma, phase=dubois.phase, changed_at=NOW, changed_by=staff(dubois.school)
    )
    SheetReading.objects.create(sheet=sheet, user=sophie.user, read_at=NOW)
    return dubois


def accounts_of(guardian: Guardian) -> QuerySet[User]:
    """The account that the guardian had."""
    return User.objects.filter(pk=guardian.user_id or 0)


def erase(family: Family, *arguments: str) -> str:
    out = StringIO()
    who = ["--uai", family.school.uai, "--person", family.sophie.siecle_person_id]
    call_command("erase_person", *who, *arguments, stdout=out)
    return out.getvalue()


def test_without_yes_it_is_only_said(lived: Family) -> None:
    said = erase(lived)
    assert "ajoutez --yes" in said
    assert "schools_guardian  1" in said
    assert Guardian.objects.get(pk=lived.sophie.pk).own_email == OWN
    assert ContactChange.objects.exists()
    assert accounts_of(lived.sophie).exists()
    assert OWN not in said
    assert "Sophie" not in said


def test_what_a_guardian_added_goes_with_their_account_and_all_that_tells_of_it(lived: Family) -> None:
    said = erase(lived, "--yes")
    kept = Guardian.objects.get(pk=lived.sophie.pk)
    assert (kept.own_email, kept.mutes_reminders, kept.user_id) == ("", False, None)
    assert (kept.phone, kept.school_email) == ("+33100000001", "sophie.bernard@familles.example"), "SIECLE's stay"
    assert not ContactChange.objects.exists()
    assert not SignedInSession.objects.exists()
    assert not SheetReading.objects.exists()
    assert not Identity.objects.exists()
    assert not accounts_of(lived.sophie).exists()
    assert not Change.objects.filter(content__icontains="sophie.a.elle").exists()
    assert not Change.objects.filter(content__icontains="Sophieville").exists()
    assert "que tient l’établissement" in said
    assert accounts_of(lived.marc).exists(), "nobody else's"


def write_to_school(family: Family, state: MessageState) -> None:
    assert family.sophie.user is not None
    message = ContactMessage.objects.create(
        sent_by=family.sophie.user, school=family.school, student=family.emma, subject="other",
        wants_answer_by_email=False, sent_at=NOW,
    )  # fmt: skip
    OutboxMessage.objects.create(
        kind="portal.family_message", recipient=f"school:{family.school.pk}", address="lycee@ecole.example",
        deduplication_key=message.outbox_key, context={"text": "Ma question."}, state=state,
    )  # fmt: skip


def test_what_a_person_wrote_to_their_school_goes_with_its_copy(lived: Family) -> None:
    write_to_school(lived, MessageState.SENT)
    erase(lived, "--yes")
    assert not ContactMessage.objects.exists()
    assert not OutboxMessage.objects.filter(kind="portal.family_message").exists()
    assert not accounts_of(lived.sophie).exists()


def test_a_message_that_has_not_left_is_waited_for(lived: Family) -> None:
    write_to_school(lived, MessageState.SENT)
    write_to_school(lived, MessageState.QUEUED)
    assert "n’est pas encore parti" in erase(lived, "--yes")
    assert ContactMessage.objects.count() == OutboxMessage.objects.count() == 1
    assert accounts_of(lived.sophie).exists()
    OutboxMessage.objects.update(state=MessageState.SENT)
    erase(lived, "--yes")
    assert not OutboxMessage.objects.exists()
    assert not accounts_of(lived.sophie).exists()


def test_the_trail_says_that_it_changed_and_not_what_it_was(lived: Family) -> None:
    erase(lived, "--yes")
    told = Change.objects.filter(
        table="schools_guardian", object_pk=str(lived.sophie.pk), origin__contains="erase_person"
    )
    assert {"own_email": None, "mutes_reminders": None}.items() <= told.order_by("pk")[0].content.items()


def test_doing_it_twice_does_it_once(lived: Family) -> None:
    erase(lived, "--yes")
    before = Change.objects.count()
    assert not +erase_person(person=person_of_record(Guardian.objects.get(pk=lived.sophie.pk)), dry_run=False).rows
    assert Change.objects.count() == before


def test_an_account_that_validated_stays_with_the_reason(lived: Family) -> None:
    assert lived.sophie.user
    Submission.objects.create(
        student=lived.emma, phase=lived.phase, number=1, submitted_at=NOW, submitted_by=lived.sophie.user,
        guardian=lived.sophie, guardian_name="Sophie Bernard",
    )  # fmt: skip
    said = erase(lived, "--yes")
    assert "des actes qui font foi le nomment" in said
    assert "Les demandes validées" in said
    assert Submission.objects.exists()
    assert Guardian.objects.get(pk=lived.sophie.pk).user_id == lived.sophie.user_id
    assert not SignedInSession.objects.exists()


def test_an_account_of_staff_or_of_another_record_stays(lived: Family) -> None:
    assert lived.sophie.user
    lived.school.staff.create(user=lived.sophie.user, role="office")
    assert "membre du personnel" in erase(lived, "--yes")
    assert accounts_of(lived.sophie).exists()


def test_a_pupil_loses_their_account_and_nothing_of_the_schools(lived: Family) -> None:
    out = StringIO()
    call_command("erase_person", "--uai", lived.school.uai, "--ine", lived.emma.ine, "--yes", stdout=out)
    lived.emma.refresh_from_db()
    assert (lived.emma.user_id, lived.emma.given_name) == (None, "Emma")
    assert not User.objects.filter(first_name="Emma").exists()
