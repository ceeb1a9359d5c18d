"""The product's settings, with the floor's addresses before its own."""

from pathlib import Path

from scolarite.settings import *  # noqa: F403
from scolarite.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "benchmarks.floor.dressed.urls"
TEMPLATES[0]["DIRS"] = [Path(__file__).parent / "templates", BASE_DIR / "templates"]
