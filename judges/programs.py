"""What the judges run on; `python -m judges.programs --install` gets Debian's Java and Node where apt can be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = {"java": "default-jre-headless", "node": "nodejs", "npm": "npm"}
APT_LINE = f"apt-get install -y {' '.join(PACKAGES.values())}"


def missing() -> list[str]:
    """Return the programs that are not there."""
    return [name for name in PACKAGES if not shutil.which(name)]


def install() -> bool:
    """Make sure that they are there; return whether they are."""
    if missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        packages = [PACKAGES[name] for name in missing()]
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=environment, check=False
        )
    return not missing()


if __name__ == "__main__":
    if "--install" not in sys.argv:
        sys.exit(2)
    if not install():
        sys.exit(f"{', '.join(missing())} could not be installed. On Debian: {APT_LINE}")
