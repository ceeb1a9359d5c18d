"""`manage.py create_head`: give a school its first head, who then manages the rest of the staff."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.commands import ActingCommand
from schools.models import Role, School, StaffMembership

PASSWORD_VARIABLE = "HEAD_PASSWORD"  # noqa: S105 (the name of a variable)


class Command(ActingCommand):
    help = (
        "Crée le compte du chef d’établissement. Le mot de passe est lu dans --password-file, sinon dans la "
        f"variable {PASSWORD_VARIABLE}, sinon demandé."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--uai", required=True, help="établissement, déjà connu")
        parser.add_argument("--username", required=True, help="identifiant du compte, nouveau")
        parser.add_argument("--email", default="", help="adresse électronique professionnelle")
        parser.add_argument("--password-file", type=Path, help="fichier dont la première ligne est le mot de passe")

    def handle(self, *args: Any, **options: Any) -> None:
        if "@" in options["username"]:  # as people will type it, with capitals or without
            options["username"] = options["username"].lower()
        school = School.objects.filter(uai=options["uai"]).first()
        if school is None:
            raise CommandError(_("L’établissement %(uai)s n’est pas connu ici.") % {"uai": options["uai"]})
        if get_user_model().objects.filter(username=options["username"]).exists():
            raise CommandError(_("Le compte « %(name)s » existe déjà.") % {"name": options["username"]})
        user = get_user_model()(username=options["username"], email=options["email"], is_staff=True)
        password = _password(options["password_file"])
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        with transaction.atomic():
            user.save()
            StaffMembership.objects.create(user=user, school=school, role=Role.HEAD)
        self.stdout.write(
            _("Compte « %(name)s » créé : chef d’établissement de %(school)s.")
            % {"name": options["username"], "school": school}
        )
        self.stdout.write(_("À sa première connexion, la double authentification lui sera demandée (téléphone)."))


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except OSError as error:
            raise CommandError(_("Le fichier du mot de passe ne peut pas être lu.")) from error
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    password = getpass.getpass(_("Mot de passe : "))
    if password != getpass.getpass(_("Mot de passe (encore) : ")):
        raise CommandError(_("Les deux mots de passe sont différents."))
    return password
