"""The simulated ÉduConnect, over HTTP: the whole way of a sign-in, and each refusal."""

from __future__ import annotations

import pytest
import requests
import time_machine

from demo.people import PARIS, PEOPLE
from tests.demo.conftest import ANSWER_WITHIN, CLIENT_ID, CLIENT_SECRET, SITE, Portal, pkce, returned


def test_guardian_comes_back_with_the_claims_of_the_domain(at_educonnect: Portal) -> None:
    back = at_educonnect.sign_in("claire.martin")
    assert back["state"] == at_educonnect.state

    tokens = at_educonnect.token(back["code"]).json()
    id_token = at_educonnect.verified(tokens["id_token"], "RS256")
    assert id_token["nonce"] == at_educonnect.nonce
    assert id_token["acr"] == "eidas1"
    assert id_token["auth_time"] <= id_token["iat"] < id_token["exp"]

    userinfo = at_educonnect.userinfo(tokens["access_token"])
    assert userinfo.headers["Content-Type"].startswith("application/json")
    claims = userinfo.json()
    assert claims["sub"] == id_token["sub"]
    assert (claims["given_name"], claims["family_name"]) == ("Claire", "Martin")
    assert claims["FrEduCtPersonAffiliation"] == ["resp2d"]
    fields = [value.split("|") for value in claims["FrEduCtRefId"]]
    assert [(parts[0], parts[2]) for parts in fields] == [("{AAF}ac-paris", "100001"), ("{AAF}ac-lyon", "200001")]
    assert {len(parts) for parts in fields} == {3}
    assert claims["FrEduCtId"]


def test_student_comes_back_with_ine_and_school(at_educonnect: Portal) -> None:
    tokens = at_educonnect.token(at_educonnect.sign_in("lea.martin")["code"]).json()
    claims = at_educonnect.userinfo(tokens["access_token"]).json()
    assert claims["FrEduCtPersonAffiliation"] == ["eleve2d"]
    assert claims["FrEduCtEleveINE"] == "070000001AA"
    assert claims["FrEduCtEleveUAI"] == PARIS
    assert "FrEduCtRefId" not in claims


@pytest.mark.parametrize("login", [person.login for person in PEOPLE])
def test_every_account_opens_and_keeps_its_sub(at_educonnect: Portal, login: str) -> None:
    subjects = set()
    for _ in range(2):
        at_educonnect.browser.cookies.clear()
        tokens = at_educonnect.token(at_educonnect.sign_in(login)["code"]).json()
        subjects.add(at_educonnect.userinfo(tokens["access_token"]).json()["sub"])
    assert len(subjects) == 1


def test_secret_may_come_by_basic_authentication(at_educonnect: Portal) -> None:
    data = {
        "grant_type": "authorization_code",
        "code": at_educonnect.sign_in("claire.martin")["code"],
        "redirect_uri": at_educonnect.redirect_uri,
    }
    address = at_educonnect.discovery["token_endpoint"]
    response = requests.post(address, data=data, auth=(CLIENT_ID, CLIENT_SECRET), timeout=ANSWER_WITHIN)
    assert response.status_code == 200
    assert response.json()["token_type"] == "Bearer"


def test_pkce_is_announced_and_the_right_verifier_passes(at_educonnect: Portal) -> None:
    assert at_educonnect.discovery["code_challenge_methods_supported"] == ["S256"]
    verifier, challenge = pkce()
    back = at_educonnect.sign_in("claire.martin", code_challenge=challenge, code_challenge_method="S256")
    assert at_educonnect.token(back["code"], code_verifier=verifier).status_code == 200


@pytest.mark.parametrize("sent", [{}, {"code_verifier": pkce()[0]}], ids=["missing", "another"])
def test_wrong_verifier_is_refused(at_educonnect: Portal, sent: dict[str, str]) -> None:
    back = at_educonnect.sign_in("claire.martin", code_challenge=pkce()[1], code_challenge_method="S256")
    assert at_educonnect.token(back["code"], **sent).status_code == 400


