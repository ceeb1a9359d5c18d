"""Names: compared though typed by different hands, and put into sentences."""

import re
import unicodedata
from typing import Any

from django.db.models import Func, TextField
from django.utils.translation import gettext as _

FOLDED_NAME_MAX_LENGTH = 200


def fold(*names: str) -> str:
    """Return the names in one comparable form: no accents, no case, letters only, one space between words.

    >>> fold("D’Élan-Müller", "Anne Sophie")
    'D ELAN MULLER ANNE SOPHIE'
    """
    text = unicodedata.normalize("NFKD", " ".join(names).replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae"))
    text = "".join(character for character in text if not unicodedata.combining(character)).upper()
    return " ".join(re.findall(r"[A-Z0-9]+", text))


def of_person(name: str) -> str:
    """Return a name after *de*, elided before a vowel: what is done “au nom de” somebody. In the page's language.

    >>> of_person("Agnès Carpentier"), of_person("Hélène Diaz")
    ('d’Agnès Carpentier', 'de Hélène Diaz')
    """
    is_elided = fold(name).startswith(("A", "E", "I", "O", "U"))
    return (_("d’%(name)s") if is_elided else _("de %(name)s")) % {"name": name}


def folded_guardian_name(family_name: str, given_name: str) -> str:
    """Return the key under which a guardian is looked up: family name and first given name (decision 19).

    It is cut at FOLDED_NAME_MAX_LENGTH: a ligature folds into several letters.
    """
    given = fold(given_name).split(" ")
    return f"{fold(family_name)} {given[0]}"[:FOLDED_NAME_MAX_LENGTH].strip()


class Folded(Func):
    """`fold` as PostgreSQL says it, for a generated column: the names given, with a space between them."""

    arg_joiner = " || ' ' || "
    template = (
        r"btrim(regexp_replace(upper(regexp_replace(normalize("
        r"replace(replace(replace(replace(%(expressions)s, 'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'ß', 'ss')"
        r", NFKD), '[\u0300-\u036f]', '', 'g')), '[^A-Z0-9]+', ' ', 'g'))"
    )

    def __init__(self, *names: Any) -> None:
        super().__init__(*names, output_field=TextField())
