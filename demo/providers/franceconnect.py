"""FranceConnect v2, simulated from domain.md, part B, section 4.3: as strict as the real one with what it is sent."""

from __future__ import annotations

import hashlib
import json
import time
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from demo.people import PASSWORD, PEOPLE, Person
from demo.providers.openid import ISSUED_ACR, ISSUED_AMR, OAuth2Error, Provider
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

NAME = "FranceConnect"
BASE = "/api/v2"
COOKIE = "demo_franceconnect"
LEVEL = "eidas1"
NONCE_LENGTH = 22

REQUIRED_PARAMETERS = ("client_id", "response_type", "redirect_uri", "scope", "state", "nonce", "acr_values")
ACCEPTED_PARAMETERS = frozenset({*REQUIRED_PARAMETERS, "claims", "prompt", "idp_hint", "ui_locales"})
"""`authorize-params.dto.ts` of the real code; anything else, PKCE included, is refused."""

SINGLE_SCOPES = {
    "given_name": ("given_name", "given_name_array"),
    "family_name": ("family_name",),
    "birthdate": ("birthdate",),
    "gender": ("gender",),
    "birthplace": ("birthplace",),
    "birthcountry": ("birthcountry",),
    "preferred_username": ("preferred_username",),
    "email": ("email",),
}
IDENTITY = ("given_name", "given_name_array", "family_name", "birthdate", "gender")
SCOPES: dict[str, tuple[str, ...]] = SINGLE_SCOPES | {
    "openid": (),
    "profile": (*IDENTITY, "preferred_username"),
    "birth": ("birthplace", "birthcountry"),
    "identite_pivot": (*IDENTITY, "birthplace", "birthcountry"),
}
CLAIM_LABELS = {
    "given_name": "Prénom(s)",
    "family_name": "Nom de naissance",
    "birthdate": "Date de naissance",
    "gender": "Sexe",
    "birthplace": "Lieu de naissance (code de la commune)",
    "birthcountry": "Pays de naissance (code)",
    "preferred_username": "Nom d’usage",
    "email": "Adresse électronique",
}
IDENTITY_PROVIDERS = {
    "impots": "Impots.gouv (démonstration)",
    "ameli": "Ameli (démonstration)",
    "laposte": "L’Identité Numérique La Poste (démonstration)",
}
HOLDERS = [person for person in PEOPLE if person.has_franceconnect]

REQUEST_EXPIRED = "Votre session FranceConnect a expiré. Retournez sur Scolarité Services pour vous connecter."

Page = str | tuple[str, int] | AnyResponse


class FranceConnect(Provider):
    """What is particular to FranceConnect: ES256, a `sub` per sector, the civil registry's spelling."""

    def subject(self, sign_in: SignIn) -> str:
        sector = urlsplit(self.client.registration.redirect_uri).hostname
        return hashlib.sha256(f"franceconnect:{sector}:{sign_in.person.login}".encode()).hexdigest() + "v1"

    def claims(self, sign_in: SignIn, scopes: set[str]) -> dict[str, Any]:
        now = int(time.time())
        return {"iat": now, "exp": now + self.access_token_seconds, **identity(sign_in.person, scopes)}


def identity(person: Person, scopes: set[str]) -> dict[str, Any]:
    """Return the claims that these scopes give."""
    given_names = [person.given_name, *person.other_given_names]
    claims = {
        "given_name": " ".join(given_names),
        "given_name_array": given_names,
        "family_name": _registry_spelling(person.family_name),
        "birthdate": person.birth_date,
        "gender": person.gender,
        "birthplace": person.birth_place,
        "birthcountry": person.birth_country,
        "email": person.email or f"{person.login}@familles.example",
    }
    if person.usual_name:
        claims["preferred_username"] = person.usual_name
    allowed = {name for scope in scopes for name in SCOPES.get(scope, ())}
    return {name: value for name, value in claims.items() if name in allowed}


def _registry_spelling(name: str) -> str:
    """The civil registry's file holds family names in capitals without accents."""
    letters = unicodedata.normalize("NFKD", name).upper()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def refusal(parameters: MultiDict[str, str]) -> str:
    """Say what the real `/authorize` would refuse before looking further; empty when nothing."""
    if unknown := sorted(set(parameters) - ACCEPTED_PARAMETERS):
        return f"unknown parameter: {', '.join(unknown)}"
    if repeated := sorted(name for name, values in parameters.lists() if len(values) > 1):
        return f"repeated parameter: {', '.join(repeated)}"
    if missing := [name for name in REQUIRED_PARAMETERS if not parameters.get(name)]:
        return f"missing parameter: {', '.join(missing)}"
    return _wrong_value(parameters)


