"""What a task of Celery takes along from the request that called it: its number in the logs."""

from __future__ import annotations

from typing import Any

from celery import signals

from operations.request_ids import NONE, current_request_id, end, start_as

KEY = "request_id"


def connect() -> None:
    """Have the number travel in the headers of each message, and Celery leave the logs as Django's settings say."""
    signals.before_task_publish.connect(_send_along, dispatch_uid="operations.send_along")
    signals.task_prerun.connect(_take_up, dispatch_uid="operations.take_up")
    signals.task_postrun.connect(end, dispatch_uid="operations.end")
    signals.setup_logging.connect(_keep_our_logs, dispatch_uid="operations.keep_our_logs")


def _send_along(headers: dict[str, Any], **_arguments: Any) -> None:
    if (number := current_request_id()) != NONE:
        headers[KEY] = number


def _take_up(task: Any, task_id: str, **_arguments: Any) -> None:
    """Take the caller's number; a task that beat called has its own, so that its lines can be found together."""
    headers = task.request.headers or {}
    start_as(task.request.get(KEY) or headers.get(KEY) or task_id.replace("-", ""))


def _keep_our_logs(**_arguments: Any) -> None:
    """Do nothing: as long as somebody answers this signal, Celery sets up no logs of its own."""
