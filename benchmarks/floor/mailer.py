"""A bare Celery task that sends a mail, for as many mails as are asked: what the outbox is compared with.

`celery --app=benchmarks.floor.mailer worker` serves it; `python -m benchmarks.floor.mailer COUNT` asks.
"""

from __future__ import annotations

import os
import sys

from celery import Celery
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

settings.configure(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=int(os.environ["FLOOR_SMTP_PORT"]),
)
app = Celery("floor", broker=os.environ["FLOOR_REDIS_URL"])
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=1, task_default_queue="floor")

SENDER = "ne-pas-repondre@scolarite.example"
TEXT = "Rang 1 : 1re générale, avec mathématiques, physique-chimie et SVT.\n" * 11
HTML = "<p>Rang 1 : 1re générale, avec <strong>mathématiques</strong>, physique-chimie et SVT.</p>\n" * 40


@app.task(name="floor.send")
def send(number: int) -> None:
    """Send one mail of the size of a confirmation, on a connection of its own."""
    mail = EmailMultiAlternatives(
        "Confirmation", TEXT, "ne-pas-repondre@scolarite.example", [f"r{number}@familles.example"]
    )
    mail.attach_alternative(HTML, "text/html")
    mail.send()


if __name__ == "__main__":
    for each in range(int(sys.argv[1])):
        send.delay(each)
