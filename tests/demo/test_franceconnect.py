"""The simulated FranceConnect, over HTTP: the whole way of a sign-in, and each refusal of the real one."""

from __future__ import annotations

import json

import pytest
import requests
import time_machine

from tests.demo.conftest import ANSWER_WITHIN, CLIENT_ID, CLIENT_SECRET, SITE, Portal, pkce, returned


def test_person_comes_back_with_a_signed_identity(at_franceconnect: Portal) -> None:
    back = at_franceconnect.sign_in("claire.martin")
    assert back["state"] == at_franceconnect.state

    tokens = at_franceconnect.token(back["code"]).json()
    assert tokens["expires_in"] == 60
    id_token = at_franceconnect.verified(tokens["id_token"], "ES256")
    assert (id_token["nonce"], id_token["acr"]) == (at_franceconnect.nonce, "eidas1")
    assert id_token["exp"] - id_token["iat"] == 60
    assert "family_name" not in id_token

    userinfo = at_franceconnect.userinfo(tokens["access_token"])
    assert userinfo.headers["Content-Type"] == "application/jwt"
    claims = at_franceconnect.verified(userinfo.text, "ES256")
    assert claims["sub"] == id_token["sub"]
    assert claims["given_name"] == "Claire Marie Louise"
    assert claims["given_name_array"] == ["Claire", "Marie", "Louise"]
    assert claims["family_name"] == "MARTIN"


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", set()),
        ("openid birth", {"birthplace", "birthcountry"}),
        ("openid email", {"email"}),
        (
            "openid identite_pivot inconnu",
            {"given_name", "given_name_array", "family_name", "birthdate", "gender", "birthplace", "birthcountry"},
        ),
        ("openid profile", {"given_name", "given_name_array", "family_name", "birthdate", "gender"}),
    ],
)
def test_scopes_choose_the_claims(at_franceconnect: Portal, scope: str, names: set[str]) -> None:
    tokens = at_franceconnect.token(at_franceconnect.sign_in("fatou.diallo", scope=scope)["code"]).json()
    claims = at_franceconnect.verified(at_franceconnect.userinfo(tokens["access_token"]).text, "ES256")
    assert set(claims) - {"sub", "iss", "aud", "iat", "exp"} == names


def test_the_person_reads_what_is_sent_before_it_is(at_franceconnect: Portal) -> None:
    page = at_franceconnect.click(at_franceconnect.authorize(), "La Poste")
    page = at_franceconnect.log_in("marie.hoarau", page)
    assert "Continuer vers Scolarité Services" in page.text
    assert "HOARAU" in page.text
    assert "1983-02-28" not in page.text


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"code_challenge": pkce()[1]}, "unknown parameter"),
        ({"display": "page"}, "unknown parameter"),
        ({"nonce": None}, "missing parameter: nonce"),
        ({"nonce": "n" * 21}, "nonce must have at least 22 characters"),
        ({"state": None}, "missing parameter: state"),
        ({"acr_values": None}, "missing parameter: acr_values"),
        ({"acr_values": "eidas9"}, "acr_values must be eidas1"),
        ({"prompt": "none"}, "prompt must be login or consent"),
        ({"idp_hint": "inconnu"}, "unknown idp_hint"),
        ({"claims": "{"}, "claims must be a JSON object"),
        ({"redirect_uri": "https://voleur.example/"}, "invalid_request"),
        ({"client_id": "inconnu"}, "invalid_client"),
    ],
)
def test_wrong_request_gets_an_error_page(at_franceconnect: Portal, changed: dict[str, str], reason: str) -> None:
    response = at_franceconnect.authorize(**changed)
    assert response.status_code == 400
    assert f"Y000400 – {reason}" in response.text


def test_repeated_parameter_gets_an_error_page(at_franceconnect: Portal) -> None:
    parameters = [*at_franceconnect.parameters().items(), ("scope", "openid")]
    address = at_franceconnect.discovery["authorization_endpoint"]
    response = requests.get(address, params=parameters, timeout=ANSWER_WITHIN)
    assert (response.status_code, "repeated parameter: scope" in response.text) == (400, True)


def test_scope_without_openid_goes_back_to_the_portal(at_franceconnect: Portal) -> None:
    assert returned(at_franceconnect.authorize(scope="email"))["error"] == "invalid_scope"


def test_request_may_be_posted(at_franceconnect: Portal) -> None:
    address = at_franceconnect.discovery["authorization_endpoint"]
    page = at_franceconnect.browser.post(address, data=at_franceconnect.parameters(), timeout=ANSWER_WITHIN)
    assert "Je choisis un compte" in page.text


def test_cancel_says_what_the_real_one_says(at_franceconnect: Portal) -> None:
    page = at_franceconnect.authorize()
    at_login = at_franceconnect.click(page, "Ameli")
    at_confirmation = at_franceconnect.log_in("claire.martin", at_login)
    for step in (page, at_login, at_confirmation):
        assert returned(at_franceconnect.click(step, "Annuler")) == {
            "error": "access_denied",
            "error_description": "User auth aborted",
            "state": at_franceconnect.state,
        }


@pytest.mark.parametrize(("login", "password"), [("claire.martin", "faux"), ("jean.lefevre", "scolarite-2026")])
def test_wrong_password_and_person_without_account_are_told(
    at_franceconnect: Portal, login: str, password: str
) -> None:
    page = at_franceconnect.click(at_franceconnect.authorize(), "Impots.gouv")
    page = at_franceconnect.log_in(login, page, password=password)
    assert page.status_code == 422
    assert "Identifiant ou mot de passe incorrect" in page.text
    assert f'value="{login}"' in page.text


