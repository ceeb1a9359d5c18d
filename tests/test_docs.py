"""What the documents name exists, and what exists is named: they are held to the code."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

ROOT = Path(settings.BASE_DIR)
README = ROOT / "README.md"
DOCS = ROOT / "docs"
DOCUMENTS = [README, *sorted(DOCS.glob("*.md"))]
OURS = ("portal", "orientation", "accounts", "schools", "notifications", "audit", "operations")

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
MAKE = re.compile(r"\bmake ([a-z]+)")
CODE = re.compile(r"`([^`]+)`")

EXAMPLES = {
    "<token>": "jeton",
    "<student>": "6f1c2b6e-3c0e-4b7e-9b5e-2f7b7f1c2b6e",
    "<uuid>": "6f1c2b6e-3c0e-4b7e-9b5e-2f7b7f1c2b6e",
    "<phase>": "choix-definitifs",
    "<pathway>": "stl",
    "<number>": "1",
    "<year>": "2026",
}
"""What stands in an address in the place of each of its names."""

NOT_BUILT = {"audit", "bench"}
"""Commands that docs/architecture.md says are not there yet."""


def section(document: Path, title: str) -> str:
    """Return what stands under a title, up to the next of its level or above."""
    level, _space, _rest = title.partition(" ")
    found = re.search(rf"^{re.escape(title)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", document.read_text(), re.M | re.S)
    assert found, f"{document.name} has no section {title!r}"
    return found[1]


def first_column(text: str) -> list[str]:
    """Return the first cell of each row of the tables in a text."""
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    lost = [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()]
    assert not lost


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_of_make_that_a_document_names_exists(document: Path) -> None:
    named = {name for code in CODE.findall(document.read_text()) for name in MAKE.findall(code)}
    assert named - NOT_BUILT <= make_targets()


def test_the_quick_start_is_two_commands_that_exist() -> None:
    commands = re.findall(r"^    (make .*)$", section(README, "## Quick start"), re.M)
    assert commands == ["make demo", "make test"]
    assert {"demo", "test"} <= make_targets()


def test_readme_names_every_command_of_make_that_its_help_shows() -> None:
    shown = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M)) - {"help"}
    assert shown <= set(MAKE.findall(README.read_text()))


def test_readme_gives_the_same_apt_line_as_the_makefile() -> None:
    line = re.search(r"^APT_LINE := (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert line
    assert f"    {line[1]}\n" in README.read_text()


def test_every_command_of_manage_py_in_readme_exists() -> None:
    named = set(re.findall(r"`manage\.py ([a-z_]+)", README.read_text()))
    demonstration = {path.stem for path in (ROOT / "demo/management/commands").glob("[a-z]*.py")}
    assert named <= set(get_commands()) | demonstration


def test_every_room_stands_in_readme() -> None:
    named = {name for cell in first_column(section(README, "## The rooms")) for name in CODE.findall(cell)}
    assert {f"{room}/" for room in (*OURS, "scolarite", "demo")} <= named
    assert all((ROOT / name).is_dir() for name in named)


def settings_text() -> str:
    return "".join(path.read_text() for path in sorted((ROOT / "scolarite/settings").glob("*.py")))


def test_every_environment_name_in_the_architecture_is_read() -> None:
    known = (ROOT / ".env.example").read_text() + settings_text()
    for prefix in ("EDUCONNECT", "FRANCECONNECT", "AGENTS"):  # read by prefix
        known += " ".join(
            f"{prefix}_{name}" for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "SIGN_ALGO", "SCOPES")
        )
    cells = first_column(section(DOCS / "architecture.md", "### Environment"))
    names = [name.rstrip("*") for cell in cells for name in CODE.findall(cell)]
    assert len(names) > 30
    assert [name for name in names if not re.search(rf"\b{name}", known)] == []


def test_every_environment_name_that_the_settings_read_stands_in_the_architecture() -> None:
    read = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_0-9]+)\"", settings_text()))
    text = section(DOCS / "architecture.md", "### Environment")
    assert {name for name in read if f"`{name}`" not in text} == set()


def addresses_in_the_architecture() -> list[str]:
    cells = first_column(section(DOCS / "architecture.md", "### Addresses"))
    return [address for cell in cells for address in CODE.findall(cell)]


def filled_in(address: str) -> str:
    for name, example in EXAMPLES.items():
        address = address.replace(name, example)
    return address


@pytest.mark.parametrize("address", addresses_in_the_architecture())
def test_an_address_in_the_architecture_leads_somewhere(address: str) -> None:
    try:
        resolve(filled_in(address))
    except Resolver404:
        pytest.fail(f"{address} leads nowhere")


def test_every_address_of_the_site_stands_in_the_architecture() -> None:
    text = section(DOCS / "architecture.md", "### Addresses")
    named = {resolve(filled_in(address)).view_name for address in addresses_in_the_architecture()}
    # a cell may name a sibling by its last part alone
    named |= {name for name, last in names_of(get_resolver().url_patterns) if last and f"`{last}`" in text}
    assert {name for name, _last in names_of(get_resolver().url_patterns)} - named == set()


def names_of(patterns: list[URLPattern | URLResolver], namespace: str = "") -> list[tuple[str, str]]:
    """Return the name of each address but the admin's, with the last part of its path."""
    names = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                names += names_of(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace)
        else:
            last = str(pattern.pattern).rstrip("/").rpartition("/")[2]
            names.append((f"{namespace}{pattern.name}", f"{last}/" if "<" not in last else ""))
    return names


