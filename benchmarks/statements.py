"""How many statements pages make: `python -m benchmarks.statements`, in the environment of what is asked.

Reads JSON, `[[method, path, cookies, body], …]`, and prints the counts, without what begins and ends a transaction.
"""

from __future__ import annotations

import json
import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

OF_TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def count(method: str, path: str, cookies: str, body: str) -> int:
    """Ask for a page once to warm what a process keeps, then count. Raises SystemExit when it is not answered well."""
    client = Client(
        headers={"Host": os.environ["BENCH_HOST"], "X-Forwarded-Proto": "https"}, raise_request_exception=True
    )
    for each in cookies.split("; "):
        name, _, value = each.partition("=")
        client.cookies[name] = value
    if method == "GET":
        client.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.generic(method, path, body, content_type="application/x-www-form-urlencoded")
    if answer.status_code >= 400:
        raise SystemExit(f"{method} {path}: {answer.status_code}")
    return sum(not each["sql"].startswith(OF_TRANSACTIONS) for each in captured)


if __name__ == "__main__":
    settings.ALLOWED_HOSTS = ["*"]
    print(json.dumps([count(*asked) for asked in json.load(sys.stdin)]))