def test_plain_challenge_is_refused(at_educonnect: Portal) -> None:
    back = returned(at_educonnect.authorize(code_challenge=pkce()[0], code_challenge_method="plain"))
    assert (back["error"], back["state"]) == ("invalid_request", at_educonnect.state)


def test_verifier_without_challenge_is_refused(at_educonnect: Portal) -> None:
    back = at_educonnect.sign_in("claire.martin")
    assert at_educonnect.token(back["code"], code_verifier=pkce()[0]).status_code == 400


def test_wrong_secret_is_refused(at_educonnect: Portal) -> None:
    response = at_educonnect.token(at_educonnect.sign_in("claire.martin")["code"], client_secret="autre")
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


def test_code_works_once_and_its_second_use_revokes_the_first_token(at_educonnect: Portal) -> None:
    code = at_educonnect.sign_in("claire.martin")["code"]
    tokens = at_educonnect.token(code).json()
    again = at_educonnect.token(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert at_educonnect.userinfo(tokens["access_token"]).status_code == 401


def test_code_lives_thirty_seconds(at_educonnect: Portal) -> None:
    with time_machine.travel("2026-03-10 10:00:00+00:00", tick=False) as clock:
        code = at_educonnect.sign_in("claire.martin")["code"]
        clock.shift(31)
        response = at_educonnect.token(code)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


def test_access_token_expires(at_educonnect: Portal) -> None:
    with time_machine.travel("2026-03-10 10:00:00+00:00", tick=False) as clock:
        tokens = at_educonnect.token(at_educonnect.sign_in("claire.martin")["code"]).json()
        clock.shift(tokens["expires_in"] + 1)
        response = at_educonnect.userinfo(tokens["access_token"])
    assert response.status_code == 401


def test_code_is_bound_to_its_redirect_uri(at_educonnect: Portal) -> None:
    code = at_educonnect.sign_in("claire.martin")["code"]
    assert at_educonnect.token(code, redirect_uri=f"{SITE}/ailleurs/").status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://voleur.example/"},
        {"redirect_uri": "https://voleur.example/é"},
        {"redirect_uri": None},
        {"client_id": "inconnu"},
        {"client_id": None},
    ],
)
def test_request_of_a_stranger_gets_a_page_and_no_redirect(at_educonnect: Portal, changed: dict[str, str]) -> None:
    response = at_educonnect.authorize(**changed)
    assert response.status_code == 400
    assert "La demande de connexion est refusée" in response.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_wrong_request_goes_back_to_the_portal(at_educonnect: Portal, changed: dict[str, str], error: str) -> None:
    back = returned(at_educonnect.authorize(**changed))
    assert (back["error"], back["state"]) == (error, at_educonnect.state)


def test_wrong_password_comes_back_filled_with_a_message(at_educonnect: Portal) -> None:
    page = at_educonnect.log_in("claire.martin", at_educonnect.authorize(), password="faux")
    assert page.status_code == 422
    assert "Identifiant ou mot de passe incorrect" in page.text
    assert 'value="claire.martin"' in page.text
    assert "faux" not in page.text
    assert returned(at_educonnect.log_in(" Claire.Martin ", page))["code"]


def test_cancel_goes_back_to_the_portal(at_educonnect: Portal) -> None:
    back = returned(at_educonnect.click(at_educonnect.authorize(), "Annuler"))
    assert (back["error"], back["state"]) == ("access_denied", at_educonnect.state)


def test_form_sent_twice_works_twice(at_educonnect: Portal) -> None:
    page = at_educonnect.authorize()
    codes = {returned(at_educonnect.log_in("claire.martin", page))["code"] for _ in range(2)}
    assert len(codes) == 2


def test_screen_has_the_words_of_the_seed(at_educonnect: Portal) -> None:
    page = at_educonnect.authorize()
    for words in (
        "Je me connecte avec mon compte ÉduConnect",
        "Changer de profil",
        "Identifiant oublié ?",
        "Mot de passe oublié ?",
        "Se connecter",
        "Je n’ai pas de compte",
        "Simulateur ÉduConnect — démonstration, pas le service officiel",
    ):
        assert words in page.text
    assert f'href="{SITE}/connexion/"' in page.text


