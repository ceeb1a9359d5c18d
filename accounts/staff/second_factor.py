"""The second step of the staff's sign-in: a code of an application on one's telephone (TOTP), or a recovery code.

Heads, deputies and operators enter only with it; others may turn it on, and are asked from then on.
"""

from __future__ import annotations

import secrets
from base64 import b32encode

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.actors import PROFILE_SESSION_KEY
from accounts.models import User
from accounts.staff.errors import CodesSuspended, WrongCode, WrongRecoveryCode
from accounts.staff.recovery_codes import digest_of, digests_of, hash_clear_codes
from schools.models import StaffMembership
from schools.policies import ROLES_WITH_SECOND_FACTOR

RECOVERY_CODES = 10
KEY_BYTES = 20
"""What RFC 4226 recommends for a shared secret."""


def may_enter(request: HttpRequest) -> bool:
    """Whether who asks is of the staff and has done all that their roles require to enter.

    A session opened as a family is a family's, even where the account is also a member of the staff. No query for who
    gave a code; one for the others.
    """
    user = request.user
    if not (user.is_active and user.is_staff and is_own_session(request)):
        return False
    return has_given_code(user) or not is_asked_of(user)


def is_own_session(request: HttpRequest) -> bool:
    """Whether the session is not one that a family's provider opened."""
    return PROFILE_SESSION_KEY not in request.session


def has_given_code(user: User | AnonymousUser) -> bool:
    """Whether this request's account gave a code of its second factor when it signed in."""
    return getattr(user, "otp_device", None) is not None


def is_asked_of(user: User | AnonymousUser) -> bool:
    """Whether this account enters only with a code: its roles require it, or it has turned it on. One query at most."""
    if user.pk is None or user.is_superuser:
        return user.is_superuser
    if not hasattr(user, "_second_factor_asked"):
        own = User.objects.filter(pk=user.pk)
        user._second_factor_asked = own.filter(  # type: ignore[attr-defined]
            Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)) | _leads()
        ).exists()
    return bool(user._second_factor_asked)  # type: ignore[attr-defined]


def is_required_of(user: User) -> bool:
    """Whether this account's roles, or its being an operator's, require a second factor."""
    return user.is_superuser or User.objects.filter(_leads(), pk=user.pk).exists()


def _leads() -> Q:
    leading = StaffMembership.objects.filter(user=OuterRef("pk"), role__in=ROLES_WITH_SECOND_FACTOR)
    return Q(Exists(leading))


def is_recovery(device: Device) -> bool:
    return isinstance(device, StaticDevice)


def is_active_for(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def remaining_codes(user: User) -> int:
    """Return how many recovery codes this account has left."""
    return StaticToken.objects.filter(device__user=user, device__confirmed=True).count()


# --- Turning it on ----------------------------------------------------------------------------------------------------


def new_key() -> str:
    """Return a new secret, in hexadecimal digits as django-otp keeps it."""
    return secrets.token_hex(KEY_BYTES)


def spoken_key(key: str) -> str:
    """Return a secret as applications take it typed: base 32, in groups of four."""
    text = b32encode(bytes.fromhex(key)).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def enrolment_address(user: User, key: str) -> str:
    """Return what the QR code says to the application (`otpauth://…`)."""
    return str(TOTPDevice(user=user, key=key).config_url)


@transaction.atomic
def turn_on(*, user: User, key: str, code: str) -> tuple[TOTPDevice, list[str]]:
    """Tie the account to the application that holds this key, in place of any other; return recovery codes with it.

    Raises WrongCode, and then nothing is kept.
    """
    _lock(user)
    TOTPDevice.objects.filter(user=user).delete()
    device = TOTPDevice.objects.create(user=user, key=key, name="totp", confirmed=True)
    if not _is_code(code) or not device.verify_token(_bare(code)):
        raise WrongCode
    return device, new_recovery_codes(user=user)


@transaction.atomic
def new_recovery_codes(*, user: User) -> list[str]:
    """Return new recovery codes, which are kept nowhere; the former ones no longer open anything."""
    _lock(user)
    device, _ = StaticDevice.objects.get_or_create(user=user, name="recovery", defaults={"confirmed": True})
    device.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=digest_of(code, device_id=device.pk)) for code in codes
    )
    return [f"{code[:4]}-{code[4:]}" for code in codes]


@transaction.atomic
def reset(*, user: User) -> None:
    """Forget the account's application and recovery codes: it is led to a new one at its next sign-in."""
    _lock(user)
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


# --- Giving a code ----------------------------------------------------------------------------------------------------


def check_code(*, user: User, code: str) -> Device:
    """Return the device whose code this is: the application's where it is six digits, else the recovery codes'.

    Each serves once; wrong ones are counted, for each device apart. Raises WrongCode or CodesSuspended.
    """
    is_of_application = _is_code(code)
    model = TOTPDevice if is_of_application else StaticDevice
    with transaction.atomic():
        device = model.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is not None:
            is_allowed, why = device.verify_is_allowed()
            if not is_allowed:
                raise CodesSuspended(until=why["locked_until"], at=timezone.now())
            hash_clear_codes(StaticToken.objects.filter(device__user=user))
            if device.verify_token(_bare(code) if is_of_application else _kept(device, _bare(code))):
                return device
    raise WrongCode if is_of_application else WrongRecoveryCode


def _kept(device: StaticDevice, code: str) -> str:
    """Return the digest of this code that the device holds; where it holds none, one that it refuses and counts."""
    digests = digests_of(code, device_id=device.pk)
    return device.token_set.filter(token__in=digests).values_list("token", flat=True).first() or digests[0]


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _is_code(code: str) -> bool:
    bare = _bare(code)
    return len(bare) == 6 and bare.isascii() and bare.isdecimal()
