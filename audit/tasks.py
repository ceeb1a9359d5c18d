"""What Celery's tasks are made of."""

from __future__ import annotations

from typing import Any

from celery import Task

from audit.context import acting


class ActingTask(Task):
    """A task whose writes say in the trail that they are its own."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting(origin=f"tâche {self.name.rpartition('.')[2]}"):
            return super().__call__(*args, **kwargs)
