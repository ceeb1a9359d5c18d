"""Countries of postal addresses: ISO 3166 codes, French names, and the postcodes of France, overseas included."""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import override
from django_countries import countries

from schools.names import fold

FRANCE = "FR"

_OVERSEAS = frozenset({"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"})
"""Countries for ISO 3166, and France for the post."""

_POSTAL_CODE = re.compile(r"(0[1-9]|[1-8][0-9]|9[0-5]|97[1-8]|98[46-8])[0-9]+")
"""Of France: a department of the mainland or of overseas (98000 is Monaco's)."""

_ARTICLE = re.compile(r"^(LE|LA|LES|L) ")

_ALSO_CALLED = {
    "ETATS UNIS": "US",
    "GRANDE BRETAGNE": "GB",
    "ANGLETERRE": "GB",
    "HOLLANDE": "NL",
    "VIETNAM": "VN",
    "TCHEQUIE": "CZ",
    "MACEDOINE DU NORD": "MK",
    "MACEDOINE": "MK",
    "VATICAN": "VA",
    "PALESTINE": "PS",
    "KOSOVO": "XK",
    "REUNION": "RE",
    "GUYANE": "GF",
    "SAINT MARTIN": "MF",
}
"""Names in use that the list words otherwise."""


def country_choices() -> list[tuple[str, str]]:
    """Return codes and names for a form: France first, its territories within it, then in the order of names."""
    named = [(code, str(name)) for code, name in countries if code not in _OVERSEAS and code != FRANCE]
    return [(FRANCE, country_name(FRANCE)), *named]


def country_name(code: str) -> str:
    """Return the name of a country, or the code where it is not known."""
    return str(countries.name(code) or code)


@cache
def country_of(label: str) -> str:
    """Return the code of a country as SIECLE names it (LL_PAYS); empty when it is not known."""
    folded = _ARTICLE.sub("", fold(label))
    with override("fr"):
        code = next((code for code, name in countries if fold(str(name)) == folded), "")
    code = code or _ALSO_CALLED.get(folded, "")
    return FRANCE if code in _OVERSEAS else code


def is_french_postal_code(text: str) -> bool:
    """Whether this is a postcode of France: five digits, of a department that exists."""
    return len(text) == 5 and text.isascii() and _POSTAL_CODE.fullmatch(text) is not None
