"""What the school's staff do with an import: each function is one act in one transaction. The worker's part: `work`."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from notifications.broker import wake_worker
from schools.imports.errors import (
    AnotherIsUnderWay,
    AnotherPlan,
    CautionNotAccepted,
    MayNotImport,
    NotToConfirm,
    TooLateToCancel,
)
from schools.imports.preview import Preview, preview_of
from schools.imports.uploads import Upload, check_pair
from schools.models import ImportFile, ImportOrigin, ImportState, School, SiecleImport
from schools.policies import ROLES_OF_ACT, StaffAct
from schools.siecle import ImportPlan, ImportReport, SiecleExport, apply_import
from schools.staff import schools_of_staff

logger = logging.getLogger(__name__)

Account = AbstractBaseUser | AnonymousUser

GIVEN_UP_AFTER = timedelta(days=7)
"""How long an import waits to be confirmed; its files are then deleted."""

WORK_TASK = "schools.tasks.work_on_imports"

_wake = partial(wake_worker, WORK_TASK)


def start_import(
    *, school: School, uploads: Sequence[Upload], school_year: int, by: Account, at: datetime
) -> SiecleImport:
    """Keep two files until a worker has read them. The same files a second time are the same import.

    Raises ImportRefusal, or SiecleError for two files that make no pair.
    """
    _require_importer(school, by)
    check_pair(uploads)
    try:
        with transaction.atomic():
            started = SiecleImport.objects.create(
                school=school,
                school_year=school_year,
                files=[upload.described for upload in uploads],
                uploaded_by_id=by.pk,
                uploaded_at=at,
                due_at=at,
            )
            for upload in uploads:
                ImportFile.objects.create(siecle_import=started, name=upload.name, content=upload.packed)
            transaction.on_commit(_wake, robust=True)
    except IntegrityError:
        return _under_way_already(school, uploads, school_year)
    logger.info("SIECLE import %s of %s: uploaded by account %s", started.pk, school.uai, by.pk)
    return started


def _under_way_already(school: School, uploads: Sequence[Upload], school_year: int) -> SiecleImport:
    other = SiecleImport.objects.under_way().without_lines().filter(school=school).first()
    given = [upload.sha256 for upload in uploads]
    if other and other.school_year == school_year and [file["sha256"] for file in other.files] == given:
        return other
    raise AnotherIsUnderWay(
        _("Un import de cet établissement est déjà en cours : terminez-le ou annulez-le d’abord."), other
    )


@transaction.atomic
def confirm_import(
    *, siecle_import: SiecleImport, digest: str, accepted: Collection[str], by: Account, at: datetime
) -> SiecleImport:
    """Ask for the plan that the page showed to be written; `accepted` are the cautions that were ticked.

    A second click is the same confirmation. Raises ImportRefusal.
    """
    found = _locked(siecle_import, by)
    if found.digest == digest and found.state in (ImportState.APPLYING, ImportState.DONE):
        return found
    if found.state != ImportState.TO_CONFIRM:
        raise NotToConfirm(_("Cet import n’est pas à confirmer : il est %(state)s.") % {"state": _state(found)})
    if found.digest != digest:
        raise AnotherPlan(_("L’établissement a changé depuis que cette page a été affichée : relisez les changements."))
    if any(caution["code"] not in accepted for caution in found.summary["cautions"]):
        raise CautionNotAccepted(_("Cochez chaque point d’attention pour confirmer l’import."))
    found.state, found.due_at, found.attempts, found.claim = ImportState.APPLYING, at, 0, None
    found.confirmed_by_id, found.confirmed_at, found.reason = by.pk, at, ""
    found.step, found.progress_done, found.progress_total = "", 0, 0
    found.save()
    transaction.on_commit(_wake, robust=True)
    logger.info("SIECLE import %s: confirmed by account %s, cautions %s", found.pk, by.pk, sorted(accepted))
    return found


@transaction.atomic
def cancel_import(*, siecle_import: SiecleImport, by: Account, at: datetime) -> SiecleImport:
    """Give up an import of which nothing is written yet; its files are deleted. Raises ImportRefusal."""
    found = _locked(siecle_import, by)
    if found.state == ImportState.CANCELLED:
        return found
    if not found.is_under_way or found.state == ImportState.APPLYING:
        raise TooLateToCancel(_("Cet import ne peut plus être annulé : il est %(state)s.") % {"state": _state(found)})
    found.cancelled_by_id = by.pk
    end(found, ImportState.CANCELLED, at=at)
    logger.info("SIECLE import %s: cancelled by account %s", found.pk, by.pk)
    return found


def end(siecle_import: SiecleImport, state: ImportState, *, at: datetime, reason: str = "") -> None:
    """Write how a locked import ends, and delete its files; of people whom it did not write, nothing is kept."""
    siecle_import.state, siecle_import.ended_at, siecle_import.reason = state, at, reason
    siecle_import.claim, siecle_import.step = None, ""
    if state != ImportState.DONE:
        siecle_import.summary, siecle_import.lines, siecle_import.digest = {}, {}, ""
    siecle_import.save()  # `lines` are deferred, and so not written again, where they stay
    ImportFile.objects.filter(siecle_import=siecle_import).delete()


@transaction.atomic
def import_at_once(
    export: SiecleExport,
    *,
    files: Iterable[dict[str, Any]],
    by: AbstractBaseUser | None = None,
    at: datetime,
    create_school: bool = False,
    school_name: str = "",
    accept_older: bool = False,
) -> ImportReport:
    """Write a pair without showing it first, for an operator at a terminal, and leave a line in the history.

    Raises SiecleError, and CautionNotAccepted for an export older than the last one, unless it is accepted.
    """
    previews: list[tuple[School, Preview]] = []

    def check(plan: ImportPlan) -> None:
        preview = preview_of(plan)
        older = next((each for each in preview.summary["cautions"] if each["code"] == "older"), None)
        if older and not accept_older:
            raise CautionNotAccepted(older["text"])
        previews.append((plan.school, preview))

    report = apply_import(export, by=by, at=at, create_school=create_school, school_name=school_name, check=check)
    school, preview = previews[0]
    _record(school, export, preview, files=list(files), by=by, at=at)
    return report


def _record(
    school: School,
    export: SiecleExport,
    preview: Preview,
    *,
    files: list[dict[str, Any]],
    by: AbstractBaseUser | None,
    at: datetime,
) -> None:
    """Leave the line in the history of what a command wrote."""
    asked_by = by.pk if by else None
    SiecleImport.objects.create(
        school=school,
        school_year=export.school_year,
        origin=ImportOrigin.COMMAND,
        state=ImportState.DONE,
        files=files,
        export_made_at=export.made_at,
        uploaded_at=at,
        uploaded_by_id=asked_by,
        confirmed_at=at,
        confirmed_by_id=asked_by,
        ended_at=at,
        digest=preview.digest,
        summary=preview.summary,
        lines=preview.lines,
    )


def _locked(siecle_import: SiecleImport, by: Account) -> SiecleImport:
    rows = SiecleImport.objects.without_lines().select_for_update(of=("self",)).select_related("school")
    found = rows.get(pk=siecle_import.pk)
    _require_importer(found.school, by)
    return found


def _require_importer(school: School, by: Account) -> None:
    if not schools_of_staff(by, ROLES_OF_ACT[StaffAct.IMPORT]).filter(pk=school.pk).exists():
        raise MayNotImport(_("Seuls la direction et le secrétariat de l’établissement importent ses élèves."))


def _state(siecle_import: SiecleImport) -> str:
    return str(ImportState(siecle_import.state).label)
