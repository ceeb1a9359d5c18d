"""The static files that are served are those that pages name, and what these lead to."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

from scolarite.staticfiles import LINKED, LinkedFilesFinder

BY_LIBRARY = {f"dsfr/dist/artwork/{name}.svg" for name in ("dark", "light", "system")}
"""Named by the template of the display settings, which django-dsfr brings."""


def test_the_files_kept_of_the_design_system_are_those_that_templates_name() -> None:
    named = set()
    for template in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        named |= set(re.findall(r"{% static '(dsfr/[^']+)' %}", template.read_text()))
    assert named | BY_LIBRARY == LINKED


def test_what_a_style_sheet_draws_is_served_and_the_rest_is_not() -> None:
    finder = next(each for each in get_finders() if isinstance(each, LinkedFilesFinder))
    paths = {path for path, _storage in finder.list([])}
    assert "dsfr/dist/fonts/Marianne-Regular.woff2" in paths
    assert "dsfr/dist/icons/system/add-line.svg" in paths
    assert "dsfr/dist/dsfr.min.css" not in paths
    assert "admin/css/base.css" in paths
