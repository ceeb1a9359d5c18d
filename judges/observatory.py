"""The HTTP Observatory's tests on pages of the deployment, behind TLS: A+ on each."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judges.secured import Secured
from tests.deployment.running import HOST

PROGRAM = Path(__file__).with_suffix(".mjs")
PRELOADED = PROGRAM.parent / "node_modules" / "@mdn" / "mdn-http-observatory" / "conf" / "hsts-preload.json"
PAGES = {"/": 200, "/connexion/": 200, "/admin/login/": 200, "/nulle-part/": 404}
"""What is judged, and how it answers."""
OLDEST_NODE = 20


@dataclass(frozen=True)
class Judgement:
    """What the Observatory says of one page; `tests` as observatory.mjs writes them."""

    path: str
    status: int
    grade: str
    score: int
    tests: list[dict[str, Any]]

    @property
    def is_met(self) -> bool:
        """Whether this page has the best grade, every test is passed, and it is the page that was meant."""
        return self.grade == "A+" and self.status == PAGES[self.path] and all(test["pass"] for test in self.tests)

    def __str__(self) -> str:
        head = f"{self.path} ({self.status}): {self.grade}, {self.score}" + ("" if self.is_met else "  NOT MET")
        return "\n".join(
            [head, *(f"  {each['name']:30}{each['modifier']:+4d}  {each['result']}" for each in self.tests)]
        )


def absence() -> str:
    """Return why the Observatory cannot judge here, if it cannot."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        return f"the HTTP Observatory needs Node {OLDEST_NODE}, here is {version.strip()}"
    return ""


def judge(site: Secured) -> list[Judgement]:
    """Judge each of `PAGES`. Raises CalledProcessError when the Observatory itself fails."""
    # its installation would fetch the browsers' list of domains: ours is judged for what it says itself
    PRELOADED.write_text("{}")
    asked = {"host": HOST, "httpPort": site.http, "httpsPort": site.https, "paths": list(PAGES)}
    environment = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(site.certificate)}
    answer = subprocess.run(
        ["node", str(PROGRAM)], input=json.dumps(asked), stdout=subprocess.PIPE, text=True, env=environment, check=True
    )
    return [Judgement(**json.loads(line)) for line in answer.stdout.splitlines()]
