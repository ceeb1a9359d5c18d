"""All settings, read from the environment (twelve-factor); `.env.example` lists every name.

Each value can also be given as the path of a file holding it, in `NAME_FILE` (Docker and Kubernetes secrets).
Nothing has an unsafe default: without its secrets the product does not start.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping
from kombu import Queue

from scolarite import redis_urls

BASE_DIR = Path(__file__).resolve().parent.parent


class _Variables(FileAwareMapping):
    """The environment; the line break that most editors leave at the end of a file is no part of a secret."""

    def __getitem__(self, name: str) -> str:
        return str(super().__getitem__(name)).rstrip("\r\n")


class _Env(environ.FileAwareEnv):
    ENVIRON = _Variables()


env = _Env()

# --- The site -------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = env("DJANGO_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
SITE_URL = env("SITE_URL").rstrip("/")
"""Where people reach the site, scheme included; e-mails and OpenID redirects are built on it."""

_PLACEHOLDERS = ("change-me", "changeme", "replace-me", "django-insecure", "your-secret")


def _refuse_weak_keys(keys: list[str]) -> None:
    """Sessions, links in e-mails and messages are signed with these: whoever guesses one can be anybody."""
    for key in keys:
        if len(key) < 50 or len(set(key)) < 10 or any(word in key.lower() for word in _PLACEHOLDERS):
            raise ImproperlyConfigured(
                "DJANGO_SECRET_KEY, and each of DJANGO_SECRET_KEY_FALLBACKS, must be 50 random characters or more: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
            )


if not DEBUG:
    _refuse_weak_keys([SECRET_KEY, *SECRET_KEY_FALLBACKS])

SITE_IS_HTTPS = urlsplit(SITE_URL).scheme == "https"
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname])
ROOT_URLCONF = "scolarite.urls"
WSGI_APPLICATION = "scolarite.wsgi.application"

INSTALLED_APPS = [
    "widget_tweaks",
    "dsfr",
    "portal.apps.PortalConfig",
    "orientation",
    "accounts",
    "schools",
    "notifications",
    "audit",
    "operations.apps.OperationsConfig",
    "portal.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "mozilla_django_oidc",
    "anymail",
    "csp",
    "django_countries",
    "django_htmx",
]
if env.bool("DEMO", default=False):
    INSTALLED_APPS.insert(0, "demo")

MIDDLEWARE = [
    "portal.middleware.IsolatedPages",
    "operations.request_ids.RequestIds",
    "operations.metrics.Measured",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.OneEncoding",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.middleware.ActingUser",
    "accounts.middleware.SessionLimits",
    "accounts.languages.SpokenLanguage",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.TooManyRequestsPage",
    "portal.middleware.PersonalPagesAreNotCached",
    "portal.middleware.RobotsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
        },
    },
]

# --- Data -----------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL")}
# what the address asks for (sslmode, sslrootcert) stays
DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {
    "pool": {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_SIZE", default=4),
        "timeout": 5,
        "reconnect_timeout": 5,  # then the next request tries, instead of a pause that doubles to two minutes
    },
    "connect_timeout": 5,
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # nobody is given a connection that a restart has broken
if env.bool("DATABASE_PGBOUNCER", default=False):
    # in transaction mode, what belongs to a session may be another client's at the next statement
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS = redis_urls.read(env("REDIS_URL"))
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS.location,
        "OPTIONS": REDIS.cache_options
        | {
            # Redis may be lost without loss: a cache that does not answer is a cache miss.
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 1,
        },
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

CELERY_BROKER_URL = REDIS.broker
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long Redis is away
CELERY_BROKER_TRANSPORT_OPTIONS = REDIS.broker_options | {"socket_connect_timeout": 1, "socket_timeout": 10}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_TASK_QUEUES = [Queue("mails"), Queue("imports"), Queue("celery")]
CELERY_TASK_ROUTES = {"notifications.tasks.*": {"queue": "mails"}, "schools.tasks.*": {"queue": "imports"}}
"""A worker takes from all of them unless told by `--queues`; what has no room of its own goes to `celery`."""

CELERY_BEAT_SCHEDULE_FILENAME = env("CELERY_BEAT_SCHEDULE_FILENAME", default="celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "send-due-messages": {
        "task": "notifications.tasks.send_due_messages",
        "schedule": 15.0,
        "options": {"expires": 15},  # sweeps that no worker took do not pile up
    },
    "work-on-imports": {
        "task": "schools.tasks.work_on_imports",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "owe-notices": {
        "task": "orientation.tasks.owe_notices",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "apply-retention": {
        "task": "audit.tasks.apply_retention",
        "schedule": crontab(hour=2, minute=40),  # UTC: at night in the mainland, and few are up elsewhere
        "options": {"expires": 3600},
    },
}

# --- Who is signed in -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:profile"
LOGIN_REDIRECT_URL = "portal:services"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
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


def _provider_origins() -> list[str]:
    issuers = (urlsplit(provider["OIDC_OP_ISSUER"]) for provider in OIDC_PROVIDERS.values())
    return sorted({f"{issuer.scheme}://{issuer.netloc}" for issuer in issuers if issuer.netloc})


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

# --- Language and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]  # each in its own words
LANGUAGE_COOKIE_NAME = "__Host-langue" if SITE_IS_HTTPS else "langue"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE = True, SITE_IS_HTTPS, "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["scolarite.formats"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

# --- Static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))()
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "scolarite.staticfiles.LinkedFilesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False  # only this site's pages use them
DSFR_CONTENT_IS_SAFE = False
DSFR_USE_INTEGRITY_CHECKSUMS = False  # the hashed file names change both style sheets
DSFR_MARK_OPTIONAL_FIELDS = True

# --- E-mail ---------------------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL")
EMAIL_TIMEOUT = 20
EMAIL_RATE_PER_MINUTE = env.int("EMAIL_RATE_PER_MINUTE", default=0)
"""Messages that the provider takes in a minute, all workers together; 0 for any number."""

vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
if "EMAIL_BACKEND" in env:
    EMAIL_BACKEND = env("EMAIL_BACKEND")
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): env(f"ANYMAIL_{name.removeprefix('ANYMAIL_')}")
    for name in {key.removesuffix("_FILE") for key in os.environ if key.startswith("ANYMAIL_")}
}
ANYMAIL.setdefault("REQUESTS_TIMEOUT", (5, 20))
"""Settings of anymail by their names in its documentation, each read from `ANYMAIL_<NAME>`."""

# --- Security -------------------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^sante/"]
SECURE_HSTS_SECONDS = 63_072_000 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXY = env.bool("TRUSTED_PROXY", default=False)
if TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],  # the design system's style sheet holds data: drawings
        "connect-src": [SELF],
        # browsers apply form-action to the redirects that follow a form: signing in and out leads to the providers
        "form-action": [SELF, *_provider_origins()],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
RATE_LIMITS_ARE_ON = env.bool("RATE_LIMITS", default=True)
RATE_LIMITS = {
    "sign_in": {"address": "1500/10minutes"},
    "linking": {"address": "1000/hour"},
    "staff_sign_in": {"address": "300/10minutes"},
    "contact": {"account": "20/hour", "address": "300/hour", "school": "600/hour"},
    "validation": {"account": "30/10minutes", "address": "3000/10minutes", "school": "6000/10minutes"},
}
"""How often what can be guessed or flooded may be asked for, counted by `accounts.limits`.

