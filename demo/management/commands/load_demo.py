"""`manage.py load_demo`: the demonstration's schools, their families, staff and phases, in an empty database."""

from __future__ import annotations

import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.commands import ActingCommand
from demo.campaign_states import play_campaign
from demo.exports import dated_exports
from demo.people import BORDEAUX, MARSEILLE
from demo.schools import SCHOOLS, DemoSchool
from demo.staff import make_staff
from orientation.models import Campaign, Phase, PhaseKind, Speciality, SpecialityOffer
from schools.models import School
from schools.siecle import apply_import, read_pair, school_year_at


class Command(ActingCommand):
    help = "Charge les établissements, familles, personnels et phases de la démonstration dans une base vide."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--exports", type=Path, help="dossier où écrire les exports à importer dans l’administration"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if School.objects.exists() or User.objects.exists():
            raise CommandError(_("La base n’est pas vide : la démonstration se charge seulement dans une base vide."))
        now = timezone.now()
        with transaction.atomic():
            load_schools(now)
            make_staff()
            marseille = School.objects.get(uai=MARSEILLE)
            play_campaign(marseille, User.objects.get(memberships__school=marseille), now)
        if folder := options["exports"]:
            folder.mkdir(parents=True, exist_ok=True)
            dated_exports(BORDEAUX, now, folder)
        self.stdout.write(
            _("Démonstration chargée : %(schools)s établissements.") % {"schools": School.objects.count()}
        )


def load_schools(now: datetime) -> None:
    """Make every school, with the people and the phases that each has by now."""
    for demo in SCHOOLS:
        school = _load_school(demo, now)
        if demo.is_imported:
            _open_campaign(school, demo, now)


def _load_school(demo: DemoSchool, now: datetime) -> School:
    """Create the school, with its SIECLE exports dated today imported by the same code as a real school's."""
    if demo.is_imported:
        _import_exports(demo, now)
    school, _created = School.objects.get_or_create(uai=demo.uai, defaults={"name": demo.name})
    for name in ("address", "phone", "email", "welcome_message"):
        setattr(school, name, getattr(demo, name))
    school.save()
    return school


def _import_exports(demo: DemoSchool, now: datetime) -> None:
    with tempfile.TemporaryDirectory(prefix="demo-siecle-") as folder:
        export = read_pair(
            dated_exports(demo.uai, now, Path(folder)), expected_year=school_year_at(now), expected_uai=demo.uai
        )
    report = apply_import(export, at=now, create_school=True, school_name=demo.name)
    if report.refused or report.warnings:
        raise CommandError(_("Les exports de la démonstration ont des lignes refusées : %(uai)s.") % {"uai": demo.uai})


def _open_campaign(school: School, demo: DemoSchool, now: datetime) -> Campaign:
    """Intentions and avis are over; final choices and propositions are where the school's own dates put them."""
    year = school_year_at(now)
    campaign = Campaign.objects.create(school=school, school_year=year, offer_declared_at=now - timedelta(days=150))
    specialities = {row.code: row for row in Speciality.objects.filter(code__in=demo.specialities)}
    if missing := sorted(set(demo.specialities) - set(specialities)):
        raise CommandError(_("Absent du catalogue : %(codes)s.") % {"codes": ", ".join(missing)})
    SpecialityOffer.objects.bulk_create(
        SpecialityOffer(school=school, school_year=year, speciality=specialities[code]) for code in demo.specialities
    )

    def local(days: int, hour: time) -> datetime:
        day = now.astimezone(school.zone).date() + timedelta(days=days)
        return datetime.combine(day, hour, tzinfo=school.zone)

    closes_in = demo.closes_in
    council = closes_in + demo.council_days
    dates = {
        PhaseKind.INTENTIONS: (local(-120, time(8)), local(-99, time(23, 59))),
        PhaseKind.PROVISIONAL_OPINIONS: (local(-88, time(8)), local(-74, time(23, 59))),
        PhaseKind.FINAL_CHOICES: (local(-28 if closes_in < 0 else -14, time(8)), local(closes_in, demo.closes_at)),
        PhaseKind.PROPOSALS: (local(council, time(8)), local(council + 14, time(23, 59))),
    }
    Phase.objects.bulk_create(
        Phase(campaign=campaign, kind=kind, opens_at=opens_at, closes_at=closes_at)
        for kind, (opens_at, closes_at) in dates.items()
    )
    return campaign
