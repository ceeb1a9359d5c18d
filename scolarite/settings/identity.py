"""Who is signed in, how, and for how long."""

from typing import Any

from scolarite.settings.environment import env
from scolarite.settings.site import SITE_IS_HTTPS

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:profile"
LOGIN_REDIRECT_URL = "portal:services"
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SAMESITE = "Lax"  # the return from an OpenID provider is a cross-site navigation
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if SITE_IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SITE_IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"
OTP_TOTP_ISSUER = env("BRAND_SITE_TITLE", default="Scolarité Services")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]


def _oidc_provider(prefix: str, *, algorithm: str, scopes: str) -> dict[str, Any]:
    """The five values that the environment gives for one OpenID provider. Without an issuer it is off."""
    return {
        "OIDC_OP_ISSUER": env(f"{prefix}_ISSUER", default=""),
        "OIDC_RP_CLIENT_ID": env(f"{prefix}_CLIENT_ID", default=""),
        "OIDC_RP_CLIENT_SECRET": env(f"{prefix}_CLIENT_SECRET", default=""),
        "OIDC_RP_SIGN_ALGO": env(f"{prefix}_SIGN_ALGO", default=algorithm),
        "OIDC_RP_SCOPES": env(f"{prefix}_SCOPES", default=scopes),
    }


OIDC_PROVIDERS: dict[str, dict[str, Any]] = {
    "educonnect": _oidc_provider("EDUCONNECT", algorithm="RS256", scopes="openid profile"),
    "franceconnect": _oidc_provider(
        "FRANCECONNECT", algorithm="ES256", scopes="openid given_name family_name preferred_username"
    ),
    "agents": _oidc_provider("AGENTS", algorithm="RS256", scopes="openid profile email"),
}
"""Names of mozilla-django-oidc, read per provider by `accounts.oidc.settings`, completed by what it publishes."""

# FranceConnect refuses any parameter it does not know, code_challenge among them, and a request without a level
OIDC_PROVIDERS["franceconnect"] |= {
    "OIDC_AUTH_REQUEST_EXTRA_PARAMS": {"acr_values": "eidas1"},
    "OIDC_USE_PKCE": False,
    "OIDC_TOKEN_USE_BASIC_AUTH": False,
}

OIDC_TIMEOUT = 5
OIDC_STATE_SIZE = OIDC_NONCE_SIZE = 32
OIDC_MAX_STATES = 10
"""Seconds, bytes, and sign-ins begun at once in one browser."""

AUTHENTICATION_BACKENDS = [
    "accounts.oidc.backends.EduConnectBackend",
    "accounts.oidc.backends.FranceConnectBackend",
    "accounts.oidc.backends.AgentsBackend",
    "django.contrib.auth.backends.ModelBackend",
]
