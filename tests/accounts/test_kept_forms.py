"""A session that ends while somebody types: they are led back, and what they typed with them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client
from django.urls import reverse

from accounts.kept_forms import AUTHOR_FIELD, author_token
from accounts.models import Profile, User
from orientation.models import Draft
from tests.factories import Family, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

TYPED = {"version": 0, "group": "autre-parcours", "note": "CAP cuisine"}


def address(family: Family, name: str = "add_choice") -> str:
    return reverse(f"orientation:{name}", args=[family.emma.public_id, "choix-definitifs"])


def send_late(client: Client, family: Family, author: User | None, **headers: str) -> Any:
    """Send the dialog's form once the session is over."""
    assert author is not None
    values = {**TYPED, AUTHOR_FIELD: author_token(author)}
    return client.post(address(family), values, headers=headers)


def test_the_author_is_led_back_to_the_form_filled(client: Client, dubois: Family) -> None:
    answer = send_late(client, dubois, dubois.sophie.user)
    assert unquote(answer["Location"]) == f"/connexion/?next={address(dubois)}"
    page = sign_in(client, dubois.sophie.user, Profile.GUARDIAN).get(address(dubois)).content.decode()
    assert "Voici ce que vous aviez saisi" in page
    assert "CAP cuisine</textarea>" in page
    assert 'value="autre-parcours" required checked' in page
    assert not Draft.objects.exists(), "nothing is written without being asked again"
    assert "CAP cuisine" not in client.get(address(dubois)).content.decode(), "it is given back once"


def test_another_person_on_the_same_machine_does_not_see_it(client: Client, dubois: Family) -> None:
    send_late(client, dubois, dubois.sophie.user)
    page = sign_in(client, dubois.marc.user, Profile.GUARDIAN).get(address(dubois)).content.decode()
    assert "CAP cuisine" not in page


def test_a_forged_author_keeps_nothing(client: Client, dubois: Family) -> None:
    client.post(address(dubois), {**TYPED, AUTHOR_FIELD: str(dubois.sophie.pk)})
    assert "kept_form" not in client.session


def test_a_very_long_form_is_not_kept(client: Client, dubois: Family) -> None:
    assert dubois.sophie.user is not None
    client.post(address(dubois), {**TYPED, "note": "x" * 30_000, AUTHOR_FIELD: author_token(dubois.sophie.user)})
    assert "kept_form" not in client.session


def test_the_dialog_leads_the_whole_page_to_the_sign_in(client: Client, dubois: Family) -> None:
    answer = send_late(client, dubois, dubois.sophie.user, hx_request="true")
    assert unquote(answer["HX-Redirect"]) == f"/connexion/?next={address(dubois)}"


def test_a_button_pressed_too_late_leads_back_to_its_page(client: Client, dubois: Family) -> None:
    page = address(dubois, "choices")
    answer = client.post(
        address(dubois, "validate_choices"), {"version": 1}, headers={"referer": f"http://testserver{page}"}
    )
    assert unquote(answer["Location"]) == f"/connexion/?next={page}"


@pytest.mark.parametrize("referer", ["", "https://ailleurs.example/mes-services/", "not an address"])
def test_a_button_from_nowhere_leads_to_the_services(client: Client, dubois: Family, referer: str) -> None:
    answer = client.post(address(dubois, "validate_choices"), {"version": 1}, headers={"referer": referer})
    assert unquote(answer["Location"]) == "/connexion/?next=/mes-services/"


def change_language(client: Client, family: Family, **values: object) -> Any:
    return client.post(f"/langue/?next={address(family)}", {**TYPED, "language": "en", **values})


def test_another_language_shows_the_form_again_with_what_was_typed(client: Client, dubois: Family) -> None:
    assert dubois.sophie.user is not None
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    page = client.get(address(dubois)).content.decode()
    assert f'form="saisie" formaction="/langue/?next={quote(address(dubois), safe="")}" formnovalidate' in page
    answer = change_language(client, dubois, **{AUTHOR_FIELD: author_token(dubois.sophie.user)})
    assert answer["Location"] == address(dubois)
    page = client.get(address(dubois)).content.decode()
    assert '<html lang="en"' in page
    assert "CAP cuisine</textarea>" in page
    assert not Draft.objects.exists(), "nothing is written without being asked"


def test_another_language_keeps_no_form_that_does_not_say_whose_it_is(client: Client, dubois: Family) -> None:
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    change_language(client, dubois)
    assert "kept_form" not in client.session