def test_every_direct_dependency_has_an_entry() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {match[0] for line in wanted if (match := re.match(r"[A-Za-z0-9_.-]+", line))}
    tables = "".join(
        section(DOCS / "dependencies.md", title) for title in ("## In production", "## For development and tests")
    )
    assert set(first_column(tables)) - {"package"} == names


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted, file in (
        (project["dependencies"], "base.txt"),
        (project["dependencies"] + project["optional-dependencies"]["dev"], "dev.txt"),
    ):
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements" / file).read_text(), re.M))
        assert {re.split(r"[\[<>=]", line)[0] for line in wanted} <= pinned


def test_every_judge_has_an_entry_and_is_pinned_without_the_address_of_a_registry() -> None:
    wanted = json.loads((ROOT / "judges/package.json").read_text())["devDependencies"]
    assert set(first_column(section(DOCS / "dependencies.md", "## For the judges"))) - {"package"} == set(wanted)
    lock = json.loads((ROOT / "judges/package-lock.json").read_text())["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in each and "resolved" not in each for name, each in lock.items() if name)


def test_every_folder_of_vendored_files_has_an_entry() -> None:
    text = section(DOCS / "dependencies.md", "## Files of others")
    assert all(f"`static/vendor/{folder.name}/`" in text for folder in (ROOT / "static/vendor").iterdir())


def test_the_version_of_htmx_is_the_one_said() -> None:
    version = re.search(r"htmx (2[\d.]+\d)", section(DOCS / "dependencies.md", "## Files of others"))
    assert version
    assert f"htmx {version[1]}," in (ROOT / "static/vendor/htmx/README").read_text()


def glossary() -> str:
    return (DOCS / "glossary.md").read_text()


@pytest.mark.parametrize("label", OURS)
def test_every_model_has_an_entry_in_the_glossary(label: str) -> None:
    models = [model.__name__ for model in apps.get_models() if model._meta.app_label == label]
    assert [name for name in models if f"`{name}`" not in glossary()] == []


@pytest.mark.parametrize("label", OURS)
def test_every_table_stands_in_the_architecture(label: str) -> None:
    text = section(DOCS / "architecture.md", "## Truth")
    models = [model.__name__ for model in apps.get_models() if model._meta.app_label == label]
    assert [name for name in models if not re.search(rf"\b{name}\b", text)] == []


def test_every_member_of_an_enumeration_in_the_glossary_exists() -> None:
    import accounts.models
    import notifications.models
    import orientation.models
    import schools.models

    homes = (accounts.models, notifications.models, orientation.models, schools.models)
    for name, member in re.findall(r"`([A-Z]\w+)\.([A-Z_]+)`", glossary()):
        assert any(hasattr(getattr(home, name, None), member) for home in homes), f"{name}.{member}"


def test_every_state_and_role_has_an_entry_in_the_glossary() -> None:
    from accounts.models import Profile, Provider
    from notifications.models import MessageState
    from orientation.models import PathwayGroup, PhaseKind, PhaseState
    from schools.models import EmailState, ResponsibilityLevel, Role

    for each in (
        Profile,
        Provider,
        MessageState,
        PathwayGroup,
        PhaseKind,
        PhaseState,
        EmailState,
        ResponsibilityLevel,
        Role,
    ):
        missing = [member.name for member in each if f"`{each.__name__}.{member.name}`" not in glossary()]
        assert missing == [], each.__name__


def test_every_source_that_a_document_points_to_is_there() -> None:
    folders = (*OURS, "scolarite", "demo", "tests", "static", "templates", "requirements", "docs", "deploy")
    for document in DOCUMENTS:
        for path in re.findall(rf"`((?:{'|'.join(folders)})/[\w./-]*)`", document.read_text()):
            assert (ROOT / path).exists(), f"{document.name}: {path}"


def test_pictures_are_those_that_readme_shows() -> None:
    shown = set(re.findall(r"docs/screenshots/([\w-]+)-\d+\.png", README.read_text()))
    assert shown == {path.stem.rpartition("-")[0] for path in (DOCS / "screenshots").glob("*.png")}
