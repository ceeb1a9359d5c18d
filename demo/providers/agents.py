"""The ministry's provider for its agents, simulated: the claims of domain.md, part B, section 3 (FIM)."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from demo.people import PASSWORD, STAFF, Agent
from demo.providers.openid import OAuth2Error, Provider
from demo.providers.state import (
    WRONG_PASSWORD,
    Client,
    Interaction,
    Registration,
    SignIn,
    find_account,
    refuse_outside_demo,
)
from demo.web import make_app

NAME = "Compte académique"
COOKIE = "demo_agents"
SCOPES = frozenset({"openid", "profile", "email"})
CLAIMS = ("sub", "given_name", "family_name", "email", "rne", "FrEduRne", "FrEduRneResp", "FrEduFonctAdm")
AGENTS = [agent for agent in STAFF if agent.function]
REQUEST_EXPIRED = "Cette page de connexion n’est plus valable. Retournez sur Scolarité Services pour vous connecter."

Page = str | tuple[str, int] | AnyResponse


class Agents(Provider):
    """What is particular to the agents' provider: schools as `UAI$…`, and who heads which."""

    def subject(self, sign_in: SignIn) -> str:
        return hashlib.sha256(f"agents:{sign_in.person.login}".encode()).hexdigest()[:32]

    def claims(self, sign_in: SignIn, scopes: set[str]) -> dict[str, Any]:
        agent: Agent = sign_in.person
        place = f"{agent.uai}$UAJ$PU$N$T3$LYC$302"
        claims: dict[str, Any] = {
            "rne": agent.uai,
            "FrEduRne": [place],
            "FrEduRneResp": [place] if agent.function == "DIR" else ["X"],
            "FrEduFonctAdm": agent.function,
        }
        if "profile" in scopes:
            claims |= {"given_name": agent.given_name, "family_name": agent.family_name}
        if "email" in scopes:
            claims |= {"email": agent.email}
        return claims


def create_app(registration: Registration, *, issuer: str) -> Flask:
    """Return the simulator. Raises NotADemonstrationError outside the demonstration and the tests."""
    refuse_outside_demo()
    app = make_app(NAME, folder="agents", site_url=registration.site_url)
    provider = Agents(
        issuer=issuer,
        client=Client(
            registration,
            scopes=SCOPES,
            auth_methods=("client_secret_basic", "client_secret_post"),
            id_token_signed_response_alg="RS256",
        ),
        id_token_seconds=300,
        access_token_seconds=300,
        nonce_required=False,
        pkce=True,
    )
    provider.init_app(app)
    app.jinja_env.globals.update(accounts=AGENTS, password=PASSWORD, home=registration.staff_page)
    Endpoints(provider).register(app)
    SignInPages(provider).register(app)
    app.add_url_rule("/", view_func=index)
    return app


class Endpoints:
    """The addresses that the portal calls or sends people to."""

    def __init__(self, provider: Agents) -> None:
        self.provider = provider
        self.memory = provider.memory

    def register(self, app: Flask) -> None:
        """Give each its address."""
        both = ["GET", "POST"]
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        app.add_url_rule("/oidc/jwks", view_func=self.keyset)
        app.add_url_rule("/oidc/authorize", view_func=self.authorize, methods=both)
        app.add_url_rule("/oidc/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/oidc/userinfo", view_func=self.userinfo, methods=both)
        app.add_url_rule("/oidc/logout", view_func=self.logout, methods=both)

    def discovery(self) -> Response:
        issuer = self.provider.issuer
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/oidc/authorize",
            token_endpoint=f"{issuer}/oidc/token",
            userinfo_endpoint=f"{issuer}/oidc/userinfo",
            jwks_uri=f"{issuer}/oidc/jwks",
            end_session_endpoint=f"{issuer}/oidc/logout",
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=["authorization_code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            code_challenge_methods_supported=["S256"],
            scopes_supported=sorted(SCOPES),
            claims_supported=list(CLAIMS),
        )

    def keyset(self) -> Response:
        return jsonify(self.provider.public_keys())

    def authorize(self) -> Page:
        """Check the request, then ask who it is."""
        sign_in = self.memory.sessions.fresh(request.cookies.get(COOKIE))
        try:
            self.provider.check_request(signed_in=sign_in)
        except OAuth2Error as error:
            if error.redirect_uri:
                return self.provider.server.handle_error_response(None, error)
            return render_template("error.html", message="La demande de connexion est refusée.", code=error.error), 400
        interaction = Interaction(request.values.to_dict(), sign_in=sign_in)
        return redirect(url_for("login", key=self.memory.interactions.put(interaction)), code=303)

    def token(self) -> Response:
        return self.provider.token_response()

    def userinfo(self) -> Response:
        return self.provider.userinfo_response()

    def logout(self) -> Page:
        """End the provider's own session, whatever the request is worth, then go back to the portal."""
        self.memory.sessions.pop(request.cookies.get(COOKIE, ""), None)
        try:
            response: AnyResponse | None = self.provider.end_session()
        except OAuth2Error as error:
            message = "Vous êtes déconnecté, mais la demande de retour est refusée."
            response = Response(render_template("error.html", message=message, code=error.error), 400)
        response = response or Response(render_template("agents/signed_out.html"))
        response.delete_cookie(COOKIE)
        return response


class SignInPages:
    """The pages of one sign-in; `key` names the authorization request that they answer."""

    def __init__(self, provider: Agents) -> None:
        self.provider = provider
        self.memory = provider.memory

    def register(self, app: Flask) -> None:
        """Give each its address."""
        app.add_url_rule("/connexion/<key>", "login", self.show)
        app.add_url_rule("/connexion/<key>", view_func=self.sign_in, methods=["POST"])
        app.add_url_rule("/connexion/<key>/continuer", view_func=self.go_on, methods=["POST"])
        app.add_url_rule("/connexion/<key>/annuler", view_func=self.cancel)

    def show(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        if interaction.sign_in and "autre-compte" not in request.args:
            return render_template("agents/continue.html", key=key, person=interaction.sign_in.person)
        return render_template("agents/login.html", key=key, login="", error="")

    def sign_in(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        login = request.form.get("identifiant", "")
        agent = find_account(AGENTS, login, request.form.get("mot_de_passe", ""))
        if agent is None:
            return render_template("agents/login.html", key=key, login=login, error=WRONG_PASSWORD), 422
        signed_in = SignIn(agent, at=int(time.time()))
        response = self.provider.answer(interaction.parameters, signed_in)
        response.set_cookie(COOKIE, self.memory.sessions.put(signed_in), httponly=True, samesite="Lax")
        return response

    def go_on(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        if interaction.sign_in is None:
            return redirect(url_for("login", key=key), code=303)
        return self.provider.answer(interaction.parameters, interaction.sign_in)

    def cancel(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        return self.provider.cancel(interaction.parameters, "User cancelled the authentication")


def expired() -> Page:
    """Answer a form whose request is forgotten: too old, or the simulator was started again."""
    return render_template("error.html", message=REQUEST_EXPIRED, code=""), 400


def index() -> Page:
    return render_template("agents/index.html")
