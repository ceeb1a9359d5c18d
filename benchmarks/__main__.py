"""`make bench`: the bars of performance, each as a ratio measured in this one run, and whether it is met.

`--quick` measures on a small data set, for less long. Writes `var/bench.json` too. Exit code 1 when a bar is not met.
`--evening` replays the closing evening instead, `--acts` prints what each act costs, `--knee` where latency bends.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import psutil  # type: ignore[import-untyped]

from benchmarks import acts, bars, evening, whole
from benchmarks.bars import FAMILY, WARMING, Bar, Rounds
from benchmarks.site import Site, csrf
from tests.deployment.files import BASE

NATIONAL, FEWER = 560_000, 5_600
QUICK_NATIONAL, QUICK_FEWER = 2_800, 280
VISITS = 20
"""Of families on the last evening, for the last bar: as many before them warm the processes."""
RESULT = BASE / "var" / "bench.json"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small data set, for less long")
    parser.add_argument("--students", type=int, help="pupils of the large data set")
    parts = {
        "evening": ("the closing evening replayed, instead", evening.replay),
        "acts": ("what each act costs, by component, instead", acts.measure),
        "knee": ("latency as the rate rises, instead", acts.knee),
    }
    instead = parser.add_mutually_exclusive_group()
    for name, (what, _) in parts.items():
        instead.add_argument(f"--{name}", dest="part", action="store_const", const=name, help=what)
    options = parser.parse_args(arguments)
    quick: bool = options.quick
    if options.part:
        return parts[options.part][1](is_quick=quick)
    students = options.students or (QUICK_NATIONAL if quick else NATIONAL)
    rounds = Rounds(seconds=1, posts=100) if quick else Rounds(count=5)
    began = time.monotonic()
    drafts = WARMING + rounds.count * rounds.posts + 1 + 2 * VISITS
    with Site(students, QUICK_FEWER if quick else FEWER, drafts=drafts) as site:
        print(f"{students:,} pupils, ready after {time.monotonic() - began:.0f} s", file=sys.stderr)
        found = list(_all(site, rounds, mails=600 if quick else 2_000))
    print(*found, sep="\n")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(_as_json(found, students), indent=1, ensure_ascii=False))
    failed = [each for each in found if not each.is_met]
    print(f"{len(found) - len(failed)} of {len(found)} bars met ({time.monotonic() - began:.0f} s, {_machine()})")
    return 1 if failed else 0


def _all(site: Site, rounds: Rounds, mails: int) -> list[Bar]:
    counts, reads = _statements(site)
    return [
        *bars.choices_page(site, rounds, reads["choices"]),
        *bars.dialog(site, rounds, reads["dialog"]),
        *bars.validating(site, rounds, reads["validating"]),
        *whole.arrivals(site, seconds=rounds.seconds),
        *counts,
        *bars.scale(site, rounds),
        *whole.mails(site, count=mails, rounds=1 if mails < 1_000 else rounds.count),
        *whole.national_burst(site, visits=VISITS),
    ]


def _statements(site: Site) -> tuple[list[Bar], dict[str, int]]:
    """Return bar 5, and how many reads make the dressed floor's pages cost as many statements as the product's."""
    reader, writer, head = site.people["validated"][0], site.people["with_draft"].pop(), site.people["heads"][0]
    base = f"{FAMILY}/{reader.place}/choix-definitifs/"
    validating = f"{FAMILY}/{writer.place}/choix-definitifs/valider/"
    ours = _count(
        site,
        {"DJANGO_SETTINGS_MODULE": "scolarite.settings"},
        [
            ("GET", base, reader.cookies, ""),
            ("GET", f"{base}generale/modifier/", reader.cookies, ""),
            ("POST", validating, writer.cookies, csrf(f"version={writer.version}")),
            ("GET", f"/admin/etablissements/{head.place}/suivi/", head.cookies, ""),
        ],
    )
    floors = _count(
        site,
        {"DJANGO_SETTINGS_MODULE": "benchmarks.floor.dressed.settings"},
        [
            ("GET", "/plancher/0/", reader.cookies, ""),
            ("GET", "/plancher/0/dialogue/", reader.cookies, ""),
            ("POST", "/plancher/0/ecrire/", reader.cookies, csrf()),
        ],
    )
    names = ("choices", "dialog", "validating")
    limits = (8, 8, 15, 20)
    words = ("choices page", "dialog", "validating", "follow-up of a school")
    return (
        [
            Bar("5", f"SQL: {word}", limit, [count], unit="")
            for word, limit, count in zip(words, limits, ours, strict=True)
        ],
        {name: max(0, our - floor) for name, our, floor in zip(names, ours, floors, strict=False)},
    )


def _count(site: Site, environment: dict[str, str], asked: list[tuple[str, str, str, str]]) -> list[int]:
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.statements"],
        input=json.dumps(asked),
        env=site.environment | environment | {"BENCH_HOST": site.headers["Host"]},
        cwd=BASE,
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        raise SystemExit(said.stderr)
    counts: list[int] = json.loads(said.stdout)
    return counts


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, Python {platform.python_version()}"
    )


def _as_json(found: list[Bar], students: int) -> dict[str, object]:
    lines = [asdict(each) | {"value": each.value, "is_met": each.is_met} for each in found]
    return {"machine": _machine(), "students": students, "at": time.strftime("%Y-%m-%d"), "bars": lines}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is stopped
    sys.exit(main())
