"""The SIECLE exports of the demonstration's schools, as if SIECLE had made them today.

Three schools have theirs in `demo/siecle/<UAI>/`; the two larger ones are invented pupil by pupil.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

from demo.invented_school import (
    InventedGuardian,
    InventedPupil,
    invented_pupils,
    siecle_guardians,
    siecle_students,
)
from demo.people import BORDEAUX, MARSEILLE
from schools.siecle import school_year_at

SIECLE = Path(__file__).resolve().parent / "siecle"
ENCODING = "iso-8859-15"
STUDENTS_FILE, GUARDIANS_FILE = "ElevesAvecAdresses.xml", "ResponsablesAvecAdresses.xml"

LINA = InventedPupil(
    "074000001HH",
    "Lina",
    "Haddad",
    "09/04/2011",
    True,
    "2DE1",
    (
        InventedGuardian("4000001", "Samira", "Haddad", "10", "samira.haddad@familles.example"),
        InventedGuardian("4000002", "Karim", "Haddad", "20", "karim.haddad@familles.example"),
    ),
)
HUGO = InventedPupil(
    "075000001RR",
    "Hugo",
    "Roche",
    "05/10/2011",
    False,
    "2DE1",
    (InventedGuardian("5000001", "Isabelle", "Roche", "10", "isabelle.roche@familles.example"),),
)
INVENTED = {
    MARSEILLE: [
        LINA,
        *invented_pupils(prefix=40, classes={"2DE1": 7, "2DE2": 9, "2DE3": 9, "2DE4": 10, "2DE5": 9, "2DE6": 8}),
    ],
    BORDEAUX: [HUGO, *invented_pupils(prefix=50, classes={"2DE1": 4, "2DE2": 5})],
}


def dated_exports(uai: str, now: datetime, folder: Path) -> list[Path]:
    """Write a school's two exports into the folder and return their paths: pupils, then guardians."""
    year, day = school_year_at(now), now.astimezone(ZoneInfo("Europe/Paris")).strftime("%d/%m/%Y")
    paths = []
    for name, write in ((STUDENTS_FILE, siecle_students), (GUARDIANS_FILE, siecle_guardians)):
        if uai in INVENTED:
            text = write(INVENTED[uai], uai=uai, school_year=year, day=day)
        else:
            template = Template((SIECLE / uai / name).read_text(encoding=ENCODING))
            text = template.substitute({"school_year": year, "day": day})
        path = folder / name
        path.write_text(text, encoding=ENCODING)
        paths.append(path)
    return paths