def test_help_pages_lead_back_to_the_sign_in(at_educonnect: Portal) -> None:
    page = at_educonnect.authorize()
    forgotten = at_educonnect.submit(at_educonnect.click(page, "Identifiant oublié"), contact="0600000000")
    assert "claire.martin" in forgotten.text
    password = at_educonnect.submit(at_educonnect.click(page, "Mot de passe oublié"), identifiant="claire.martin")
    assert "scolarite-2026" in password.text
    no_account = at_educonnect.click(page, "Je n’ai pas de compte")
    for help_page in (forgotten, password, no_account):
        sign_in = at_educonnect.click(help_page, "Revenir à la connexion")
        assert "Je me connecte avec mon compte ÉduConnect" in sign_in.text


@pytest.mark.parametrize("link", ["Identifiant oublié", "Mot de passe oublié"])
def test_help_form_left_empty_says_what_is_missing(at_educonnect: Portal, link: str) -> None:
    page = at_educonnect.submit(at_educonnect.click(at_educonnect.authorize(), link))
    assert page.status_code == 422
    assert "Saisissez" in page.text


def test_session_stays_until_logout_and_offers_another_account(at_educonnect: Portal) -> None:
    tokens = at_educonnect.token(at_educonnect.sign_in("claire.martin")["code"]).json()
    known = at_educonnect.authorize()
    assert "Vous êtes déjà connecté" in known.text
    assert "Claire Martin" in known.text
    assert returned(at_educonnect.submit(known))["code"]
    assert "Se connecter" in at_educonnect.click(known, "Utiliser un autre compte").text
    assert "Se connecter" in at_educonnect.authorize(prompt="login").text
    assert returned(at_educonnect.authorize(prompt="none"))["code"]

    response = log_out(at_educonnect, tokens["id_token"])
    assert response.headers["Location"] == f"{SITE}/deconnexion/retour/?state=adieu"
    assert "Je me connecte" in at_educonnect.authorize().text


def test_logout_never_redirects_to_a_stranger_but_ends_the_session(at_educonnect: Portal) -> None:
    tokens = at_educonnect.token(at_educonnect.sign_in("claire.martin")["code"]).json()
    response = log_out(at_educonnect, tokens["id_token"], post_logout_redirect_uri="https://voleur.example/")
    assert response.status_code == 400
    assert "Je me connecte" in at_educonnect.authorize().text


@pytest.mark.parametrize("hint", ["n-importe-quoi", "a.b.c", ""])
def test_logout_needs_a_token_of_this_provider(at_educonnect: Portal, hint: str) -> None:
    assert log_out(at_educonnect, hint).status_code == 400


def log_out(portal: Portal, id_token: str, **changed: str) -> requests.Response:
    parameters = {
        "id_token_hint": id_token,
        "state": "adieu",
        "post_logout_redirect_uri": f"{SITE}/deconnexion/retour/",
        **changed,
    }
    address = portal.discovery["end_session_endpoint"]
    return portal.browser.get(address, params=parameters, allow_redirects=False, timeout=ANSWER_WITHIN)


def test_forgotten_request_says_so_and_leads_back(educonnect_address: str) -> None:
    for path in ("/connexion/inconnue", "/connexion/inconnue/annuler"):
        page = requests.get(educonnect_address + path, timeout=ANSWER_WITHIN)
        assert page.status_code == 400
        assert "n’est plus valable" in page.text


def test_home_and_unknown_page(educonnect_address: str) -> None:
    assert "paul.inconnu" in requests.get(educonnect_address, timeout=ANSWER_WITHIN).text
    unknown = requests.get(f"{educonnect_address}/nulle-part", timeout=ANSWER_WITHIN)
    assert (unknown.status_code, "n’existe pas" in unknown.text) == (404, True)
