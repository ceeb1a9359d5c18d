"""Finding libfaketime; `python -m tests.faults.faketime --install` gets Debian's where apt can be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

APT_LINE = "apt-get install -y libfaketime"
LIBRARY = "faketime/libfaketimeMT.so.1"
FOLDERS = (Path("/usr/lib"), Path("/usr/local/lib"))


class FaketimeMissingError(Exception):
    """Clocks cannot jump here; says how they could."""


def find() -> Path | None:
    """Return the library for programs with threads, if it is there."""
    for folder in FOLDERS:
        for pattern in (LIBRARY, f"*/{LIBRARY}"):
            if found := next(folder.glob(pattern), None):
                return found
    return None


def require() -> Path:
    """Return the library. Raises FaketimeMissingError."""
    if path := find():
        return path
    raise FaketimeMissingError(f"libfaketime is missing. On Debian: {APT_LINE}")


def install() -> bool:
    """Make sure that the library is there; return whether it is."""
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libfaketime"], env=environment, check=False
        )
    return find() is not None


if __name__ == "__main__":
    if "--install" not in sys.argv:
        sys.exit(2)
    if not install():
        sys.exit(f"libfaketime could not be installed. On Debian: {APT_LINE}")
