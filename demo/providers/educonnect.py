"""ÉduConnect, simulated: the screens of the seed's first step, and the claims of domain.md, part B, section 4.2.

The profile (représentant légal or élève) is asked by the portal and is not part of the request: as on the real
service, the account decides.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from demo.people import ACADEMIES, PASSWORD, PEOPLE
from demo.providers.openid import ISSUED_ACR, OAuth2Error, Provider
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

NAME = "ÉduConnect"
COOKIE = "demo_educonnect"
SCOPES = frozenset({"openid", "profile"})
CLAIMS = (
    *("sub", "given_name", "family_name", "FrEduCtId", "FrEduCtPersonAffiliation"),
    *("FrEduCtRefId", "FrEduCtEleveINE", "FrEduCtEleveUAI"),
)
REQUEST_EXPIRED = "Cette page de connexion n’est plus valable. Retournez sur Scolarité Services pour vous connecter."

Page = str | tuple[str, int] | AnyResponse


class EduConnect(Provider):
    """What is particular to ÉduConnect: RS256, claims named FrEduCt…"""

    def subject(self, sign_in: SignIn) -> str:
        return _digest("sub", sign_in.person.login)

    def claims(self, sign_in: SignIn, scopes: set[str]) -> dict[str, Any]:
        person = sign_in.person
        claims: dict[str, Any] = {"FrEduCtId": _digest("account", person.login)}
        if "profile" in scopes:
            claims |= {"given_name": person.given_name, "family_name": person.family_name}
        if person.is_student:
            uai, ine = next(iter(person.student_of.items()))
            claims |= {
                "FrEduCtPersonAffiliation": ["eleve2d"],
                "FrEduCtEleveINE": ine,
                "FrEduCtEleveUAI": uai,
            }
        else:
            claims |= {
                "FrEduCtPersonAffiliation": ["resp2d"],
                "FrEduCtRefId": [
                    f"{{AAF}}ac-{ACADEMIES[uai]}|{_digest('school', uai)[:8]}|{person_id}"
                    for uai, person_id in person.guardian_of.items()
                ],
            }
        return claims


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"educonnect:{kind}:{text}".encode()).hexdigest()[:32]


def create_app(registration: Registration, *, issuer: str) -> Flask:
    """Return the simulator. Raises NotADemonstrationError outside the demonstration and the tests."""
    refuse_outside_demo()
    app = make_app(NAME, folder="educonnect", site_url=registration.site_url)
    provider = EduConnect(
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
    app.jinja_env.globals.update(
        accounts=PEOPLE, password=PASSWORD, profile_page=registration.profile_page, home=registration.profile_page
    )
    Endpoints(provider).register(app)
    SignInPages(provider).register(app)
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/identifiant-oublie/<key>", view_func=forgotten_login, methods=["GET", "POST"])
    app.add_url_rule("/mot-de-passe-oublie/<key>", view_func=forgotten_password, methods=["GET", "POST"])
    app.add_url_rule("/sans-compte/<key>", view_func=no_account)
    return app


class Endpoints:
    """The addresses that the portal calls or sends people to."""

    def __init__(self, provider: EduConnect) -> None:
        self.provider = provider
        self.memory = provider.memory

    def register(self, app: Flask) -> None:
        """Give each its address."""
        both = ["GET", "POST"]
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        app.add_url_rule("/idp/profile/oidc/keyset", view_func=self.keyset)
        app.add_url_rule("/idp/profile/oidc/authorize", view_func=self.authorize, methods=both)
        app.add_url_rule("/idp/profile/oidc/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/idp/profile/oidc/userinfo", view_func=self.userinfo, methods=both)
        app.add_url_rule("/idp/profile/Logout", view_func=self.logout, methods=both)

    def discovery(self) -> Response:
        issuer = self.provider.issuer
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/idp/profile/oidc/authorize",
            token_endpoint=f"{issuer}/idp/profile/oidc/token",
            userinfo_endpoint=f"{issuer}/idp/profile/oidc/userinfo",
            jwks_uri=f"{issuer}/idp/profile/oidc/keyset",
            end_session_endpoint=f"{issuer}/idp/profile/Logout",
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
        """Check the request, then ask who it is; the answer of `prompt=none` comes at once."""
        parameters = request.values.to_dict()
        parameters.pop(ISSUED_ACR, None)
        prompts = parameters.get("prompt", "").split()
        sign_in = self.memory.sessions.fresh(request.cookies.get(COOKIE))
        try:
            self.provider.check_request(signed_in=sign_in)
        except OAuth2Error as error:
            if error.redirect_uri:
                return self.provider.server.handle_error_response(None, error)
            return render_template("error.html", message="La demande de connexion est refusée.", code=error.error), 400
        if levels := parameters.get("acr_values", "").split():
            parameters[ISSUED_ACR] = levels[0]
        if sign_in and "none" in prompts:
            return self.provider.answer(parameters, sign_in)
        interaction = Interaction(parameters, sign_in=None if "login" in prompts else sign_in)
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
            message = "Vous êtes déconnecté d’ÉduConnect, mais la demande de retour est refusée."
            response = Response(render_template("error.html", message=message, code=error.error), 400)
        response = response or Response(render_template("educonnect/signed_out.html"))
        response.delete_cookie(COOKIE)
        return response


class SignInPages:
    """The pages of one sign-in; `key` names the authorization request that they answer."""

    def __init__(self, provider: EduConnect) -> None:
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
            return render_template("educonnect/continue.html", key=key, person=interaction.sign_in.person)
        return render_template("educonnect/login.html", key=key, login="", error="")

    def sign_in(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        login = request.form.get("identifiant", "")
        person = find_account(PEOPLE, login, request.form.get("mot_de_passe", ""))
        if person is None:
            return render_template("educonnect/login.html", key=key, login=login, error=WRONG_PASSWORD), 422
        signed_in = SignIn(person, at=int(time.time()))
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
    return render_template("educonnect/index.html")


def forgotten_login(key: str) -> Page:
    contact = request.form.get("contact", "").strip()
    if request.method == "POST" and not contact:
        error = "Saisissez une adresse électronique ou un numéro de téléphone mobile."
        return render_template("educonnect/forgotten_login.html", key=key, error=error, contact=contact), 422
    return render_template("educonnect/forgotten_login.html", key=key, error="", contact=contact)


def forgotten_password(key: str) -> Page:
    login = request.form.get("identifiant", "").strip()
    if request.method == "POST" and not login:
        error = "Saisissez votre identifiant."
        return render_template("educonnect/forgotten_password.html", key=key, error=error, login=login), 422
    return render_template("educonnect/forgotten_password.html", key=key, error="", login=login)


def no_account(key: str) -> Page:
    return render_template("educonnect/no_account.html", key=key)
