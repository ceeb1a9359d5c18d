"""The menu's states, the help, the plan of the site, and the numbers that people quote."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.incidents import new_incident, number_of
from accounts.models import Profile
from portal.help import THEMES, anchor_for
from portal.site_map import FOR_ALL, SIGNED_IN
from tests.factories import Family, sign_in
from tests.test_addresses import PUBLIC, TABLE, names
from tests.test_addresses import SIGNED_IN as OPENS_SIGNED_IN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

NO_PAGE = {
    "portal:live",
    "portal:ready",
    "portal:metrics",
    "portal:security_txt",
    "portal:confirm_email",
    "accounts:session",
    "accounts:signed_out",
}
"""What answers, and is no page that one would look for."""


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


def test_the_grant_stands_in_the_menu_greyed_with_its_reason_and_the_official_page(sophie: Client) -> None:
    page = sophie.get("/mes-services/").content.decode()
    assert re.search(r'<p class="[^"]*menu-closed">Bourse de lycée</p>', page)
    assert "Ce service n’est pas ouvert ici." in page
    assert f'href="{settings.EXTERNAL_LINKS["bourses"]}"' in page


def test_the_menu_is_in_the_order_of_the_seed(sophie: Client) -> None:
    menu = [entry.label for entry in sophie.get("/mes-services/").context["menu"]]
    assert menu == ["Actualités", "Bourse de lycée", "Orientation", "Fiche de renseignements"]


def test_each_page_of_the_services_leads_to_its_own_help(sophie: Client, dubois: Family) -> None:
    themes = {theme.anchor for theme in THEMES}
    for name in ("portal:services", "portal:news", "portal:family", "portal:connections", "portal:contact_data"):
        assert anchor_for(name) in themes
        assert f'href="/assistance/#{anchor_for(name)}"' in sophie.get(reverse(name)).content.decode()
    page = sophie.get(reverse("orientation:home", args=[dubois.emma.public_id])).content.decode()
    assert 'href="/assistance/#orientation"' in page


def test_the_help_has_the_anchors_that_pages_lead_to(client: Client) -> None:
    page = client.get("/assistance/").content.decode()
    for theme in THEMES:
        assert f'id="{theme.anchor}"' in page
    assert "AB12-CD34" in page


def test_a_number_to_quote_has_one_form_everywhere() -> None:
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", new_incident())
    assert number_of(UUID("ab12cd34-0000-4000-8000-000000000000")) == "AB12-CD34"


def test_the_plan_names_every_page_that_needs_no_child(client: Client) -> None:
    known = set(names(get_resolver().url_patterns)) & set(TABLE)
    pages = {name for name in known if TABLE[name] in (PUBLIC, OPENS_SIGNED_IN)} - NO_PAGE
    listed = {name for name, _title in FOR_ALL + SIGNED_IN}
    assert pages - listed == set()
    page = client.get("/plan-du-site/").content.decode()
    for name in listed:
        assert f'href="{reverse(name)}"' in page
