"""Rows for the tests, and the named people whom tests tell stories about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.actors import PROFILE_SESSION_KEY, Actor, StudentFile
from accounts.models import Profile, User
from orientation.models import Campaign, Phase, PhaseKind, Speciality, SpecialityOffer
from schools.models import (
    Division,
    Guardian,
    Guardianship,
    Relationship,
    ResponsibilityLevel,
    Role,
    School,
    StaffMembership,
    Student,
)
from schools.names import folded_guardian_name

NOW = datetime(2027, 5, 20, 20, 40, tzinfo=UTC)
"""22:40 in Paris, on the last evening of the *choix définitifs*."""

CLOSES_AT = datetime(2027, 5, 20, 21, 59, tzinfo=UTC)


def school(uai: str = "0759901X", **values: Any) -> School:
    return School.objects.create(uai=uai, **{"name": "Lycée Simone-Veil", **values})


def student(of: School, given_name: str = "Emma", family_name: str = "Dubois", **values: Any) -> Student:
    division, _ = Division.objects.get_or_create(school=of, school_year=2026, code="2DE3")
    number = Student.objects.count() + 1
    return Student.objects.create(
        **{
            "school": of,
            "division": division,
            "ine": f"{number:09}XX",
            "siecle_id": str(number),
            "given_name": given_name,
            "family_name": family_name,
            "birth_date": date(2011, 2, 20),
            "mef_code": "20010019110",
            **values,
        }
    )


def guardian(
    of: School, given_name: str, family_name: str, *students: Student, user: User | None = None, **values: Any
) -> Guardian:
    """A legal guardian of these students, unless `level` says otherwise."""
    level = values.pop("level", ResponsibilityLevel.LEGAL)
    relationship = values.pop("relationship", Relationship.MOTHER)
    person = Guardian.objects.create(
        **{
            "school": of,
            "siecle_person_id": str(100_000 + Guardian.objects.count()),
            "given_name": given_name,
            "family_name": family_name,
            "folded_name": folded_guardian_name(family_name, given_name),
            "school_email": f"{given_name}.{family_name}@familles.example".lower(),
            "user": user,
            **values,
        }
    )
    for each in students:
        Guardianship.objects.create(guardian=person, student=each, level=level, relationship=relationship)
    return person


def account(first_name: str = "", last_name: str = "") -> User:
    return User.objects.create(first_name=first_name, last_name=last_name)


def campaign(of: School, now: datetime = NOW, **values: Any) -> Campaign:
    """A campaign whose *choix définitifs* are open at `now`, with its four phases and the school's offer."""
    created = Campaign.objects.create(school=of, school_year=2026, **{"offer_declared_at": now, **values})
    starts = {
        PhaseKind.INTENTIONS: (-120, -100),
        PhaseKind.PROVISIONAL_OPINIONS: (-90, -70),
        PhaseKind.FINAL_CHOICES: (-14, None),
        PhaseKind.PROPOSALS: (20, 30),
    }
    for kind, (opens, closes) in starts.items():
        Phase.objects.create(
            campaign=created,
            kind=kind,
            opens_at=now + timedelta(days=opens),
            closes_at=CLOSES_AT if closes is None else now + timedelta(days=closes),
        )
    offered = ["mathematiques", "nsi", "physique-chimie", "svt", "ses", "hggsp", "llca-latin"]
    SpecialityOffer.objects.bulk_create(
        SpecialityOffer(school=of, school_year=2026, speciality=speciality)
        for speciality in Speciality.objects.filter(code__in=offered)
    )
    return created


@dataclass
class Family:
    """Emma Dubois, whose parents Sophie and Marc are separated; the school's campaign is open."""

    school: School
    emma: Student
    sophie: Guardian
    marc: Guardian
    campaign: Campaign

    @property
    def phase(self) -> Phase:
        return self.campaign.phases.select_related("campaign__school").get(kind=PhaseKind.FINAL_CHOICES)

    def file_of(self, person: Guardian | User) -> StudentFile:
        """Emma's file as this guardian, or this student's account, opens it."""
        if isinstance(person, Guardian):
            assert person.user is not None
            return Actor(person.user, Profile.GUARDIAN).files[0]
        return Actor(person, Profile.STUDENT).files[0]


def dubois_family(**values: Any) -> Family:
    place = school()
    emma = student(place, user=account("Emma", "Dubois"))
    return Family(
        school=place,
        emma=emma,
        sophie=guardian(place, "Sophie", "Bernard", emma, user=account("Sophie", "Bernard")),
        marc=guardian(place, "Marc", "Dubois", emma, user=account("Marc", "Dubois"), relationship=Relationship.FATHER),
        campaign=campaign(place, **values),
    )


def sign_in(client: Client, user: User | None, profile: Profile | None) -> Client:
    """Open a session as the sign-in does, for tests that are not about signing in.

    Without a profile it is a member of staff, who has given the code of their second factor.
    """
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    if profile:
        session[PROFILE_SESSION_KEY] = profile.value
    else:
        device, _ = TOTPDevice.objects.get_or_create(user=user, name="téléphone")
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


def staff(of: School, role: Role = Role.HEAD, *divisions: Division, username: str = "") -> User:
    """A member of staff of this school; a form teacher has these classes."""
    member = User.objects.create(username=username or f"{role}.{of.uai}.{User.objects.count()}", is_staff=True)
    membership = StaffMembership.objects.create(user=member, school=of, role=role)
    membership.divisions.set(divisions)
    return member
