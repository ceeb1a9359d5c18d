"""Comparing names that were typed by different hands."""

import re
import unicodedata


def fold(*names: str) -> str:
    """Return the names in one comparable form: no accents, no case, letters only, one space between words.

    >>> fold("D’Élan-Müller", "Anne Sophie")
    'D ELAN MULLER ANNE SOPHIE'
    """
    text = unicodedata.normalize("NFKD", " ".join(names).replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae"))
    text = "".join(character for character in text if not unicodedata.combining(character)).upper()
    return " ".join(re.findall(r"[A-Z0-9]+", text))


def folded_guardian_name(family_name: str, given_name: str) -> str:
    """Return the key under which a guardian is looked up: family name and first given name (decision 19)."""
    given = fold(given_name).split(" ")
    return f"{fold(family_name)} {given[0]}".strip()
