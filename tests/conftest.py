"""What all the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import pytest_django
import time_machine
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import Browser, expect, sync_playwright

from accounts.models import User
from orientation import rules
from tests import factories
from tests.browser.chromium import ANSWER_WITHIN, launch_options

# no test of a rule fails for the time that its examples take
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile(
    "fuzz", hypothesis.settings.get_profile("tests"), max_examples=2_000, print_blob=True
)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """Let the tests that commit empty the trail as every other table: nobody does elsewhere."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_change DISABLE TRIGGER change_never_emptied")
        cursor.execute("ALTER TABLE audit_reading DISABLE TRIGGER reading_never_emptied")


@pytest.fixture(autouse=True)
def _fresh_catalogue() -> Iterator[None]:
    """Forget the catalogue that a process keeps for a minute: each test has its own database."""
    rules.forget_catalogue()
    yield
    rules.forget_catalogue()


@pytest.fixture
def admin_client(admin_user: User) -> Client:
    """An operator who has given the code of their second factor."""
    return factories.sign_in(Client(), admin_user, None)


@pytest.fixture
def dubois(db: None) -> factories.Family:
    return factories.dubois_family()


@pytest.fixture
def last_evening() -> Iterator[time_machine.Traveller]:
    """Stand at 22:40 on the last evening of the *choix définitifs*."""
    with time_machine.travel(factories.NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all the tests of a process, which go on with the connections that they had before it.

    Playwright keeps a loop running in the thread of the tests, from here to the end of the process. Where a loop runs,
    Django refuses to query, and hands out other connections, which do not hold what `serialized_rollback` brings back.
    """
    expect.set_options(timeout=ANSWER_WITHIN)
    before = {alias: connections[alias] for alias in connections}
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        for alias, each in before.items():
            connections[alias] = each
        browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        yield browser
        browser.close()
