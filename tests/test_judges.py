"""What `python -m judges --scanners` makes of the scanners' reports."""

from __future__ import annotations

from typing import Any

import pytest

from judges import wapiti
from judges.observatory import Judgement

PASSED = {"name": "cookies", "pass": True, "result": "cookies-not-found", "modifier": 0, "description": ""}


def entry(info: str, **values: Any) -> dict[str, Any]:
    return {"method": "GET", "path": "/", "parameter": "", "http_request": "GET / HTTP/1.1", "info": info, **values}


def report(**given: Any) -> dict[str, Any]:
    return {"vulnerabilities": {}, "anomalies": {}, **given}


def test_a_vulnerability_fails_the_scan_with_its_place() -> None:
    found = {"SQL Injection": [entry("SQL Injection (DMBS: PostgreSQL)", path="/contact/", parameter="objet")]}
    assert wapiti.sorted_out(report(vulnerabilities=found)) == (
        ["SQL Injection: GET /contact/ objet SQL Injection (DMBS: PostgreSQL)"],
        [],
    )


def test_what_is_excepted_is_noted_with_its_reason_and_its_neighbour_still_fails() -> None:
    found = {"HTTP Secure Headers": [entry("X-XSS-Protection is not set"), entry("X-Frame-Options is not set")]}
    failing, notes = wapiti.sorted_out(report(vulnerabilities=found))
    assert failing == ["HTTP Secure Headers: GET /  X-Frame-Options is not set"]
    [note] = notes
    assert "X-XSS-Protection is not set – excepted: browsers have dropped it" in note


def test_a_form_without_a_token_fails_the_scan_and_one_with_the_token_of_django_does_not() -> None:
    with_token = entry("Lack of anti CSRF token", path="/langue/", http_request="next=%2F&csrfmiddlewaretoken=abc")
    without = entry("Lack of anti CSRF token", path="/autre/", http_request="next=%2F")
    found = {"Cross Site Request Forgery": [with_token, without]}
    failing, notes = wapiti.sorted_out(report(vulnerabilities=found))
    assert [("/autre/" in each, "/langue/" in each) for each in failing] == [(True, False)]
    assert ["/langue/" in each for each in notes] == [True]


def test_an_error_of_the_server_fails_the_scan_and_a_slow_answer_does_not() -> None:
    found = {"Internal Server Error": [entry("code 500")], "Resource consumption": [entry("timed out")]}
    failing, notes = wapiti.sorted_out(report(anomalies=found))
    assert ["code 500" in each for each in failing] == [True]
    assert ["timed out" in each for each in notes] == [True]


@pytest.mark.parametrize(
    ("changed", "is_met"),
    [
        ({}, True),
        ({"grade": "A", "score": 95}, False),
        ({"status": 500}, False),
        ({"tests": [PASSED, PASSED | {"pass": False}]}, False),
    ],
)
def test_a_page_is_met_with_the_best_grade_every_test_and_the_answer_that_was_meant(
    changed: dict[str, Any], is_met: bool
) -> None:
    given: dict[str, Any] = {"path": "/", "status": 200, "grade": "A+", "score": 135, "tests": [PASSED]} | changed
    assert Judgement(**given).is_met is is_met
