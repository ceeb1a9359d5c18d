"""Signing in the agents of the Éducation nationale: who they are here, and which schools they head.

An account is found by the `sub` that the provider already vouched for; else by the professional e-mail address that
a head wrote in the invitation. Families are never found by e-mail; agents may be, for two reasons: the address
comes from the directory of their employer, who alone gives it, and is not typed by them; and it serves once, to tie
the `sub`. An account tied to one `sub` is never found by its address again.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import Identity, Provider, User, random_username
from accounts.oidc.agents import AgentsClaims
from accounts.refusals import Deactivated, NotStaffHere
from accounts.staff.members import close_if_without_role
from schools.models import MembershipSource, Role, School, StaffMembership

logger = logging.getLogger(__name__)


def sign_in_agent(claims: AgentsClaims, *, at: datetime) -> User:
    """Return the account of an agent, its headships brought to what the provider says.

    Raises NotStaffHere for who neither heads a school of ours nor was invited by one, and Deactivated.
    """
    try:
        user = _signed_in(claims, at=at)
    except IntegrityError:  # the provider came back twice at the same instant: the other return tied the `sub`
        user = _signed_in(claims, at=at)
    if user is None:
        raise NotStaffHere
    return user


@transaction.atomic
def _signed_in(claims: AgentsClaims, *, at: datetime) -> User | None:
    """Return the account, or None for who is not, or no longer, of any school's staff: what was taken stays taken."""
    headed = list(School.objects.filter(uai__in=claims.headed))
    user = _known(claims) or _invited(claims) or (_new(claims) if headed else None)
    if user is None:
        return None
    if not user.is_active:
        raise Deactivated
    Identity.objects.update_or_create(
        provider=Provider.AGENTS, subject=claims.subject, defaults={"user": user, "last_sign_in_at": at}
    )
    _sync_headships(user, headed)
    if not StaffMembership.objects.filter(user=user).exists():
        close_if_without_role(user)
        return None
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    return user


def _known(claims: AgentsClaims) -> User | None:
    own = User.objects.filter(identities__provider=Provider.AGENTS, identities__subject=claims.subject)
    return own.select_for_update(of=("self",), no_key=True).first()


def _invited(claims: AgentsClaims) -> User | None:
    """Return the member of staff whom a school knows by this address, where they are one and tied to no `sub` yet."""
    if not claims.email:
        return None
    members = StaffMembership.objects.filter(user__email__iexact=claims.email).values("user")
    found = list(
        User.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=members, is_staff=True, is_superuser=False)
        .exclude(identities__in=Identity.objects.filter(provider=Provider.AGENTS))[:2]
    )
    return found[0] if len(found) == 1 else None


def _new(claims: AgentsClaims) -> User:
    """Open the account of a head whom nobody invited; it has no password."""
    is_free = claims.email and not User.objects.filter(username=claims.email[:150]).exists()
    user = User(
        username=claims.email[:150] if is_free else random_username(),
        email=claims.email[:254],
        first_name=claims.given_name[:150],
        last_name=claims.family_name[:150],
        is_staff=True,
    )
    user.set_unusable_password()
    user.save()
    return user


def _sync_headships(user: User, headed: list[School]) -> None:
    """Give and take back what comes from the provider; a headship that somebody entered here is never touched."""
    own = StaffMembership.objects.filter(user=user, role=Role.HEAD)
    gone = own.filter(source=MembershipSource.AGENTS).exclude(school__in=headed)
    taken: Set[int] = set(gone.values_list("school_id", flat=True))
    gone.delete()
    held = set(own.values_list("school_id", flat=True))
    given = [school for school in headed if school.pk not in held]
    StaffMembership.objects.bulk_create(
        [StaffMembership(user=user, school=each, role=Role.HEAD, source=MembershipSource.AGENTS) for each in given],
        ignore_conflicts=True,
    )
    if given or taken:
        logger.info(
            "headships by the agents' provider: account=%s given=%s taken=%s",
            *(user.pk, sorted(each.pk for each in given), sorted(taken)),
        )
