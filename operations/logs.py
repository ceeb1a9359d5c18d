"""How a line of the logs is written: to be read, or as JSON (LOG_FORMAT). Never with a person's data."""

from __future__ import annotations

import logging
import re
from traceback import format_tb
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from operations.request_ids import current_request_id

FIELDS = {"time": "asctime", "level": "levelname", "logger": "name", "request_id": "request_id", "message": "message"}
"""What a line of JSON holds, and nothing that a library adds: Django's own lines carry the whole request."""


class RequestIdFilter(logging.Filter):
    """Put the number of the request into each line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


_SECRET_OF_AN_ADDRESS = re.compile(r"(/courriel/(?:confirmation|rappels)/|/mot-de-passe/[^/\s]+/)[^/\s?]+")
"""Whoever holds such a link may use it, or is known by it."""

_SAID_BY_CELERY = {"exc": "…", "args": "…", "kwargs": "…", "traceback": "…"}
"""What Celery puts into the line of a task that failed: the words of the error, and what the task was given."""


def message_of(record: logging.LogRecord) -> str:
    """Return the message of a line, without what may be somebody's."""
    if isinstance(record.args, dict) and "exc" in record.args:
        text = str(record.msg) % {**record.args, **_SAID_BY_CELERY}
    else:
        text = record.getMessage()
    return without_secrets(text)


def without_secrets(text: str) -> str:
    """Return a text whose links are there and open nothing: what is secret in them is left out."""
    return _SECRET_OF_AN_ADDRESS.sub(r"\1***", text)


def without_values(error: BaseException | None) -> str:
    """Return where an error and its causes happened, and of what class they are.

    Their messages are left out: those of a database or of a form hold what somebody typed.
    """
    parts = []
    while error is not None:
        parts.append(f"{''.join(format_tb(error.__traceback__))}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by:\n".join(parts)


class Line(logging.Formatter):
    """A line for a person."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        record.message = message_of(record)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return without_values(ei[1])


class JsonLine(JsonFormatter):
    """A line for a machine."""

    def __init__(self) -> None:
        names = " ".join(f"%({name})s" for name in FIELDS.values())
        super().__init__(names, datefmt="%Y-%m-%dT%H:%M:%S%z", json_ensure_ascii=False)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return without_values(ei[1])

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        log_data["message"] = message_of(record)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        line = {name: log_data.get(source) for name, source in FIELDS.items()}
        return line | ({"error": log_data["exc_info"]} if log_data.get("exc_info") else {})
