"""What a guardian changes in their own data: kept apart until SIECLE says the same, whatever is imported meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Change
from schools.contact import NotOwnContactDataError, confirm_email, propose_email
from schools.contact_changes.errors import AlreadySettled, MayNotFollowChanges, ReasonMissing
from schools.contact_changes.queries import own_data
from schools.contact_changes.services import change_contact_data, mark_exported, note_taken, refuse_change
from schools.models import ContactChange, ContactField, ContactOutcome, Guardian, Relationship, Role
from schools.siecle import apply_import, read_pair
from tests import factories
from tests.schools.exports import Address, Pair, Someone
from tests.schools_contact.conftest import Claire

EVENING = datetime.fromisoformat("2026-11-20T20:00:00+01:00")
LATER = EVENING + timedelta(days=2)
TOWN, MOBILE, LINES = ContactField.TOWN, ContactField.MOBILE, ContactField.ADDRESS_LINES


def change(claire: Claire, at: datetime = EVENING, **values: str) -> list[ContactChange]:
    told = {ContactField(name): value for name, value in values.items()}
    return change_contact_data(guardian=claire.paris, values=told, by=claire.user, at=at)


def waiting(guardian: Guardian) -> dict[str, str]:
    return dict(ContactChange.objects.waiting().filter(guardian=guardian).values_list("field", "after"))


def imported(claire: Claire, stamp: str = "23/11/2026 08:15:00", address: Address | None = None, **values: str) -> None:
    """Import the pair of Claire's school in Paris, in which she has these values."""
    someone = Someone(key=claire.paris.siecle_person_id, email="claire@siecle.example", **values)
    pair = Pair(people=[someone], addresses=[address] if address else [], stamp=stamp)
    pair.ties[0].person = someone.key
    someone.address = address.key if address else ""
    apply_import(read_pair(pair.files(), expected_year=2026), at=LATER + timedelta(days=2))


# --- a person changes their own ---------------------------------------------------------------------------------------


def test_a_change_is_kept_for_each_school_of_the_person_and_siecle_s_value_stays(claire: Claire) -> None:
    Guardian.objects.filter(pk=claire.lyon.pk).update(town="LYON")
    assert len(change(claire, town="Lille", mobile="+33612345678")) == 4
    assert waiting(claire.paris) == waiting(claire.lyon) == {"town": "Lille", "mobile": "+33612345678"}
    claire.refresh()
    assert (claire.paris.town, claire.lyon.town) == ("", "LYON")
    told = ContactChange.objects.get(guardian=claire.lyon, field=TOWN)
    assert (told.before, told.changed_by, told.changed_at) == ("LYON", claire.user, EVENING)
    assert own_data(claire.paris).values["town"] == "Lille"


def test_what_siecle_already_says_is_no_change_whatever_its_capitals(claire: Claire) -> None:
    Guardian.objects.update(town="SAINT-ETIENNE", address_lines="12 RUE DES LILAS", accepts_sms=False)
    assert change(claire, town="Saint-Étienne", address_lines="12, rue des Lilas", accepts_sms="0", phone="") == []
    assert ContactChange.objects.count() == 0


def test_the_same_change_twice_is_one_and_a_newer_one_replaces_it(claire: Claire) -> None:
    change(claire, town="Lille")
    assert change(claire, town="Lille") == []
    change(claire, at=LATER, town="Brest")
    assert waiting(claire.paris) == {"town": "Brest"}
    former = ContactChange.objects.get(guardian=claire.paris, after="Lille")
    assert (former.outcome, former.closed_at) == (ContactOutcome.REPLACED, LATER)


def test_going_back_before_the_school_was_given_the_file_leaves_nothing_to_do(claire: Claire) -> None:
    Guardian.objects.update(town="PARIS")
    change(claire, town="Lille")
    change(claire, at=LATER, town="Paris")
    assert waiting(claire.paris) == {}
    assert own_data(claire.paris).values["town"] == "PARIS"


def test_going_back_once_the_school_has_the_file_is_a_change_too(claire: Claire) -> None:
    Guardian.objects.update(town="PARIS")
    change(claire, town="Lille")
    head = factories.staff(claire.paris.school)
    mark_exported(school=claire.paris.school, by=head, at=EVENING)
    change(claire, at=LATER, town="Paris")
    assert waiting(claire.paris) == {"town": "Paris"}
    assert waiting(claire.lyon) == {}


