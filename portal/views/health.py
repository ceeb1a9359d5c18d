"""Whether the process lives, whether it can serve, and how it does: for the supervisor, the proxy and Prometheus."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from notifications.broker import answers
from notifications.figures import waiting
from operations.metrics import exposition
from operations.readiness import missing_migrations

BEARER = "Bearer "


@require_safe
@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process runs."""
    return JsonResponse({"status": "ok"})


@require_safe
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when PostgreSQL answers and has every migration of this release, 503 otherwise. Two queries.

    Redis may be lost and mails may wait without a page being refused: how they do is said, and no more.
    """
    try:
        missing = missing_migrations()
        mails = waiting(at=timezone.now()) if not missing else None
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if mails is None:
        values: dict[str, Any] = {"status": "unavailable", "database": "ok", "migrations": "missing"}
        return JsonResponse(values, status=503)
    outbox = {"owed": mails.owed, "oldest_seconds": mails.oldest_seconds}
    broker = "ok" if answers() else "unreachable"
    return JsonResponse({"status": "ok", "database": "ok", "migrations": "ok", "broker": broker, "outbox": outbox})


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, who presents METRICS_TOKEN; to anybody else there is nothing here."""
    given = request.headers.get("Authorization", "")
    expected = f"{BEARER}{settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not secrets.compare_digest(given.encode(), expected.encode()):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
