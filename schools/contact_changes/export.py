"""The file of changed coordinates for whoever types them into SIECLE: one line per guardian, SIECLE's own names."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator

from notifications.languages import in_french
from schools.contact_changes.fields import PHONES, siecle_value
from schools.countries import country_name
from schools.models import ContactChange, ContactField, Guardian, School
from schools.phones import dialled_phone
from schools.times import spoken_instant

HEADERS = [
    "PERSONNE_ID",
    "LC_CIVILITE",
    "NOM_DE_FAMILLE",
    "NOM_USAGE",
    "PRENOM",
    "LIGNE1_ADRESSE",
    "LIGNE2_ADRESSE",
    "LIGNE3_ADRESSE",
    "LIGNE4_ADRESSE",
    "CODE_POSTAL",
    "LIBELLE_POSTAL",
    "LL_PAYS",
    "TEL_PERSONNEL",
    "TEL_PROFESSIONNEL",
    "TEL_PORTABLE",
    "ACCEPTE_SMS",
    "CODE_PROFESSION",
    "COMMUNICATION_ADRESSE",
    "MEL",
    "RUBRIQUES_MODIFIEES",
    "MODIFIE_LE",
]
ADDRESS_LINES = 4
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@in_french
def changes_file(changes: Iterable[ContactChange], guardians: Iterable[Guardian], school: School) -> bytes:
    """Return the CSV (UTF-8 with BOM, semicolons) of these guardians: each value as it would be once all is taken.

    A phone is written as it is dialled; a text that a spreadsheet would run gets an apostrophe.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet, delimiter=";")
    writer.writerow(HEADERS)
    of_guardian: dict[int, list[ContactChange]] = defaultdict(list)
    for change in changes:
        of_guardian[change.guardian_id].append(change)
    for guardian in guardians:
        if guardian.pk in of_guardian:
            cells = _cells(guardian, of_guardian[guardian.pk], school)
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return sheet.getvalue().encode("utf-8-sig")


def _cells(guardian: Guardian, changes: list[ContactChange], school: School) -> list[str]:
    values = {field: siecle_value(guardian, field) for field in ContactField}
    values |= {ContactField(change.field): change.after for change in changes}
    identity = [guardian.civility, guardian.family_name, guardian.usual_name, guardian.given_name]
    return [
        guardian.siecle_person_id,
        *identity,
        *_address(values[ContactField.ADDRESS_LINES]),
        values[ContactField.POSTAL_CODE],
        values[ContactField.TOWN],
        country_name(values[ContactField.COUNTRY]).upper(),
        *(dialled_phone(values[field], school.time_zone) for field in PHONES),
        values[ContactField.ACCEPTS_SMS],
        values[ContactField.OCCUPATION],
        values[ContactField.SHARES_COORDINATES],
        values[ContactField.EMAIL],
        ", ".join(str(ContactField(change.field).label) for change in changes),
        spoken_instant(max(change.changed_at for change in changes), school),
    ]


def _address(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for number in range(ADDRESS_LINES):
        yield lines[number] if number < len(lines) else ""
