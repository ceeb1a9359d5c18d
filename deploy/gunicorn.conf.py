"""How gunicorn serves the product behind nginx: `gunicorn --config deploy/gunicorn.conf.py scolarite.wsgi`.

gunicorn itself reads WEB_CONCURRENCY (worker processes) and FORWARDED_ALLOW_IPS (whose X-Forwarded-Proto counts).
"""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
from typing import Any

bind = "0.0.0.0:8000"
# threads, so that an identity provider that answers slowly holds one of them and not a whole worker; as many as the
# process has database connections (DATABASE_POOL_SIZE)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 4)
graceful_timeout = 30
timeout = 60
accesslog = None  # nginx's log says all, without the secrets that addresses carry
errorlog = "-"
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 (a heartbeat needs memory, not a disk)


if os.environ.get("LOG_FORMAT") == "json":
    logconfig_dict = {
        "formatters": {"generic": {"()": "operations.logs.JsonLine"}},
        "filters": {"request_id": {"()": "operations.logs.RequestIdFilter"}},
        "handlers": {
            "error_console": {"class": "logging.StreamHandler", "formatter": "generic", "filters": ["request_id"]}
        },
        "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False}},
        "root": {"level": "INFO", "handlers": []},
    }


def on_starting(server: Any) -> None:
    """Give the worker processes a folder in which they count together, before any of them loads the metrics."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="mesures-"))


def post_worker_init(worker: Any) -> None:
    """Let the garbage collector leave alone what lives as long as the process: the code, the models, the addresses."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """Drop what only counts while a process lives; what it has counted stays in the sum."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def post_request(worker: Any, request: Any, environ: dict[str, Any], response: Any) -> None:
    """Read what the application has left of an upload, when it answered before (a session that had ended).

    Closing with much of it unread resets the connection, and nginx then loses the answer. nginx holds the whole
    request before it passes it on: nobody can make this last.
    """
    with contextlib.suppress(OSError):
        while request.body.read(65_536):
            pass
