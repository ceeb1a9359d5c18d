"""The deployment's files read as data: what docker-compose.yml, the Dockerfile and .env.example say."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

BASE = Path(__file__).resolve().parent.parent.parent
COMPOSE = BASE / "docker-compose.yml"
DOCKERFILE = BASE / "Dockerfile"
EXAMPLE = BASE / ".env.example"

INTERPOLATION = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")

Service = dict[str, Any]


# --- docker-compose.yml -----------------------------------------------------------------------------------------------


@cache
def compose() -> dict[str, Any]:
    """Return the file as it is written."""
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return content


def services() -> dict[str, Service]:
    """Return each service by its name, with the variables of .env at their defaults."""
    found: dict[str, Service] = {name: interpolated(service, {}) for name, service in compose()["services"].items()}
    return found


def interpolated(value: Any, variables: Mapping[str, str]) -> Any:
    """Return what Docker Compose makes of `${NAME:-default}` and `$$`, anywhere in the value."""
    if isinstance(value, dict):
        return {key: interpolated(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item, variables) for item in value]
    if isinstance(value, str):
        return INTERPOLATION.sub(lambda match: _replacement(match, variables), value)
    return value


def _replacement(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match[0] == "$$":
        return "$"
    return variables.get(match["name"]) or match["default"] or ""


def interpolated_names() -> set[str]:
    """Return the variables that docker-compose.yml itself reads."""
    return {match["name"] for match in INTERPOLATION.finditer(COMPOSE.read_text()) if match["name"]}


def product_services() -> dict[str, Service]:
    """Return the services that run the product's own image."""
    return {name: service for name, service in services().items() if service["image"].startswith("scolarite:")}


def commands_of(service: Service) -> list[list[str]]:
    """Return the commands that a service runs, one after the other: those of its shell line, or its only one."""
    command = list(service["command"])
    if command[:2] == ["sh", "-c"]:
        return [shlex.split(part.removeprefix("exec ")) for part in re.split(r"\s*&&\s*", command[2])]
    return [command]


# --- Dockerfile -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Instruction:
    """One instruction of the Dockerfile, with the stage that it belongs to."""

    stage: str
    name: str
    arguments: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.arguments)


@cache
def instructions() -> tuple[Instruction, ...]:
    """Return the Dockerfile's instructions, in order, continued lines joined."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    found: list[Instruction] = []
    stage = ""
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            stage = arguments.split(" AS ")[1]
        found.append(Instruction(stage, name, arguments.strip()))
    return tuple(found)


def parents(stage: str) -> list[str]:
    """Return the stages that this one is built from, the first of them first, itself last."""
    for instruction in instructions():
        if instruction.name == "FROM" and instruction.stage == stage:
            return [*parents(instruction.arguments.split(" AS ")[0]), stage]
    return []


def in_image(stage: str, name: str) -> list[Instruction]:
    """Return the instructions of this name that made the image of a stage."""
    stages = parents(stage)
    return [each for each in instructions() if each.name == name and each.stage in stages]


def image_environment(stage: str) -> dict[str, str]:
    """Return the variables that the image sets."""
    return dict(word.split("=", 1) for each in in_image(stage, "ENV") for word in each.words)


def copied(stage: str) -> list[tuple[list[str], str]]:
    """Return what an image copies from the sources: files or folders, and where to."""
    words = [each.words for each in in_image(stage, "COPY") if "--from" not in each.arguments]
    return [(each[:-1], each[-1]) for each in words]


def tracked(*paths: str) -> list[str]:
    """Return the files below these paths that git has, or will have."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *paths]
    listed = subprocess.run(command, cwd=BASE, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path and (BASE / path).is_file()]


def is_in_context(path: str) -> bool:
    """Tell whether .dockerignore lets this file through; the last pattern that matches decides, as in Docker."""
    allowed = True
    for line in (BASE / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and _matches(pattern.lstrip("!"), path):
            allowed = pattern.startswith("!")
    return allowed


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern names the file or a folder that holds it; this file uses `*` and `**/` only."""
    expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(f"{expression}(/.*)?", path) is not None


def lay_out_image(root: Path, *, stage: str = "production") -> None:
    """Put into a folder what the image holds in its working directory, from the build context alone."""
    for sources, target in copied(stage):
        for source in sources:
            for path in tracked(source):
                if is_in_context(path):
                    inside = Path(path).relative_to(source) if (BASE / source).is_dir() else Path(Path(path).name)
                    to = root / target / inside if target.endswith("/") or (BASE / source).is_dir() else root / target
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(BASE / path, to)


# --- .env.example -----------------------------------------------------------------------------------------------------


def example_names() -> set[str]:
    """Return every name that .env.example shows, set or not."""
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))


def example_values() -> dict[str, str]:
    """Return what a copy of .env.example sets."""
    lines = re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    return {name: value.strip('"') for name, value in lines}


def secret_names() -> set[str]:
    """Return the names that .env.example marks as secrets."""
    pattern = r"^# \(secret\).*(?:\n# (?![A-Z][A-Z0-9_]+=).*)*\n# ([A-Z][A-Z0-9_]+)="
    return set(re.findall(pattern, EXAMPLE.read_text(), re.MULTILINE))
