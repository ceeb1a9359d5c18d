"""Templates kept once per language, what never changes already said: words, addresses of pages and of static files.

Half of the time of a page is its template, and most of that says the same to everybody. The engine's own loader keeps
each template parsed; this one also says at once what `{% translate %}`, `{% static %}` and `{% url %}` of constants say
in the language that is active, and joins it with the text around it. A template whose parts speak several languages,
as those of mails do, is left as it is.
"""

from __future__ import annotations

import re
from typing import Any

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.loaders import base, cached
from django.templatetags.i18n import LanguageNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch
from django.utils.translation import get_language

MAIL = "/mail/"
"""In the name of each template of a mail: it may say the same in several languages, one after the other."""

INDENTATION = re.compile(r"\n\s+")


class _SaidLoader(base.Loader):
    """Parses a template and says its constants."""

    def get_template(self, template_name: str, skip: list[Any] | None = None) -> Template:
        template: Template = super().get_template(template_name, skip)
        if MAIL not in template_name:
            say_constants(template.nodelist, is_html=template_name.endswith(".html"))
        return template


class Loader(cached.Loader, _SaidLoader):
    """Django's cached loader, with one copy of each template per language."""

    def cache_key(self, template_name: str, skip: list[Any] | None = None) -> str:
        return f"{get_language()} {super().cache_key(template_name, skip)}"


def say_constants(nodes: NodeList, *, is_html: bool) -> None:
    """Replace in place the nodes of a template that say the same at each rendering by that text, at any depth."""
    said: list[Node] = []
    for node in nodes:
        text = _text_of(node)
        if text is None:
            for inner in _inside(node):
                say_constants(inner, is_html=is_html)
            said.append(node)
        elif said and isinstance(said[-1], TextNode):
            said[-1].s += text
        elif text:
            said.append(TextNode(text))
    for each in said:
        if is_html and isinstance(each, TextNode):
            each.s = INDENTATION.sub("\n", each.s)
    nodes[:] = said


def _text_of(node: Node) -> str | None:
    """Return what the node says at each rendering; None where that may change, or cannot be said yet."""
    if isinstance(node, TextNode):
        return str(node.s)
    if isinstance(node, CommentNode | LoadNode):
        return ""
    if not _is_constant(node):
        return None
    try:
        return str(node.render(Context()))
    except (NoReverseMatch, ValueError):  # a static file that the manifest lacks: said where it is needed, if ever
        return None


def _is_constant(node: Node) -> bool:
    if isinstance(node, TranslateNode):
        of = node.filter_expression
        return not (node.asvar or node.message_context or of.filters) and of.var.literal is not None
    if isinstance(node, StaticNode):
        return node.varname is None and _is_literal(node.path)
    if isinstance(node, URLNode):
        # pages of the admin are found by the site that answers
        is_plain = not (node.args or node.kwargs or node.asvar) and _is_literal(node.view_name)
        return is_plain and not str(node.view_name.var).startswith("admin:")
    return False


def _is_literal(of: FilterExpression) -> bool:
    return not isinstance(of.var, Variable) and not of.filters


def _inside(node: Node) -> list[NodeList]:
    """Return the lists of nodes inside a node, save what `{% language %}` says in a language of its own."""
    if isinstance(node, LanguageNode):
        return []
    if isinstance(node, IfNode):
        return [inner for _, inner in node.conditions_nodelists]
    return [getattr(node, name) for name in node.child_nodelists if hasattr(node, name)]
