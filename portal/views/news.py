"""Actualités: what the schools of one's children tell their families."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actors import actor_of
from accounts.menu import page_context
from schools.messages.queries import shown_to

PAGE_SIZE = 20


@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """Show the messages that are for these children, the newest first, each with its school and its dates."""
    students = [file.student.pk for file in actor_of(request).files]
    told = shown_to(students, at=timezone.now())
    page = Paginator(told, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "portal/news.html", {**page_context(request, service="news"), "page": page})
