"""What a sign-in changes is not noted as done by whoever was signed in to the same browser before."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.oidc.backends import SIGN_IN_ORIGIN
from accounts.staff.passwords import password_link
from audit.models import Change
from schools.models import Guardian, Role, School, StaffMembership
from tests import factories
from tests.accounts import test_agents
from tests.accounts.conftest import Browser
from tests.accounts.provider import Provider
from tests.accounts.staff import member

agents, here = test_agents.agents, test_agents.here
"""Fixtures of the agents' provider."""

pytestmark = pytest.mark.django_db


def test_a_headship_given_by_the_provider_is_not_the_act_of_a_colleague_who_was_signed_in(
    browser: Browser,
    agents: Provider,
    here: School,
) -> None:
    colleague = member(here, Role.OFFICE, "secretaire")
    browser.force_login(colleague, backend="django.contrib.auth.backends.ModelBackend")
    assert test_agents.come(browser, agents).status_code == 302
    given = StaffMembership.objects.get(role=Role.HEAD)
    change = Change.objects.get(table="schools_staffmembership", object_pk=str(given.pk))
    assert (change.actor_id, change.origin) == (None, SIGN_IN_ORIGIN)


def test_a_record_tied_to_a_family_is_not_the_act_of_another_who_was_signed_in(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    other = factories.account("Une", "Autre")
    browser.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    browser.sign_in(educonnect)
    change = Change.objects.filter(table="schools_guardian", object_pk=str(claire.pk), operation="update").get()
    assert (change.actor_id, change.origin) == (None, SIGN_IN_ORIGIN)


def test_a_password_is_chosen_by_the_owner_of_the_link_whoever_is_signed_in(client: Client, db: Any) -> None:
    place = factories.school()
    odile = member(place, Role.OFFICE, "odile", email="odile@ac-paris.example")
    client.force_login(member(place, Role.OFFICE, "autre"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(password_link(odile))
    typed = {"new_password1": "une autre longue phrase", "new_password2": "une autre longue phrase"}
    assert client.post(page["Location"], typed).status_code == 302
    change = Change.objects.filter(table="accounts_user", object_pk=str(odile.pk), operation="update").last()
    assert change is not None
    assert change.actor_id == odile.pk
