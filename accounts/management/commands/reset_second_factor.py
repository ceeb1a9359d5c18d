"""`manage.py reset_second_factor`: let a head, or an operator, who lost their telephone and recovery codes set another.

The operator has checked who they are. A head does the same for the other members, on the page of the staff.
"""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.staff import second_factor
from audit.commands import ActingCommand

logger = logging.getLogger(__name__)


class Command(ActingCommand):
    help = (
        "Oublie le téléphone et les codes de secours d’un compte de l’administration : un autre lui sera demandé à sa "
        "prochaine connexion. À faire après avoir vérifié l’identité de la personne."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", help="identifiant du compte")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["login"], is_staff=True).first()
        if user is None:
            raise CommandError(_("Aucun compte de l’administration n’a cet identifiant."))
        second_factor.reset(user=user)
        logger.info("second factor reset by the operator: account=%s", user.pk)
        self.stdout.write(_("Double authentification réinitialisée : elle sera à activer à la prochaine connexion."))
