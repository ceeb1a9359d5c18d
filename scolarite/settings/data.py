"""What remembers: PostgreSQL, Redis, and the work that waits in it for Celery."""

from celery.schedules import crontab
from kombu import Queue

from scolarite import redis_urls
from scolarite.settings.environment import env

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
else:
    # what is asked over and over is planned once (operations/prepared.py): always by a key, so that one plan is right
    asked = DATABASES["default"]["OPTIONS"].get("options", "")
    DATABASES["default"]["OPTIONS"] |= {
        "prepare_threshold": 5,
        "options": f"{asked} -c plan_cache_mode=force_generic_plan".strip(),
    }
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
