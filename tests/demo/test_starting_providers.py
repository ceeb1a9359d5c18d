"""The simulators as processes of their own: they refuse to run anywhere but in the demonstration."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import requests

from demo.processes import free_port, wait_until
from demo.providers.educonnect import create_app
from demo.providers.state import NotADemonstrationError, Registration
from tests.demo.conftest import ANSWER_WITHIN

DECLARED = {
    "DEMO": "1",
    "SITE_URL": "http://portail.example/",
    "EDUCONNECT_CLIENT_ID": "portail",
    "EDUCONNECT_CLIENT_SECRET": "secret",
    "FRANCECONNECT_CLIENT_ID": "portail",
    "FRANCECONNECT_CLIENT_SECRET": "secret",
    "AGENTS_CLIENT_ID": "portail",
    "AGENTS_CLIENT_SECRET": "secret",
}


def start(provider: str, port: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "demo.providers", provider, "--port", str(port)]
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}
    return subprocess.Popen(command, env=path | environment, stdout=-1, stderr=-1, text=True)


@pytest.mark.parametrize(
    ("provider", "issuer"),
    [
        ("agents", "http://127.0.0.1:{port}"),
        ("educonnect", "http://127.0.0.1:{port}"),
        ("franceconnect", "http://127.0.0.1:{port}/api/v2"),
    ],
)
def test_provider_answers_in_its_own_process_and_stops_when_told(provider: str, issuer: str) -> None:
    port = free_port()
    address = issuer.format(port=port)
    process = start(provider, port, DECLARED)
    with process:
        try:
            wait_until(f"{address}/.well-known/openid-configuration", seconds=ANSWER_WITHIN)
            discovery = requests.get(f"{address}/.well-known/openid-configuration", timeout=ANSWER_WITHIN).json()
            assert discovery["issuer"] == address
        finally:
            process.terminate()
        assert process.wait(ANSWER_WITHIN) == 0


@pytest.mark.parametrize("missing", ["DEMO", "EDUCONNECT_CLIENT_SECRET", "SITE_URL"])
def test_provider_refuses_to_start_without(missing: str) -> None:
    environment = {name: value for name, value in DECLARED.items() if name != missing}
    with start("educonnect", 1, environment) as process:
        _, complaint = process.communicate(timeout=ANSWER_WITHIN)
    assert process.returncode == 2
    assert missing in complaint


def test_application_refuses_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO", raising=False)
    registration = Registration("portail", "secret", "http://portail.example", "educonnect")
    with pytest.raises(NotADemonstrationError):
        create_app(registration, issuer="http://127.0.0.1:1")
