"""What happens when somebody signs in, by whichever way."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.connections import note_activity
from accounts.languages import choose_language, of_browser
from accounts.sessions import RENEWED_AT_SESSION_KEY, SIGNED_IN_AT_SESSION_KEY


@receiver(user_logged_in, dispatch_uid="accounts.note_sign_in")
def note_sign_in(request: HttpRequest | None, **arguments: Any) -> None:
    """Start counting the session's age, and let its owner see it; staff's too. A language chosen before is kept."""
    if request is not None:
        request.session[SIGNED_IN_AT_SESSION_KEY] = request.session[RENEWED_AT_SESSION_KEY] = time.time()
        note_activity(request, user=arguments["user"], at=timezone.now())
        if (language := of_browser(request)) and not arguments["user"].language:
            choose_language(language=language, by=arguments["user"])
