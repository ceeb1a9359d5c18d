"""The Dockerfile makes the image that docker-compose.yml runs, of the product and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.deployment import files

PRODUCT = files.product_services()
NOT_IN_THE_IMAGE = {".ci", "benchmarks", "demo", "deploy", "docs", "judges", "requirements", "tests"}
"""Folders of the repository that production does not run (of deploy, the image has two files)."""


def test_the_images_own_command_is_that_of_the_web_service() -> None:
    command = files.in_image("production", "CMD")[-1].arguments
    assert eval_json(command) == PRODUCT["web-1"]["command"]


def test_the_image_checks_its_health_as_the_web_service_does() -> None:
    health = files.in_image("production", "HEALTHCHECK")[-1].arguments
    assert eval_json(health.split("CMD ", 1)[1]) == PRODUCT["web-1"]["healthcheck"]["test"][1:]


def test_the_demonstrations_image_starts_what_make_demo_starts() -> None:
    command = eval_json(files.in_image("demo", "CMD")[-1].arguments)
    assert command[:3] == ["python", "-m", "demo"]
    assert "-m demo" in (files.BASE / "Makefile").read_text()
    assert files.services()["demo"]["command"][:3] == command[:3]


def eval_json(text: str) -> list[str]:
    words: list[str] = json.loads(text)
    return words


def test_the_libraries_are_installed_with_their_hashes() -> None:
    install = [
        each.arguments for each in files.instructions() if each.name == "RUN" and "pip install" in each.arguments
    ]
    assert len(install) == 2
    for line in install:
        assert "--require-hashes" in line
        (requirements,) = re.findall(r"--requirement (\S+)", line)
        assert (files.BASE / requirements).is_file()
        assert "--hash=sha256:" in (files.BASE / requirements).read_text()


def test_the_image_has_every_file_of_the_product_and_none_of_the_rest(tmp_path: Path) -> None:
    files.lay_out_image(tmp_path)
    in_image = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    folders = {path.partition("/")[0] for path in files.tracked(".") if "/" in path} - NOT_IN_THE_IMAGE
    product = set(files.tracked(*folders))
    assert in_image == product | {"manage.py", "deploy/gunicorn.conf.py", "deploy/health.py"}


def test_the_demonstrations_image_also_has_the_demonstration(tmp_path: Path) -> None:
    files.lay_out_image(tmp_path, stage="demo")
    assert (tmp_path / "demo" / "__main__.py").is_file()
    assert (tmp_path / "requirements" / "base.txt").is_file()
    assert not (tmp_path / "tests").exists()


def test_the_context_holds_nothing_that_no_image_takes() -> None:
    taken = [
        source
        for stage in ("demo", "libraries", "demo-libraries")
        for sources, _ in files.copied(stage)
        for source in sources
    ]
    for path in files.tracked("."):
        if files.is_in_context(path):
            assert any(path == source or path.startswith(f"{source}/") for source in taken), path


def test_the_image_runs_as_nobody_in_particular_and_holds_no_secret() -> None:
    assert files.in_image("production", "USER")[-1].arguments == PRODUCT["web-1"]["user"]
    assert not files.secret_names() & set(files.image_environment("production"))
    assert not [each for each in files.instructions() if each.name == "ARG" and "KEY" in each.arguments]


def test_the_last_stage_is_the_one_for_production_on_the_python_of_the_project() -> None:
    assert files.instructions()[-1].stage == "production"
    (python,) = [each.arguments for each in files.instructions() if each.name == "ARG"]
    assert python.startswith("PYTHON_IMAGE=python:3.11-slim")
