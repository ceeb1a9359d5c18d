"""Measures, backups and logs."""

from scolarite.settings.environment import BASE_DIR, env

METRICS_TOKEN = env("METRICS_TOKEN", default="")
"""Who presents it reads /sante/mesures/; without one the address does not exist."""

POSTGRESQL_PROGRAMS = env("POSTGRESQL_PROGRAMS", default="")
"""The folder of pg_dump and pg_restore, at least as new as the server; by default, those of PATH."""

BACKUP_FOLDER = env.path("BACKUP_FOLDER", default=str(BASE_DIR / "var" / "backups"))()
BACKUP_RECIPIENTS = env.list("BACKUP_RECIPIENTS", default=[])
"""Public keys (age1…) of those who can read the backups; their own keys stay elsewhere."""

BACKUP_KEEP_DAYS = env.int("BACKUP_KEEP_DAYS", default=30)

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
