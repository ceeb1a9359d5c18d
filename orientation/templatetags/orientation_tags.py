"""How pages show what the catalogue and the phases are called."""

import re
from functools import lru_cache
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from orientation.models import PhaseKind, PhaseState
from orientation.queries import RankedChoice
from schools.models import Student

register = template.Library()

_SPACES = str.maketrans({"«": "«\u00a0", "»": "\u00a0»"})
_GUILLEMETS = re.compile(r"«\s*|\s*»")
_ORDINAL = re.compile(r"\b(\d+)(res?|des?|es?)\b")
_NOBODY = UUID(int=0)


@register.filter
def ordinals(text: object) -> SafeString:
    """Show a label as it is printed: 1<sup>re</sup> générale, and « métiers de la musique » never cut from its signs.

    The text is escaped first; what is frozen in the tables stays as it was written.
    """
    kept = _GUILLEMETS.sub(lambda found: found[0].strip().translate(_SPACES), str(text))
    return mark_safe(_ORDINAL.sub(r"\1<sup>\2</sup>", conditional_escape(kept)))  # noqa: S308 - escaped just before


@register.filter
def state_badge(state: PhaseState) -> str:
    """Return the class of the design system's badge for the state of a phase; the words stand beside it."""
    return {PhaseState.OPEN: "fr-badge--success", PhaseState.UPCOMING: "fr-badge--info"}.get(state, "")


@register.simple_tag
def rank(choice: RankedChoice, *, total: int, kind: PhaseKind, student: Student) -> SafeString:
    """Show one of the `total` ranks of a list being prepared, with its buttons."""
    render = _rank if choice.note else _kept_rank  # what somebody typed is not kept
    row = render(choice, choice.rank == total, total == 1, kind.slug, get_language())
    return mark_safe(row.replace(str(_NOBODY), str(student.public_id)))  # noqa: S308 - rendered by a template


def _rank(choice: RankedChoice, is_last: bool, is_alone: bool, kind: str, _language: str | None) -> str:
    """Render a rank in the language that is spoken, with addresses of nobody's file."""
    context = {"choice": choice, "is_last": is_last, "is_alone": is_alone, "kind": kind, "student": _NOBODY}
    return render_to_string("orientation/includes/rank.html", context)


_kept_rank = lru_cache(maxsize=2048)(_rank)
"""The same rank stands in the lists of many children: rendering eleven anew was half the cost of the page."""
