"""Staff at the two steps of their sign-in."""

from __future__ import annotations

import time
from typing import Any

from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from schools.models import Role, School, StaffMembership

PASSWORD = "une longue phrase de passe"
KEY = "3132333435363738393031323334353637383930"
SIGN_IN = reverse("admin:login")
CODE = reverse("admin:second_factor")
SETUP = reverse("admin:second_factor_setup")
INDEX = reverse("admin:index")


def member(of: School | None, role: Role = Role.HEAD, username: str = "proviseure", **values: Any) -> User:
    """A member of staff with a password, and no second factor yet."""
    user = User.objects.create_user(username, password=PASSWORD, is_staff=True, **values)
    if of:
        StaffMembership.objects.create(user=user, school=of, role=role)
    return user


def telephone(of: User, key: str = KEY) -> TOTPDevice:
    """The application of somebody who has turned their second factor on."""
    return TOTPDevice.objects.create(user=of, key=key, confirmed=True, name="totp")


def code(key: str = KEY, *, steps: int = 0) -> str:
    """What an application that holds this key shows, now or some steps of thirty seconds later."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06}"


def wrong_code(key: str = KEY) -> str:
    """Six digits that no step near now shows."""
    near = {code(key, steps=steps) for steps in range(-3, 4)}
    return next(f"{number:06}" for number in range(10) if f"{number:06}" not in near)


def give_password(client: Client, username: str = "proviseure", password: str = PASSWORD, **values: str) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": password, **values})


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ")
