"""How often one account, one address or one school may ask for what can be guessed or flooded: limits of the settings.

Counted in Redis, in windows of `settings.RATE_LIMITS`; who signs in wrongly, proves wrongly or writes to a school is
counted in tables besides. A Redis that is away counts nobody: what must hold without it stands in those tables.
"""

from __future__ import annotations

import logging
import time
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_redis import get_redis_connection
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from accounts.staff.passwords import client_address
from schools.models import School

logger = logging.getLogger(__name__)

NAMESPACE = "accounts.limits"
SILENCE = 15.0
"""Seconds without asking again after Redis failed: nobody waits for it twice."""

_silent_until = 0.0


class TooManyRequests(Exception):
    """One of the limits is reached (answered 429); `seconds` until its window ends."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = max(1, seconds)


def check(request: HttpRequest, name: str, *, school: School | None = None) -> None:
    """Count one act of this name for the account, the address and the school. Raises TooManyRequests."""
    global _silent_until
    if not settings.RATE_LIMITS_ARE_ON or time.monotonic() < _silent_until:
        return
    whose = {
        "account": str(request.user.pk or "") if request.user.is_authenticated else "",
        "address": client_address(request),
        "school": str(school.pk) if school else "",
    }
    try:
        for scope, allowed in settings.RATE_LIMITS[name].items():
            if whose[scope]:
                _hit(parse(allowed), name, scope, whose[scope])
    except StorageError as error:
        _silent_until = time.monotonic() + SILENCE
        logger.warning("Redis is away (%s): requests are not counted", type(error).__name__)


def _hit(allowed: RateLimitItem, name: str, scope: str, whose: str) -> None:
    limiter = FixedWindowRateLimiter(_storage())
    # a digest: addresses of people are not kept readable
    key = salted_hmac(NAMESPACE, f"{name}\n{scope}\n{whose}", algorithm="sha256").hexdigest()
    if not limiter.hit(allowed, key):
        seconds = round(limiter.get_window_stats(allowed, key).reset_time - time.time())
        logger.warning("limit reached: %s by %s", name, scope)
        raise TooManyRequests(min(seconds, allowed.get_expiry()))


@cache
def _storage() -> RedisStorage:
    """Count where the cache is, by its connections and with its patience."""
    pool = get_redis_connection("default").connection_pool
    return RedisStorage("redis://", connection_pool=pool, wrap_exceptions=True)
