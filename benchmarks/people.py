"""Guardians and heads of the data set, signed in: `python -m benchmarks.people COUNT`, in the product's environment.

Prints JSON: who may validate a draft, who has validated, heads of schools, each with their cookies.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import import_module

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django_otp import DEVICE_ID_SESSION_KEY  # noqa: E402
from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: E402

from accounts.models import Profile, Provider, User  # noqa: E402
from accounts.sessions import open_session, open_staff_session  # noqa: E402
from benchmarks.shared import CSRF, SignedIn  # noqa: E402
from orientation.models import Draft, PhaseKind  # noqa: E402
from schools.models import StaffMembership  # noqa: E402

EDUCONNECT = "accounts.oidc.backends.EduConnectBackend"


def _request() -> HttpRequest:
    request = RequestFactory().get("/", HTTP_USER_AGENT="benchmark")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    return request


def _cookies(request: HttpRequest) -> str:
    request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}; {settings.CSRF_COOKIE_NAME}={CSRF}"


def guardian(draft: Draft) -> SignedIn:
    """Sign in the guardian who wrote a draft, as ÉduConnect does."""
    request, user = _request(), draft.changed_by
    assert user is not None  # noqa: S101 - the data set's drafts have an author
    open_session(request, user, backend=EDUCONNECT, provider=Provider.EDUCONNECT, profile=Profile.GUARDIAN, id_token="")
    rank = next(rank for rank, wish in enumerate(draft.wishes, start=1) if wish["pathway"] == "generale")
    return SignedIn(_cookies(request), str(draft.student.public_id), draft.version, rank)


def head(membership: StaffMembership) -> SignedIn:
    """Sign in a head of school who has given the code of their telephone."""
    return staff(membership.user, membership.school.uai)


def staff(user: User, place: str) -> SignedIn:
    """Sign in a member of staff, or the operator, who has given the code of their telephone."""
    request = _request()
    open_staff_session(request, user)
    device, _ = TOTPDevice.objects.get_or_create(user=user, name="téléphone", confirmed=True)
    request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    return SignedIn(_cookies(request), place)


def main(count: int) -> None:
    drafts = Draft.objects.filter(phase__kind=PhaseKind.FINAL_CHOICES).select_related("student", "changed_by")
    chosen = {
        "with_draft": [guardian(each) for each in drafts.filter(is_validated=False).order_by("pk")[:count]],
        "validated": [
            guardian(each) for each in drafts.filter(is_validated=True).order_by("pk")[: max(20, count // 20)]
        ],
        "heads": [head(each) for each in StaffMembership.objects.select_related("user", "school").order_by("pk")[:4]],
    }
    print(json.dumps({name: [asdict(each) for each in people] for name, people in chosen.items()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
