"""Telephone numbers: read as people and SIECLE write them, kept as E.164, said as in the school's own territory."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from schools.models.school import TimeZone

_REGIONS = {
    TimeZone.METROPOLE: "FR",
    TimeZone.GUADELOUPE: "GP",
    TimeZone.MARTINIQUE: "MQ",
    TimeZone.GUYANE: "GF",
    TimeZone.REUNION: "RE",
    TimeZone.MAYOTTE: "YT",
    TimeZone.SAINT_PIERRE: "PM",
    TimeZone.NOUVELLE_CALEDONIE: "NC",
    TimeZone.POLYNESIE: "PF",
    TimeZone.WALLIS: "WF",
}
_TEN_DIGITS = ("FR", "GP", "MQ", "GF", "RE", "YT")
"""Territories that dial each other's ten digits as they stand, whatever the country code behind."""

_FICTION = re.compile(r"\+33(19900|26191|35301|46571|53649|63998)[0-9]{4}")
"""What the Arcep keeps for works of fiction (decision 2018-0881): nobody's numbers, for trying and for showing."""

_LETTER = re.compile(r"[^\W\d_]")


class NotAPhoneNumber(ValueError):
    """This is no telephone number of any country."""


def read_phone(text: str, time_zone: str) -> str:
    """Return the E.164 of a number, typed in a school of this zone; empty for an empty text. Raises NotAPhoneNumber."""
    if not text.strip():
        return ""
    for region in dict.fromkeys((_region(time_zone), *_TEN_DIGITS)):
        number = _parsed(text, region)
        if number is not None:
            written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            if phonenumbers.is_valid_number(number) or _FICTION.fullmatch(written):
                return written
    raise NotAPhoneNumber


def kept_phone(text: str, time_zone: str) -> str:
    """Return the E.164 of a number that the school gave, or its text as it stands when it is none."""
    try:
        return read_phone(text, time_zone)
    except NotAPhoneNumber:
        return text


def spoken_phone(number: str, time_zone: str) -> str:
    """Return a number as it is written in this zone's territory: 06 12 34 56 78, and +49 30 123456 from abroad."""
    parsed = _parsed(number, _region(time_zone)) if number.startswith("+") else None
    if parsed is None:
        return number
    region, home = phonenumbers.region_code_for_number(parsed), _region(time_zone)
    is_near = region == home or {region, home} <= set(_TEN_DIGITS) or _FICTION.fullmatch(number)
    return phonenumbers.format_number(
        parsed, PhoneNumberFormat.NATIONAL if is_near else PhoneNumberFormat.INTERNATIONAL
    )


def dialled_phone(number: str, time_zone: str) -> str:
    """Return a number as it is dialled from this zone's territory: a foreign one begins with 00, never with a sign."""
    spoken = spoken_phone(number, time_zone)
    return f"00{spoken[1:]}" if spoken.startswith("+") else spoken


def _region(time_zone: str) -> str:
    return _REGIONS[TimeZone(time_zone)]


def _parsed(text: str, region: str) -> PhoneNumber | None:
    if _LETTER.search(text):
        return None  # the library would read letters as the keys they stand on
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None
