"""What `python -m judges --scanners` does: the HTTP Observatory, then wapiti as a stranger and as a family."""

from __future__ import annotations

import tempfile
from pathlib import Path

from judges import observatory, wapiti
from judges.secured import Secured

FAMILY = ("Claire", "Martin")


def main() -> int:
    """Start the deployment, let both judge it, print what they say; return 1 when one objects."""
    with tempfile.TemporaryDirectory(prefix="scolarite-scanned-") as folder, Secured(Path(folder)) as site:
        refused = [_observed(site), _scanned(site)]
    return 1 if any(refused) else 0


def _observed(site: Secured) -> bool:
    if reason := observatory.absence():
        print(f"HTTP Observatory: skipped, {reason}")
        return False
    judgements = observatory.judge(site)
    print(*judgements, sep="\n", flush=True)
    return not all(each.is_met for each in judgements)


def _scanned(site: Secured) -> bool:
    if reason := wapiti.absence():
        print(f"wapiti: skipped, {reason}")
        return False
    scans = []
    for who, session in (("", ""), ("family", site.session_of(*FAMILY))):
        scans.append(wapiti.scan(site, who, session))
        print(scans[-1], flush=True)
    return any(scan.findings for scan in scans)
