"""How a line of the logs is written: to be read, or as JSON (LOG_FORMAT). Never with a person's data."""

from __future__ import annotations

import logging
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

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return without_values(ei[1])


class JsonLine(JsonFormatter):
    """A line for a machine."""

    def __init__(self) -> None:
        names = " ".join(f"%({name})s" for name in FIELDS.values())
        super().__init__(names, datefmt="%Y-%m-%dT%H:%M:%S%z", json_ensure_ascii=False)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return without_values(ei[1])

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        line = {name: log_data.get(source) for name, source in FIELDS.items()}
        return line | ({"error": log_data["exc_info"]} if log_data.get("exc_info") else {})
