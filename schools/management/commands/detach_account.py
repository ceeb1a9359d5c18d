"""`manage.py detach_account`: free a student's or a guardian's record of its account, when the school asks for it.

For somebody whom the provider knows under a new identity: their record is then found again at their next sign-in. The
school has checked who they are. Only identifiers are printed and logged, never a name.
"""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from audit.commands import ActingCommand
from schools.management.records import add_record_arguments, record_of
from schools.models import Guardian, Student

logger = logging.getLogger(__name__)


class Command(ActingCommand):
    help = "Détache de son compte le dossier d’un élève ou d’un responsable, dans un établissement."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_record_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="ne pas demander de confirmation")

    def handle(self, *args: Any, **options: Any) -> None:
        record = record_of(options)
        account = record.user_id
        if account is None:
            self.stdout.write(_("Ce dossier n’est rattaché à aucun compte : rien à faire."))
            return
        self.stdout.write(
            _("%(record)s n° %(pk)s (%(identifier)s), établissement %(uai)s : sera détaché du compte n° %(account)s.")
            % {
                "record": _("Élève") if isinstance(record, Student) else _("Responsable"),
                "pk": record.pk,
                "identifier": options["ine"] or options["person"],
                "uai": options["uai"],
                "account": account,
            }
        )
        if not options["yes"] and not _is_confirmed():
            raise CommandError(_("Rien n’a été changé."))
        if not _detach(record, account):
            raise CommandError(_("Le dossier a changé de compte entre-temps : rien n’a été changé."))
        self.stdout.write(_("Dossier détaché. La personne le retrouvera à sa prochaine connexion."))


def _is_confirmed() -> bool:
    try:
        return input(_("Continuer ? [o/N] ")).strip().lower() in ("o", "oui")
    except EOFError:
        return False


def _detach(record: Student | Guardian, account: int) -> bool:
    """Detach the record from the account that was shown, and from no other."""
    model = type(record)
    detached = bool(model._default_manager.filter(pk=record.pk, user_id=account).update(user=None))
    if detached:
        logger.warning("record detached: %s=%s account=%s", model._meta.model_name, record.pk, account)
    return detached
