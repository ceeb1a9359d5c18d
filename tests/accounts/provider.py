"""An OpenID provider over HTTP that signs real tokens, and can be told to get any one thing wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "our-client", "our-secret"
FRANCECONNECT_PARAMETERS = {
    "client_id", "acr_values", "claims", "response_type", "nonce", "state", "redirect_uri", "scope", "prompt",
    "idp_hint", "ui_locales",
}  # fmt: skip
"""All others are refused by the real one (domain.md, part B, section 4.3)."""

KEYS: dict[str, Any] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig", "alg": "RS256"}, auto_kid=False),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"}, auto_kid=False),
}
OTHER_KEYS: dict[str, Any] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig", "alg": "RS256"}, auto_kid=False),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec-2", "use": "sig", "alg": "ES256"}, auto_kid=False),
}

Answer = tuple[int, str, bytes]


@dataclass
class Grant:
    """What the provider remembers of one authorization."""

    nonce: str
    redirect_uri: str
    code_challenge: str = ""


@dataclass
class Provider:
    """One provider. Everything that tests change is an attribute; `calls` counts the requests by path."""

    origin: str
    algorithm: str = "RS256"
    is_franceconnect: bool = False
    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    """What userinfo says; `sub` is the id_token's too."""
    userinfo_is_signed: bool = False
    auth_methods: list[str] | None = field(default_factory=lambda: ["client_secret_basic"])
    challenge_methods: list[str] = field(default_factory=lambda: ["S256"])

    discovery: dict[str, Any] = field(default_factory=dict)
    id_token: dict[str, Any] = field(default_factory=dict)
    """Claims put in place of the right ones; None removes one."""
    userinfo: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    userinfo_header: dict[str, Any] = field(default_factory=dict)
    published: Any = None
    signing_key: Any = None
    userinfo_signing_key: Any = None
    answers: dict[str, Answer] = field(default_factory=dict)
    """Whole answers in place of the right ones, by last part of the path."""
    delays: dict[str, float] = field(default_factory=dict)

    calls: list[str] = field(default_factory=list)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # an issuer of its own for each test: nothing kept of the one before
        self.issuer = f"{self.origin}/{uuid.uuid4().hex}"
        self.signing_key = KEYS[self.algorithm]
        self.published = [KEYS[self.algorithm]]

    # --- What the person's browser does ---

    def authorize(self, location: str) -> str:
        """Let the person in and return the path on our site, with its query, to which their browser is sent back."""
        url = urlsplit(location)
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{self.issuer}/authorize"
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert query["client_id"] == CLIENT_ID
        assert query["response_type"] == "code"
        assert "openid" in query["scope"].split()
        assert len(query["nonce"]) >= 32
        assert len(query["state"]) >= 32
        if self.is_franceconnect:
            assert set(query) <= FRANCECONNECT_PARAMETERS
            assert query["acr_values"] == "eidas1"
        code = uuid.uuid4().hex
        self.grants[code] = Grant(query["nonce"], query["redirect_uri"], query.get("code_challenge", ""))
        return f"{urlsplit(query['redirect_uri']).path}?{urlencode({'code': code, 'state': query['state']})}"

    # --- What our server asks ---

    def answer(self, handler: BaseHTTPRequestHandler) -> Answer:
        path = urlsplit(handler.path).path
        name = path.rsplit("/", 1)[1]
        self.calls.append(name)
        time.sleep(self.delays.get(name, 0))
        if name in self.answers:
            self._read(handler)
            return self.answers[name]
        if name == "openid-configuration":
            return _json(self._discovery())
        if name == "jwks":
            keys = KeySet(self.published).as_dict(private=False) if isinstance(self.published, list) else self.published
            return _json(keys)
        if name == "token":
            return self._token(handler)
        if name == "userinfo":
            return self._userinfo(handler)
        return 404, "text/plain", b""

    def _discovery(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/session/end",
            "token_endpoint_auth_methods_supported": self.auth_methods,
            "code_challenge_methods_supported": self.challenge_methods,
        } | self.discovery
        return {name: value for name, value in document.items() if value is not None}

    def _read(self, handler: BaseHTTPRequestHandler) -> dict[str, str]:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        return {name: values[0] for name, values in parse_qs(body).items()}

    def _token(self, handler: BaseHTTPRequestHandler) -> Answer:
        form = self._read(handler)
        self.token_requests.append(form)
        if not self._is_our_client(handler, form):
            return _json({"error": "invalid_client"}, status=401)
        grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri"):
            return _json({"error": "invalid_grant"}, status=400)
        verifier = form.get("code_verifier", "")
        if grant.code_challenge != (_challenge(verifier) if verifier else ""):
            return _json({"error": "invalid_grant"}, status=400)
        return _json(
            {
                "access_token": "access",
                "token_type": "Bearer",
                "expires_in": 60,
                "id_token": self.signed(self._id_claims(grant), self.signing_key, self.header),
            }
        )

    def _is_our_client(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> bool:
        sent_post = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        sent_basic = handler.headers.get("Authorization") == f"Basic {basic}"
        methods = self.auth_methods or ["client_secret_basic"]
        return ("client_secret_post" in methods and sent_post) or ("client_secret_basic" in methods and sent_basic)

    def _id_claims(self, grant: Grant) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.claims["sub"],
            "exp": now + 60,
            "iat": now,
            "nonce": grant.nonce,
            **({"acr": "eidas1"} if self.is_franceconnect else {}),
        } | self.id_token

    def _userinfo(self, handler: BaseHTTPRequestHandler) -> Answer:
        assert handler.headers["Authorization"] == "Bearer access"
        if not self.userinfo_is_signed:
            return _json(_without_none(self.claims | self.userinfo))
        claims = {"iss": self.issuer, "aud": CLIENT_ID} | self.claims | self.userinfo
        token = self.signed(claims, self.userinfo_signing_key or self.signing_key, self.userinfo_header)
        return 200, "application/jwt; charset=utf-8", token.encode()

    def signed(self, claims: dict[str, Any], key: Any, header: dict[str, Any]) -> str:
        """Return a token. Its `alg` may be one no library would sign with: `none`, or HS256 by a public key."""
        claims = _without_none(claims)
        header = _without_none({"alg": self.algorithm, "kid": key.kid} | header)
        if header["alg"] == "none":
            return f"{_encode(header)}.{_encode(claims)}."
        if header["alg"] == "HS256":
            signed = f"{_encode(header)}.{_encode(claims)}"
            digest = hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
            return f"{signed}.{_base64url(digest)}"
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _json(document: Any, *, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(document).encode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _encode(document: dict[str, Any]) -> str:
    return _base64url(json.dumps(document).encode())


def _challenge(verifier: str) -> str:
    return _base64url(hashlib.sha256(verifier.encode()).digest())


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        issuer_path = "/" + self.path.split("/")[1]
        provider = server.providers.get(issuer_path)
        status, content_type, body = provider.answer(self) if provider else (404, "text/plain", b"")
        try:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except BrokenPipeError:
            pass  # our server did not wait

    do_POST = do_GET  # noqa: N815 - named by http.server

    def log_message(self, *arguments: Any) -> None:
        pass


class Server:
    """The address at which providers are served."""

    def __init__(self, http_server: Any) -> None:
        self._server = http_server
        self.origin = f"http://127.0.0.1:{http_server.server_port}"

    def provider(self, **values: Any) -> Provider:
        provider = Provider(self.origin, **values)
        self._server.providers[urlsplit(provider.issuer).path] = provider
        return provider


@contextmanager
def serving() -> Iterator[Server]:
    http_server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http_server.daemon_threads = True
    http_server.providers = {}
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(http_server)
    finally:
        http_server.shutdown()
        http_server.server_close()
        thread.join()
