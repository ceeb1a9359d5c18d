"""The site: its address and its keys, what it is made of, its languages."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from scolarite.settings.environment import BASE_DIR, env

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
        "OPTIONS": {
            "loaders": [
                (
                    "operations.templates.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
        },
    },
]

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]  # each in its own words
LANGUAGE_COOKIE_NAME = "__Host-langue" if SITE_IS_HTTPS else "langue"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE = True, SITE_IS_HTTPS, "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["scolarite.formats"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
