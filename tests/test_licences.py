"""The list of licences is that of what runs in production."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.licences import DOCUMENT, ROOT, document, requirements

COPYLEFT = ("AGPL", "GPL-2.0-only", "GPL-3.0-only", "GNU General Public", "GNU Affero", "SSPL")
CHOSEN = {"odfpy"}
"""Offered under more than one licence, of which we take the free one (docs/dependencies.md)."""


def test_the_page_is_what_make_sbom_writes() -> None:
    assert DOCUMENT.read_text() == document()


def test_every_package_states_a_licence_that_lets_us_publish() -> None:
    rows = [row.split("|") for row in document().splitlines() if row.startswith("| ") and "==" not in row][1:]
    stated = {row[1].strip(): row[3].strip() for row in rows}
    assert set(stated) == {each.name for each in requirements()}
    assert "**not stated**" not in stated.values()
    forbidden = {
        name for name, licence in stated.items() if any(each in licence.replace("LGPL", "") for each in COPYLEFT)
    }
    assert forbidden <= CHOSEN | {"psycopg", "psycopg-binary", "psycopg-pool"}


def test_the_sbom_names_every_package_with_its_hashes(tmp_path: Path) -> None:
    written = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements/base.txt", "-o", str(written)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    sbom = json.loads(written.read_text())
    components = {each["name"]: each for each in sbom["components"]}
    assert sbom["bomFormat"] == "CycloneDX"
    assert {each.name for each in requirements()} <= set(components)
    assert all(each["version"] for each in components.values())
    assert all(each.get("externalReferences") or each.get("hashes") for each in components.values())
