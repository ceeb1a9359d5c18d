"""`python -m judges`: the gallery before the HTML checker, then before Lighthouse. Exit code 1 when one objects.

`python -m judges --scanners`: the deployment behind TLS before the HTTP Observatory and wapiti.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from judges import lighthouse, markup, scanners
from tests.browser.chromium import launch_options
from tests.browser.gallery import GALLERY
from tests.browser.visit import Visit, running


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m judges", description=__doc__)
    parser.add_argument(
        "--state", type=Path, help="the state file of a running demonstration; by default one is started"
    )
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--markup", action="store_true", help="the HTML checker alone")
    parser.add_argument(
        "--quick", action="store_true", help="ask about performance on the pages that families come back to only"
    )
    parser.add_argument("--scanners", action="store_true", help="the HTTP Observatory and wapiti, behind TLS, alone")
    options = parser.parse_args(arguments)
    if options.scanners:
        return scanners.main()
    gallery = [shown for shown in GALLERY if options.only in shown.name]
    with running(options.state) as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        visit = Visit(product, browser)
        began = time.monotonic()
        findings = markup.findings(visit, gallery)
        print(*findings, sep="\n")
        print(f"HTML checker: {len(findings)} findings on {len(gallery)} pages ({time.monotonic() - began:.0f} s)")
        if options.markup:
            return 1 if findings else 0
        began = time.monotonic()
        judgements = lighthouse.judge(visit, gallery, is_quick=options.quick)
        browser.close()
    print(f"{'page':40}" + "".join(f"{category[:8]:>9}" for category in lighthouse.BARS))
    print(*judgements, sep="\n")
    failed = [each for each in judgements if not each.is_met]
    print(f"Lighthouse: {len(failed)} of {len(gallery)} pages under a bar ({time.monotonic() - began:.0f} s)")
    return 1 if findings or failed else 0


if __name__ == "__main__":
    sys.exit(main())
