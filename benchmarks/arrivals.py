"""Requests that arrive at a constant rate, whether the ones before are answered or not: latency as people meet it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import quantiles

from benchmarks.load import Request, headers_of

PATIENCE = 30
"""Seconds after which an answer is held to be missing."""


@dataclass(frozen=True)
class Latency:
    """What arrivals met, in milliseconds, from the instant at which each was due."""

    rate: float
    p50: float
    p95: float
    p99: float
    failed: int

    def __str__(self) -> str:
        return f"{self.rate:8.1f} {self.p50:9.1f} {self.p95:9.1f} {self.p99:9.1f} {self.failed:7}"


def arrive(port: int, requests: Sequence[Request], *, origin: str, rate: float, seconds: float) -> Latency:
    """Let requests arrive at 127.0.0.1, so many per second for so long, each on a connection of its own."""
    return asyncio.run(_arrive(port, list(islice(cycle(requests), int(rate * seconds))), origin, rate))


def one_by_one(port: int, requests: Sequence[Request], *, origin: str) -> Latency:
    """Send each request when the one before is answered: the latency of a server that has nothing else to do."""

    async def all_of_them() -> list[float | None]:
        return [await _send(port, each, origin, time.perf_counter()) for each in requests]

    return _latency(0, asyncio.run(all_of_them()))


async def _arrive(port: int, requests: list[Request], origin: str, rate: float) -> Latency:
    began = time.perf_counter()
    under_way = []
    for number, each in enumerate(requests):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        under_way.append(asyncio.create_task(_send(port, each, origin, due)))
    return _latency(rate, await asyncio.gather(*under_way))


def _latency(rate: float, took: Sequence[float | None]) -> Latency:
    answered = sorted(each * 1000 for each in took if each is not None)
    parts = quantiles(answered, n=100, method="inclusive")
    return Latency(rate, parts[49], parts[94], parts[98], len(took) - len(answered))


async def _send(port: int, request: Request, origin: str, due: float) -> float | None:
    """Send one request; return the seconds since it was due, or None where it is not answered by 2xx or 3xx."""
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers_of(request, origin).items()]
    lines += [f"Content-Length: {len(request.body)}", "Connection: close", "", request.body]
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write("\r\n".join(lines).encode())
            status = int((await reader.readline()).split()[1])
            await reader.read()
            writer.close()
    except (OSError, TimeoutError, IndexError, ValueError):
        return None
    return time.perf_counter() - due if status < 400 else None
