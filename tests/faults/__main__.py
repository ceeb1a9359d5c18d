"""Inject every fault and print one line each: `python -m tests.faults`, or only some: `python -m tests.faults mail`.

Exit code 1 when a promise was not kept. What cannot be done on this machine is said to be skipped, and why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from demo.processes import DemoFailed
from tests.faults.common import MANY
from tests.faults.faketime import FaketimeMissingError
from tests.faults.ledger import HEADINGS, PROMISED, Row
from tests.faults.postgresql import CannotMountError
from tests.faults.scenarios import ALONE, SCENARIOS, name_of
from tests.faults.site import Site
from tests.operations.releases import NoHistoryError


def main(arguments: list[str] | None = None) -> int:
    """Run them and print the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("only", nargs="*", help="what the names of the faults to inject begin with")
    only = tuple(parser.parse_args(arguments).only) or ("",)
    _line(HEADINGS)
    _line(["---"] * len(HEADINGS))
    return max(_run(only), default=0)


def _run(only: tuple[str, ...]) -> Iterator[int]:
    chosen = [each for each in SCENARIOS if name_of(each).startswith(only)]
    if chosen:
        with Site(families=MANY * len(chosen)) as site:
            for scenario in chosen:
                yield _inject(name_of(scenario), partial(scenario, site))
    for alone in ALONE:
        if name_of(alone).startswith(only):
            yield _inject(name_of(alone), alone)
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, python -m tests.faults {' '.join(only)}".rstrip())


def _inject(name: str, scenario: Callable[[], Row]) -> int:
    """Run one and print its line; return 1 when a promise was not kept."""
    try:
        row = scenario()
    except (CannotMountError, FaketimeMissingError, NoHistoryError) as reason:
        print(f"| {name} | skipped: {reason} |", flush=True)
        return 0
    except (AssertionError, DemoFailed) as failure:
        print(f"| {name} | FAILED: {' '.join(str(failure).split())[:500]} |", flush=True)
        return 1
    _line(row.cells)
    late = [f"the last e-mail left {row.seconds} s after recovery"] if row.seconds > PROMISED else []
    for fault in [*row.faults, *late]:
        print(f"  NOT KEPT: {fault}", flush=True)
    return 1 if row.faults or late else 0


def _line(cells: list[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
