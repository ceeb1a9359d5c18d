"""What deploy/releases.toml says of the previous release, and its files as git has them."""

from __future__ import annotations

import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parents[2]
PREVIOUS: dict[str, Any] = tomllib.loads((BASE / "deploy" / "releases.toml").read_text())["previous"]
WITHOUT_HISTORY = f"git has not commit {PREVIOUS['commit'][:9]} here: a shallow clone, or no clone"


class NoHistoryError(Exception):
    """Git has not the previous release here; says so."""


def has_history() -> bool:
    """Tell whether git can give the previous release: an archive of the sources, or a shallow clone, cannot."""
    command = ["git", "cat-file", "-e", f"{PREVIOUS['commit']}^{{commit}}"]
    try:
        return subprocess.run(command, cwd=BASE, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def migrations_of_previous() -> dict[str, str]:
    """Return the last migration of each room of the previous release, from its files."""
    command = ["git", "ls-tree", "-r", "--name-only", PREVIOUS["commit"]]
    names = subprocess.run(command, cwd=BASE, capture_output=True, text=True, check=True).stdout.split()
    found = sorted(name for name in names if "/migrations/0" in name and not name.startswith("tests/"))
    return {name.split("/")[0]: Path(name).stem for name in found}


def lay_out_previous(folder: Path) -> None:
    """Put the previous release's files into a folder. Raises NoHistoryError."""
    if not has_history():
        raise NoHistoryError(WITHOUT_HISTORY)
    archive = folder.with_suffix(".tar")
    subprocess.run(["git", "archive", "--output", str(archive), PREVIOUS["commit"]], cwd=BASE, check=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