def test_nobody_changes_another_s_data(claire: Claire, marc: Guardian) -> None:
    with pytest.raises(NotOwnContactDataError):
        change_contact_data(guardian=marc, values={TOWN: "Lille"}, by=claire.user, at=EVENING)
    with pytest.raises(NotOwnContactDataError):
        change_contact_data(guardian=claire.paris, values={TOWN: "Lille"}, by=factories.account(), at=EVENING)
    assert ContactChange.objects.count() == 0


def test_an_e_mail_never_comes_by_the_form_of_coordinates(claire: Claire) -> None:
    assert change(claire, email="autre@familles.example") == []


def test_an_adult_student_changes_their_own(claire: Claire) -> None:
    adult = factories.account("Lou", "Petit")
    pupil = factories.student(claire.paris.school, "Lou", "Petit", user=adult)
    record = factories.guardian(claire.paris.school, "Lou", "Petit", pupil, relationship=Relationship.SELF)
    change_contact_data(guardian=record, values={TOWN: "Lille"}, by=adult, at=EVENING)
    assert waiting(record) == {"town": "Lille"}


def test_a_confirmed_e_mail_waits_for_the_school_too(claire: Claire) -> None:
    new = "claire.martin@example.org"
    propose_email(guardian=claire.paris, address=new, by=claire.user, at=EVENING, confirm_url=claire.confirm_url)
    assert ContactChange.objects.count() == 0
    confirm_email(token=claire.tokens[0], at=EVENING)
    assert waiting(claire.paris) == waiting(claire.lyon) == {"email": new}
    assert ContactChange.objects.values_list("before", flat=True).distinct().get() == "claire@siecle.example"


def test_changes_stand_in_the_trail_of_their_school(claire: Claire) -> None:
    change(claire, town="Lille")
    told = Change.objects.filter(table="schools_contactchange")
    assert set(told.values_list("school_id", flat=True)) == {claire.paris.school_id, claire.lyon.school_id}


