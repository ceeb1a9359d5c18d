"""What a head does about the staff of a school: each function is one act in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import mails
from accounts.models import Identity, Provider, User
from accounts.staff import second_factor
from accounts.staff.errors import (
    AlreadyMember,
    AlreadySignedUp,
    LastHead,
    NoLongerMember,
    NotASchoolsAccount,
    NotTheirHead,
    SecondFactorOutOfReach,
)
from accounts.staff.passwords import MAIL_INTERVAL, password_link
from schools.models import Division, MembershipSource, Role, School, StaffMembership
from schools.policies import ROLES_OF_ACT, ROLES_WITH_SECOND_FACTOR, StaffAct, is_limited_to_own_classes
from schools.staff import schools_of_staff

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Whom a head invites, and as what. `divisions` are a form teacher's classes, of one school year."""

    first_name: str
    last_name: str
    email: str
    role: Role
    divisions: Collection[Division] = ()


# --- Reading ----------------------------------------------------------------------------------------------------------


def members_of(school: School, *, school_year: int) -> QuerySet[StaffMembership]:
    """Return the school's memberships, in the order of names, for its head. Two queries.

    Each has `classes`, those of the year; `has_second_factor`; and `comes_by_agents`, whether the provider knows them.
    """
    classes = Division.objects.filter(school_year=school_year).order_by("code")
    return (
        StaffMembership.objects.filter(school=school)
        .select_related("user")
        .annotate(
            has_second_factor=Exists(TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)),
            comes_by_agents=Exists(Identity.objects.filter(user=OuterRef("user"), provider=Provider.AGENTS)),
        )
        .prefetch_related(Prefetch("divisions", queryset=classes, to_attr="classes"))
        .order_by("user__last_name", "user__first_name", "user__username", "role")
    )


def is_waiting(member: StaffMembership) -> bool:
    """Whether this person has no way to sign in yet: neither a password nor a known identity."""
    return not member.user.has_usable_password() and not getattr(member, "comes_by_agents", False)


# --- Writing ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(*, school: School, invitation: Invitation, by: User, at: datetime) -> StaffMembership:
    """Make somebody a member of the school's staff, and owe them an e-mail: with a link if they have no password.

    Who has an account already, by this sign-in name, keeps it; a new account signs in by its e-mail address.
    Raises NotTheirHead, AlreadyMember or NotASchoolsAccount.
    """
    _lock(school, by=by)
    user = _account_for(invitation)
    if StaffMembership.objects.filter(user=user, school=school, role=invitation.role).exists():
        raise AlreadyMember
    member = StaffMembership.objects.create(user=user, school=school, role=invitation.role)
    member.divisions.set(_divisions_for(school, invitation.role, invitation.divisions))
    logger.info("staff invited: membership=%s by=%s", member.pk, by.pk)
    _owe_invitation(member, at=at)
    return member


def _account_for(invitation: Invitation) -> User:
    """Return the account that signs in by this address, opened where there is none. Raises NotASchoolsAccount."""
    name = invitation.email.lower()
    user = User(
        username=name, email=name, first_name=invitation.first_name, last_name=invitation.last_name, is_staff=True
    )
    user.set_unusable_password()
    # ON CONFLICT DO NOTHING: two heads may invite the same person at once
    User.objects.bulk_create([user], ignore_conflicts=True)
    known = User.objects.select_for_update(no_key=True).get(username=name)
    if known.is_superuser or not known.is_active:
        raise NotASchoolsAccount
    if not known.is_staff or not known.email:
        known.is_staff, known.email = True, known.email or name
        known.save(update_fields=["is_staff", "email"])
    return known


@transaction.atomic
def invite_again(*, member: StaffMembership, by: User, at: datetime) -> None:
    """Owe the invitation again, with a new link.

    Raises NotTheirHead, NoLongerMember, or AlreadySignedUp where no link is needed.
    """
    member = _locked(member, by=by)
    if member.user.has_usable_password():
        raise AlreadySignedUp
    _owe_invitation(member, at=at)


