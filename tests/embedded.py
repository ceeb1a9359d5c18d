"""A pytest plugin, loaded before Django's settings: real PostgreSQL and Redis, embedded where no address is given."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

import pytest

TEST_ENVIRONMENT = {
    "DJANGO_SECRET_KEY": "only-for-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "DJANGO_ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "SITE_URL": "http://testserver",
    "DEFAULT_FROM_EMAIL": "Scolarité Services <ne-pas-repondre@scolarite.example>",
    "EDUCONNECT_ISSUER": "http://127.0.0.1:1/educonnect",
    "EDUCONNECT_CLIENT_ID": "educonnect-client",
    "EDUCONNECT_CLIENT_SECRET": "educonnect-secret",
    "FRANCECONNECT_ISSUER": "http://127.0.0.1:1/franceconnect",
    "FRANCECONNECT_CLIENT_ID": "franceconnect-client",
    "FRANCECONNECT_CLIENT_SECRET": "franceconnect-secret",
}

_services = ExitStack()


def _start() -> None:
    from demo import embedded

    atexit.register(_services.close)  # for a run that ends before pytest has begun

    os.environ.update({name: value for name, value in TEST_ENVIRONMENT.items() if name not in os.environ})
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = _services.enter_context(embedded.postgresql())
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = _services.enter_context(embedded.redis())
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # each worker its own database of the same Redis, as pytest-django gives it its own in PostgreSQL
        server = os.environ["REDIS_URL"].rpartition("/")[0]
        os.environ["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"


def pytest_unconfigure(config: pytest.Config) -> None:
    _services.close()


_start()  # workers of pytest-xdist inherit the environment, and so share the two servers
