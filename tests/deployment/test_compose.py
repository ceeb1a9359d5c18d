"""docker-compose.yml and the Dockerfile say nothing that the project does not have."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from tests.deployment import files, variables

SERVICES = files.services()
PRODUCT = files.product_services()
LASTING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
ONE_SHOT = {"migrate", "backup", "demo"}


def each(services: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", sorted(services))


# --- Commands ---------------------------------------------------------------------------------------------------------


@each(PRODUCT)
def test_every_command_runs_something_that_exists(name: str) -> None:
    for command in files.commands_of(PRODUCT[name]):
        check_command(command)


def check_command(command: list[str]) -> None:
    """Fail unless the program, and what it is told to load, is in the project."""
    program, *arguments = command
    if command[:2] == ["python", "manage.py"]:
        app = get_commands()[arguments[1]]
        parser = load_command_class(str(app), arguments[1]).create_parser("manage.py", arguments[1])
        parser.parse_args(arguments[2:])
    elif program == "gunicorn":
        check_gunicorn(arguments)
    elif program == "celery":
        check_celery(arguments)
    else:
        pytest.fail(f"nobody has checked what {program} does")


def check_gunicorn(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config", *arguments],
        cwd=files.BASE,
        env={**variables.ENVIRONMENT, "PATH": "", "STATIC_ROOT": str(files.BASE / "static")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert callable(importlib.import_module(arguments[-1]).application)


def check_celery(arguments: list[str]) -> None:
    from celery.bin.celery import celery

    app = next(argument.removeprefix("--app=") for argument in arguments if argument.startswith("--app="))
    assert importlib.import_module(f"{app}.celery").app.main == app
    name, *options = arguments[1:]
    celery.commands[name].make_parser(_context(name)).parse_args(list(options))


def _context(name: str) -> Any:
    import click
    from celery.bin.celery import celery

    return click.Context(celery.commands[name])


def test_the_migrations_come_after_a_check_of_the_settings_for_production() -> None:
    check, migrate = files.commands_of(PRODUCT["migrate"])
    assert check[2:] == ["check", "--deploy", "--fail-level", "WARNING"]
    assert migrate[2:] == ["migrate", "--no-input"]


def test_sh_runs_the_migrations_only_when_the_check_passes(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$2"\ntest "$2" != check\n')
    python.chmod(0o755)
    done = subprocess.run(
        PRODUCT["migrate"]["command"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.returncode != 0) == (["check"], True)


@each({name: service for name, service in PRODUCT.items() if not service["healthcheck"].get("disable")})
def test_every_health_check_of_the_product_is_one_that_its_program_knows(name: str) -> None:
    test = PRODUCT[name]["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python", "deploy/health.py"]
    source = (files.BASE / "deploy/health.py").read_text()
    assert f'"{test[3]}": {test[3]}' in source
    assert test[3] == name.split("-")[0]


def test_the_address_of_the_health_check_is_the_one_that_asks_the_database() -> None:
    source = (files.BASE / "deploy/health.py").read_text()
    (path,) = re.findall(r"\{port\}(/[a-z/]+/)", source)
    assert resolve(path).view_name == "portal:ready"
    assert any(re.match(pattern, path.lstrip("/")) for pattern in settings.SECURE_REDIRECT_EXEMPT)


# --- Ports and names --------------------------------------------------------------------------------------------------


def test_only_nginx_is_published() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}


def test_the_ports_are_those_that_the_programs_listen_on() -> None:
    gunicorn = (files.BASE / "deploy/gunicorn.conf.py").read_text()
    (port,) = re.findall(r'^bind = "0\.0\.0\.0:(\d+)"', gunicorn, re.MULTILINE)
    assert files.in_image("production", "EXPOSE")[-1].arguments == port
    assert f"PORT = {port}\n" in (files.BASE / "deploy/health.py").read_text()
    upstream = (files.BASE / "deploy/nginx/upstream.conf").read_text()
    web = {f"{name}:{port}" for name in PRODUCT if name.startswith("web")}
    assert set(re.findall(r"server (\S+) resolve", upstream)) == web
    nginx = "".join(path.read_text() for path in (files.BASE / "deploy/nginx").glob("*.conf"))
    for published in SERVICES["nginx"]["ports"]:
        assert re.search(rf"listen {published.rsplit(':', 1)[1]}\b", nginx)
    health = urlsplit(SERVICES["nginx"]["healthcheck"]["test"][-1])
    assert f"listen {health.netloc};" in nginx
    assert f"location = {health.path} " in nginx


def test_every_address_in_nginx_is_one_of_the_site() -> None:
    text = "".join(path.read_text() for path in (files.BASE / "deploy/nginx").glob("*.conf"))
    locations = set(re.findall(r"location (?:\^~|=) (\S+) ", text)) - {"/proxy/", "/nginx"}
    assert locations == {"/sante/", "/sante/mesures/", "/admin/", settings.STATIC_URL}
    assert resolve("/sante/vivant/")
    assert resolve("/admin/")
    assert resolve("/courriel/confirmation/a-token/").view_name == "portal:confirm_email"  # what the log masks


def test_the_example_names_the_hosts_of_the_services() -> None:
    for name, url in re.findall(r"^# (DATABASE_URL|REDIS_URL)=(\S+)", files.EXAMPLE.read_text(), re.MULTILINE):
        assert urlsplit(url).hostname in SERVICES, name


def test_every_service_that_is_waited_for_exists_and_can_be_waited_for() -> None:
    for service in SERVICES.values():
        for awaited, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            if condition == "service_healthy":
                assert "test" in SERVICES[awaited]["healthcheck"]
            else:
                assert (condition, SERVICES[awaited]["restart"]) == ("service_completed_successfully", "no")


@pytest.mark.parametrize("name", ["web-1", "web-2", "worker", "beat"])
def test_nothing_of_the_product_starts_before_the_migrations(name: str) -> None:
    assert PRODUCT[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_databases_are_where_nothing_gets_out_and_nginx_does_not_see_them() -> None:
    networks = files.compose()["networks"]
    assert networks["data"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("db", "redis", "migrate", "beat")] == [["data"]] * 4
    assert SERVICES["nginx"]["networks"] == ["front"]
    used = {network for service in SERVICES.values() for network in service.get("networks", [])}
    assert used == set(networks)


def test_there_is_one_scheduler() -> None:
    beats = [service for service in PRODUCT.values() if "beat" in service["command"]]
    assert [beat["deploy"]["replicas"] for beat in beats] == [1]


# --- Variables and secrets --------------------------------------------------------------------------------------------


def test_every_variable_of_the_product_is_in_the_example() -> None:
    for service in PRODUCT.values():
        assert {name.removesuffix("_FILE") for name in service["environment"]} <= files.example_names()
    assert files.interpolated_names() <= files.example_names()


@each(PRODUCT)
def test_every_secret_comes_as_a_file_that_is_mounted(name: str) -> None:
    service = PRODUCT[name]
    mounted = {f"/run/secrets/{secret}" for secret in service["secrets"]}
    given = {key: value for key, value in service["environment"].items() if key.endswith("_FILE")}
    assert set(given.values()) == mounted
    for key in given:
        assert key.removesuffix("_FILE") in variables.read_by_settings() | {
            each for each in files.example_names() if each.startswith("ANYMAIL_")
        }
    assert not files.secret_names() & set(service["environment"]), "a secret is written in the open"


def test_every_secret_of_the_product_that_the_default_provider_needs_is_given() -> None:
    given = {name.removesuffix("_FILE") for name in PRODUCT["web-1"]["environment"]}
    elsewhere = {"DJANGO_SECRET_KEY_FALLBACKS", "ANYMAIL_WEBHOOK_SECRET", "EMAIL_URL", "AGENTS_CLIENT_SECRET"}
    elsewhere.add("METRICS_TOKEN")
    assert files.secret_names() - elsewhere <= given


def test_every_secret_is_declared_used_and_kept_out_of_git_and_of_the_image() -> None:
    declared = files.compose()["secrets"]
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert set(declared) == used
    for path in [*(secret["file"] for secret in declared.values()), ".env"]:
        assert not files.is_in_context(path.removeprefix("./"))
        assert subprocess.run(["git", "check-ignore", "--quiet", path], cwd=files.BASE, check=False).returncode == 0


def test_the_databases_read_their_passwords_from_files_that_are_mounted() -> None:
    assert SERVICES["db"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"
    assert SERVICES["db"]["secrets"] == ["postgres_password"]
    assert "/run/secrets/redis_password" in SERVICES["redis"]["command"][2]
    assert SERVICES["redis"]["secrets"] == ["redis_password"]


def test_nginx_reads_the_certificate_where_it_is_mounted() -> None:
    text = (files.BASE / "deploy/nginx/tls.conf").read_text()
    assert set(re.findall(r"/run/secrets/(\w+);", text)) == set(SERVICES["nginx"]["secrets"])


# --- Safety -----------------------------------------------------------------------------------------------------------


@each(SERVICES)
def test_no_service_can_write_its_root_or_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert "privileged" not in service
    assert "cap_add" not in service
    assert any(place.startswith("/tmp:") for place in service["tmpfs"])  # noqa: S108


@each(SERVICES)
def test_every_service_says_how_it_restarts_stops_and_is_found_healthy(name: str) -> None:
    service = SERVICES[name]
    assert (service["restart"] == "no") == (name in ONE_SHOT)
    assert bool(service["healthcheck"].get("disable")) == (name in ONE_SHOT)
    if name in LASTING:
        assert "stop_grace_period" in service
        assert service["healthcheck"]["retries"] >= 3


def test_what_stops_is_given_longer_than_it_takes() -> None:
    from notifications.sending import BATCH_WINDOW, SOCKET_TIMEOUT

    assert seconds(PRODUCT["worker"]["stop_grace_period"]) > BATCH_WINDOW + SOCKET_TIMEOUT
    gunicorn = (files.BASE / "deploy/gunicorn.conf.py").read_text()
    (graceful,) = re.findall(r"^graceful_timeout = (\d+)", gunicorn, re.MULTILINE)
    assert seconds(PRODUCT["web-1"]["stop_grace_period"]) > int(graceful)


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text[:-1])


@each(SERVICES)
def test_every_image_is_named_with_a_version(name: str) -> None:
    image = SERVICES[name]["image"]
    if "build" in SERVICES[name]:
        assert SERVICES[name]["build"]["target"] in {each.stage for each in files.instructions()}
        assert image.endswith(":latest")
        assert "${RELEASE" in files.compose()["services"][name]["image"]
    else:
        assert re.fullmatch(r"[a-z/]+:\d[\w.-]*", image)


def test_only_one_folder_of_the_machine_is_mounted_and_only_to_be_read() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    bound = [mount.split(":") for mount in mounts if mount.startswith(".")]
    assert {how for _, _, how in bound} == {"ro"}
    for source, _, _ in bound:
        assert (files.BASE / source).exists()
    assert {mount.partition(":")[0] for mount in mounts if not mount.startswith(".")} == set(files.compose()["volumes"])


@pytest.mark.parametrize("mode", ["tls", "plain"])
def test_both_ways_of_ending_tls_are_there(mode: str) -> None:
    volumes = files.interpolated(files.compose()["services"]["nginx"]["volumes"], {"PROXY_MODE": mode})
    source, target, _ = volumes[1].split(":")
    assert (files.BASE / source).is_file()
    assert f"include {target};" in (files.BASE / "deploy/nginx/nginx.conf").read_text()
