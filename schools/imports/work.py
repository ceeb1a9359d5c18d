"""The worker's part: claim an import, read and compare its files, or write the plan that was confirmed.

Each claim is a lease that `Progress` makes last. A worker that dies leaves it to expire, and the import is begun again
from its files: nothing of it was written, since writing is one transaction that ends it.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from functools import partial
from traceback import format_tb

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.context import acting
from schools.imports.preview import Preview, preview_of
from schools.imports.progress import LEASE, Progress
from schools.imports.services import GIVEN_UP_AFTER, end
from schools.imports.uploads import opened
from schools.models import ImportState, SiecleImport
from schools.siecle import ImportPlan, SiecleError, SiecleExport, apply_import, plan_import, read_pair

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""After so many workers that died on it, an import has failed: the next one would die as well."""

RETRY_AFTER = timedelta(seconds=15)
"""When the database failed in the middle."""

ORIGIN = "import SIECLE"


class LostClaim(Exception):
    """Another worker, or somebody who cancelled, has the import now: what this one did is rolled back."""


class SchoolChanged(Exception):
    """The plan is no longer the one that was confirmed."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


def work(*, at: datetime) -> int:
    """Do all that is due, one import after the other; return how many."""
    count = 0
    while (claimed := claim(at=timezone.now() if count else at)) is not None:
        _do(claimed)
        count += 1
    return count


def claim(*, at: datetime) -> SiecleImport | None:
    """Take the import that has waited longest, until the lease ends; end those that nobody will take on."""
    while True:
        with transaction.atomic():
            due = SiecleImport.objects.without_lines().due(at).select_for_update(of=("self",), skip_locked=True)
            found = due.select_related("school", "confirmed_by", "uploaded_by").first()
            if found is None:
                return None
            if found.state == ImportState.TO_CONFIRM:
                reason = _("Personne ne l’a confirmé en sept jours. Refaites les deux exports, puis un nouvel import.")
                end(found, ImportState.CANCELLED, at=at, reason=reason)
            elif found.attempts >= ATTEMPTS:
                end(found, ImportState.FAILED, at=at, reason=_failure())
                logger.error("SIECLE import %s: failed, every worker that tried died", found.pk)
            else:
                if found.state == ImportState.UPLOADED:
                    found.state = ImportState.CHECKING
                found.attempts, found.claim, found.due_at = found.attempts + 1, uuid.uuid4(), at + LEASE
                found.save(update_fields=["state", "attempts", "claim", "due_at"])
                return found


def _do(claimed: SiecleImport) -> None:
    try:
        with Progress(claimed) as tell:
            if claimed.state == ImportState.CHECKING:
                _check(claimed, tell)
            else:
                _apply(claimed, tell)
    except LostClaim:
        logger.info("SIECLE import %s: taken from this worker", claimed.pk)
    except (OperationalError, InterfaceError) as error:
        logger.warning("SIECLE import %s: to be tried again (%s)", claimed.pk, type(error).__name__)
        _ours(claimed).update(due_at=timezone.now() + RETRY_AFTER)
    except Exception as error:  # noqa: BLE001  whatever a bug does with one school's files, the person is told
        # the message of an error of the database holds what it was given: only its kind is said, and where
        where = "".join(format_tb(error.__traceback__))
        logger.error("SIECLE import %s: failed (%s)\n%s", claimed.pk, type(error).__name__, where)
        _settle(claimed, ImportState.FAILED, reason=_failure())


def _check(claimed: SiecleImport, tell: Progress) -> None:
    """Read and compare; leave the preview to be confirmed, or the refusal."""
    try:
        export = _read(claimed, tell)
    except SiecleError as refusal:
        _settle(claimed, ImportState.REFUSED, reason=str(refusal))
        return
    tell(_("Comparaison avec l’établissement"), 0, 0)
    today = timezone.now().astimezone(claimed.school.zone).date()
    _show(claimed, preview_of(plan_import(export, school=claimed.school, on=today)), made_at=export.made_at)


def _apply(claimed: SiecleImport, tell: Progress) -> None:
    """Write the plan that was confirmed, and nothing else; show the preview again when the school has changed."""

    def check(plan: ImportPlan) -> None:
        preview = preview_of(plan)
        if preview.digest != claimed.digest:
            raise SchoolChanged(preview)

    try:
        export = _read(claimed, tell)
        with acting(claimed.confirmed_by, origin=ORIGIN), transaction.atomic():
            apply_import(export, by=claimed.confirmed_by, at=timezone.now(), check=check, tell=tell)
            end(_locked(claimed), ImportState.DONE, at=timezone.now())
    except SiecleError as refusal:
        _settle(claimed, ImportState.REFUSED, reason=str(refusal))
    except SchoolChanged as changed:
        reason = _("L’établissement a changé depuis la confirmation : rien n’a été écrit. Relisez les changements.")
        _show(claimed, changed.preview, made_at=export.made_at, reason=reason)


def _read(claimed: SiecleImport, tell: Progress) -> SiecleExport:
    reading = partial(tell, _("Lecture des fichiers"), 0, 0)
    files = [opened(file, on_read=reading) for file in claimed.contents.order_by("pk")]
    return read_pair(files, expected_year=claimed.school_year, expected_uai=claimed.school.uai)


@transaction.atomic
def _show(claimed: SiecleImport, preview: Preview, *, made_at: datetime, reason: str = "") -> None:
    found = _locked(claimed)
    found.state, found.reason, found.export_made_at = ImportState.TO_CONFIRM, reason, made_at
    found.summary, found.lines, found.digest = preview.summary, preview.lines, preview.digest
    found.confirmed_by, found.confirmed_at = None, None
    found.claim, found.attempts, found.step, found.due_at = None, 0, "", timezone.now() + GIVEN_UP_AFTER
    found.save()


@transaction.atomic
def _settle(claimed: SiecleImport, state: ImportState, *, reason: str) -> None:
    try:
        end(_locked(claimed), state, at=timezone.now(), reason=reason)
    except LostClaim:
        logger.info("SIECLE import %s: taken from this worker", claimed.pk)


def _locked(claimed: SiecleImport) -> SiecleImport:
    """Return the import as it is now. Raises LostClaim."""
    found = _ours(claimed).select_for_update(of=("self",)).first()
    if found is None:
        raise LostClaim
    return found


def _ours(claimed: SiecleImport) -> QuerySet[SiecleImport]:
    return SiecleImport.objects.without_lines().filter(pk=claimed.pk, claim=claimed.claim)


def _failure() -> str:
    return _("Une erreur inattendue a arrêté l’import : rien n’a été écrit. Réessayez ; si cela continue, signalez-le.")