def _wrong_value(parameters: MultiDict[str, str]) -> str:
    if len(parameters["nonce"]) < NONCE_LENGTH:
        return f"nonce must have at least {NONCE_LENGTH} characters"
    if LEVEL not in parameters["acr_values"].split():
        return f"acr_values must be {LEVEL}"
    if not set(parameters.get("prompt", "").split()) <= {"login", "consent"}:
        return "prompt must be login or consent"
    if parameters.get("idp_hint") and parameters["idp_hint"] not in IDENTITY_PROVIDERS:
        return "unknown idp_hint"
    return "" if _claims_parameter(parameters) is not None else "claims must be a JSON object"


def _claims_parameter(parameters: MultiDict[str, str]) -> dict[str, Any] | None:
    try:
        claims = json.loads(parameters.get("claims", "{}"))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def create_app(registration: Registration, *, issuer: str) -> Flask:
    """Return the simulator; `issuer` ends with `/api/v2`. Raises NotADemonstrationError where it has no place."""
    refuse_outside_demo()
    app = make_app(NAME, folder="franceconnect", site_url=registration.site_url)
    provider = FranceConnect(
        issuer=issuer,
        client=Client(
            registration,
            scopes=frozenset(SCOPES),
            auth_methods=("client_secret_post",),
            id_token_signed_response_alg="ES256",
            userinfo_signed_response_alg="ES256",
        ),
        id_token_seconds=60,
        access_token_seconds=60,
        nonce_required=True,
        pkce=False,
    )
    provider.init_app(app)
    app.jinja_env.globals.update(
        accounts=HOLDERS, password=PASSWORD, identity_providers=IDENTITY_PROVIDERS, home=registration.profile_page
    )
    Endpoints(provider).register(app)
    SignInPages(provider).register(app)
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/aide", view_func=aide)
    return app


class Endpoints:
    """The addresses that the portal calls or sends people to."""

    def __init__(self, provider: FranceConnect) -> None:
        self.provider = provider
        self.memory = provider.memory

    def register(self, app: Flask) -> None:
        """Give each its address."""
        both = ["GET", "POST"]
        app.add_url_rule(f"{BASE}/.well-known/openid-configuration", view_func=self.discovery)
        app.add_url_rule(f"{BASE}/jwks", view_func=self.jwks)
        app.add_url_rule(f"{BASE}/authorize", view_func=self.authorize, methods=both)
        app.add_url_rule(f"{BASE}/token", view_func=self.token, methods=["POST"])
        app.add_url_rule(f"{BASE}/userinfo", view_func=self.userinfo, methods=both)
        app.add_url_rule(f"{BASE}/session/end", view_func=self.session_end, methods=both)

    def discovery(self) -> Response:
        issuer = self.provider.issuer
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            userinfo_endpoint=f"{issuer}/userinfo",
            jwks_uri=f"{issuer}/jwks",
            end_session_endpoint=f"{issuer}/session/end",
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=["authorization_code"],
            subject_types_supported=["pairwise"],
            acr_values_supported=[LEVEL],
            id_token_signing_alg_values_supported=["ES256"],
            userinfo_signing_alg_values_supported=["ES256"],
            token_endpoint_auth_methods_supported=["client_secret_post"],
            scopes_supported=sorted(SCOPES),
            claims_supported=["sub", "acr", "amr", "auth_time", *CLAIM_LABELS, "given_name_array"],
            claims_parameter_supported=True,
            request_parameter_supported=False,
        )

    def jwks(self) -> Response:
        return jsonify(self.provider.public_keys())

    def authorize(self) -> Page:
        """Check the request, then let the person choose who vouches for them."""
        if reason := refusal(request.values):
            return refused(reason)
        parameters = request.values.to_dict() | {ISSUED_ACR: LEVEL}
        if "amr" in ((_claims_parameter(request.values) or {}).get("id_token") or {}):
            parameters[ISSUED_AMR] = "pwd"
        sign_in = self.memory.sessions.fresh(request.cookies.get(COOKIE))
        try:
            self.provider.check_request(signed_in=sign_in)
        except OAuth2Error as error:
            if error.redirect_uri:
                return self.provider.server.handle_error_response(None, error)
            return refused(error.error)
        again = "login" in parameters.get("prompt", "").split()
        return self._first_page(Interaction(parameters, sign_in=None if again else sign_in))

    def _first_page(self, interaction: Interaction) -> Page:
        key = self.memory.interactions.put(interaction)
        if interaction.sign_in:
            return redirect(url_for("confirm", key=key), code=303)
        if hint := interaction.parameters.get("idp_hint"):
            return redirect(url_for("login", key=key, slug=hint), code=303)
        return redirect(url_for("choose", key=key), code=303)

    def token(self) -> Response:
        return self.provider.token_response()

    def userinfo(self) -> Response:
        return self.provider.userinfo_response()

    def session_end(self) -> Page:
        """End FranceConnect's own session, then go back to the portal."""
        if not request.values.get("id_token_hint"):
            return refused("missing parameter: id_token_hint")
        try:
            response: AnyResponse | None = self.provider.end_session()
        except OAuth2Error as error:
            return refused(error.description or error.error)
        self.memory.sessions.pop(request.cookies.get(COOKIE, ""), None)
        response = response or Response(render_template("franceconnect/signed_out.html"))
        response.delete_cookie(COOKIE, path=BASE)
        return response


