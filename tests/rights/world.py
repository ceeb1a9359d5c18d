"""The Duboises' school after both councils, and one of each person whom the rights table knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.db import connection
from django.test import Client

from accounts.actors import StudentFile
from accounts.models import Profile, SignedInSession, User
from orientation.council.services import withdraw_publication
from orientation.models import CouncilSheet, DivisionPublication, Draft, PhaseKind, SetAside
from orientation.rules import Wish
from schools.models import (
    ContactChange,
    ContactField,
    Division,
    Guardian,
    ImportState,
    Relationship,
    Role,
    SchoolMessage,
    SiecleImport,
    StaffMembership,
    Student,
)
from tests.factories import NOW, Family, account, campaign, dubois_family, guardian, school, sign_in, staff, student
from tests.orientation_decisions.conftest import Dialogue
from tests.orientation_dialogue.conftest import OPINIONS, PROPOSALS, TOLD_AT


class Person(StrEnum):
    """The persons of the table, with what docs/security.md calls them."""

    GUARDIAN = "guardian"
    ADULT = "adult student"
    STUDENT = "student"
    CONTACT = "contact, no legal guardian"
    STRANGER = "guardian of another"
    TEACHER = "form teacher"
    OTHER_TEACHER = "form teacher of another class"
    COUNSELLOR = "counsellor"
    OFFICE = "office"
    DEPUTY = "deputy"
    HEAD = "head"
    OTHER_HEAD = "head of another school"
    OPERATOR = "operator"


ROLES = {
    Person.COUNSELLOR: Role.COUNSELLOR,
    Person.OFFICE: Role.OFFICE,
    Person.DEPUTY: Role.DEPUTY,
    Person.HEAD: Role.HEAD,
}


@dataclass
class World:
    """Everything that an act may need to exist, made by who has the right to."""

    person: Person
    family: Family = field(init=False)
    veil: Dialogue = field(init=False)
    by: User = field(init=False)

    def __post_init__(self) -> None:
        self.family = dubois_family()
        self.veil = Dialogue(self.family)
        if self.person is Person.ADULT:
            Student.objects.filter(pk=self.emma.pk).update(birth_date="2009-01-01")
            self.emma.refresh_from_db()
            self.own_record = guardian(
                self.family.school, "Emma", "Dubois", self.emma, user=self.emma.user, relationship=Relationship.SELF
            )
        self.veil.tell(OPINIONS)
        self.veil.tell(PROPOSALS)
        self.colleague = staff(self.family.school, Role.OFFICE, username="collegue").memberships.get()
        self.change = ContactChange.objects.create(
            guardian=self.family.marc, field=ContactField.TOWN, after="Lyon", changed_at=NOW
        )
        self.message = SchoolMessage.objects.create(
            school=self.family.school,
            title="Réunion",
            body="À 18 h.",
            shown_from=NOW,
            shown_until=NOW + timedelta(days=5),
            changed_at=NOW,
        )
        SiecleImport.objects.create(
            school=self.family.school,
            school_year=2026,
            state=ImportState.TO_CONFIRM,
            digest="empreinte",
            summary={"cautions": []},
        )
        self.by = self._account()

    def _account(self) -> User:
        place, emma = self.family.school, self.emma
        elsewhere = school("0699902Y")
        campaign(elsewhere)
        other_child = student(elsewhere, "Autre", "Autre")
        if self.person is Person.GUARDIAN:
            found = self.family.sophie.user
        elif self.person in (Person.STUDENT, Person.ADULT):
            found = emma.user
        elif self.person is Person.CONTACT:
            found = account("Michel", "Roux")
            guardian(place, "Michel", "Roux", emma, user=found, level=3)
        elif self.person is Person.STRANGER:
            found = account("Paule", "Autre")
            guardian(elsewhere, "Paule", "Autre", other_child, user=found)
        elif self.person is Person.OTHER_HEAD:
            found = staff(elsewhere, Role.HEAD)
        elif self.person is Person.OPERATOR:
            found = User.objects.create(username="operateur", is_staff=True, is_superuser=True)
        elif self.person is Person.TEACHER:
            found = staff(place, Role.FORM_TEACHER, self.division)
        elif self.person is Person.OTHER_TEACHER:
            other = Division.objects.create(school=place, school_year=2026, code="2DE4")
            found = staff(place, Role.FORM_TEACHER, other)
        else:
            found = staff(place, ROLES[self.person])
        assert found is not None
        return found

    @property
    def emma(self) -> Student:
        return self.family.emma

    @property
    def division(self) -> Division:
        assert self.emma.division is not None
        return self.emma.division

    @property
    def file(self) -> StudentFile:
        """Emma's file as this person opens it; who opens none has made one up, as Sophie's."""
        if self.person is Person.STUDENT:
            return StudentFile(self.emma, None)
        return StudentFile(self.emma, self.record)

    @property
    def record(self) -> Guardian:
        """The guardian's record that the person acts on."""
        return self.own_record if self.person is Person.ADULT else self.family.sophie

    @property
    def draft(self) -> Draft:
        return Draft.objects.get(student=self.emma, phase__kind=PhaseKind.FINAL_CHOICES)

    @property
    def sheet(self) -> CouncilSheet:
        return CouncilSheet.objects.get(student=self.emma, phase__kind=PROPOSALS)

    @property
    def publication(self) -> DivisionPublication:
        return DivisionPublication.objects.get(phase__kind=PROPOSALS, withdrawn_at=None)

    def withdraw(self) -> None:
        withdraw_publication(publication=self.publication, by=self.veil.head, at=TOLD_AT[PROPOSALS])

    def set_aside(self) -> SetAside:
        wishes = [Wish("sti2d").to_json()]
        return SetAside.objects.create(draft=self.draft, wishes=wishes, written_at=NOW, written_by=self.by)

    def sophies(self) -> SignedInSession:
        return SignedInSession.objects.get(user=self.family.sophie.user)

    def sophies_connection(self) -> None:
        sign_in(Client(), self.family.sophie.user, Profile.GUARDIAN)

    def membership(self) -> StaffMembership:
        return StaffMembership.objects.get(pk=self.colleague.pk)


def fingerprint() -> dict[str, str]:
    """A digest of every row of every table, sessions included. One statement."""
    with connection.cursor() as cursor:
        parts = [
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{name}\" t"  # noqa: S608
            for name in connection.introspection.table_names(cursor)
        ]
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())
