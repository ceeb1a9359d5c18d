"""A page of eleven rows, and the POST that writes them anew."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from benchmarks.floor.bare.models import Mail, RankedList, Row


def page(request: HttpRequest, number: int) -> HttpResponse:
    """Read the session, a list and its rows."""
    ranked = RankedList.objects.get(pk=number)
    return render(request, "bare.html", {"list": ranked, "rows": list(_rows(ranked)), "of": request.session["of"]})


def write(request: HttpRequest, number: int) -> HttpResponse:
    """Lock the list, write its eleven rows anew, owe a mail."""
    with transaction.atomic():
        ranked = RankedList.objects.select_for_update().get(pk=request.session["of"])
        labels = [row.label for row in _rows(ranked)]
        _rows(ranked).delete()
        Row.objects.bulk_create(Row(ranked_list=ranked, rank=rank, label=each) for rank, each in enumerate(labels, 1))
        Mail.objects.create(address="parent@familles.example", content={"choices": labels})
    return redirect("page", number)


def _rows(ranked: RankedList) -> QuerySet[Row]:
    return Row.objects.filter(ranked_list=ranked)


def live(request: HttpRequest) -> HttpResponse:
    """Say that it runs."""
    return HttpResponse("ok")


urlpatterns = [
    path("sante/vivant/", live),
    path("<int:number>/", page, name="page"),
    path("<int:number>/ecrire/", write, name="write"),
]
