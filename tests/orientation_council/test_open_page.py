"""How long the council's page, left open, keeps a session; nothing else of the school's side does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories import sign_in
from tests.orientation_council.conftest import Council

MINUTE = timedelta(minutes=1)


@pytest.fixture
def page(proposals: Council) -> str:
    return reverse("admin:council", args=[proposals.school.uai, "propositions", proposals.division.pk])


@pytest.fixture
def signed_in(proposals: Council) -> Client:
    with time_machine.travel(proposals.meeting, tick=False):
        return sign_in(Client(), proposals.head, None)


def asks(client: Client, council: Council, address: str, minutes: float, **headers: str) -> int:
    with time_machine.travel(council.meeting + minutes * MINUTE, tick=False):
        return client.get(address, headers=headers).status_code


def last_minute(client: Client, council: Council, address: str, **headers: str) -> int:
    """Ask every five minutes as an open page does; return the last minute at which it was answered."""
    answered = [minutes for minutes in range(5, 300, 5) if asks(client, council, address, minutes, **headers) == 200]
    return answered[-1]


def test_the_page_of_a_class_keeps_the_session_two_hours_after_the_last_act(
    signed_in: Client, proposals: Council, page: str
) -> None:
    assert asks(signed_in, proposals, page, 10) == 200
    assert last_minute(signed_in, proposals, f"{page}nouveautes/") == 125


def test_an_act_begins_the_two_hours_again(signed_in: Client, proposals: Council, page: str) -> None:
    assert [asks(signed_in, proposals, f"{page}nouveautes/", minutes) for minutes in (25, 50, 75, 90)] == [200] * 4
    assert asks(signed_in, proposals, page, 110) == 200
    assert [asks(signed_in, proposals, f"{page}nouveautes/", minutes) for minutes in (135, 160, 185, 200)] == [200] * 4
    assert [asks(signed_in, proposals, f"{page}nouveautes/", minutes) for minutes in (229, 230)] == [200, 302]


def test_the_projected_page_asks_by_itself_too(signed_in: Client, proposals: Council, page: str) -> None:
    assert last_minute(signed_in, proposals, f"{page}?projection=1", **{"HX-Request": "true"}) == 115


def test_elsewhere_half_an_hour_without_an_act_ends_the_staff_s_session(signed_in: Client, proposals: Council) -> None:
    council = reverse("admin:councils", args=[proposals.school.uai])
    assert [asks(signed_in, proposals, council, minutes) for minutes in (29, 58, 89)] == [200, 200, 302]


def test_the_staff_s_session_ends_after_eight_hours_too(signed_in: Client, proposals: Council) -> None:
    council = reverse("admin:councils", args=[proposals.school.uai])
    assert {asks(signed_in, proposals, council, minutes) for minutes in range(20, 480, 20)} == {200}
    assert asks(signed_in, proposals, council, 480) == 302


def test_the_page_of_a_class_warns_before_the_end(signed_in: Client, proposals: Council, page: str) -> None:
    assert [asks(signed_in, proposals, f"{page}nouveautes/", minutes) for minutes in (30 - 1, 58, 87, 90)] == [200] * 4
    with time_machine.travel(proposals.meeting + 118 * MINUTE, tick=False):
        assert signed_in.get(reverse("accounts:session")).json() == {"remaining": 120}
