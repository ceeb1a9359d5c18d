"""How gunicorn serves the product behind nginx: `gunicorn --config deploy/gunicorn.conf.py scolarite.wsgi`.

gunicorn itself reads WEB_CONCURRENCY (worker processes) and FORWARDED_ALLOW_IPS (whose X-Forwarded-Proto counts).
"""

from __future__ import annotations

import contextlib
import os
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


def post_request(worker: Any, request: Any, environ: dict[str, Any], response: Any) -> None:
    """Read what the application has left of an upload, when it answered before (a session that had ended).

    Closing with much of it unread resets the connection, and nginx then loses the answer. nginx holds the whole
    request before it passes it on: nobody can make this last.
    """
    with contextlib.suppress(OSError):
        while request.body.read(65_536):
            pass
