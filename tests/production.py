"""Run a Python command under the settings of a deployment: `python -m tests.production manage.py check --deploy`."""

from __future__ import annotations

import os
import subprocess
import sys

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://scolarite:scolarite@127.0.0.1:1/scolarite",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DJANGO_SECRET_KEY": "a-long-secret-for-checking-the-settings-0123456789-abcdefghijklmnop",
    "DJANGO_DEBUG": "false",
    "SITE_URL": "https://scolarite.example",
    "LOG_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore::RuntimeWarning",  # makemigrations says that it reached no database
    "DEFAULT_FROM_EMAIL": "ne-pas-repondre@scolarite.example",
    "EDUCONNECT_ISSUER": "https://educonnect.example",
    "EDUCONNECT_CLIENT_ID": "client",
    "EDUCONNECT_CLIENT_SECRET": "a-secret-of-the-provider",
    "FRANCECONNECT_ISSUER": "https://franceconnect.example/api/v2",
    "FRANCECONNECT_CLIENT_ID": "client",
    "FRANCECONNECT_CLIENT_SECRET": "a-secret-of-the-provider",
}

if __name__ == "__main__":
    sys.exit(subprocess.run([sys.executable, *sys.argv[1:]], env={**os.environ, **ENVIRONMENT}, check=False).returncode)
