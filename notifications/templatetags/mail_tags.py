"""What the frames of e-mails need."""

from __future__ import annotations

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


class InEachLanguage(template.Node):
    """What it holds, once per version of the message (`notifications.languages.versions`)."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        parts = []
        for number, version in enumerate(context["versions"]):
            with translation.override(version["language"]), context.push(**version, is_repeated=number > 0):
                parts.append(self.nodelist.render(context))
        return mark_safe("".join(parts))  # noqa: S308 - rendered just before


@register.tag
def in_each_language(parser: Parser, token: Token) -> InEachLanguage:
    """Say what stands before `endin_each_language` in the reader's language, then in French, where `is_repeated`."""
    nodelist = parser.parse(("endin_each_language",))
    parser.delete_first_token()
    return InEachLanguage(nodelist)
