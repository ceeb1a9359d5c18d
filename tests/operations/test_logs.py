"""Each line of the logs carries the number of its request, in the web and in the worker, and nobody's data."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest
from celery import current_app
from django.test import Client

from accounts.incidents import new_incident
from operations.logs import JsonLine, Line, RequestIdFilter, without_values
from operations.request_ids import current_request_id, request_id

GIVEN = "0123456789abcdef0123456789abcdef"
SECRET = "Camille Dubois"


@pytest.fixture
def lines():
    """What is logged, as JSON, while the test runs."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    handler.addFilter(RequestIdFilter())
    loggers = [logging.getLogger(), logging.getLogger("django")]
    for each in loggers:
        each.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for each in loggers:
        each.removeHandler(handler)


def test_an_answer_says_the_number_under_which_its_lines_stand(client: Client, lines, db: None) -> None:
    number = client.get("/nulle-part/")["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", number)
    about = [line for line in lines() if line["logger"] == "django.request"]
    assert [(line["request_id"], line["level"]) for line in about] == [(number, "WARNING")]
    assert current_request_id() == "-"


def test_each_request_has_a_number_of_its_own(client: Client) -> None:
    assert client.get("/sante/vivant/")["X-Request-ID"] != client.get("/sante/vivant/")["X-Request-ID"]


def test_the_proxys_number_is_taken_where_there_is_a_proxy(client: Client, settings) -> None:
    settings.TRUSTED_PROXY = True
    assert client.get("/sante/vivant/", headers={"X-Request-ID": GIVEN})["X-Request-ID"] == GIVEN


@pytest.mark.parametrize(("trusted", "given"), [(False, GIVEN), (True, "x" * 32), (True, f"{GIVEN}\n"), (True, "")])
def test_a_number_of_anybody_else_is_not(client: Client, settings, trusted: bool, given: str) -> None:
    settings.TRUSTED_PROXY = trusted
    assert client.get("/sante/vivant/", headers={"X-Request-ID": given})["X-Request-ID"] not in (given, given.strip())


def test_the_number_that_people_quote_begins_the_requests_own() -> None:
    with request_id(GIVEN):
        assert new_incident() == "0123-4567"
    assert re.fullmatch("[0-9A-F]{4}-[0-9A-F]{4}", new_incident())


def test_an_error_of_ours_is_found_by_the_number_on_its_page(
    client: Client, lines, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("portal.views.health.missing_migrations", fail)
    client.raise_request_exception = False
    answer = client.get("/sante/pret/?nom=Dubois")
    number = answer["X-Request-ID"]
    assert f"{number[:4]}-{number[4:8]}".upper() in answer.content.decode()
    (error,) = [line for line in lines() if "error" in line]
    assert error["request_id"] == number
    assert set(error) == {"time", "level", "logger", "request_id", "message", "error"}
    assert "RuntimeError" in error["error"]
    assert "test_logs.py" in error["error"]
    assert SECRET not in json.dumps(error)
    assert "Dubois" not in json.dumps(error)


def test_an_error_is_told_with_its_causes_by_class_and_place_alone() -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError as error:
        text = without_values(error)
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert SECRET not in text


def test_a_line_to_be_read_says_the_same() -> None:
    record = logging.LogRecord("portal", logging.INFO, __file__, 1, "sent %d", (3,), None)
    with request_id(GIVEN):
        RequestIdFilter().filter(record)
    assert Line("%(levelname)s [%(request_id)s] %(message)s").format(record) == f"INFO [{GIVEN}] sent 3"


def test_a_task_carries_the_number_of_the_request_that_called_it(lines) -> None:
    seen = []

    @current_app.task(name="tests.says_its_number")
    def says() -> None:
        seen.append(current_request_id())
        logging.getLogger("tests").warning("working")

    with request_id(GIVEN):
        headers: dict[str, str] = {}
        from celery.signals import before_task_publish

        before_task_publish.send(sender=says.name, headers=headers)
    says.apply(headers=headers)
    says.apply()
    assert seen[0] == GIVEN
    assert re.fullmatch("[0-9a-f]{32}", seen[1])
    assert seen[1] != GIVEN
    assert [line["request_id"] for line in lines() if line["message"] == "working"] == seen
    assert current_request_id() == "-"
