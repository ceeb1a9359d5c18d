"""How gunicorn serves the product behind nginx: `gunicorn --config deploy/gunicorn.conf.py scolarite.wsgi`.

gunicorn itself reads WEB_CONCURRENCY (worker processes) and FORWARDED_ALLOW_IPS (whose X-Forwarded-Proto counts).
"""

import os

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