A school's computers share one address: 300 parents who sign in there on one evening, three tries each, come through; so
does a school of 2,000 pupils whose parents validate in the last ten minutes.
"""
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
SIECLE_UPLOAD_MAX_BYTES = 30 * 1024 * 1024
"""Of one of the two exports: twice that must pass nginx (client_max_body_size below /admin/) and fit in /tmp."""

# --- What the pages say ---------------------------------------------------------------------------------------------

BRAND = {
    "state": env.bool("BRAND_STATE", default=False),
    "site_title": env("BRAND_SITE_TITLE", default="Scolarité Services"),
    "entity_lines": env.list("BRAND_ENTITY_LINES", default=["Ministère", "de l’Éducation", "nationale"]),
}
"""Decision 20: the State's block and wording only for the State's own deployment."""

LEGAL = {
    "publisher": env("LEGAL_PUBLISHER", default=""),
    "director": env("LEGAL_PUBLICATION_DIRECTOR", default=""),
    "host": env("LEGAL_HOST", default=""),
    "privacy_contact": env("LEGAL_PRIVACY_CONTACT", default=""),
}
"""Who answers for the site; what is not given is said not to be."""

EXTERNAL_LINKS = {
    "horizons21": env("LINK_HORIZONS21", default="https://www.horizons21.fr/"),
    "onisep_technological": env(
        "LINK_ONISEP_TECHNOLOGICAL",
        default="https://www.onisep.fr/formation/apres-la-3-la-voie-generale-et-technologique/"
        "qu-est-ce-que-la-voie-generale-et-technologique/la-voie-technologique-en-premiere-et-terminale",
    ),
    "bourses": env("LINK_BOURSES", default="https://www.education.gouv.fr/les-bourses-de-college-et-de-lycee-326728"),
    "educonnect": env("LINK_EDUCONNECT", default="https://educonnect.education.gouv.fr/"),
    "franceconnect": env("LINK_FRANCECONNECT", default="https://franceconnect.gouv.fr/"),
    "defender": env("LINK_DEFENDER", default="https://formulaire.defenseurdesdroits.fr/"),
    "defender_delegates": env("LINK_DEFENDER_DELEGATES", default="https://www.defenseurdesdroits.fr/saisir/delegues"),
    "cnil": env("LINK_CNIL", default="https://www.cnil.fr/fr/plaintes"),
}
"""Decision 27: the addresses of other sites are settings."""

# --- Operation -----------------------------------------------------------------------------------------------------

METRICS_TOKEN = env("METRICS_TOKEN", default="")
"""Who presents it reads /sante/mesures/; without one the address does not exist."""

POSTGRESQL_PROGRAMS = env("POSTGRESQL_PROGRAMS", default="")
"""The folder of pg_dump and pg_restore, at least as new as the server; by default, those of PATH."""

BACKUP_FOLDER = env.path("BACKUP_FOLDER", default=str(BASE_DIR / "var" / "backups"))()
BACKUP_RECIPIENTS = env.list("BACKUP_RECIPIENTS", default=[])
"""Public keys (age1…) of those who can read the backups; their own keys stay elsewhere."""

BACKUP_KEEP_DAYS = env.int("BACKUP_KEEP_DAYS", default=30)

# --- Logs -----------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "operations.logs.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "operations.logs.Line",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
        "json": {"()": "operations.logs.JsonLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env("LOG_FORMAT", default="line"),
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # mozilla-django-oidc logs claims at these levels; our backends log what happened, without them.
        "mozilla_django_oidc": {"level": "CRITICAL"},
        "psycopg": {"level": env("LOG_LEVEL", default="WARNING")},
    },
}
