"""Static files are gathered once per state of their sources, and never under a running demonstration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demo.static_files import gathered


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The sources of a small product."""
    makers = [f"scolarite/{name}.py" for name in ("settings/site", "settings/static", "staticfiles", "design_system")]
    for name in (*makers, "requirements/base.txt", "static/js/a.js", "templates/base.html"):
        path = tmp_path / "product" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "product"


def gather(folder: Path, base: Path) -> tuple[Path, bool]:
    """Gather if need be; return where, and whether it was already done."""
    with gathered(folder, base=base) as gathering:
        if not gathering.is_complete:
            gathering.root.mkdir()
            (gathering.root / "a.js").write_text("a")
        return gathering.root, gathering.is_complete


def test_second_start_gathers_nothing(tmp_path: Path, base: Path) -> None:
    root, was_complete = gather(tmp_path / "out", base)
    assert not was_complete
    assert gather(tmp_path / "out", base) == (root, True)


@pytest.mark.parametrize("name", ["static/js/a.js", "requirements/base.txt", "scolarite/settings/static.py"])
def test_changed_source_is_gathered_elsewhere(tmp_path: Path, base: Path, name: str) -> None:
    first, _ = gather(tmp_path / "out", base)
    (base / name).write_text("another content")
    second, was_complete = gather(tmp_path / "out", base)
    assert second != first
    assert not was_complete
    assert (first / "a.js").exists()


def test_only_another_class_in_a_template_is_gathered_for(tmp_path: Path, base: Path) -> None:
    template = base / "templates/base.html"
    template.write_text('<p class="fr-text--lead">Un</p>')
    first, _ = gather(tmp_path / "out", base)
    template.write_text('<p class="fr-text--lead">Deux</p>')
    assert gather(tmp_path / "out", base) == (first, True)
    template.write_text('<p class="fr-badge">Deux</p>')
    assert gather(tmp_path / "out", base)[0] != first


def test_gathering_that_failed_begins_again(tmp_path: Path, base: Path) -> None:
    def fail() -> None:
        with gathered(tmp_path / "out", base=base) as gathering:
            gathering.root.mkdir()
            (gathering.root / "half.js").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    root, was_complete = gather(tmp_path / "out", base)
    assert not was_complete
    assert not (root / "half.js").exists()


def test_files_unused_for_a_day_are_forgotten(tmp_path: Path, base: Path) -> None:
    old, _ = gather(tmp_path / "out", base)
    os.utime(old, (0, 0))
    (base / "static/js/b.js").write_text("b")
    gather(tmp_path / "out", base)
    assert not old.exists()
