"""Writing what a pair of SIECLE exports says: one transaction, one import at a time per school."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from schools.contact_changes.recording import close_carried
from schools.models import Division, Guardian, Guardianship, School, Student
from schools.siecle.errors import WrongSchool
from schools.siecle.pair import SiecleExport
from schools.siecle.plan import ImportPlan, ImportReport, plan_import
from schools.siecle.territories import time_zone_of

logger = logging.getLogger(__name__)

BATCH = 500

_STUDENT_FIELDS = [
    "siecle_id",
    "family_name",
    "usual_name",
    "given_name",
    "birth_date",
    "mef_code",
    "division",
    "left_on",
]
_GUARDIAN_FIELDS = [
    "civility",
    "family_name",
    "usual_name",
    "given_name",
    "folded_name",
    "address_lines",
    "postal_code",
    "town",
    "country",
    "phone",
    "work_phone",
    "mobile",
    "accepts_sms",
    "occupation",
    "shares_coordinates",
]
_ADDRESS_FIELDS = ["school_email", "school_email_refused_at"]
_LINK_FIELDS = ["relationship", "level", "is_designated"]


Tell = Callable[[str, int, int], None]
"""Told what is being written, in French, how many of its rows are done, and how many there are."""


def _tell_nobody(step: str, done: int, total: int) -> None:
    pass


def _agree(plan: ImportPlan) -> None:
    pass


@transaction.atomic
def apply_import(
    export: SiecleExport,
    *,
    by: AbstractBaseUser | None = None,
    at: datetime,
    create_school: bool = False,
    school_name: str = "",
    check: Callable[[ImportPlan], None] = _agree,
    tell: Tell = _tell_nobody,
) -> ImportReport:
    """Write the pair into its school and return what was done. Importing it twice changes nothing.

    `by` is the account that asked, none for an operator at a terminal; `at` is now. An unknown school is created only
    if asked. `check` sees the plan under the school's lock, and raises to have nothing written. Raises WrongSchool.
    """
    school = _locked_school(export.uai)
    if school is None and create_school:
        School.objects.get_or_create(
            uai=export.uai, defaults={"name": school_name, "time_zone": time_zone_of(export.uai)}
        )
        school = _locked_school(export.uai)
    if school is None:
        raise WrongSchool(_("L’établissement %(uai)s n’est pas connu ici.") % {"uai": export.uai})
    tell(_("Comparaison avec l’établissement"), 0, 0)
    plan = plan_import(export, school=school, on=at.astimezone(school.zone).date())
    check(plan)
    _write(plan, tell)
    close_carried(school=school, made_at=export.made_at, at=at)
    report = plan.report
    logger.info(
        "SIECLE import of %s by account %s: students %s, guardians %s, links %s, %d refused",
        report.uai,
        by.pk if by else None,
        report.students,
        report.guardians,
        report.links,
        len(report.refused),
    )
    return report


def _locked_school(uai: str) -> School | None:
    # NO KEY: other rows that point at the school may still be written meanwhile
    return School.objects.select_for_update(of=("self",), no_key=True).filter(uai=uai).first()


def _write(plan: ImportPlan, tell: Tell) -> None:
    """Write the rows of a plan: few statements, only the rows that change."""
    students, guardians, links = _("Écriture des élèves"), _("Écriture des responsables"), _("Écriture des liens")
    Division.objects.bulk_create(plan.divisions_new)
    changed = [*plan.students_changed, *plan.students_archived]
    total = len(plan.students_new) + len(changed)
    _create(plan.students_new, lambda done: tell(students, done, total))
    _update(changed, _STUDENT_FIELDS, lambda done: tell(students, len(plan.students_new) + done, total))
    # apart: writing a key waits for each transaction that names the pupil, a family's among them
    _update([each for each in changed if "ine" in plan.former.get(each, {})], ["ine"], lambda done: None)
    total = len(plan.guardians_new) + len(plan.guardians_changed)
    _create(plan.guardians_new, lambda done: tell(guardians, done, total))
    _update(
        plan.guardians_changed, _GUARDIAN_FIELDS, lambda done: tell(guardians, len(plan.guardians_new) + done, total)
    )
    # apart, so that a refusal recorded meanwhile for an address that does not change is not wiped out
    _update(plan.guardians_readdressed, _ADDRESS_FIELDS, lambda done: None)
    Guardianship.objects.filter(pk__in=[link.pk for link in plan.links_gone]).delete()
    total = len(plan.links_new) + len(plan.links_changed)
    _create(plan.links_new, lambda done: tell(links, done, total))
    _update(plan.links_changed, _LINK_FIELDS, lambda done: tell(links, len(plan.links_new) + done, total))


Rows = Sequence[Student] | Sequence[Guardian] | Sequence[Guardianship]


def _create(rows: Rows, told: Callable[[int], None]) -> None:
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        type(batch[0])._default_manager.bulk_create(batch)  # type: ignore[arg-type]
        told(first + len(batch))


def _update(rows: Rows, fields: list[str], told: Callable[[int], None]) -> None:
    """Update these fields of rows that exist, by INSERT … ON CONFLICT: a dozen times faster than `bulk_update`."""
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        type(batch[0])._default_manager.bulk_create(
            batch,  # type: ignore[arg-type]
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=fields,
        )
        told(first + len(batch))
