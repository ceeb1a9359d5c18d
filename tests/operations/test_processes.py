"""Real web processes: told to stop, they finish what they have; they count together, and log lines of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings
from django.db import connection

from demo.processes import Process, free_port, wait_for, wait_until

TOKEN = "token-of-the-tests"
HEADERS = {"Host": "testserver"}
SECONDS = 60


class Web:
    """gunicorn with the deployment's own configuration, on the tests' database."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        values = connection.settings_dict
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_SETTINGS"))
        }
        environment = kept | {
            "DATABASE_URL": f"postgresql://{values['USER']}@/{values['HOST']}/{values['NAME']}",
            "WEB_CONCURRENCY": "2",
            "LOG_FORMAT": "json",
            "METRICS_TOKEN": TOKEN,
            "STATIC_ROOT": str(folder / "static"),
            "PYTHONWARNINGS": "ignore",
        }
        (folder / "static").mkdir()
        (folder / "static" / "staticfiles.json").write_text('{"version": "1.1", "paths": {}, "hash": ""}')
        configuration = str(Path(settings.BASE_DIR) / "deploy" / "gunicorn.conf.py")
        command = [sys.executable, "-m", "gunicorn", "--config", configuration, "--bind", f"127.0.0.1:{self.port}"]
        self.process = Process("web", [*command, "scolarite.wsgi"], environment, folder / "web.log")

    def ask(self, method: str, path: str, **headers: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            url = f"http://127.0.0.1:{self.port}{path}"
            return session.request(method, url, headers=HEADERS | headers, timeout=SECONDS)


@pytest.fixture
def web(db: None, tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path)
    web.process.start()
    try:
        wait_until(
            f"http://127.0.0.1:{web.port}/sante/vivant/", headers=HEADERS, seconds=SECONDS, check=web.process.check
        )
        yield web
    finally:
        web.process.stop()


def test_a_request_in_flight_is_finished_by_a_process_that_is_told_to_stop(web: Web) -> None:
    values = connection.settings_dict
    with (
        psycopg.connect(host=values["HOST"], user=values["USER"], dbname=values["NAME"]) as holder,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("LOCK TABLE notifications_outboxmessage IN ACCESS EXCLUSIVE MODE")
        answer = pool.submit(web.ask, "GET", "/sante/pret/")
        wait_for(
            lambda: _waiting(holder) > 0 or answer.done(), what="request", seconds=SECONDS, check=web.process.check
        )
        assert not answer.done(), answer.result().text
        web.process.ask_to_stop()
        wait_for(lambda: "Handling signal: term" in web.process.log.read_text(), what="signal", seconds=SECONDS)
        assert not answer.done()
        holder.rollback()
        assert answer.result().status_code == 200
    assert web.process.running.wait(SECONDS) == 0


def _waiting(holder: psycopg.Connection) -> int:
    row = holder.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    assert row
    return int(row[0])


def test_the_processes_of_one_container_count_together(web: Web) -> None:
    before = _count(web)
    for _ in range(20):
        assert web.ask("GET", "/sante/vivant/").status_code == 200
    assert [_count(web) for _ in range(5)] == [before + 20] * 5


def _count(web: Web) -> int:
    """Return how often a view was asked, as whichever of the processes answers says it."""
    text = web.ask("GET", "/sante/mesures/", Authorization=f"Bearer {TOKEN}").text
    counted = 'scolarite_request_seconds_count{status="200",view="portal:live"} '
    (line,) = [line for line in text.splitlines() if line.startswith(counted)]
    return int(float(line.removeprefix(counted)))


def test_every_line_is_json_and_an_answers_number_is_found_in_them(web: Web) -> None:
    answer = web.ask("OPTIONS", "/sante/vivant/")
    assert answer.status_code == 405
    lines = [json.loads(line) for line in web.process.log.read_text().splitlines()]
    assert {"time", "level", "logger", "request_id", "message"} <= set.intersection(*(set(line) for line in lines))
    said = [line["message"] for line in lines if line["request_id"] == answer.headers["X-Request-ID"]]
    assert said == ["Method Not Allowed (OPTIONS): /sante/vivant/"]
    assert any(line["logger"] == "gunicorn.error" for line in lines)
