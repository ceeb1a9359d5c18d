"""What Prometheus reads: how often, how long, how it ended. Labels are few and known beforehand, never a person's.

Each web process counts for itself; where gunicorn has several, they share files (PROMETHEUS_MULTIPROC_DIR) and the
answer of any of them is the sum. What stands in tables is read when asked for, from the functions in `register_gauge`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

REQUESTS = Histogram(
    "scolarite_request_seconds",
    "Time to answer, by view and status.",
    ["view", "status"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
SIGN_INS = Counter("scolarite_sign_ins", "Sign-ins, by provider and outcome.", ["provider", "outcome"])
SIGNED_IN, BY_PASSWORD = "signed_in", "password"
"""The outcome that is no refusal, and what stands in a provider's place for staff."""

SUBMISSIONS = Counter("scolarite_submissions", "Submissions accepted, by phase.", ["phase"])

Figures = Mapping[str, float] | Mapping[str, Mapping[str, float]]
_gauges: dict[str, Callable[[], Figures]] = {}
_labels: dict[str, str] = {}


def register_gauges(room: str, read: Callable[[], Figures], *, label: str = "") -> None:
    """Have what this function returns, by names without prefix, stand among the metrics of each answer.

    With a `label`, each name stands for several figures, by the values of that label.
    """
    _gauges[room], _labels[room] = read, label


class _Tables(Collector):
    """What rooms read from their tables; nothing while the database is away, when the rest is what one looks for."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for room, read in sorted(_gauges.items()):
            try:
                figures = read()
            except DatabaseError:
                continue
            for name, value in figures.items():
                yield _gauge(room, name, value)


def _gauge(room: str, name: str, value: float | Mapping[str, float]) -> GaugeMetricFamily:
    name, told = f"scolarite_{name}", f"Read from the tables of {room}."
    if not isinstance(value, Mapping):
        return GaugeMetricFamily(name, told, value=value)
    gauge = GaugeMetricFamily(name, told, labels=[_labels[room]])
    for labelled, number in value.items():
        gauge.add_metric([labelled], number)
    return gauge


def exposition() -> bytes:
    """Return the metrics of all the processes of this container, in Prometheus's text format."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(_Here())
    registry.register(_Tables())
    return generate_latest(registry)


class _Here(Collector):
    """This process's own metrics."""

    def collect(self) -> Iterator[object]:  # type: ignore[override]
        yield from REGISTRY.collect()


class Measured:
    """Time each request, under the name of its view: addresses hold numbers of pupils, names of views do not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else "none"
        REQUESTS.labels(view, str(response.status_code)).observe(perf_counter() - began)
        return response