def test_the_database_holds_one_waiting_change_of_a_piece(claire: Claire) -> None:
    change(claire, town="Lille")
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactChange.objects.create(guardian=claire.paris, field=TOWN, after="Brest", changed_at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactChange.objects.filter(guardian=claire.paris).update(outcome=ContactOutcome.TAKEN)


# --- SIECLE is imported -----------------------------------------------------------------------------------------------


def test_all_that_siecle_says_of_a_guardian_is_imported(claire: Claire) -> None:
    imported(
        claire,
        phone="01 99 00 00 01",
        work_phone="02 61 91 00 01",
        mobile="06 39 98 00 01",
        accepts_sms="1",
        occupation="42",
        shares_coordinates="0",
        address=Address(
            lines=("BATIMENT B", "12 RUE DES LILAS"), country="BELGIQUE", postal_code="1000", town="BRUXELLES"
        ),
    )
    claire.refresh()
    found = claire.paris
    assert (found.phone, found.work_phone, found.mobile) == ("+33199000001", "+33261910001", "+33639980001")
    assert (found.accepts_sms, found.occupation, found.shares_coordinates) == (True, "42", False)
    assert (found.address_lines, found.postal_code) == ("BATIMENT B\n12 RUE DES LILAS", "1000")
    assert (found.town, found.country) == ("BRUXELLES", "BE")


def test_a_file_without_any_address_leaves_those_that_are_known(claire: Claire) -> None:
    imported(claire, address=Address())
    imported(claire)
    claire.refresh()
    assert claire.paris.town == "PARIS"


def test_an_old_value_imported_again_loses_nothing_that_a_guardian_said(claire: Claire) -> None:
    imported(claire, mobile="06 11 11 11 11")
    change(claire, mobile="+33612345678")
    imported(claire, mobile="06 11 11 11 11")
    assert waiting(claire.paris) == {"mobile": "+33612345678"}
    imported(claire, mobile="06 22 22 22 22")
    assert waiting(claire.paris) == {"mobile": "+33612345678"}
    assert own_data(claire.paris).values["mobile"] == "+33612345678"


def test_an_import_that_carries_the_value_closes_the_change_in_its_school_only(claire: Claire) -> None:
    change(claire, mobile="+33612345678", address_lines="12, rue des Lilas", town="Paris")
    imported(claire, mobile="06.12.34.56.78", address=Address())
    assert waiting(claire.paris) == {}
    assert set(waiting(claire.lyon)) == {"mobile", "address_lines", "town"}
    taken = ContactChange.objects.get(guardian=claire.paris, field=MOBILE)
    assert (taken.outcome, taken.closed_at) == (ContactOutcome.TAKEN, LATER + timedelta(days=2))


def test_an_export_made_before_the_change_takes_nothing(claire: Claire) -> None:
    Guardian.objects.update(town="PARIS")
    change(claire, town="Lille")
    mark_exported(school=claire.paris.school, by=factories.staff(claire.paris.school), at=EVENING)
    change(claire, at=LATER, town="Paris")  # back to what SIECLE said when it was exported
    imported(claire, stamp="21/11/2026 08:00:00", address=Address())
    assert waiting(claire.paris) == {"town": "Paris"}


# --- the school follows -----------------------------------------------------------------------------------------------


@pytest.fixture
def told(claire: Claire) -> ContactChange:
    change(claire, town="Lille")
    return ContactChange.objects.get(guardian=claire.paris)


def test_the_file_marks_what_stands_in_it_once(claire: Claire, told: ContactChange) -> None:
    head = factories.staff(claire.paris.school)
    assert mark_exported(school=claire.paris.school, by=head, at=LATER) == [told]
    assert mark_exported(school=claire.paris.school, by=head, at=LATER + timedelta(days=1)) == [told]
    told.refresh_from_db()
    assert told.exported_at == LATER
    assert ContactChange.objects.get(guardian=claire.lyon).exported_at is None


def test_the_school_says_that_siecle_has_a_change(claire: Claire, told: ContactChange) -> None:
    office = factories.staff(claire.paris.school, Role.OFFICE)
    note_taken(change=told, by=office, at=LATER)
    note_taken(change=told, by=office, at=LATER + timedelta(days=1))
    told.refresh_from_db()
    claire.refresh()
    assert (told.outcome, told.closed_at, claire.paris.town) == (ContactOutcome.TAKEN, LATER, "Lille")


def test_the_school_refuses_a_change_with_a_reason_and_its_value_is_shown_again(
    claire: Claire, told: ContactChange
) -> None:
    Guardian.objects.update(town="PARIS")
    office = factories.staff(claire.paris.school, Role.OFFICE)
    with pytest.raises(ReasonMissing):
        refuse_change(change=told, reason="  ", by=office, at=LATER)
    refuse_change(change=told, reason="Justificatif attendu", by=office, at=LATER)
    with pytest.raises(AlreadySettled):
        note_taken(change=told, by=office, at=LATER)
    ContactChange.objects.filter(guardian=claire.lyon).delete()
    data = own_data(claire.paris)
    assert data.values["town"] == "PARIS"
    [state] = data.states["town"]
    assert (state.outcome, state.reason, state.closed_at) == (ContactOutcome.REFUSED, "Justificatif attendu", LATER)


def test_a_change_replaced_meanwhile_is_no_longer_settled(claire: Claire, told: ContactChange) -> None:
    office = factories.staff(claire.paris.school, Role.OFFICE)
    change(claire, at=LATER, town="Brest")
    for act in (
        lambda: note_taken(change=told, by=office, at=LATER),
        lambda: refuse_change(change=told, reason="Non", by=office, at=LATER),
    ):
        with pytest.raises(AlreadySettled):
            act()
    assert waiting(claire.paris) == {"town": "Brest"}


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.FORM_TEACHER, None])
def test_only_those_who_read_contact_data_of_the_school_follow_its_changes(
    claire: Claire, told: ContactChange, role: Role | None
) -> None:
    member = factories.staff(claire.paris.school, role) if role else factories.staff(claire.lyon.school)
    with pytest.raises(MayNotFollowChanges):
        note_taken(change=told, by=member, at=LATER)
    with pytest.raises(MayNotFollowChanges):
        refuse_change(change=told, reason="Non", by=member, at=LATER)
    with pytest.raises(MayNotFollowChanges):
        mark_exported(school=claire.paris.school, by=member, at=LATER)
