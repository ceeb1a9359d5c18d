"""docs/deployment.md tells an operator nothing that is not so."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands
from django.urls import resolve

from tests.deployment import files, variables

TEXT = (files.BASE / "docs" / "deployment.md").read_text()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"SITE_URL(/[a-z/]+/)", TEXT))))
def test_every_address_to_declare_somewhere_exists(path: str) -> None:
    assert resolve(path)


def test_every_command_exists() -> None:
    commands = set(re.findall(r"manage\.py (\w+)", TEXT))
    assert commands >= {"import_siecle", "create_head", "migrate"}
    assert commands <= set(get_commands())


def test_every_variable_is_in_the_example() -> None:
    names = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)", TEXT)) - {"ANYMAIL_"}
    assert {name.removesuffix("_FILE") for name in names} <= files.example_names() | variables.GUNICORN


def test_every_service_and_every_secret_is_spoken_of() -> None:
    for name in files.services():
        assert re.search(rf"\b{name}\b", TEXT), name
    for secret in files.compose()["secrets"].values():
        name = secret["file"].rpartition("/")[2]
        assert name.removesuffix(".pem") in TEXT, name


def test_every_file_that_is_named_is_there() -> None:
    for path in re.findall(r"`(deploy/[\w./-]+|tests/[\w./-]+)`", TEXT):
        assert (files.BASE / path).exists(), path
