"""The page of an import that is under way asks every two seconds: nobody's session lasts by that."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from schools.models import SiecleImport
from tests.schools_imports.conftest import NOW, UAI

pytestmark = pytest.mark.django_db

BY_HTMX = {"HX-Request": "true"}


def asks(client, minutes: float, **headers: str) -> int:
    address = reverse("admin:import", args=[UAI, SiecleImport.objects.get().pk])
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        return client.get(address, headers=headers).status_code


def test_an_import_left_open_ends_the_session_half_an_hour_after_the_last_act(head, send):
    with time_machine.travel(NOW, tick=False):
        assert send().status_code == 302
    assert 'hx-trigger="every 2s"' in page(head)
    assert [asks(head, minutes, **BY_HTMX) for minutes in (5, 15, 25, 29)] == [200] * 4
    assert asks(head, 32, **BY_HTMX) == 302


def test_somebody_who_opens_the_page_anew_keeps_their_session(head, send):
    with time_machine.travel(NOW, tick=False):
        send()
    assert [asks(head, minutes) for minutes in (20, 40, 60)] == [200] * 3
    assert [asks(head, minutes, **BY_HTMX) for minutes in (85, 91)] == [200, 302]


def page(client) -> str:
    address = reverse("admin:import", args=[UAI, SiecleImport.objects.get().pk])
    with time_machine.travel(NOW, tick=False):
        return client.get(address).content.decode()
