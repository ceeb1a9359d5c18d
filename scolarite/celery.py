"""The Celery application: `celery -A scolarite worker`, `celery -A scolarite beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scolarite.settings")

app = Celery("scolarite", task_cls="audit.tasks:ActingTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
