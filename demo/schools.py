"""The demonstration's schools: what SIECLE does not say of them, and when their phases are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from demo.people import BORDEAUX, LYON, MARSEILLE, PARIS, REUNION


@dataclass(frozen=True)
class DemoSchool:
    """What SIECLE does not say of a school.

    Final choices close in `closes_in` days, at `closes_at` local time; propositions can be published
    `council_days` days later. A school that is not `is_imported` has nothing but its head: its year is to be run.
    """

    uai: str
    name: str
    address: str
    phone: str
    email: str
    welcome_message: str
    specialities: tuple[str, ...]
    closes_in: int = 0
    closes_at: time = time(23, 59)
    council_days: int = 10
    is_imported: bool = True


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
    DemoSchool(
        uai=MARSEILLE,
        name="Lycée Marie-Curie",
        address="8 chemin des Épreuves\n13008 Marseille",
        phone="04 99 00 44 44",
        email="secretariat@lycee-marie-curie.example",
        welcome_message="Bienvenue. Les propositions des conseils de classe paraissent classe par classe.",
        specialities=(
            "mathematiques",
            "physique-chimie",
            "svt",
            "ses",
            "hggsp",
            "hlp",
            "nsi",
            "sciences-ingenieur",
            "llcer-anglais",
            "cinema-audiovisuel",
        ),
        closes_in=-6,
        council_days=5,
    ),
    DemoSchool(
        uai=BORDEAUX,
        name="Lycée Montesquieu",
        address="21 cours des Exercices\n33000 Bordeaux",
        phone="05 99 00 55 55",
        email="secretariat@lycee-montesquieu.example",
        welcome_message="Bienvenue dans Scolarité services",
        specialities=(),
        is_imported=False,
    ),
]
