"""The whole product, as `make demo` starts it, driven by a real Chromium."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from demo.code import STEP, code_of
from demo.people import agent
from tests.browser.chromium import ANSWER_WITHIN

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "scolarite-2026"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass(frozen=True)
class Product:
    """The addresses of a running demonstration."""

    site: str
    mailbox: str
    database_url: str
    exports: Path
    """Where the SIECLE exports lie that the head in Bordeaux can import."""

    def messages(self, to: str, subject: str = "", about: str = "") -> list[dict[str, Any]]:
        """Return the e-mails that reached this address and speak of this child, newest last."""
        messages = requests.get(f"{self.mailbox}/api/messages", timeout=10).json()
        return [
            each for each in messages if to in str(each["to"]) and subject in each["subject"] and about in each["text"]
        ]

    def wait_for_message(self, to: str, subject: str = "", about: str = "") -> dict[str, Any]:
        """Return the newest e-mail to this address, once the worker has sent it. Fails after a minute."""
        for _attempt in range(120):
            if found := self.messages(to, subject, about):
                return found[-1]
            time.sleep(0.5)
        raise AssertionError(f"no e-mail reached {to}")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the product's own database what it holds."""
        _scheme, _slashes, path = self.database_url.partition("//")
        user, _at, place = path.partition("@/")
        host, _slash, database = place.rpartition("/")
        with psycopg.connect(host=host, user=user, dbname=database) as connection:
            return connection.execute(query, values).fetchall()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Start the demonstration on free ports, with its own PostgreSQL and Redis; stop it at the end."""
    folder = tmp_path_factory.mktemp("demo")
    state_file, log = folder / "state.json", folder / "demo.log"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "REDIS_URL", "DJANGO_", "SITE_URL", "EDUCONNECT_", "FRANCECONNECT_"))
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "demo", "--state", str(state_file)],
            cwd=ROOT,
            env={**environment, "PORT": "0"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _attempt in range(1200):
                if state_file.exists() or process.poll() is not None:
                    break
                time.sleep(0.25)
            assert state_file.exists(), log.read_text()
            state = json.loads(state_file.read_text())
            folder_of_exports = Path(state["folder"]) / "siecle"
            site, mailbox = state["site"].rstrip("/"), state["mailbox"].rstrip("/")
            yield Product(site, mailbox, state["database_url"], folder_of_exports)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open a page of its own visitor; an error in its console, or a question of the browser's own, fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note_question(dialog: Dialog) -> None:
        errors.append(f"the browser asked: {dialog.type}")
        dialog.accept()

    def open_one(width: int = 1280, *, javascript: bool = True, may_be_asked: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, locale="fr-FR", java_script_enabled=javascript
        )
        context.set_default_timeout(ANSWER_WITHIN)
        contexts.append(context)
        page = context.new_page()
        if not may_be_asked:
            page.on("dialog", note_question)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if _is_ours(message) else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not errors


def _is_ours(message: Any) -> bool:
    """Tell whether a console message is an error of the product: a refused form (4xx) is an answer, not an error."""
    return message.type == "error" and "status of 4" not in message.text and "data:," not in message.text


def check_page(page: Page) -> None:
    """Hold a page to the bars of every page: axe finds nothing, nothing scrolls sideways, one h1, a title."""
    page.wait_for_load_state()
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} scrolls sideways"
    assert page.locator("h1").count() == 1, f"{page.url} has not one h1"
    assert page.title().endswith("— Scolarité Services")
    results = Axe().run(page)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def sign_in_staff(page: Page, product: Product, login: str, *, to: str = "/admin/") -> None:
    """Sign in to the administration by the password, and by the code of the person's telephone where it is asked."""
    page.goto(product.site + "/admin/login/?" + urlencode({"next": to}))
    page.locator("#id_username").fill(login)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    if agent(login).needs_code:
        page.wait_for_url("**/admin/connexion/code/**")
        page.locator("#id_code").fill(unused_code(login))
        page.get_by_role("button", name="Vérifier", exact=True).click()
    page.wait_for_url(product.site + to)


_last_steps: dict[str, int] = {}
"""The latest thirty seconds of which a code of each person has served: each serves once."""


def unused_code(login: str) -> str:
    """Return a code that the product takes now: the next thirty seconds' too, then it is waited for."""
    step = max(int(time.time()) // STEP, _last_steps.get(login, 0) + 1)
    while step > int(time.time()) // STEP + 1:
        time.sleep(0.5)
    _last_steps[login] = step
    return code_of(login, at=step * STEP)


def sign_in(
    page: Page, product: Product, login: str, *, profile: str = "representant", to: str = "/mes-services/"
) -> None:
    """Sign in through ÉduConnect as a person would, from the page asked for."""
    page.goto(product.site + to)
    name = "Représentant légal" if profile == "representant" else "Élève"
    page.get_by_role("link", name=name).first.click()
    page.get_by_role("link", name="Se connecter avec ÉduConnect").or_(
        page.get_by_role("button", name="Se connecter avec ÉduConnect")
    ).first.click()
    page.get_by_label("Identifiant", exact=True).fill(login)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url(f"{product.site}/**")
