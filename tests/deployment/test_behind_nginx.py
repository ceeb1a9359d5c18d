"""The deployment as it runs: docker-compose.yml's commands on the image's files, behind nginx as configured."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.deployment import nginx
from tests.deployment.running import Deployment

pytestmark = pytest.mark.xdist_group("deployment")

OWED = """
from django.utils import timezone
from schools.contact import EMAIL_CHANGED
from notifications.services import enqueue
enqueue(
    kind=EMAIL_CHANGED, address={address!r}, recipient="nobody:1", context={{"changed": "23 novembre"}},
    deduplication_key={address!r}, at=timezone.now(),
)
"""


def test_a_missing_nginx_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "find", lambda: None)
    with pytest.raises(nginx.NginxMissingError, match="apt-get install -y nginx-light"):
        nginx.require()


# --- Pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/connexion/", "/assistance/", "/admin/login/", "/.well-known/security.txt"])
def test_pages_answer_over_tls(deployment: Deployment, path: str) -> None:
    answer = deployment.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Server"] == "nginx"


def test_a_page_that_does_not_exist_is_said_by_the_product(deployment: Deployment) -> None:
    answer = deployment.get("/nulle-part/")
    assert answer.status_code == 404
    assert 'lang="fr"' in answer.text


def test_plain_http_leads_to_https(deployment: Deployment) -> None:
    answer = plain(deployment, "/connexion/?profil=eleve")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://localhost/connexion/?profil=eleve"


def test_health_answers_on_both_ports_without_a_redirect(deployment: Deployment) -> None:
    for path in ("/sante/vivant/", "/sante/pret/"):
        assert plain(deployment, path).json()["status"] == "ok"
        assert deployment.get(path).json()["status"] == "ok"


def test_nobody_reads_the_metrics_through_nginx(deployment: Deployment) -> None:
    answer = deployment.get("/sante/mesures/", headers={"Authorization": "Bearer anything"})
    assert answer.status_code == 404
    (line,) = deployment.logged("/sante/mesures/", at_least=1)
    assert line["upstream"] == ""


def test_an_answer_carries_the_number_under_which_nginx_logged_it(deployment: Deployment) -> None:
    answer = deployment.get("/conditions-utilisation/", headers={"X-Request-ID": "f" * 32})
    (line,) = deployment.logged("/conditions-utilisation/", at_least=1)
    assert answer.headers["X-Request-ID"] == line["id"] != "f" * 32


@pytest.mark.parametrize("name", ["web-1", "web-2"])
def test_the_containers_own_health_check_knows_a_web_process_that_serves(deployment: Deployment, name: str) -> None:
    assert deployment.health(name, str(deployment.web_ports[name])) == 0
    assert deployment.health(name, str(deployment.web_ports[name]), SITE_URL="https://autre.example") == 1


def test_the_containers_own_health_check_knows_a_worker_that_answers(deployment: Deployment) -> None:
    assert deployment.health("worker") == 0


def test_the_containers_own_health_check_knows_a_scheduler_that_writes(deployment: Deployment, tmp_path: Path) -> None:
    deployment.wait_for(lambda: deployment.health("beat") == 0, "beat")
    assert deployment.health("beat", CELERY_BEAT_SCHEDULE_FILENAME=str(tmp_path / "none")) == 1


def plain(
    deployment: Deployment, path: str, *, port: int | None = None, headers: dict[str, str] | None = None
) -> requests.Response:
    """Get a page over plain http, from the port that leads to https or from another."""
    with deployment.browser() as browser:
        url = f"http://127.0.0.1:{port or deployment.http}{path}"
        return browser.get(url, headers={"Host": "localhost"} | (headers or {}), timeout=30, allow_redirects=False)


# --- Headers ----------------------------------------------------------------------------------------------------------


def test_every_page_carries_the_headers_of_a_site_that_is_only_on_https(deployment: Deployment) -> None:
    headers = deployment.get("/").headers
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, no-store"
    assert "X-Powered-By" not in headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' https://educonnect.example" in policy
    assert "unsafe" not in policy


def test_cookies_belong_to_this_host_alone(deployment: Deployment) -> None:
    answer = deployment.get("/admin/login/")
    cookies = re.split(r", (?=__Host-|[a-z]+=)", answer.headers["Set-Cookie"])
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-csrf"}
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


def test_a_form_is_taken_behind_the_proxy_and_refused_from_another_site(deployment: Deployment) -> None:
    with deployment.browser() as browser:
        url = f"{deployment.site}/admin/login/"
        page = browser.get(url, timeout=30).text
        token, *_ = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"csrfmiddlewaretoken": token, "username": "quelqu.un", "password": "rien-de-tout"}
        ours = browser.post(url, data=form, headers={"Origin": deployment.site, "Referer": url}, timeout=30)
        theirs = browser.post(url, data=form, headers={"Origin": "https://autre.example"}, timeout=30)
    assert (ours.status_code, theirs.status_code) == (422, 403)  # read and answered; not even read


def test_what_a_browser_says_of_proxies_is_not_believed(deployment: Deployment) -> None:
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "autre.example", "Forwarded": "proto=https"}
    assert plain(deployment, "/connexion/", headers=said).status_code == 301
    lied = deployment.get("/connexion/", headers=said | {"X-Forwarded-Proto": "http"})
    assert lied.status_code == 200
    assert "autre.example" not in lied.text


def test_behind_another_proxy_its_word_counts_for_the_scheme(deployment: Deployment) -> None:
    over_tls = plain(deployment, "/connexion/", port=deployment.plain, headers={"X-Forwarded-Proto": "https"})
    assert over_tls.status_code == 200
    assert "Strict-Transport-Security" in over_tls.headers
    for said in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "http, https"}):
        answer = plain(deployment, "/connexion/", port=deployment.plain, headers=said)
        assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/connexion/")


def test_another_name_of_the_host_is_refused(deployment: Deployment) -> None:
    assert deployment.get("/", headers={"Host": "autre.example"}).status_code == 400


def test_an_old_protocol_is_refused(deployment: Deployment) -> None:
    context = ssl.create_default_context(cafile=str(deployment.certificate))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", deployment.https)) as opened, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(opened, server_hostname="localhost")


# --- Static files and weight ------------------------------------------------------------------------------------------


def test_static_files_are_hashed_compressed_kept_for_ever_and_cached_by_nginx(deployment: Deployment) -> None:
    page = deployment.get("/").text
    sheets = re.findall(r'href="(/static/[^"]+\.css)"', page)
    assert sheets
    for path in sheets:
        assert re.search(r"\.[0-9a-f]{12}\.css$", path)
        answer = deployment.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "br"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/css")
        assert "Strict-Transport-Security" in answer.headers
        assert "Set-Cookie" not in answer.headers
        plain_text = deployment.get(path, headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain_text.headers, "the cache mixed two encodings"
        assert deployment.get(path, headers={"Accept-Encoding": "gzip, br"}).headers["Content-Encoding"] == "br"
        assert [line["cache"] for line in deployment.logged(path, at_least=3)] == ["MISS", "MISS", "HIT"]


def test_pages_are_compressed(deployment: Deployment) -> None:
    answer = deployment.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_what_is_too_large_is_refused_in_french_before_a_process_sees_it(deployment: Deployment) -> None:
    with deployment.browser() as browser:
        answer = browser.post(f"{deployment.site}/contact/", data=b"x" * 1_100_000, timeout=30)
    assert answer.status_code == 413
    assert "trop volumineux" in answer.content.decode()
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert {line["method"] for line in deployment.logged("/contact/", at_least=1) if line["status"] == 413} == {"POST"}


def test_a_schools_upload_reaches_the_product_whose_answer_is_not_lost_when_it_comes_early(
    deployment: Deployment,
) -> None:
    with deployment.browser() as browser:
        url = f"{deployment.site}/admin/login/"
        statuses = [browser.post(url, data=b"x" * 5_000_000, timeout=30).status_code for _ in range(20)]
    assert statuses == [403] * 20  # without the token of a form, which the product sees before it reads the rest


# --- Logs -------------------------------------------------------------------------------------------------------------


def test_the_log_holds_no_query_and_no_secret_of_a_link(deployment: Deployment) -> None:
    deployment.get("/connexion/educonnect/retour/?code=the-code-of-a-sign-in&state=st4te")
    deployment.get("/courriel/confirmation/t0ken-of-an-address/", headers={"Referer": "https://localhost/?s3cret"})
    assert deployment.logged("/courriel/confirmation/***/", at_least=1)
    assert deployment.logged("/connexion/educonnect/retour/", at_least=1)
    text = deployment.access_log.read_text() + deployment.processes["nginx"].log.read_text()
    for secret in ("the-code", "st4te", "t0ken", "s3cret"):
        assert secret not in text
    assert all(json.loads(line)["id"] for line in text.splitlines() if line.startswith("{"))


def test_the_web_processes_log_no_request_line(deployment: Deployment) -> None:
    deployment.get("/connexion/?profil=un-profil-qui-passe")
    for name in deployment.web_ports:
        assert "un-profil-qui-passe" not in deployment.processes[name].log.read_text()


# --- E-mails ----------------------------------------------------------------------------------------------------------


def owe(deployment: Deployment, address: str) -> None:
    deployment.manage("shell", "--no-imports", "--command", OWED.format(address=address))


def received(deployment: Deployment, address: str) -> list[dict[str, Any]]:
    with deployment.browser() as browser:
        messages: list[dict[str, Any]] = browser.get(
            f"http://127.0.0.1:{deployment.mail}/api/messages", timeout=10
        ).json()
    return [message for message in messages if address in message["to"]]


def test_an_owed_mail_is_sent_by_the_worker_and_its_fate_comes_back_through_nginx(deployment: Deployment) -> None:
    owe(deployment, "claire@familles.example")
    deployment.wait_for(lambda: bool(received(deployment, "claire@familles.example")), "mail")
    (message,) = received(deployment, "claire@familles.example")
    assert "23 novembre" in message["text"]
    deployment.wait_for(lambda: received(deployment, "claire@familles.example")[0]["events"][0]["reported"], "event")
    assert [line["status"] for line in deployment.logged("/courriel/evenements/", at_least=1)][-1] == 200


def test_a_mail_that_is_owed_while_the_worker_is_dead_is_sent_when_it_is_back(
    deployment: Deployment, restored: Callable[[str], None]
) -> None:
    deployment.kill("worker")
    owe(deployment, "paul@familles.example")
    assert received(deployment, "paul@familles.example") == []
    deployment.start_again("worker")
    deployment.wait_for(lambda: bool(received(deployment, "paul@familles.example")), "mail")


def test_the_worker_and_the_scheduler_stop_when_they_are_told_to(deployment: Deployment) -> None:
    for name in ("worker", "beat"):
        process = deployment.processes.pop(name)
        process.ask_to_stop()
        code = process.running.wait(30)
        process.stop()
        deployment.start_again(name)
        assert code in (0, -signal.SIGTERM), process.tail()


# --- The root ---------------------------------------------------------------------------------------------------------


def test_nothing_was_written_outside_of_what_is_memory_in_the_containers(deployment: Deployment) -> None:
    """Compares with what the image held when the services started."""
    assert deployment.written_in_image() == []
