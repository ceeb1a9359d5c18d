"""Production settings, made stricter: what would pass unseen there fails here."""

from scolarite.settings import *  # noqa: F403
from scolarite.settings import BASE_DIR, STORAGES, TEMPLATES


class UndefinedVariableIsAnError(str):
    """What a template prints for an undefined variable: an error that names it."""

    def __contains__(self, item: object) -> bool:
        return item == "%s"

    def __mod__(self, name: object) -> str:
        raise NameError(f"undefined template variable: {name}")


TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = UndefinedVariableIsAnError("%s")  # type: ignore[index]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = BASE_DIR / "static"  # nothing is collected; whitenoise only asks that the folder be there
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slow digest of a deployment, fast
RATE_LIMITS_ARE_ON = False
"""All tests ask from one address; those about the limits turn them on."""
