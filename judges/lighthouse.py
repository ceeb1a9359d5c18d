"""Lighthouse over the gallery, as a telephone: 100 for accessibility and best practices, 95 for performance.

Performance is a median of five. A page is measured until no further run could bring its median to the other side of
the bar: three times where all goes well.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.browser.chromium import launch_options
from tests.browser.gallery import Shown
from tests.browser.visit import Visit

PROGRAM = Path(__file__).with_suffix(".mjs")
BARS = {"accessibility": 100, "best-practices": 100, "performance": 95}
QUICK = {
    "accueil",
    "connexion-representant",
    "mes-services",
    "espace-famille",
    "fiche-renseignements",
    "contact-ecrire",
    "orientation",
    "choix",
    "choix-ajouter",
    "propositions",
    "demande",
    "decisions",
}
"""The pages whose performance counts where time does: those that families come back to."""
RUNS = 5


@dataclass
class Judgement:
    """What Lighthouse says of one page: each score in percent, one per run, and what cost points."""

    shown: Shown
    scores: dict[str, list[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Why Lighthouse did not see this page at all."""

    def score(self, category: str) -> float:
        """Return the median of a category's scores. 0 when Lighthouse could not say."""
        return statistics.median(self.scores.get(category) or [0])

    @property
    def is_met(self) -> bool:
        """Whether each category that was asked about is over its bar."""
        return not self.errors and all(self.score(category) >= BARS[category] for category in self.scores)

    @property
    def is_settled(self) -> bool:
        """Whether further runs could not bring the median of performance to the other side of its bar."""
        runs = self.scores.get("performance", [])
        good = sum(score >= BARS["performance"] for score in runs)
        return bool(self.errors) or not runs or max(good, len(runs) - good) > RUNS // 2

    def __str__(self) -> str:
        scores = "".join(
            f"{self.score(category):9.0f}" if category in self.scores else f"{'-':>9}" for category in BARS
        )
        runs = ", ".join(str(each) for each in self.scores.get("performance", []))
        return f"{self.shown.name:40}{scores}   [{runs}]" + (
            "" if self.is_met else f"  NOT MET {self.errors + self.faults}"
        )


def judge(visit: Visit, gallery: list[Shown], *, is_quick: bool = False) -> list[Judgement]:
    """Judge each page of the gallery, in its order; quickly, performance is asked about those of `QUICK` only."""
    judgements = {shown.name: Judgement(shown) for shown in gallery}
    timed = [shown for shown in gallery if not is_quick or shown.name in QUICK]
    others = [shown for shown in gallery if shown not in timed]
    _note(judgements, _run(visit, timed, list(BARS)))
    _note(judgements, _run(visit, others, [category for category in BARS if category != "performance"]))
    while again := [each.shown for each in judgements.values() if not each.is_settled]:
        _wait_for_quiet()
        _note(judgements, _run(visit, again, ["performance"]))
    return list(judgements.values())


def _wait_for_quiet() -> None:
    """Let a busy machine calm down, for three minutes at most: others' work would be counted as the page's."""
    for _attempt in range(18):
        if os.getloadavg()[0] <= (os.cpu_count() or 1) + 1:
            return
        time.sleep(10)


def _note(judgements: dict[str, Judgement], runs: Iterable[dict[str, Any]]) -> None:
    for run in runs:
        print(run["name"], *run["scores"].values(), *run["faults"], run.get("error") or "", flush=True)
        judgement = judgements[run["name"]]
        for category, score in run["scores"].items():
            judgement.scores.setdefault(category, []).append(score or 0)
        judgement.faults += [each for each in run["faults"] if each not in judgement.faults]
        if run.get("error"):
            judgement.errors.append(run["error"])


def _run(visit: Visit, gallery: list[Shown], categories: list[str]) -> Iterator[dict[str, Any]]:
    """Give the pages to Lighthouse, one person after the other, so that nobody's session ends meanwhile."""
    for who in dict.fromkeys(shown.who for shown in gallery):
        yield from _run_as(visit, [shown for shown in gallery if shown.who == who], categories)


def _run_as(visit: Visit, gallery: list[Shown], categories: list[str]) -> Iterator[dict[str, Any]]:
    """Give one person's pages to Lighthouse, in one Chromium; yield one answer per page."""
    options: dict[str, Any] = launch_options()
    asked = {
        "chrome": options["executable_path"] or visit.browser.browser_type.executable_path,
        "flags": options["args"],
        "pages": [
            {
                "name": shown.name,
                "url": visit.address(shown),
                "cookies": visit.state_of(shown.who)["cookies"],
                "categories": categories,
                # the browser itself notes in its console that a page answered 404
                "skip": ["errors-in-console"] if shown.status >= 400 else [],
            }
            for shown in gallery
        ],
    }
    with subprocess.Popen(["node", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe
        assert process.stdout is not None  # noqa: S101 - a pipe
        process.stdin.write(json.dumps(asked))
        process.stdin.close()
        yield from (json.loads(line) for line in process.stdout)
    if process.returncode:
        raise SystemExit(f"Lighthouse stopped with code {process.returncode}")
