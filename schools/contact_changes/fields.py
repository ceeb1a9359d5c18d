"""The pieces of a guardian's own data as texts: read from a record, compared, said in French, written back."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.utils.translation import gettext as _

from schools.countries import country_name
from schools.models import ContactField, Guardian, School
from schools.names import fold
from schools.occupations import occupation_name
from schools.phones import spoken_phone

YES, NO = "1", "0"
_BOOLEANS = {ContactField.ACCEPTS_SMS, ContactField.SHARES_COORDINATES}
PHONES = (ContactField.PHONE, ContactField.WORK_PHONE, ContactField.MOBILE)
_WRITTEN_IN_CAPITALS = {ContactField.ADDRESS_LINES, ContactField.TOWN}
"""What SIECLE writes without accents nor small letters."""


def siecle_value(guardian: Guardian, field: ContactField) -> str:
    """Return what SIECLE says, as far as we know."""
    value: Any = getattr(guardian, _attribute(field))
    if field in _BOOLEANS:
        return "" if value is None else YES if value else NO
    return str(value)


def write_value(guardian: Guardian, field: ContactField, value: str) -> list[str]:
    """Give the record, in memory, a value that SIECLE has; return the names of the fields to save."""
    written: str | bool | None = {YES: True, NO: False}.get(value) if field in _BOOLEANS else value
    setattr(guardian, _attribute(field), written)
    if field is not ContactField.EMAIL:
        return [_attribute(field)]
    guardian.school_email_refused_at = None
    return ["school_email", "school_email_refused_at"]


def is_same(field: ContactField, one: str, other: str) -> bool:
    """Whether two values say the same: an address whatever its capitals and accents, a mailbox whatever its case."""
    if field in _WRITTEN_IN_CAPITALS:
        return bool(one) is bool(other) and _in_capitals(one) == _in_capitals(other)
    return one.casefold() == other.casefold()


def _in_capitals(text: str) -> tuple[str, str]:
    """What SIECLE would write of a text, then the letters and digits that it has not: nobody's are dropped."""
    decomposed = unicodedata.normalize("NFKD", text).upper()
    foreign = (each for each in decomposed if not each.isascii() and each not in "ŒÆ")
    return fold(text), "".join(each for each in foreign if unicodedata.category(each) in {"Lu", "Ll", "Lo", "Nd"})


def spoken_value(field: ContactField, value: str, school: School) -> str:
    """Return a value in French, on one line; empty for none."""
    if field in _BOOLEANS:
        return {YES: _("oui"), NO: _("non")}.get(value, "")
    if field in PHONES:
        return spoken_phone(value, school.time_zone)
    if field is ContactField.COUNTRY:
        return country_name(value)
    if field is ContactField.OCCUPATION:
        return occupation_name(value)
    return ", ".join(value.splitlines())


def _attribute(field: ContactField) -> str:
    return "school_email" if field is ContactField.EMAIL else field.value
