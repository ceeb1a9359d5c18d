"""How pages show what the catalogue and the phases are called."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from orientation.models import PhaseState

register = template.Library()

_SPACES = str.maketrans({"«": "«\u00a0", "»": "\u00a0»"})
_GUILLEMETS = re.compile(r"«\s*|\s*»")
_ORDINAL = re.compile(r"\b(\d+)(res?|des?|es?)\b")


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