def test_confirmation_cannot_be_reached_without_signing_in(at_franceconnect: Portal) -> None:
    page = at_franceconnect.authorize()
    response = at_franceconnect.browser.post(f"{page.url}/confirmation", allow_redirects=False, timeout=ANSWER_WITHIN)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/api/v2/interaction/")


def test_hint_leads_straight_to_the_identity_provider(at_franceconnect: Portal) -> None:
    assert "<h1>Ameli" in at_franceconnect.authorize(idp_hint="ameli").text


def test_amr_is_given_when_claimed(at_franceconnect: Portal) -> None:
    claims = json.dumps({"id_token": {"amr": {"essential": True}}})
    tokens = at_franceconnect.token(at_franceconnect.sign_in("claire.martin", claims=claims)["code"]).json()
    assert at_franceconnect.verified(tokens["id_token"], "ES256")["amr"] == ["pwd"]


def test_basic_authentication_is_refused(at_franceconnect: Portal) -> None:
    data = {
        "grant_type": "authorization_code",
        "code": at_franceconnect.sign_in("claire.martin")["code"],
        "redirect_uri": at_franceconnect.redirect_uri,
    }
    address = at_franceconnect.discovery["token_endpoint"]
    response = requests.post(address, data=data, auth=(CLIENT_ID, CLIENT_SECRET), timeout=ANSWER_WITHIN)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_wrong_secret_is_refused(at_franceconnect: Portal) -> None:
    response = at_franceconnect.token(at_franceconnect.sign_in("claire.martin")["code"], client_secret="autre")
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_code_works_once(at_franceconnect: Portal) -> None:
    code = at_franceconnect.sign_in("claire.martin")["code"]
    assert at_franceconnect.token(code).status_code == 200
    assert at_franceconnect.token(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("seconds", "status"), [(29, 200), (31, 400)])
def test_code_lives_thirty_seconds(at_franceconnect: Portal, seconds: int, status: int) -> None:
    with time_machine.travel("2026-03-10 10:00:00+00:00", tick=False) as clock:
        code = at_franceconnect.sign_in("claire.martin")["code"]
        clock.shift(seconds)
        assert at_franceconnect.token(code).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (61, 401)])
def test_access_token_lives_sixty_seconds(at_franceconnect: Portal, seconds: int, status: int) -> None:
    with time_machine.travel("2026-03-10 10:00:00+00:00", tick=False) as clock:
        tokens = at_franceconnect.token(at_franceconnect.sign_in("claire.martin")["code"]).json()
        clock.shift(seconds)
        assert at_franceconnect.userinfo(tokens["access_token"]).status_code == status


def test_userinfo_needs_a_token(at_franceconnect: Portal) -> None:
    assert at_franceconnect.userinfo("faux").status_code == 401
    assert requests.get(at_franceconnect.discovery["userinfo_endpoint"], timeout=ANSWER_WITHIN).status_code == 401


def test_sub_differs_between_people_and_stays(at_franceconnect: Portal) -> None:
    subjects = []
    for login in ("claire.martin", "sophie.bernard", "claire.martin"):
        at_franceconnect.browser.cookies.clear()
        tokens = at_franceconnect.token(at_franceconnect.sign_in(login)["code"]).json()
        subjects.append(at_franceconnect.verified(tokens["id_token"], "ES256")["sub"])
    assert subjects[0] == subjects[2] != subjects[1]


def test_logout_ends_the_session_and_comes_back_with_the_state(at_franceconnect: Portal) -> None:
    with time_machine.travel("2026-03-10 10:00:00+00:00", tick=False) as clock:
        tokens = at_franceconnect.token(at_franceconnect.sign_in("claire.martin")["code"]).json()
        clock.shift(600)
        assert "Vous êtes identifié" in at_franceconnect.authorize().text
        response = log_out(at_franceconnect, id_token_hint=tokens["id_token"])
        assert response.headers["Location"] == f"{SITE}/deconnexion/retour/?state=adieu"
        assert "Je choisis un compte" in at_franceconnect.authorize().text


@pytest.mark.parametrize("changed", [{"id_token_hint": ""}, {"id_token_hint": "a.b.c"}])
def test_logout_needs_a_token_of_this_provider(at_franceconnect: Portal, changed: dict[str, str]) -> None:
    assert log_out(at_franceconnect, **changed).status_code == 400


def test_logout_never_redirects_to_a_stranger(at_franceconnect: Portal) -> None:
    tokens = at_franceconnect.token(at_franceconnect.sign_in("claire.martin")["code"]).json()
    where = "https://voleur.example/"
    assert (
        log_out(at_franceconnect, id_token_hint=tokens["id_token"], post_logout_redirect_uri=where).status_code == 400
    )


def log_out(portal: Portal, **changed: str) -> requests.Response:
    parameters = {"state": "adieu", "post_logout_redirect_uri": f"{SITE}/deconnexion/retour/", **changed}
    address = portal.discovery["end_session_endpoint"]
    return portal.browser.get(address, params=parameters, allow_redirects=False, timeout=ANSWER_WITHIN)


def test_pages_beside_the_way(franceconnect_address: str) -> None:
    assert "claire.martin" in requests.get(franceconnect_address, timeout=ANSWER_WITHIN).text
    assert "aucun de ces comptes" in requests.get(f"{franceconnect_address}/aide", timeout=ANSWER_WITHIN).text
    expired = requests.get(f"{franceconnect_address}/api/v2/interaction/inconnue", timeout=ANSWER_WITHIN)
    assert (expired.status_code, "a expiré" in expired.text) == (400, True)
