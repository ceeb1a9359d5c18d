"""Loaded by Python when it starts under libfaketime 0.9.10, which breaks the absolute sleeps of Python 3.11."""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], max(0.0, seconds))


time.sleep = _sleep  # type: ignore[assignment]
