"""The address to which the mail provider posts its events."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from anymail.urls import urlpatterns as anymail_urlpatterns
from anymail.utils import get_anymail_setting
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

logger = logging.getLogger(__name__)

ANYMAIL_BACKEND = re.compile(r"anymail\.backends\.(\w+)\.EmailBackend")

UNREADABLE = (AttributeError, DataError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""What anymail, or our query after it, raises of an event that has not the shape, depth or size they trust it to have:
anybody can post here."""


@csrf_exempt
@login_not_required
def events(request: HttpRequest) -> HttpResponseBase:
    """Hand the provider's events to anymail's view of the provider we send by, which checks their signature.

    404 when we send by no such provider, or when nothing would prove that an event comes from it.
    """
    view = _tracking_view()
    try:
        return view(request)
    except UNREADABLE as error:
        logger.warning("unreadable provider event (%s)", type(error).__name__)
        return HttpResponseBadRequest()


def _tracking_view() -> Callable[[HttpRequest], HttpResponse]:
    backend = ANYMAIL_BACKEND.fullmatch(settings.EMAIL_BACKEND)
    if backend is None:
        raise Http404
    for pattern in anymail_urlpatterns:
        if pattern.name == f"{backend[1]}_tracking_webhook":
            signs = not pattern.callback.view_class.warn_if_no_basic_auth
            if signs or get_anymail_setting("webhook_secret", default=None):
                return pattern.callback
    raise Http404
