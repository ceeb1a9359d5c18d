"""What each page weighs over the wire: `make weight`, or `python -m benchmarks.weight --state FILE` on a running one.

Each page of the gallery is opened in Chromium twice: as somebody's very first page, with an empty cache, and as a
later page, when the cache holds what that person's first page left there. Bars: 200 KB and 15 KB (1 KB is 1,000 bytes,
headers and bodies as they travel), everything from the site itself, and a layout that does not move. Exit code 1 when
one is not met.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import launch_options
from tests.browser.gallery import GALLERY, Shown
from tests.browser.visit import Visit, running

FIRST_BAR, LATER_BAR = 200_000, 15_000
SHIFT_BAR = 0.0
KINDS = {"Document": "page", "Stylesheet": "styles", "Script": "scripts", "Font": "fonts", "Image": "images"}
TELEPHONE = {"width": 360, "height": 800}
SETTLE = 300
"""Milliseconds after the last request in which a late font could still move the text."""

_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Opened:
    """One opening of a page: bytes over the wire by kind, requests, hosts, and how far the layout moved."""

    bytes: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    others: set[str] = field(default_factory=set)
    shift: float = 0.0

    @property
    def total(self) -> int:
        return self.bytes.total()


@dataclass(frozen=True)
class Weight:
    """A page as the first one and as a later one."""

    shown: Shown
    first: Opened
    later: Opened

    @property
    def faults(self) -> list[str]:
        """Which bars are not met, in words."""
        faults = []
        if self.first.total > FIRST_BAR:
            faults.append(f"first visit over {FIRST_BAR // 1000} KB")
        if self.later.total > LATER_BAR:
            faults.append(f"later page over {LATER_BAR // 1000} KB")
        if others := self.first.others | self.later.others:
            faults.append(f"asks {', '.join(sorted(others))}")
        if max(self.first.shift, self.later.shift) > SHIFT_BAR:
            faults.append(f"the layout moves: {max(self.first.shift, self.later.shift):.4f}")
        return faults


def weigh(visit: Visit, gallery: list[Shown]) -> Iterator[Weight]:
    """Weigh each page, in the order of the gallery. Later pages follow the first one of the same person's."""
    starts: dict[str, Shown] = {}
    for shown in gallery:
        first = _open(visit, shown)
        start = starts.setdefault(shown.who, shown)
        yield Weight(shown, first, _open(visit, shown, after=start))


def _open(visit: Visit, shown: Shown, after: Shown | None = None) -> Opened:
    context = visit.context_of(shown.who, viewport=TELEPHONE)
    try:
        page = context.new_page()
        page.add_init_script(_SHIFTS)
        if after:
            page.goto(visit.address(after), wait_until="networkidle")
        opened = _listen(page, urlsplit(visit.product.site).netloc)
        page.goto(visit.address(shown), wait_until="networkidle")
        page.wait_for_timeout(SETTLE)
        opened.shift = page.evaluate("window.shifts")
        return opened
    finally:
        context.close()


def _listen(page: Page, host: str) -> Opened:
    """Count what travels from now on, as the browser's own network panel does."""
    opened, kinds = Opened(), {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = KINDS.get(event["type"], "other")
        address = urlsplit(event["response"]["url"])
        if address.scheme != "data" and address.netloc != host:
            opened.others.add(address.netloc)

    def finished(event: dict[str, Any]) -> None:
        if travelled := int(event["encodedDataLength"]):
            opened.bytes[kinds.get(event["requestId"], "other")] += travelled
            opened.requests += 1

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    return opened


def table(weights: list[Weight]) -> str:
    """Lay out the figures, in KB with one decimal."""
    columns = [*KINDS.values(), "other"]
    lines = [
        f"{'page':40}" + "".join(f"{name:>9}" for name in (*columns, "first", "requests", "later", "requests")),
    ]
    for weight in weights:
        figures = [weight.first.bytes[kind] / 1000 for kind in columns] + [weight.first.total / 1000]
        lines.append(
            f"{weight.shown.name:40}"
            + "".join(f"{figure:9.1f}" for figure in figures)
            + f"{weight.first.requests:9}{weight.later.total / 1000:9.1f}{weight.later.requests:9}"
            + (f"  NOT MET: {'; '.join(weight.faults)}" if weight.faults else "")
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weight", description=__doc__)
    parser.add_argument(
        "--state", type=Path, help="the state file of a running demonstration; by default one is started"
    )
    parser.add_argument("--only", help="pages whose name holds this")
    options = parser.parse_args(arguments)
    gallery = [shown for shown in GALLERY if (options.only or "") in shown.name]
    with running(options.state) as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        weights = list(weigh(Visit(product, browser), gallery))
        browser.close()
    print(table(weights))
    failed = [weight for weight in weights if weight.faults]
    worst = max(weights, key=lambda weight: weight.first.total), max(weights, key=lambda weight: weight.later.total)
    print(
        f"\n{len(weights) - len(failed)} of {len(weights)} pages meet the bars; "
        f"the heaviest first visit is {worst[0].shown.name} ({worst[0].first.total / 1000:.1f} KB), "
        f"the heaviest later page {worst[1].shown.name} ({worst[1].later.total / 1000:.1f} KB)"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
