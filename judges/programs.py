"""What the judges run on; `python -m judges.programs --install` gets Debian's Java and Node where apt can be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = {"java": "default-jre-headless", "node": "nodejs", "npm": "npm"}
OPTIONAL = {"wapiti": "wapiti"}
"""Without it the scanners say so, and the other judges judge."""
APT_LINE = f"apt-get install -y {' '.join(PACKAGES.values())}"


def missing() -> list[str]:
    """Return the programs without which nothing is judged and that are not there."""
    return [name for name in PACKAGES if not shutil.which(name)]


def install() -> bool:
    """Make sure that they are there; return whether they are."""
    wanted = [package for name, package in (PACKAGES | OPTIONAL).items() if not shutil.which(name)]
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        for package in wanted:  # one that this release does not have must not cost the others
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], env=environment, check=False
            )
    return not missing()


if __name__ == "__main__":
    if "--install" not in sys.argv:
        sys.exit(2)
    if not install():
        sys.exit(f"{', '.join(missing())} could not be installed. On Debian: {APT_LINE}")
