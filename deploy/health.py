"""Whether this container does its work: `python deploy/health.py web|worker|beat`, its HEALTHCHECK. Exits 0 or 1."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

PORT = 8000
SCHEDULE_SECONDS = 600
"""Beat writes its schedule every three minutes."""


def web(port: int = PORT) -> bool:
    """Ask this very process, by the name under which the site is known: it refuses any other."""
    host = urlsplit(os.environ.get("SITE_URL", "")).netloc or "localhost"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/sante/pret/", headers={"Host": host})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=4) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


def worker() -> bool:
    """Ask this container's worker through the broker."""
    name = f"celery@{os.uname().nodename}"
    command = ["celery", "--app", "scolarite", "inspect", "ping", "--destination", name, "--timeout", "5"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def beat() -> bool:
    """See that the schedule file is kept up to date (its library may add a suffix)."""
    files = glob.glob(os.environ.get("CELERY_BEAT_SCHEDULE_FILENAME", "celerybeat-schedule") + "*")
    return any(time.time() - os.path.getmtime(file) < SCHEDULE_SECONDS for file in files)


CHECKS = {"web": web, "worker": worker, "beat": beat}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]](*map(int, sys.argv[2:])) else 1)
