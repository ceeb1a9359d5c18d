"""docs/operations.md tells who is woken at night nothing that is not so."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands
from django.urls import resolve
from prometheus_client.registry import REGISTRY

from operations import metrics
from tests.deployment import files, variables

TEXT = (files.BASE / "docs" / "operations.md").read_text()


def test_every_command_exists() -> None:
    commands = set(re.findall(r"manage\.py (\w+)", TEXT))
    assert {"restore"} <= commands <= set(get_commands())


def test_every_service_that_is_named_in_a_command_exists() -> None:
    named = set()
    for line in re.findall(r"docker compose (?:up|stop|exec|run|logs) ([^\n`\\#]*)", TEXT):
        words = [word.split("=")[0] for word in line.split("|")[0].split() if not word.startswith("-")]
        named |= {word for word in words if word in files.services()}
        if "exec" in line or "run" in line:
            assert words[0] in files.services(), line
    assert {"db", "redis", "worker", "backup", "migrate", "web-1"} <= named


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(/sante/[a-z]+/|/admin/)`", TEXT))))
def test_every_address_exists(path: str) -> None:
    assert resolve(path)


def test_every_variable_is_in_the_example() -> None:
    names = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)", TEXT))
    assert {name.removesuffix("_FILE") for name in names} <= files.example_names() | variables.GUNICORN


def test_every_metric_is_one_that_is_counted(db: None) -> None:
    counted = {family.name for family in REGISTRY.collect()} | {family.name for family in metrics._Tables().collect()}
    named = {name.removesuffix("_total") for name in re.findall(r"`(scolarite_[a-z_]+)`", TEXT)}
    assert len(named) == 8
    assert named <= counted


def test_every_queue_is_one_that_work_is_sent_to() -> None:
    from celery import current_app

    for queues in re.findall(r"--queues=([a-z,]+)", TEXT):
        assert set(queues.split(",")) <= set(current_app.amqp.queues)


def test_every_file_that_is_named_is_there() -> None:
    for path in re.findall(r"`((?:deploy|tests)/[\w./-]+)`", TEXT):
        assert (files.BASE / path).exists(), path
