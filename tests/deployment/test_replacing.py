"""Two web processes behind nginx: one dies, both die, both are replaced one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from tests.deployment.running import Deployment

pytestmark = pytest.mark.xdist_group("deployment")


def test_both_web_processes_serve_and_one_session_goes_through_both(deployment: Deployment) -> None:
    wait_for_both(deployment)
    with deployment.browser() as browser:
        url = f"{deployment.site}/admin/login/"
        for _ in range(8):
            page = browser.get(url, timeout=30)
            token, *_ = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            form = {"csrfmiddlewaretoken": token, "username": "personne", "password": "rien"}
            answer = browser.post(url, data=form, headers={"Referer": url}, timeout=30)
            assert answer.status_code in (422, 429)  # wrong, then suspended: read by a process either way
    answered = ("200", "422", "429")
    served = {
        line["upstream"]
        for line in deployment.logged("/admin/login/", at_least=16)
        if line["upstream_status"] in answered
    }
    assert served == {f"127.0.0.1:{port}" for port in deployment.web_ports.values()}


def test_pages_still_answer_when_one_web_process_is_killed(
    deployment: Deployment, restored: Callable[[str], None]
) -> None:
    wait_for_both(deployment)
    restored("web-1")
    assert [deployment.get("/connexion/").status_code for _ in range(10)] == [200] * 10


def test_a_page_in_french_says_that_nothing_answers_and_the_site_comes_back(
    deployment: Deployment, restored: Callable[[str], None]
) -> None:
    restored("web-1")
    restored("web-2")
    answer = deployment.get("/connexion/")
    assert answer.status_code == 502
    assert "momentanément indisponible" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    for name in deployment.web_ports:
        deployment.start_again(name)
    deployment.wait_for(lambda: deployment.get("/connexion/").status_code == 200, "site")


def test_a_static_file_that_one_process_lacks_is_asked_of_the_other(deployment: Deployment) -> None:
    path = "/static/css/of-another-release.0123456789ab.css"
    wait_for_both(deployment)
    assert deployment.get(path).status_code == 404
    (line,) = deployment.logged(path, at_least=1)
    assert len(set(line["upstream"].split(", "))) == 2


def test_everybody_is_answered_while_both_are_replaced_one_after_the_other(deployment: Deployment) -> None:
    wait_for_both(deployment)
    over = Event()
    with ThreadPoolExecutor(4) as pool:
        coming = [pool.submit(come, deployment, over) for _ in range(4)]
        try:
            for name in deployment.web_ports:
                replace(deployment, name)
                wait_for_both(deployment)
        finally:
            over.set()
    statuses = [each.result() for each in coming]
    assert set().union(*statuses) == {("page", 200), ("form", 302)}


def come(deployment: Deployment, over: Event) -> set[tuple[str, int]]:
    """Open a page and send a form of it, again and again; return what was answered."""
    answered = set()
    url = f"{deployment.site}/connexion/"
    while not over.is_set():
        with deployment.browser() as browser:
            page = browser.get(url, timeout=60)
            token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            form = {"csrfmiddlewaretoken": token[:1], "language": "fr", "next": "/connexion/"}
            options: dict[str, Any] = {"headers": {"Referer": url}, "timeout": 60, "allow_redirects": False}
            sent = browser.post(f"{deployment.site}/langue/", data=form, **options)
            answered |= {("page", page.status_code), ("form", sent.status_code)}
    return answered


def replace(deployment: Deployment, name: str) -> None:
    """Tell a web process to stop, wait until it has, without an error, and start another."""
    process = deployment.processes.pop(name)
    process.ask_to_stop()
    try:
        assert process.running.wait(40) == 0
    finally:
        process.stop()
        deployment.start_again(name)


def serving(deployment: Deployment) -> set[str]:
    """Return who serves now: nginx leaves alone for a while who has not answered."""
    path = "/plan-du-site/"
    before = len(deployment.logged(path))
    for _ in range(4):
        deployment.get(path)
    lines = deployment.logged(path, at_least=before + 4)[before:]
    return {line["upstream"] for line in lines if line["upstream_status"] == "200"}


def wait_for_both(deployment: Deployment) -> None:
    """Wait until nginx asks both again: an earlier test may have stopped one."""
    deployment.wait_for(lambda: len(serving(deployment)) == 2, "both web processes")
