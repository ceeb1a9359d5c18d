"""Which record a command is about: a pupil's or a guardian's, by what the school knows them by."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from schools.models import Guardian, School, Student


def add_record_arguments(parser: ArgumentParser) -> None:
    """Ask for a school, and for one of its people."""
    parser.add_argument("--uai", required=True, help="établissement")
    record = parser.add_mutually_exclusive_group(required=True)
    record.add_argument("--ine", help="élève, par son INE")
    record.add_argument("--person", metavar="PERSONNE_ID", help="responsable, par son identifiant SIECLE")


def record_of(options: dict[str, Any]) -> Student | Guardian:
    """Return the record that the arguments name. Raises CommandError."""
    school = School.objects.filter(uai=options["uai"]).first()
    if school is None:
        raise CommandError(_("L’établissement %(uai)s n’est pas connu ici.") % {"uai": options["uai"]})
    record: Student | Guardian | None
    if options["ine"]:
        record = Student.objects.filter(school=school, ine=options["ine"]).first()
    else:
        record = Guardian.objects.filter(school=school, siecle_person_id=options["person"]).first()
    if record is None:
        raise CommandError(_("Aucun dossier ne porte cet identifiant dans cet établissement."))
    return record
