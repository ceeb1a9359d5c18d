"""The whole demonstration, started as `make demo` starts it: it works, and it leaves nothing behind."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
import requests

from demo.people import PARIS, PASSWORD, PEOPLE, STAFF
from demo.processes import DemoFailed, PortTaken, Process, check_port, wait_for
from demo.stack import BASE, Stack
from tests.demo.conftest import ANSWER_WITHIN

pytestmark = pytest.mark.xdist_group("demo")

READY_SECONDS = 300


@dataclass
class Demonstration:
    """A running `python -m demo`."""

    process: subprocess.Popen[str]
    state: dict[str, Any]
    family: list[psutil.Process]
    """Everything that it started."""


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    given = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PORT": "0", **environment}
    command = [sys.executable, "-m", "demo", "--state", str(folder / "state.json"), "--folder", str(folder)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=BASE, env=given, start_new_session=True, **pipes)


def ready(process: subprocess.Popen[str], folder: Path) -> Demonstration:
    """Wait until all is ready."""

    def check() -> None:
        assert process.poll() is None, process.communicate()[0]

    wait_for((folder / "state.json").exists, what="demo", seconds=READY_SECONDS, check=check)
    state = json.loads((folder / "state.json").read_text())
    return Demonstration(process, state, [*psutil.Process(process.pid).children(recursive=True), *_databases(state)])


def _databases(state: dict[str, Any]) -> list[psutil.Process]:
    """The embedded servers leave their starter's family."""
    folder = state["database_url"].partition("@/")[2].rpartition("/")[0]
    port = state["redis_url"].rpartition(":")[2].partition("/")[0]
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if (folder in line and "postgres" in line) or f":{port}" in line:
            found.append(process)
    return found


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """One demonstration for all tests of its life, then Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    with start(folder) as process:
        try:
            running = ready(process, folder)
            yield running
        finally:
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=ANSWER_WITHIN)
    assert process.returncode == 0
    assert_it_said_everything(output, running.state)
    assert not (folder / "state.json").exists()
    assert_none_is_left(running.family)


def assert_it_said_everything(output: str, state: dict[str, Any]) -> None:
    """What a newcomer needs stands on the screen, in the order in which it is needed."""
    logins = [*(person.login for person in PEOPLE), *(agent.login for agent in STAFF)]
    said = [
        "est prêt",
        state["site"],
        state["admin"],
        state["mailbox"],
        PASSWORD,
        *logins,
        "-m demo.code proviseur.paris",
        "Ctrl-C",
        "Tout est arrêté.",
    ]
    missing = [words for words in said if words not in output]
    assert missing == []


def assert_none_is_left(family: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(family, timeout=ANSWER_WITHIN)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_state_says_where_everything_is(demonstration: Demonstration) -> None:
    state = demonstration.state
    for name in ("site", "mailbox", "educonnect", "franceconnect"):
        url = state[name] + ("/.well-known/openid-configuration" if "connect" in name else "")
        assert requests.get(url, timeout=ANSWER_WITHIN).status_code == 200, name
    assert requests.get(f"{state['site']}sante/pret/", timeout=ANSWER_WITHIN).json()["status"] == "ok"
    assert requests.get(state["admin"], timeout=ANSWER_WITHIN).status_code == 200
    assert state["password"] == PASSWORD


def test_every_account_of_the_administration_is_there_and_no_other(demonstration: Demonstration) -> None:
    socket_folder, _, database = demonstration.state["database_url"].partition("@/")[2].rpartition("/")
    with psycopg.connect(host=socket_folder, dbname=database, user="postgres") as connection:
        rows = connection.execute("SELECT username FROM accounts_user WHERE is_staff").fetchall()
    assert {name for (name,) in rows} == {agent.login for agent in STAFF if agent.invited}


def post_form(browser: requests.Session, page: requests.Response, values: dict[str, str]) -> requests.Response:
    """Send the form of the page that has these fields, with its hidden ones."""
    forms = re.finditer(r'<form[^>]* method="post".*?</form>', page.text, re.DOTALL)
    form = next((each for each in forms if all(f'name="{name}"' in each[0] for name in values)), None)
    assert form, page.text
    action = re.search(r'action="([^"]+)"', form[0])
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    address = urljoin(page.url, html.unescape(action[1])) if action else page.url
    return browser.post(address, data=hidden | values, headers={"Referer": page.url}, timeout=ANSWER_WITHIN)


def printed_code(login: str) -> str:
    """What the command that `make demo` names prints."""
    command = [sys.executable, "-m", "demo.code", login]
    return subprocess.run(command, cwd=BASE, capture_output=True, text=True, check=True).stdout.strip()


def test_a_head_enters_by_the_password_and_the_code_printed(demonstration: Demonstration) -> None:
    with requests.Session() as browser:
        page = browser.get(demonstration.state["admin"], timeout=ANSWER_WITHIN)
        page = post_form(browser, page, {"username": "proviseur.paris", "password": PASSWORD})
        assert "Code de vérification" in page.text
        assert browser.get(demonstration.state["admin"], timeout=ANSWER_WITHIN).url != demonstration.state["admin"]
        page = post_form(browser, page, {"code": printed_code("proviseur.paris")})
        assert page.url == demonstration.state["admin"]
        staff = browser.get(f"{page.url}etablissements/{PARIS}/personnels/", timeout=ANSWER_WITHIN)
        assert "Nadia Benali" in staff.text


def test_staff_enter_by_their_academic_account_if_they_were_invited(demonstration: Demonstration) -> None:
    for login, expected in (("nadia.benali", "Mon établissement"), ("remplacant.paris", "ne vous a invité ici")):
        with requests.Session() as browser:
            page = browser.get(f"{demonstration.state['site']}connexion/agents/", timeout=ANSWER_WITHIN)
            assert page.url.startswith(demonstration.state["agents"])
            page = post_form(browser, page, {"identifiant": login, "mot_de_passe": PASSWORD})
            assert page.url.startswith(demonstration.state["site"])
            assert expected in page.text


def test_mother_signs_in_through_educonnect_and_out(demonstration: Demonstration) -> None:
    with requests.Session() as browser:
        page = browser.get(
            f"{demonstration.state['site']}connexion/educonnect/?profil=representant", timeout=ANSWER_WITHIN
        )
        assert page.url.startswith(demonstration.state["educonnect"])
        action = re.search(r'<form method="post" action="([^"]+)"', page.text)
        assert action
        account = {"identifiant": "claire.martin", "mot_de_passe": PASSWORD}
        page = browser.post(urljoin(page.url, html.unescape(action[1])), data=account, timeout=ANSWER_WITHIN)
        assert page.status_code == 200
        assert page.url.startswith(f"{demonstration.state['site']}mes-services/")
        assert "Claire" in page.text


def test_services_run_without_debug_and_with_hashed_compressed_files(demonstration: Demonstration) -> None:
    page = requests.get(demonstration.state["site"], timeout=ANSWER_WITHIN)
    style = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page.text)
    assert style
    response = requests.get(
        urljoin(demonstration.state["site"], style[1]), headers={"Accept-Encoding": "gzip"}, timeout=ANSWER_WITHIN
    )
    assert response.headers["Content-Encoding"] == "gzip"
    missing = requests.get(f"{demonstration.state['site']}nulle-part/", timeout=ANSWER_WITHIN)
    assert "DEBUG" not in missing.text


def test_death_of_one_stops_all_and_says_which(tmp_path: Path) -> None:
    running = ready(start(tmp_path), tmp_path)
    names = {process.name() for process in running.family}
    assert "postgres" in names
    assert any("valkey" in name for name in names)
    victim = next(process for process in running.family if "demo.mail_provider" in " ".join(process.cmdline()))
    victim.kill()
    output, _ = running.process.communicate(timeout=ANSWER_WITHIN)
    assert running.process.returncode == 1
    assert "courriel s’est arrêté (code -9)" in output
    assert_none_is_left(running.family)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_taken_port_is_told_before_anything_starts(tmp_path: Path, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        taken = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with taken:
        port = taken.getsockname()[1]
        with start(tmp_path, PORT=str(port)) as process:
            output, _ = process.communicate(timeout=ANSWER_WITHIN)
    assert process.returncode == 1
    assert f"Le port {port} est déjà utilisé" in output
    assert f"make demo PORT={port + 1}" in output
    assert "PostgreSQL démarre" not in output


def test_free_port_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        with pytest.raises(PortTaken):
            check_port(port)
    check_port(port)


def test_environment_of_the_machine_does_not_leak_in(tmp_path: Path) -> None:
    given = {
        "PATH": "/bin",
        "EMAIL_URL": "smtp://reel.example",
        "DJANGO_DEBUG": "on",
        "DJANGO_SECRET_KEY_FILE": "/run/secrets/reel",
        "SITE_URL": "https://reel.example",
        "EDUCONNECT_ISSUER": "https://reel.example",
        "FRANCECONNECT_CLIENT_SECRET_FILE": "/run/secrets/reel",
        "SITE_URL_FILE": "/run/secrets/site",
    }
    stack = Stack(port=8000, folder=tmp_path, given=given)
    stack.database_url, stack.redis_url = "postgresql://x/y", "redis://x/0"
    environment = stack._environment()
    assert not any("reel" in value for value in environment.values())
    assert not any(name.endswith("_FILE") for name in environment)
    assert environment["SITE_URL"] == "http://localhost:8000"
    assert environment["DJANGO_DEBUG"] == "off"
    assert environment["PATH"] == "/bin"


def test_process_that_ignores_the_polite_signal_is_killed_with_its_children(tmp_path: Path) -> None:
    polite_is_ignored = "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork()"
    stubborn = f"{polite_is_ignored}; print('prêt', flush=True); time.sleep(99)"
    process = Process("têtu", [sys.executable, "-c", stubborn], os.environ, tmp_path / "log")
    process.start()
    wait_for(lambda: process.log.read_text().count("prêt") == 2, what="têtu", seconds=ANSWER_WITHIN)
    family = [psutil.Process(process.running.pid), *psutil.Process(process.running.pid).children()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("demo.processes.STOP_SECONDS", 0.2)
        process.stop()
    assert_none_is_left(family)


def test_failure_of_a_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "raise SystemExit('la base manque')"]
    process = Process("migrate", failing, os.environ, tmp_path / "log")
    process.start()
    with pytest.raises(DemoFailed, match=r"(?s)migrate a échoué.*la base manque"):
        process.finish(ANSWER_WITHIN)
