"""What every answer of the site carries, whatever becomes of the request."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from schools.models import Role
from tests.factories import Family, sign_in, staff

ALWAYS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def assert_protected(answer: Any) -> None:
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


def assert_no_devices(answer: Any) -> None:
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "=*" not in answer.headers["Permissions-Policy"]


def assert_page_protected(answer: Any) -> None:
    assert_protected(answer)
    assert_no_devices(answer)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/mes-services/", 302),
        ("/nulle-part/", 404),
        ("/admin/nulle-part/", 302),
        ("/deconnexion/", 405),
        ("/connexion/educonnect/retour/?state=x", 400),
    ],
)
def test_pages_and_refusals_carry_the_headers(client: Client, db: None, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert_protected(answer)
    assert_no_devices(answer)
    if status in (200, 404):
        assert_page_protected(answer)


def test_what_is_not_one_s_own_carries_them(dubois: Family) -> None:
    member = sign_in(Client(), staff(dubois.school, Role.COUNSELLOR), None)
    answer = member.get(reverse("admin:staff_members", args=[dubois.school.uai]))
    assert answer.status_code == 403
    assert_page_protected(answer)


def test_a_form_of_another_site_is_refused_with_them(dubois: Family) -> None:
    client = sign_in(Client(enforce_csrf_checks=True), dubois.sophie.user, Profile.GUARDIAN)
    answer = client.post(reverse("accounts:sign_out"))
    assert answer.status_code == 403
    assert_page_protected(answer)


@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_errors_carry_them(db: None, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int) -> None:
    def fail(*_args: object, **_named: object) -> HttpResponse:
        raise error("broken")

    monkeypatch.setattr("portal.views.pages.render", fail)
    answer = Client(raise_request_exception=False).get("/mentions-legales/")
    assert answer.status_code == status
    assert_page_protected(answer)


def test_static_files_carry_what_concerns_them(db: None, settings: Any) -> None:
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    answer = Client().head("/static/js/session.js")
    assert answer.status_code == 200
    assert_protected(answer)
