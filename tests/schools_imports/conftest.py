"""A school whose pupils are imported from a page, and the worker run by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import broker
from schools.imports.work import work
from schools.models import Role, School, SiecleImport
from schools.siecle import apply_import, read_pair
from tests.factories import school, sign_in, staff
from tests.schools.exports import UAI, YEAR, Pair, Pupil, Someone, Tie

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def wakes(monkeypatch) -> list[str]:
    """The tasks that a worker would have been woken for; nobody is."""
    asked: list[str] = []
    monkeypatch.setattr(broker, "wake_worker", asked.append)
    monkeypatch.setattr("schools.imports.services._wake", lambda: asked.append("imports"))
    return asked


@pytest.fixture
def place(db) -> School:
    return school(UAI)


@pytest.fixture
def head(place, client) -> Client:
    return sign_in(client, staff(place, Role.HEAD, username="cheffe"), None)


@pytest.fixture
def send(head) -> Send:
    """Post two files as the head does; return the answer."""

    def run(pair: Pair | None = None, **changes: Any):
        return head.post(reverse("admin:imports", args=[UAI]), files_of(pair or Pair()) | changes)

    return run


def files_of(pair: Pair) -> dict[str, Any]:
    return {
        "students": SimpleUploadedFile("ElevesAvecAdresses.xml", pair.students()),
        "guardians": SimpleUploadedFile("ResponsablesAvecAdresses.xml", pair.guardians()),
        "school_year": YEAR,
    }


def worked() -> SiecleImport:
    """Run the worker, and return the newest import."""
    work(at=timezone.now())
    return SiecleImport.objects.order_by("-uploaded_at")[0]


def confirm(client: Client, one: SiecleImport, *ticks: str, digest: str = ""):
    values = {"digest": digest or one.digest} | dict.fromkeys(ticks, "on")
    return client.post(reverse("admin:import_confirm", args=[UAI, one.pk]), values)


def page_of(client: Client, one: SiecleImport, status: int = 200) -> str:
    answer = client.get(reverse("admin:import", args=[UAI, one.pk]))
    assert answer.status_code == status
    return answer.content.decode()


def in_school(pair: Pair, *, at: datetime = NOW) -> None:
    """Have these pupils in the school already, by no import that its history knows."""
    apply_import(read_pair(pair.files(), expected_year=YEAR), at=at)


def class_of(count: int, **values: Any) -> Pair:
    """So many pupils, with one guardian each."""
    numbers = range(1, count + 1)
    return Pair(
        pupils=[Pupil(key=str(n), ine=f"{n:09}AA", family=f"Nom{n}") for n in numbers],
        people=[Someone(key=str(1000 + n), family=f"Nom{n}", email=f"p{n}@familles.example") for n in numbers],
        ties=[Tie(str(n), str(1000 + n)) for n in numbers],
        **values,
    )
