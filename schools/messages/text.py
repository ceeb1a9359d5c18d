"""The text of a message: a few signs of Markdown made into HTML. What is not one of them is shown as it was typed."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

LINK_SCHEMES = frozenset({"https", "http", "mailto", "tel"})
"""Where a link may lead: to another site, a mailbox or a telephone."""

_RULES = ["paragraph", "list", "emphasis", "link", "autolink", "newline", "escape", "entity", "balance_pairs"]


class _Reader(MarkdownIt):
    """A reader that begins from no rule at all."""

    def __init__(self) -> None:
        super().__init__("zero", {"html": False, "breaks": True})
        known = {name for rules in self.get_all_rules().values() for name in rules}
        self.enable([rule for rule in _RULES if rule in known])

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's own name
        """Whether a link may lead there."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        return parts.scheme.lower() in LINK_SCHEMES and bool(parts.netloc or parts.scheme in ("mailto", "tel"))


_READER = _Reader()


def as_html(text: str) -> SafeString:
    """Return a message's text in HTML: paragraphs, lists, bold, italics, links. Safe for whatever was typed."""
    return mark_safe(_READER.render(text))  # noqa: S308 - without HTML in, with the elements of _RULES only
