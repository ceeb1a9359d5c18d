"""The first step of the staff's sign-in: the password, its suspension after wrong ones, and choosing a new one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import mails
from accounts.models import SignInFailures, User
from accounts.oidc.settings import site_url
from accounts.staff.errors import SignInSuspended, WrongPassword

MAX_FAILURES = 5
"""Wrong passwords for one name from one address, before sign-in by that name from there is suspended."""

MAX_FAILURES_ANYWHERE = 20
"""The same from all addresses together: more, so that a stranger does not shut somebody out of their own office."""

LOCK_DURATION = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)

MAIL_INTERVAL = 10 * 60
"""Seconds in which one account is written to once, however often its password is said to be forgotten."""


def normal_name(typed: str) -> str:
    """Return an account name as it is kept: names that are e-mail addresses have no capitals."""
    name = typed.strip()
    return name.lower() if "@" in name else name


def client_address(request: HttpRequest) -> str:
    """Return where a request comes from: as the trusted proxy says, where there is one (docs/deployment.md)."""
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def check_password(*, request: HttpRequest, name: str, password: str, at: datetime) -> User:
    """Return the member of staff whose name and password these are; wrong ones are counted.

    Answers for one name are counted one by one, and a name that no account bears is counted and answered alike. Never
    counted by address alone: a school's whole staff share one. Raises WrongPassword or SignInSuspended.
    """
    address = client_address(request)
    with transaction.atomic():
        counts = _locked_counts(name, address, at=at)
        until = _suspended_until(counts)
        if until is None:
            user = auth.authenticate(request, username=name, password=password)
            if isinstance(user, User) and user.is_staff:
                forget_failures(name=name, address=address)
                return user
            until = _count_failure(counts, at=at)
    raise SignInSuspended(until=until, at=at) if until else WrongPassword


def forget_failures(*, name: str, address: str) -> None:
    """Let who proved to own an account sign in, from here at least."""
    SignInFailures.objects.filter(key__in=_limits(name, address)).delete()


def _limits(name: str, address: str) -> dict[str, int]:
    """Return what a wrong password counts against, with how many each takes: digests that nobody reads back."""

    def digest(text: str) -> str:
        return salted_hmac("accounts.sign_in_failures", text.lower(), algorithm="sha256").hexdigest()

    return {digest(f"{name}\n{address}"): MAX_FAILURES, digest(name): MAX_FAILURES_ANYWHERE}


def _locked_counts(name: str, address: str, *, at: datetime) -> list[tuple[SignInFailures, int]]:
    """Return the two counts with their limits, the rows locked; those whose suspension is over begin again.

    A right password deletes the rows: who was waiting for them begins new ones.
    """
    old = SignInFailures.objects.filter(updated_at__lt=at - FORGOTTEN_AFTER)
    old.filter(pk__in=old.select_for_update(skip_locked=True).values("pk")).delete()
    limits = _limits(name, address)
    rows: list[SignInFailures] = []
    while len(rows) < len(limits):
        new = [SignInFailures(key=key, updated_at=at) for key in sorted(limits)]
        SignInFailures.objects.bulk_create(new, ignore_conflicts=True)
        rows = list(SignInFailures.objects.select_for_update().filter(key__in=limits).order_by("key"))
    for row in rows:
        if row.locked_until and row.locked_until <= at:
            row.locked_until, row.failures = None, 0
    return [(row, limits[row.key]) for row in rows]


def _suspended_until(counts: list[tuple[SignInFailures, int]]) -> datetime | None:
    return max((row.locked_until for row, _ in counts if row.locked_until), default=None)


def _count_failure(counts: list[tuple[SignInFailures, int]], *, at: datetime) -> datetime | None:
    """Count one wrong password; return until when sign-in is suspended, if it now is."""
    for row, limit in counts:
        row.failures += 1
        row.updated_at = at
        if row.failures >= limit:
            row.locked_until = at + LOCK_DURATION
        row.save()
    return _suspended_until(counts)


def password_link(user: User) -> str:
    """Return the address, good once and for three days, where this account chooses its password."""
    names = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}
    return site_url(reverse("admin:choose_password", kwargs=names))


@transaction.atomic
def owe_password_link(*, name: str, at: datetime) -> None:
    """Owe the account of this name or address a link to choose a new password; in silence nothing, where there is none.

    Once per `MAIL_INTERVAL`.
    """
    user = _account_to_write_to(name)
    if user:
        period = int(at.timestamp()) // MAIL_INTERVAL
        mails.owe_password_link(user=user, link=password_link(user), period=period, at=at)


def _account_to_write_to(name: str) -> User | None:
    """Return the active staff account of this name, else of this e-mail address where it is one account's only."""
    staff = User.objects.filter(is_active=True, is_staff=True).exclude(email="")
    found = list(staff.filter(username=name)[:1]) or list(staff.filter(email__iexact=name)[:2])
    return found[0] if len(found) == 1 else None


@transaction.atomic
def choose_password(*, user: User, password: str, address: str) -> None:
    """Give the account this password, which has passed the validators. The link that led here has served."""
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_failures(name=user.username, address=address)
