"""`manage.py load_demo`: the demonstration's three schools, their families, staff and phases, in an empty database."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from demo.people import LYON, PARIS, PASSWORD, REUNION, person
from orientation.models import Campaign, Phase, PhaseKind, Speciality, SpecialityOffer
from schools.models import Role, School, StaffMembership
from schools.siecle import apply_import, read_pair, school_year_at

SIECLE = Path(__file__).resolve().parents[2] / "siecle"
ENCODING = "iso-8859-15"


@dataclass(frozen=True)
class DemoSchool:
    """What SIECLE does not say of a school. Final choices close in `closes_in` days, at `closes_at` local time."""

    uai: str
    name: str
    address: str
    phone: str
    email: str
    welcome_message: str
    head: str
    specialities: tuple[str, ...]
    closes_in: int
    closes_at: time


SCHOOLS = [
    DemoSchool(
        uai=PARIS,
        name="Lycée Simone-Veil",
        address="12 rue des Essais\n75011 Paris",
        phone="01 99 00 11 11",
        email="secretariat@lycee-simone-veil.example",
        welcome_message=(
            "Bienvenue dans Scolarité services. Les conseils de classe du 3e trimestre approchent : "
            "pensez à valider vos choix définitifs."
        ),
        head="proviseur.paris",
        # without sciences de l’ingénieur: what is not taught here shows as “hors établissement”
        specialities=(
            "mathematiques",
            "physique-chimie",
            "svt",
            "ses",
            "hggsp",
            "hlp",
            "nsi",
            "llcer-anglais",
            "amc",
            "llcer-espagnol",
            "arts-plastiques",
            "theatre",
            "llca-latin",
        ),
        closes_in=9,
        closes_at=time(23, 59),
    ),
    DemoSchool(
        uai=LYON,
        name="Lycée Ada-Lovelace",
        address="3 quai des Exemples\n69002 Lyon",
        phone="04 99 00 22 22",
        email="secretariat@lycee-ada-lovelace.example",
        welcome_message="Bienvenue. Le service ferme demain à midi : le secrétariat vous aide au 04 99 00 22 22.",
        head="proviseur.lyon",
        specialities=(
            "mathematiques",
            "physique-chimie",
            "svt",
            "ses",
            "hggsp",
            "nsi",
            "sciences-ingenieur",
            "amc",
            "llcer-italien",
            "eppcs",
        ),
        closes_in=1,
        closes_at=time(12),
    ),
    DemoSchool(
        uai=REUNION,
        name="Lycée du Volcan",
        address="45 rue des Filaos\n97418 La Plaine-des-Cafres",
        phone="02 62 99 33 33",
        email="secretariat@lycee-du-volcan.example",
        welcome_message="Bienvenue dans Scolarité services. Les heures indiquées sont celles de La Réunion.",
        head="proviseur.reunion",
        specialities=(
            "mathematiques",
            "physique-chimie",
            "svt",
            "ses",
            "hggsp",
            "hlp",
            "llcer-anglais",
            "biologie-ecologie",
        ),
        closes_in=3,
        closes_at=time(18),
    ),
]


class Command(BaseCommand):
    help = "Charge les établissements, familles, personnels et phases de la démonstration dans une base vide."

    def handle(self, *args: Any, **options: Any) -> None:
        if School.objects.exists() or User.objects.exists():
            raise CommandError(_("La base n’est pas vide : la démonstration se charge seulement dans une base vide."))
        now = timezone.now()
        with transaction.atomic():
            for demo in SCHOOLS:
                school = _load_school(demo, now)
                _open_campaign(school, demo, now)
                _staff(demo.head, Role.HEAD, school)
            _load_others()
        self.stdout.write(
            _("Démonstration chargée : %(schools)s établissements.") % {"schools": School.objects.count()}
        )


def _load_school(demo: DemoSchool, now: datetime) -> School:
    """Import the school's SIECLE exports, dated today, by the same code as a real school's."""
    with tempfile.TemporaryDirectory(prefix="demo-siecle-") as folder:
        export = read_pair(
            dated_exports(demo.uai, now, Path(folder)), expected_year=school_year_at(now), expected_uai=demo.uai
        )
    report = apply_import(export, at=now, create_school=True, school_name=demo.name)
    if report.refused or report.warnings:
        raise CommandError(_("Les exports de la démonstration ont des lignes refusées : %(uai)s.") % {"uai": demo.uai})
    school = School.objects.get(uai=demo.uai)
    for name in ("address", "phone", "email", "welcome_message"):
        setattr(school, name, getattr(demo, name))
    school.save()
    return school


def dated_exports(uai: str, now: datetime, folder: Path) -> list[Path]:
    """Write a school's two exports into the folder, as if SIECLE had made them today, and return their paths."""
    today = now.astimezone(ZoneInfo("Europe/Paris"))
    values = {"school_year": school_year_at(now), "day": today.strftime("%d/%m/%Y")}
    paths = []
    for template in sorted((SIECLE / uai).glob("*.xml")):
        path = folder / template.name
        text = Template(template.read_text(encoding=ENCODING)).substitute(values)
        path.write_text(text, encoding=ENCODING)
        paths.append(path)
    return paths


def _open_campaign(school: School, demo: DemoSchool, now: datetime) -> Campaign:
    """Intentions and avis are over, final choices are open, propositions come after the councils."""
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
    dates = {
        PhaseKind.INTENTIONS: (local(-120, time(8)), local(-99, time(23, 59))),
        PhaseKind.PROVISIONAL_OPINIONS: (local(-88, time(8)), local(-74, time(23, 59))),
        PhaseKind.FINAL_CHOICES: (local(-14, time(8)), local(closes_in, demo.closes_at)),
        PhaseKind.PROPOSALS: (local(closes_in + 10, time(8)), local(closes_in + 24, time(23, 59))),
    }
    Phase.objects.bulk_create(
        Phase(campaign=campaign, kind=kind, opens_at=opens_at, closes_at=closes_at)
        for kind, (opens_at, closes_at) in dates.items()
    )
    return campaign


def _load_others() -> None:
    """A form teacher who is also a mother, and the platform's own operator."""
    nadia = person("nadia.benali")
    _staff(
        nadia.login,
        Role.FORM_TEACHER,
        School.objects.get(uai=PARIS),
        first_name=nadia.given_name,
        last_name=nadia.family_name,
    )
    User.objects.create_superuser(username="operateur", password=PASSWORD)


def _staff(username: str, role: Role, school: School, **names: str) -> None:
    user = User.objects.create_user(username=username, password=PASSWORD, is_staff=True, **names)
    StaffMembership.objects.create(user=user, school=school, role=role)
