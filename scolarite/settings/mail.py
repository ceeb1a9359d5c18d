"""Who sends the e-mails, and through what."""

import os

from scolarite.settings.environment import env

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