class SignInPages:
    """The pages of one sign-in; `key` names the authorization request, `slug` who vouches for the person."""

    def __init__(self, provider: FranceConnect) -> None:
        self.provider = provider
        self.memory = provider.memory

    def register(self, app: Flask) -> None:
        """Give each its address."""
        page = f"{BASE}/interaction/<key>"
        slugs = ", ".join(IDENTITY_PROVIDERS)
        app.add_url_rule(page, view_func=self.choose)
        app.add_url_rule(f"{page}/<any({slugs}):slug>", view_func=self.login)
        app.add_url_rule(f"{page}/<any({slugs}):slug>", view_func=self.sign_in, methods=["POST"])
        app.add_url_rule(f"{page}/confirmation", view_func=self.confirm)
        app.add_url_rule(f"{page}/confirmation", view_func=self.go_on, methods=["POST"])
        app.add_url_rule(f"{page}/annuler", view_func=self.cancel)

    def choose(self, key: str) -> Page:
        if self.memory.interactions.fresh(key) is None:
            return expired()
        return render_template("franceconnect/choose.html", key=key)

    def login(self, key: str, slug: str) -> Page:
        if self.memory.interactions.fresh(key) is None:
            return expired()
        return render_template("franceconnect/login.html", key=key, slug=slug, login="", error="")

    def sign_in(self, key: str, slug: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        login = request.form.get("identifiant", "")
        person = find_account(HOLDERS, login, request.form.get("mot_de_passe", ""))
        if person is None:
            page = render_template("franceconnect/login.html", key=key, slug=slug, login=login, error=WRONG_PASSWORD)
            return page, 422
        interaction.sign_in = SignIn(person, at=int(time.time()))
        response = redirect(url_for("confirm", key=key), code=303)
        session = self.memory.sessions.put(interaction.sign_in)
        response.set_cookie(COOKIE, session, path=BASE, httponly=True, samesite="Lax")
        return response

    def confirm(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        if interaction.sign_in is None:
            return redirect(url_for("choose", key=key), code=303)
        person = interaction.sign_in.person
        sent = identity(person, set(interaction.parameters["scope"].split()))
        rows = [(CLAIM_LABELS[name], value) for name, value in sent.items() if name in CLAIM_LABELS]
        return render_template("franceconnect/confirm.html", key=key, person=person, rows=rows)

    def go_on(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        if interaction.sign_in is None:
            return redirect(url_for("choose", key=key), code=303)
        return self.provider.answer(interaction.parameters, interaction.sign_in)

    def cancel(self, key: str) -> Page:
        interaction = self.memory.interactions.fresh(key)
        if interaction is None:
            return expired()
        return self.provider.cancel(interaction.parameters, "User auth aborted")


def refused(reason: str) -> Page:
    """Answer a request that FranceConnect does not accept: an error page, never the way back to the portal."""
    message = "Une erreur est survenue : la demande reçue de Scolarité Services n’est pas valable."
    return render_template("error.html", message=message, code=f"Y000400 – {reason}"), 400


def expired() -> Page:
    """Answer a form whose request is forgotten: too old, or the simulator was started again."""
    return render_template("error.html", message=REQUEST_EXPIRED, code="Y000007"), 400


def index() -> Page:
    return render_template("franceconnect/index.html")


def aide() -> Page:
    return render_template("franceconnect/help.html")
