"""Finding nginx; `python -m tests.deployment.nginx --install` gets Debian's where apt can be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

APT_LINE = "apt-get install -y nginx-light"
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin")


class NginxMissingError(Exception):
    """The deployment cannot be tried without the proxy that it stands behind."""


def find() -> str | None:
    """Return the path of nginx, if there is one; an ordinary account's PATH often lacks the system's folders."""
    return shutil.which("nginx") or shutil.which("nginx", path=os.pathsep.join(FOLDERS))


def require() -> str:
    """Return the path of nginx. Raises NginxMissingError, which says how to get it."""
    if path := find():
        return path
    raise NginxMissingError(f"nginx is missing. On Debian: {APT_LINE}")


def install() -> bool:
    """Make sure that nginx is there; return whether it is. Its service is asked not to start."""
    if find():
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"], env=environment, check=False
        )
    return find() is not None


if __name__ == "__main__":
    if "--install" not in sys.argv:
        sys.exit(2)
    if not install():
        sys.exit(f"nginx could not be installed. On Debian: {APT_LINE}")
