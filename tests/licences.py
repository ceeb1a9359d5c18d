"""Write docs/licences.md from what is installed: `python -m tests.licences`, which `make sbom` runs."""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "licences.md"
INTRODUCTION = """# Licences

Every package of `requirements/base.txt`, that is all that runs in production, with the licence that its own metadata
states. Written by `make sbom`; why each of those that we name ourselves is here: [dependencies.md](dependencies.md).

| package | version | licence |
|---|---|---|
"""

READ_IN_FILE = {"pyrage": "MIT"}
"""What the licence file says where the metadata says nothing."""


def requirements() -> list[Requirement]:
    """Return what production installs on Linux, pinned."""
    lines = (ROOT / "requirements" / "base.txt").read_text().splitlines()
    found = [Requirement(line.removesuffix("\\").strip()) for line in lines if line and line[0] not in " #"]
    return [each for each in found if each.marker is None or each.marker.evaluate()]


def licence_of(package: Distribution) -> str:
    """Return a package's licence as its metadata states it: an SPDX expression, classifiers, or its own words."""
    metadata = package.metadata
    if expression := metadata["License-Expression"]:
        return expression
    classifiers = [each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or [] if "License ::" in each]
    if classifiers:
        return ", ".join(sorted(classifiers))
    said = (metadata["License"] or "").strip().split("\n")[0][:60]
    return said or READ_IN_FILE.get(package.name, "")


def document() -> str:
    """Return the whole page. Raises PackageNotFoundError where a requirement is not installed."""
    rows = []
    for each in requirements():
        package = distribution(each.name)
        version = str(each.specifier).removeprefix("==")
        rows.append(f"| {each.name} | {version} | {licence_of(package) or '**not stated**'} |\n")
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    try:
        DOCUMENT.write_text(document())
    except PackageNotFoundError as missing:
        sys.exit(f"not installed: {missing}")
