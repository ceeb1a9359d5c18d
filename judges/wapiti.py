"""Debian's wapiti on the deployment behind TLS, as a stranger and as a family: nothing found but what is excepted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judges.secured import Secured

MODULES = (
    *("backup", "blindsql", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers"),
    *("methods", "permanentxss", "redirect", "shellshock", "sql", "xss"),
)
"""All but those that need an outside server (ssrf, xxe), fetch a list of attacks (nikto, wapp) or only guess (buster,
brute_login_form: sign-ins are limited, which has its own tests)."""
STARTS = {
    "": ("/", "/connexion/", "/connexion/representant/", "/contact/", "/admin/login/", "/plan-du-site/"),
    "family": (
        *("/mes-services/", "/mes-services/orientation/", "/mes-services/fiche-renseignements/", "/contact/message/"),
        *("/espace-famille/", "/espace-famille/historique/", "/espace-famille/mes-donnees/"),
    ),
}
"""Where it starts; it goes to what these lead to and no further, for each page has its own CSRF token, and each form
with another token is a new one to wapiti."""
CRAWL_SECONDS, ATTACK_SECONDS = 120, 60
EXCEPTED = (
    ("HTTP Secure Headers", "X-XSS-Protection", "", "browsers have dropped it; its filter opened holes"),
    (
        "Cross Site Request Forgery",
        "Lack of anti",
        "csrfmiddlewaretoken=",
        "it does not know the name Django gives it",
    ),
)
"""What it says that is no fault: category, a part of what it says, a part of the request, and the reason."""
FAILING_ANOMALIES = {"Internal Server Error"}


@dataclass
class Scan:
    """What wapiti found as one person, and what nginx answered it meanwhile."""

    who: str
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    pages: set[str] = field(default_factory=set)
    seconds: float = 0

    def __str__(self) -> str:
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(self.answers.items()))
        head = (
            f"wapiti as {self.who or 'a stranger'}: {len(self.findings)} findings on {len(self.pages)} pages "
            f"({answers}; {self.seconds:.0f} s)"
        )
        return "\n".join([head, *(f"  FOUND {each}" for each in self.findings), *(f"  {each}" for each in self.notes)])


def absence() -> str:
    """Return why wapiti cannot scan here, if it cannot."""
    return "" if shutil.which("wapiti") else "wapiti is missing. On Debian: apt-get install -y wapiti"


def scan(site: Secured, who: str, session: str = "") -> Scan:
    """Scan as a stranger, or with this session. Raises SystemExit when the scanner fails or never got in."""
    folder = site.folder / f"wapiti-{who or 'stranger'}"
    folder.mkdir()
    before, began = len(_logged(site)), time.monotonic()
    with (folder / "output.log").open("w") as output:
        code = subprocess.run(
            _command(site, folder, who, session), env=_environment(folder), stdout=output, stderr=output, check=False
        ).returncode
    report = folder / "report.json"
    if code or not report.exists():
        raise SystemExit(f"wapiti stopped with code {code}:\n{(folder / 'output.log').read_text()[-2000:]}")
    found = Scan(who, seconds=time.monotonic() - began)
    found.findings, found.notes = sorted_out(json.loads(report.read_text()))
    said = (folder / "output.log").read_text().splitlines()
    found.notes += [line for line in said if line.startswith(("Max scan time", "Max attack time"))]
    lines = _logged(site)[before:]
    found.answers = Counter(line["status"] for line in lines)
    found.pages = {line["path"] for line in lines if line["status"] == 200}
    found.findings += [f"{line['status']} {line['method']} {line['path']}" for line in lines if line["status"] == 500]
    if session:
        _require_inside(site, session)
    return found


def sorted_out(report: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return what fails, then what is excepted or but a note, of a report of wapiti."""
    failing, notes = [], []
    for category, each in _entries(report["vulnerabilities"]):
        reason = _reason(category, each)
        said = f"{category}: {each['method']} {each['path']} {each['parameter'] or ''} {each['info']}"
        if reason:
            notes.append(f"{said} – excepted: {reason}")
        else:
            failing.append(said)
    for category, each in _entries(report["anomalies"]):
        said = f"{category}: {each['method']} {each['path']} {each['parameter'] or ''} {each['info']}"
        (failing if category in FAILING_ANOMALIES else notes).append(said)
    return failing, notes


def _reason(category: str, found: dict[str, Any]) -> str:
    """Return why this is no fault, if it is none."""
    for of, part, request, reason in EXCEPTED:
        if category == of and part in found["info"] and request in found["http_request"]:
            return reason
    return ""


def _entries(of: dict[str, list[dict[str, Any]]]) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((category, each) for category, entries in of.items() for each in entries)


def _command(site: Secured, folder: Path, who: str, session: str) -> list[str]:
    command = ["wapiti", "--url", f"{site.site}/", "--module", ",".join(MODULES), "--verify-ssl", "0"]
    command += ["--no-bugreport", "--flush-session", "--store-session", str(folder), "--store-config", str(folder)]
    command += ["--format", "json", "--output", str(folder / "report.json"), "--timeout", "20", "--verbose", "1"]
    command += ["--max-scan-time", str(CRAWL_SECONDS), "--max-attack-time", str(ATTACK_SECONDS)]
    command += ["--depth", "1", "--max-parameters", "20", "--skip", "csrfmiddlewaretoken"]
    for path in [*STARTS[who], *(_children(site, session) if session else ())]:
        command += ["--start", site.site + path]
    if session:
        command += ["--cookie", str(_cookie_file(folder, session))]
    return command


def _children(site: Secured, session: str) -> list[str]:
    """Return the pages of the children's files whose forms are worth an attack."""
    page = site.get("/mes-services/orientation/", cookies={"__Host-session": session}).text
    homes = sorted(set(re.findall(r"/mes-services/orientation/[0-9a-f-]{36}/", page)))
    return [home + part for home in homes for part in ("", "choix-definitifs/", "choix-definitifs/ajouter/")]


def _cookie_file(folder: Path, session: str) -> Path:
    """Write the session's cookie as wapiti reads it: a host without a dot is `.localhost.local` to Python's cookies."""
    attributes = {"value": session, "expires": None, "secure": True, "port": None, "version": 0}
    path = folder / "cookies.json"
    path.write_text(json.dumps({".localhost.local": {"/": {"__Host-session": attributes}}}))
    return path


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def _logged(site: Secured) -> list[dict[str, Any]]:
    written = site.access_log.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in written.splitlines()]


def _require_inside(site: Secured, session: str) -> None:
    """Refuse a scan that was signed out meanwhile: what it did not find says nothing."""
    answer = site.get("/mes-services/", cookies={"__Host-session": session})
    if answer.status_code != 200:
        raise SystemExit(f"the family was signed out during the scan: {answer.status_code}")
