"""Which role in a school may do what: the rights table of the design, school's side, as one table."""

from __future__ import annotations

from enum import Enum

from schools.models import Role


class StaffAct(Enum):
    """An act of the school's staff. A form teacher's acts reach their own classes only."""

    READ = "read"
    """Read the school's pages: campaigns, pupils, validated choices, avis, propositions, decisions."""
    READ_CONTACT = "read_contact"
    """Read the guardians' contact data."""
    ACT_FOR_FAMILY = "act_for_family"
    """Enter choices and answers in the name of a family, traced (decision 14)."""
    IMPORT = "import"
    REMIND = "remind"
    EXPORT = "export"
    ENTER_COUNCIL = "enter_council"
    """Enter what the conseil de classe said."""
    STEER = "steer"
    """Set the campaign, open, close, publish, decide, note the steps of the dialogue."""
    READ_JOURNAL = "read_journal"
    """Read who changed what, and who read which file."""
    MANAGE_STAFF = "manage_staff"


_LEADS = frozenset({Role.HEAD, Role.DEPUTY})
_OFFICE = _LEADS | {Role.OFFICE}

ROLES_OF_ACT: dict[StaffAct, frozenset[Role]] = {
    StaffAct.READ: frozenset(Role),
    StaffAct.READ_CONTACT: _OFFICE,
    StaffAct.ACT_FOR_FAMILY: _OFFICE,
    StaffAct.IMPORT: _OFFICE,
    StaffAct.REMIND: _OFFICE,
    StaffAct.EXPORT: _OFFICE,
    StaffAct.ENTER_COUNCIL: _LEADS | {Role.FORM_TEACHER},
    StaffAct.STEER: _LEADS,
    StaffAct.READ_JOURNAL: _LEADS,
    StaffAct.MANAGE_STAFF: frozenset({Role.HEAD}),
}

ROLES_WITH_SECOND_FACTOR = _LEADS
"""Roles that enter only with a second factor."""


def may(role: Role, act: StaffAct) -> bool:
    """Whether this role does this act in its school."""
    return role in ROLES_OF_ACT[act]


def is_limited_to_own_classes(role: Role) -> bool:
    """Whether this role reaches the classes of its membership only."""
    return role is Role.FORM_TEACHER
