"""The Nu HTML checker over the gallery: what the server sends is read, before any script has touched it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.gallery import Shown
from tests.browser.visit import Visit

CHECKER = Path(__file__).parent / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
HEAP = "-Xss4m"
"""The checker's parser is deeply recursive on long pages."""


def findings(visit: Visit, gallery: list[Shown]) -> list[str]:
    """Return what the checker says of each page, errors and warnings alike: page, line, sentence."""
    with tempfile.TemporaryDirectory(prefix="scolarite-markup-") as folder:
        refused = [fault for shown in gallery if (fault := _keep(visit, shown, Path(folder)))]
        return refused + _check(Path(folder))


def _keep(visit: Visit, shown: Shown, folder: Path) -> str:
    """Write down what the server sends for a page; return what is wrong when it is not the page that is listed."""
    context = visit.context_of(shown.who)
    try:
        answer = context.request.get(visit.address(shown), max_redirects=0)
        (folder / f"{shown.name}.html").write_bytes(answer.body())
        return "" if answer.status == shown.status else f"{shown.name} answers {answer.status}, not {shown.status}"
    finally:
        context.close()


def _check(folder: Path) -> list[str]:
    checked = subprocess.run(
        ["java", HEAP, "-jar", str(CHECKER), "--format", "json", "--exit-zero-always", "--skip-non-html", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    messages = json.loads(checked.stderr)["messages"]
    return [_told(each) for each in messages]


def _told(message: dict[str, Any]) -> str:
    place = f"{Path(message['url']).stem}, line {message.get('lastLine', '?')}"
    return f"{place}: {message['message']}  {' '.join(message.get('extract', '').split())}"
