"""Fiche de renseignements: one's own e-mail address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def show(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/contact_data.html")


def confirm(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "portal/contact_data.html")
