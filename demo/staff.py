"""The demonstration's staff as accounts of the portal, each with the telephone that `demo.code` stands in for."""

from __future__ import annotations

from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from demo.people import PASSWORD, STAFF, Agent
from schools.models import Division, School, StaffMembership


def make_staff() -> None:
    """Make the accounts of all who were invited; their schools and classes are there."""
    for agent in STAFF:
        if agent.invited:
            _make(agent)


def _make(agent: Agent) -> None:
    user = User.objects.create_user(
        username=agent.login,
        email=agent.email,
        password=PASSWORD,
        first_name=agent.given_name,
        last_name=agent.family_name,
        is_staff=True,
        is_superuser=not agent.uai,
    )
    if agent.uai:
        school = School.objects.get(uai=agent.uai)
        member = StaffMembership.objects.create(user=user, school=school, role=agent.role)
        member.divisions.set(Division.objects.filter(school=school, code__in=agent.classes))
    if agent.needs_code:
        TOTPDevice.objects.create(user=user, name="totp", key=agent.totp_key, confirmed=True)
