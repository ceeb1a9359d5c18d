"""What every template may read. No query here: see dsfr's traps in docs/dependencies.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The brand and the addresses of other sites (decisions 20 and 27)."""
    return {"brand": settings.BRAND, "links": settings.EXTERNAL_LINKS}
