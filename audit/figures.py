"""What Prometheus is told of retention: when each rule last ran, and what it could not erase."""

from __future__ import annotations

from audit.models import RetentionRun


def retention_figures() -> dict[str, dict[str, float]]:
    """Return the figures by rule; nothing of one that never ran. One query."""
    runs = list(RetentionRun.objects.order_by("rule"))
    return {
        "retention_last_run_timestamp_seconds": {run.rule: run.ran_at.timestamp() for run in runs},
        "retention_failed": {run.rule: run.failed for run in runs},
        "retention_rows": {run.rule: run.rows for run in runs},
    }
