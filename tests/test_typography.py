"""French spaces: a sign such as “:” never begins a line of a screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.*"))
TRANSLATED = re.compile(
    r"""{% translate (?:"([^"]*)"|'([^']*)')|{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}""", re.DOTALL
)
BREAKABLE = re.compile(r"\S\x20[:;?»](?!\w)|\S\x20!(?!=)|«\x20")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_sign_is_left_alone_at_the_beginning_of_a_line(template: Path) -> None:
    texts = ["".join(groups) for groups in TRANSLATED.findall(template.read_text())]
    assert [text for text in texts if BREAKABLE.search(text)] == []


PAGES = [template for template in TEMPLATES if template.suffix == ".html"]


@pytest.mark.parametrize("template", PAGES, ids=lambda path: path.name)
def test_no_sign_after_a_value_is_left_alone_either(template: Path) -> None:
    assert re.findall(r"(?:\}\}|%\})\x20[:;?!»]", template.read_text()) == []
