"""Sending requests by wrk, and reading what they cost from the processes that answered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import psutil  # type: ignore[import-untyped]

SCRIPT = Path(__file__).with_name("load.lua")
APT_LINE = "apt-get install -y wrk"


class LoadToolMissingError(Exception):
    """Nothing can be measured without wrk."""


@dataclass(frozen=True)
class Request:
    """One request of somebody; `cookies` as a header says them, `address` is the browser's."""

    path: str
    cookies: str = ""
    method: str = "GET"
    body: str = ""
    address: str = "192.0.2.1"

    def __str__(self) -> str:
        return "\t".join((self.method, self.path, self.cookies, self.address, self.body))


@dataclass(frozen=True)
class Cost:
    """What a run cost: CPU milliseconds per request of all components, and the median latency in milliseconds."""

    requests: int
    cpu_ms: float
    p50_ms: float


def require_wrk() -> str:
    """Return the path of wrk, which Debian has. Raises LoadToolMissingError."""
    if not shutil.which("wrk") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=False, stdout=sys.stderr)
    if path := shutil.which("wrk"):
        return path
    raise LoadToolMissingError(f"wrk is missing. On Debian: {APT_LINE}")


def run(
    port: int,
    requests: Sequence[Request],
    *,
    origin: str,
    processes: Callable[[], list[psutil.Process]],
    seconds: int = 4,
    once: bool = False,
) -> Cost:
    """Send the requests to 127.0.0.1 for so many seconds by wrk, or each of them once, and return what they cost.

    Raises SystemExit when one is not answered by 2xx or 3xx: nothing that fails is measured.
    """
    before = cpu_seconds(processes())
    answered, p50 = _send_once(port, requests, origin) if once else _send(port, requests, origin, seconds)
    return Cost(answered, (cpu_seconds(processes()) - before) * 1000 / answered, p50)


def _send(port: int, requests: Sequence[Request], origin: str, seconds: int) -> tuple[int, float]:
    program = require_wrk()
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.write("\n".join(map(str, requests)) + "\n")
        file.flush()
        command = [
            program,
            "-t1",
            "-c2",
            f"-d{seconds}s",
            "-s",
            str(SCRIPT),
            f"http://127.0.0.1:{port}",
            "--",
            file.name,
        ]
        environment = os.environ | {"BENCH_ORIGIN": origin, "BENCH_HOST": origin.partition("//")[2]}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stdout + said.stderr)
    answered, failed, p50 = (int(each) for each in said.stdout.rpartition("BENCH ")[2].split())
    if failed or not answered:
        raise SystemExit(f"{failed} of {answered} requests failed: {requests[0].method} {requests[0].path}")
    return answered, p50 / 1000


def _send_once(port: int, requests: Sequence[Request], origin: str) -> tuple[int, float]:
    """Send each request once, on one connection: wrk has no such way."""
    took = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for each in requests:
            began = time.perf_counter()
            connection.request(each.method, each.path, each.body, headers_of(each, origin))
            answer = connection.getresponse()
            answer.read()
            took.append(time.perf_counter() - began)
            if answer.status >= 400:
                raise SystemExit(f"{each.method} {each.path}: {answer.status}")
    return len(took), median(took) * 1000


def headers_of(request: Request, origin: str) -> dict[str, str]:
    """Return the headers with which nginx would pass a request on."""
    of_forms = {"Content-Type": "application/x-www-form-urlencoded"} if request.method == "POST" else {}
    return of_forms | {
        "Host": origin.partition("//")[2],
        "Origin": origin,
        "Cookie": request.cookies,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": request.address,
    }


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the CPU that these processes, and those they have outlived, have used."""
    total = 0.0
    for each in processes:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all that it started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
