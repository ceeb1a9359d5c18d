"""What the school does about who is who: each function is one act in one transaction."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext as _

from schools.models import Guardian, Guardianship, Relationship, Role, School, Student
from schools.staff import schools_of_staff

logger = logging.getLogger(__name__)

DESIGNATING_ROLES = frozenset({Role.HEAD, Role.DEPUTY})


class DesignationError(Exception):
    """A refusal. `str(error)` is the French sentence to show."""


class MayNotDesignate(DesignationError):
    """Only the head and the deputy of the student's school say who writes (answered 403)."""


class NotLegalGuardian(DesignationError):
    """Only a legal guardian can be the one who writes (decision 17)."""


class AnotherIsDesignated(DesignationError):
    """One guardian at most writes for a student; the school first takes it back from the other."""


@transaction.atomic
def designate_guardian(
    *, student: Student, guardian: Guardian, by: AbstractBaseUser | AnonymousUser, at: datetime
) -> Guardianship:
    """Say that this legal guardian is the one who writes, where a campaign has a single writer (decision 2).

    Raises DesignationError.
    """
    links = _locked_links(student, by=by)
    link = next((link for link in links if link.guardian_id == guardian.pk), None)
    if link is None:
        raise NotLegalGuardian(_("Cette personne n’est pas représentant légal de l’élève : rien n’a été changé."))
    if link.is_designated:
        return link
    if link.relationship == Relationship.SELF and not student.is_adult_on(at.astimezone(student.school.zone).date()):
        raise NotLegalGuardian(_("Un élève mineur ne peut pas être désigné pour saisir : rien n’a été changé."))
    if other := next((link for link in links if link.is_designated), None):
        raise AnotherIsDesignated(
            _("La saisie est déjà confiée à %(other)s : retirez d’abord cette désignation.")
            % {"other": other.guardian.full_name}
        )
    return _write(link, is_designated=True, by=by)


@transaction.atomic
def withdraw_designation(
    *, student: Student, guardian: Guardian, by: AbstractBaseUser | AnonymousUser
) -> Guardianship | None:
    """Say that this guardian is no longer the one who writes: each legal guardian may again. Raises MayNotDesignate.

    Returns their link, or None when they are not, or no longer, a legal guardian of the student.
    """
    link = next((link for link in _locked_links(student, by=by) if link.guardian_id == guardian.pk), None)
    if link is None or not link.is_designated:
        return link
    return _write(link, is_designated=False, by=by)


def _locked_links(student: Student, *, by: AbstractBaseUser | AnonymousUser) -> list[Guardianship]:
    """Return the student's legal guardianships, which nobody else designates nor imports meanwhile."""
    # the lock of the import, which writes back whole links as it read them
    School.objects.select_for_update(of=("self",), no_key=True).get(pk=student.school_id)
    if not schools_of_staff(by, DESIGNATING_ROLES).filter(pk=student.school_id).exists():
        raise MayNotDesignate(_("Seuls le chef d’établissement et son adjoint désignent qui saisit."))
    links = Guardianship.objects.legal().filter(student=student).select_related("guardian")
    return list(links.order_by("pk").select_for_update(of=("self",)))


def _write(link: Guardianship, *, is_designated: bool, by: AbstractBaseUser | AnonymousUser) -> Guardianship:
    link.is_designated = is_designated
    link.save(update_fields=["is_designated"])
    logger.info(
        "guardianship %s of student %s: designated to write %s, by account %s",
        link.pk,
        link.student_id,
        is_designated,
        by.pk,
    )
    return link
