"""Mes données: what a family may ask of us, and all that is kept of the person who asks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.actors import actor_of
from accounts.menu import page_context
from portal.own_data import Person, note_file_read, own_data_json, own_data_pdf, person_of


@require_safe
def own_data(request: HttpRequest) -> HttpResponse:
    """Say the rights of a person on their data, and offer these."""
    actor = actor_of(request)
    return render(request, "portal/own_data.html", {**page_context(request), "is_family": actor.profile is not None})


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    """Give the person's own data to a program."""
    content = own_data_json(_reader_or_404(request), at=timezone.now())
    return _download(content, "application/json", "mes-donnees.json")


@require_safe
def as_pdf(request: HttpRequest) -> HttpResponse:
    """Give the person's own data on paper."""
    content = own_data_pdf(_reader_or_404(request), at=timezone.now())
    return _download(content, "application/pdf", "mes-donnees.pdf")


def _reader_or_404(request: HttpRequest) -> Person:
    """Return who acts, their file noted as read. Raises Http404 for staff, whose data their head answers for.

    Raises TooManyRequests: each download reads all that is kept of a person.
    """
    actor = actor_of(request)
    if actor.profile is None:
        raise Http404
    limits.check(request, "own_data")
    person = person_of(actor)
    note_file_read(person, at=timezone.now())
    return person


def _download(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
