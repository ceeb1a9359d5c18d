"""The agents' simulator says what the ministry's provider says, and its telephones show what the portal takes."""

from __future__ import annotations

import time

import pytest
import requests
from django_otp.oath import totp

from demo import code
from demo.people import LYON, PARIS, STAFF, agent
from tests.demo.conftest import ANSWER_WITHIN, Portal, pkce


def claims_of(login: str, at_agents: Portal) -> dict[str, object]:
    tokens = at_agents.token(at_agents.sign_in(login)["code"]).json()
    id_token = at_agents.verified(tokens["id_token"], "RS256")
    said: dict[str, object] = at_agents.userinfo(tokens["access_token"]).json()
    assert said["sub"] == id_token["sub"]
    assert id_token["nonce"] == at_agents.nonce
    return said


def test_a_head_is_said_to_head_their_school(at_agents: Portal) -> None:
    said = claims_of("proviseur.lyon", at_agents)
    assert said["FrEduFonctAdm"] == "DIR"
    assert said["FrEduRneResp"] == [f"{LYON}$UAJ$PU$N$T3$LYC$302"]
    assert said["email"] == agent("proviseur.lyon").email


def test_a_teacher_heads_nothing(at_agents: Portal) -> None:
    said = claims_of("nadia.benali", at_agents)
    assert (said["FrEduFonctAdm"], said["FrEduRneResp"], said["rne"]) == ("ENS", ["X"], PARIS)


def test_who_has_no_academic_account_does_not_sign_in(at_agents: Portal) -> None:
    page = at_agents.log_in("psyen.paris", at_agents.authorize())
    assert page.status_code == 422
    assert "Identifiant ou mot de passe incorrect" in page.text


def test_pkce_is_checked_and_a_code_serves_once(at_agents: Portal) -> None:
    verifier, challenge = pkce()
    back = at_agents.sign_in("adjoint.paris", code_challenge=challenge, code_challenge_method="S256")
    assert at_agents.token(back["code"], code_verifier=verifier).status_code == 200
    assert at_agents.token(back["code"], code_verifier=verifier).status_code == 400
    assert at_agents.token(at_agents.sign_in("adjoint.paris", prompt="login")["code"] + "x").status_code == 400


def test_signing_out_leads_back_to_the_portal(at_agents: Portal) -> None:
    tokens = at_agents.token(at_agents.sign_in("adjoint.paris")["code"]).json()
    back = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": "http://portail.example/deconnexion/retour/",
    }
    end = at_agents.discovery["end_session_endpoint"]
    answer = at_agents.browser.get(end, params=back, allow_redirects=False, timeout=ANSWER_WITHIN)
    assert answer.headers["Location"].startswith("http://portail.example/deconnexion/retour/")
    elsewhere = back | {"post_logout_redirect_uri": "http://ailleurs.example/"}
    assert requests.get(end, params=elsewhere, allow_redirects=False, timeout=ANSWER_WITHIN).status_code == 400


def test_the_command_prints_the_code_of_the_telephone(capsys: pytest.CaptureFixture[str]) -> None:
    before = int(time.time()) // code.STEP
    assert code.main(["proviseur.paris"]) == 0
    key = bytes.fromhex(agent("proviseur.paris").totp_key)
    near = {f"{totp(key, t0=-code.STEP * ahead):06}" for ahead in (0, 1, -1)}
    assert capsys.readouterr().out.strip() in near
    assert int(time.time()) // code.STEP - before <= 1


def test_each_telephone_has_its_own_key() -> None:
    assert len({someone.totp_key for someone in STAFF}) == len(STAFF)
