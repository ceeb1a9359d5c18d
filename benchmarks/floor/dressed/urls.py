"""Three bare views in the product's frame. `reads` in the address says how many statements each makes of its own."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.safestring import SafeString, mark_safe

from benchmarks.shared import TABLE
from orientation.models import Pathway
from scolarite.urls import urlpatterns as of_the_product

ROWS = [{"rank": rank, "label": f"1re technologique : série {rank}"} for rank in range(1, 12)]


def page(request: HttpRequest, reads: int) -> HttpResponse:
    """Show eleven rows."""
    _read(reads)
    return render(request, "dressed.html", {"rows": ROWS})


def dialog(request: HttpRequest, reads: int) -> HttpResponse:
    """Show eleven lists of thirty options, made once."""
    _read(reads)
    return render(request, "dressed.html", {"options": _options()})


def write(request: HttpRequest, reads: int) -> HttpResponse:
    """Write eleven rows and a mail in one transaction, after a lock."""
    with transaction.atomic(), connection.cursor() as cursor:
        _read(reads)
        cursor.execute(f"SELECT 1 FROM {TABLE} WHERE list = 0 FOR SHARE LIMIT 1")  # noqa: S608
        marks = ", ".join(["(%s, %s, %s)"] * len(ROWS))
        values: list[Any] = [value for row in ROWS for value in (request.user.pk, row["rank"], row["label"])]
        cursor.execute(f"INSERT INTO {TABLE} (list, rank, label) VALUES {marks}", values)  # noqa: S608
        cursor.execute(f"INSERT INTO {TABLE} (list, rank, label) VALUES (%s, 12, 'mail')", [request.user.pk])  # noqa: S608
    return redirect("floor_page", 0)


def _read(statements: int) -> None:
    """Make so many statements, each reading one row by its key."""
    for _ in range(statements):
        Pathway.objects.get(pk=_first())


@cache
def _first() -> int:
    return Pathway.objects.values_list("pk", flat=True)[0]


@cache
def _options() -> SafeString:
    options = "".join(f'<option value="{each}">Enseignement de spécialité {each}</option>' for each in range(30))
    lists = "".join(f'<select class="fr-select" name="specialite-{each}">{options}</select>' for each in range(11))
    return mark_safe(lists)  # noqa: S308 - our own words


urlpatterns = [
    path("plancher/<int:reads>/", page, name="floor_page"),
    path("plancher/<int:reads>/dialogue/", dialog, name="floor_dialog"),
    path("plancher/<int:reads>/ecrire/", write, name="floor_write"),
    *of_the_product,
]
