"""How the recovery codes of the staff's second factor are kept: as digests that only the secret key can make.

A code has 40 bits, to be typed from paper: a digest without a key would be tried out in minutes. The digest stands in
the place of the code in django-otp's table (96 bits of HMAC-SHA256, the 16 characters that its column takes), so that
its device goes on counting wrong codes and using up right ones.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils.crypto import salted_hmac

DIGEST_LENGTH = 16
"""Characters. What is shorter is a code in clear: no code that was ever given out is as long."""

_SALT = "accounts.staff.recovery_codes"


def digest_of(code: str, *, device_id: int, secret: str | None = None) -> str:
    """Return what stands in the table for a code of this device, made with the secret key or a former one."""
    made = salted_hmac(_SALT, f"{device_id}:{code}", secret=secret, algorithm="sha256").digest()
    return urlsafe_b64encode(made[:12]).decode()


def digests_of(code: str, *, device_id: int) -> list[str]:
    """Return what may stand in the table for a code: made with the secret key, or with one of the former ones."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [digest_of(code, device_id=device_id, secret=secret) for secret in secrets]


def hash_clear_codes(tokens: QuerySet[Any]) -> None:
    """Put a digest in the place of each code in clear among these (`StaticToken`); one query where there is none.

    What the former release wrote before it was replaced, and django-otp's own command, are in clear.
    """
    clear = list(tokens.annotate(length=Length("token")).filter(length__lt=DIGEST_LENGTH).order_by("pk"))
    for each in clear:
        each.token = digest_of(each.token, device_id=each.device_id)
    if clear:
        tokens.model.objects.bulk_update(clear, ["token"], batch_size=1000)
