"""The bars of the whole: latency under arrivals, mails per second, the cores that the country's worst minute needs."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from itertools import islice

from benchmarks.arrivals import Latency, arrive, one_by_one
from benchmarks.bars import FAMILY, Bar, pages_of, validation
from benchmarks.load import Request, run, tree
from benchmarks.shared import SignedIn
from benchmarks.sink import Sink, listening
from benchmarks.site import Site, address_of, csrf
from demo.processes import Process

SHARES = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1)
"""Of the saturation, for the table to the knee."""

NATIONAL_BURST = 566
"""Requests per second of the country's worst minute (performance.md); 132 of them write."""
USE = 0.6
"""Of a core, at which one still answers quickly."""


def arrivals(site: Site, *, seconds: int) -> list[Bar]:
    """Bar 4: the choices page at half of its own saturation; prints the table to the knee and beyond."""
    requests, origin = pages_of(site.people["validated"], "choix-definitifs/"), site.deployment.site
    port = site.servers["product"].port
    began = time.monotonic()
    cost = site.measure("product", requests, seconds=seconds)
    saturation = cost.requests / (time.monotonic() - began)
    alone = one_by_one(port, list(islice(requests * 10, 40)), origin=origin)
    print(f"arrivals at the choices page; saturation {saturation:.0f}/s, alone p50 {alone.p50:.1f} ms", file=sys.stderr)
    print(f"{'per second':>10} {'p50 ms':>7} {'p95 ms':>9} {'p99 ms':>9} {'failed':>7}", file=sys.stderr)
    table: dict[float, Latency] = {}
    for share in SHARES:
        table[share] = arrive(port, requests, origin=origin, rate=saturation * share, seconds=seconds * 2)
        print(table[share], file=sys.stderr)
    half = table[0.5]
    return [
        Bar("4", "p95 at half of the saturation, of the unloaded p50", 4, [half.p95 / alone.p50]),
        Bar("4", "p99 at half of the saturation, of the unloaded p50", 8, [half.p99 / alone.p50]),
    ]


def mails(site: Site, *, count: int, rounds: int) -> list[Bar]:
    """Bar 7: confirmations per second from the outbox, against a bare Celery task that sends a mail of that size."""
    ratios = [_outbox_rate(site, count) / _floor_rate(site, count) for _ in range(rounds)]
    return [Bar("7", f"{count} confirmations, of what a bare Celery task sends per second", 0.8, ratios, at_least=True)]


def _outbox_rate(site: Site, count: int) -> float:
    with listening() as sink:
        environment = site.environment | {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        }
        site.once("owe", ["-m", "benchmarks.owe", str(count)], environment)
        command = site.deployment.services["worker"]["command"]
        return _rate(site, "outbox", command, environment, sink, count)


def _floor_rate(site: Site, count: int) -> float:
    with listening() as sink:
        redis_url = (site.deployment.secrets / "redis_url").read_text().strip()
        environment = site.environment | {"FLOOR_SMTP_PORT": str(sink.port), "FLOOR_REDIS_URL": redis_url}
        command = [*site.deployment.services["worker"]["command"], "--queues=floor"]
        command[command.index("--app=scolarite")] = "--app=benchmarks.floor.mailer"

        site.once("ask", ["-m", "benchmarks.floor.mailer", str(count)], environment)
        return _rate(site, "floor-worker", command, environment, sink, count)


def _rate(site: Site, name: str, command: list[str], environment: dict[str, str], sink: Sink, count: int) -> float:
    """Let a worker send what is owed, and return how many arrived per second."""
    process: Process = site.background(name, command, environment)
    try:
        site.deployment.wait_for(lambda: len(sink.arrivals) >= count, f"{count} mails", seconds=300)
    finally:
        process.stop()
    return sink.rate()


def national_burst(site: Site, *, visits: int) -> list[Bar]:
    """Bar 8: the cores for 566 requests per second, from what twenty requests of a visit cost behind nginx."""
    people = [site.people["with_draft"].pop() for _ in range(2 * visits)]
    requests = [each for number, person in enumerate(people) for each in visit(person, number)]
    warming, measured = requests[: len(requests) // 2], requests[len(requests) // 2 :]
    deployment = site.deployment
    names = ["nginx-plain", *deployment.web_ports]

    def processes() -> list[object]:
        pids = [deployment.processes[name].running.pid for name in names]
        return [each for pid in [*pids, site.postgresql] for each in tree(pid)]

    run(deployment.plain, warming, origin=deployment.site, processes=processes, once=True)
    cost = run(deployment.plain, measured, origin=deployment.site, processes=processes, once=True)
    cores = cost.cpu_ms / 1000 * NATIONAL_BURST / USE
    what = f"cores for {NATIONAL_BURST} requests/s at {USE:.0%} use ({cost.cpu_ms:.1f} ms each)"
    return [Bar("8", what, 6, [round(cores, 1)], unit="cores")]


def visit(person: SignedIn, number: int) -> list[Request]:
    """Return the twenty requests of a family on the last evening: fifteen pages, four changes, the validation."""
    base = f"{FAMILY}/{person.place}/"
    page = Request("/mes-services/", person.cookies, address=address_of(number))
    read = [replace(page, path=f"{base}{suffix}") for suffix in ("", "choix-definitifs/", "choix-definitifs/ajouter/")]
    requests = [page, read[0], read[1]]
    ranks = (2, 1) if person.rank != 2 else (1, 2)  # each move changes the list
    for change in range(4):
        body = csrf(f"version={person.version + change}&rank={ranks[change % 2]}")
        moving = replace(page, path=f"{base}choix-definitifs/generale/deplacer/", method="POST", body=body)
        requests += [read[2], moving, read[1]] if change else [moving, read[1]]
    validated = validation(replace(person, version=person.version + 4), number)
    return [
        *requests,
        validated,
        replace(page, path=f"{base}choix-definitifs/demande/1/"),
        read[0],
        page,
        read[1],
        page,
    ]