def _owe_invitation(member: StaffMembership, *, at: datetime) -> None:
    link = "" if member.user.has_usable_password() else password_link(member.user)
    mails.owe_invitation(member=member, link=link, period=int(at.timestamp()) // MAIL_INTERVAL, at=at)


@transaction.atomic
def change(
    *, member: StaffMembership, role: Role, divisions: Collection[Division], school_year: int, by: User
) -> StaffMembership:
    """Give a member another role, or a form teacher other classes of this year.

    What the agents' provider said is the head's word from then on.
    Raises NotTheirHead, NoLongerMember, AlreadyMember or LastHead.
    """
    member = _locked(member, by=by)
    if role != member.role:
        _check_not_last_head(member)
        others = StaffMembership.objects.filter(user=member.user_id, school=member.school_id, role=role)
        if others.exists():
            raise AlreadyMember
        member.role, member.source = role, MembershipSource.MANUAL
        member.save(update_fields=["role", "source"])
    kept = set(member.divisions.exclude(school_year=school_year)) if is_limited_to_own_classes(role) else set()
    member.divisions.set(kept | set(_divisions_for(member.school, role, divisions)))
    logger.info("staff changed: membership=%s by=%s", member.pk, by.pk)
    return member


@transaction.atomic
def remove(*, member: StaffMembership, by: User) -> None:
    """Take a role in the school away. An account without any role left is no longer staff, and its sessions end.

    Removing twice is removing once. Raises NotTheirHead or LastHead.
    """
    try:
        member = _locked(member, by=by)
    except NoLongerMember:
        return
    _check_not_last_head(member)
    user, number = member.user, member.pk
    member.delete()
    close_if_without_role(user)
    logger.info("staff removed: membership=%s by=%s", number, by.pk)


def close_if_without_role(user: User) -> None:
    """Shut the staff's door to an account that no school knows any more; its sessions end with its password."""
    if user.is_superuser or StaffMembership.objects.filter(user=user).exists():
        return
    user.is_staff = False
    user.set_unusable_password()
    user.save(update_fields=["is_staff", "password"])
    second_factor.reset(user=user)


@transaction.atomic
def reset_second_factor(*, member: StaffMembership, by: User) -> None:
    """Let a member who lost their telephone set another.

    Raises NotTheirHead, NoLongerMember or SecondFactorOutOfReach.
    """
    member = _locked(member, by=by)
    if not may_reset_second_factor(member):
        raise SecondFactorOutOfReach
    second_factor.reset(user=member.user)
    logger.info("second factor reset: account=%s by=%s", member.user_id, by.pk)


def may_reset_second_factor(member: StaffMembership) -> bool:
    """Whether the head of the school may: not of a head, nor of an operator, nor of who leads another school."""
    if member.user.is_superuser:
        return False
    leading = StaffMembership.objects.filter(user=member.user_id, role__in=ROLES_WITH_SECOND_FACTOR)
    return not any(each.role == Role.HEAD or each.school_id != member.school_id for each in leading)


def _lock(school: School, *, by: User) -> None:
    """Let one head at a time change the school's staff. Raises NotTheirHead."""
    School.objects.select_for_update(of=("self",), no_key=True).get(pk=school.pk)
    if not schools_of_staff(by, ROLES_OF_ACT[StaffAct.MANAGE_STAFF]).filter(pk=school.pk).exists():
        raise NotTheirHead


def _locked(member: StaffMembership, *, by: User) -> StaffMembership:
    """Return the membership as it is now, held against other heads. Raises NotTheirHead or NoLongerMember."""
    _lock(member.school, by=by)
    found = StaffMembership.objects.select_related("user", "school").filter(pk=member.pk, school=member.school_id)
    if (member_now := found.first()) is None:
        raise NoLongerMember
    return member_now


def _check_not_last_head(member: StaffMembership) -> None:
    heads = StaffMembership.objects.filter(school=member.school_id, role=Role.HEAD, user__is_active=True)
    if member.role == Role.HEAD and not heads.exclude(pk=member.pk).exists():
        raise LastHead


def _divisions_for(school: School, role: Role, divisions: Collection[Division]) -> list[Division]:
    """Return the classes that this role has: only a form teacher has any, of their own school."""
    return [each for each in divisions if each.school_id == school.pk] if is_limited_to_own_classes(role) else []
