"""Write the matrix of docs/security.md from the tables that the tests try: `make rights`."""

from __future__ import annotations

import os
from pathlib import Path

import django

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "security.md"


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "scolarite.settings"
    django.setup()
    from tests.rights.matrix import written

    DOCUMENT.write_text(written(DOCUMENT.read_text()))


if __name__ == "__main__":
    from tests.production import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    main()
