"""Finding a Chromium: the system's, else Playwright's own; `python -m tests.browser.chromium --install` gets one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ANSWER_WITHIN = 30_000
"""Milliseconds after which a page is held to be dead; not a measure of speed."""

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def find() -> str | None:
    """Return the path of a Chromium that the system has, if any."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def launch_options() -> dict[str, object]:
    """Return what Playwright's `launch` needs here: as root, Chromium only starts without its sandbox."""
    arguments = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {"executable_path": find(), "args": arguments}


def install() -> bool:
    """Make sure that a Chromium is there. Debian's package where apt can be used, else Playwright's download."""
    if find():
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False)
        if find():
            return True
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(0 if "--install" in sys.argv and install() else 1)
