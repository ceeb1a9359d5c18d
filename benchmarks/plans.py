"""How PostgreSQL finds what the pages ask for: `python -m benchmarks.plans`, in the product's environment.

Opens the pages of a family, of a school and of the operator on the data set, and prints as JSON every statement that
reads a growing table from end to end: nothing, or the page will be slower each year.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.models import User  # noqa: E402
from benchmarks import people  # noqa: E402
from benchmarks.shared import SignedIn  # noqa: E402
from orientation.models import CouncilSheet, Draft, PhaseKind  # noqa: E402
from schools.models import Division, StaffMembership, Student  # noqa: E402

GROWING = 10_000
"""Rows from which a table is one that grows with the country."""

OF_A_FAMILY = [
    "/mes-services/",
    "/mes-services/actualites/",
    "/mes-services/fiche-renseignements/",
    "/espace-famille/",
    "/espace-famille/historique/",
    "/espace-famille/courriels/",
    "/espace-famille/connexions/",
    "/mes-services/orientation/{place}/",
    "/mes-services/orientation/{place}/choix-definitifs/",
    "/mes-services/orientation/{place}/choix-definitifs/ajouter/",
    "/mes-services/orientation/{place}/intentions/demande/1/",
    "/mes-services/orientation/{place}/avis-provisoires/",
    "/mes-services/orientation/{place}/propositions/",
    "/mes-services/orientation/{place}/decisions/",
]
OF_A_SCHOOL = [
    "/admin/",
    "/admin/schools/student/",
    "/admin/schools/student/?q=martin",
    "/admin/schools/guardian/",
    "/admin/schools/guardian/?q=martin",
    "/admin/orientation/campaign/",
    *(
        f"/admin/etablissements/{{place}}/{page}"
        for page in (
            "suivi/",
            "suivi/totaux/",
            "suivi/{student}/",
            "conseil/",
            "conseil/avis-provisoires/{division}/",
            "decisions/",
            "journal/",
            "personnels/",
            "imports/",
            "campagne/",
            "actualites/",
            "coordonnees/",
        )
    ),
]
OF_THE_OPERATOR = ["/admin/", "/admin/notifications/outboxmessage/"]


def main() -> list[dict[str, str]]:
    """Return what is read from end to end, page by page. Raises SystemExit when a page does not answer."""
    settings.ALLOWED_HOSTS = ["*"]
    found = []
    for who, paths in _visits():
        client = Client()
        for each in who.cookies.split("; "):
            name, _, value = each.partition("=")
            client.cookies[name] = value
        for path in paths:
            found += [{"page": path, **each} for each in _read_whole(client, path)]
    return found


def _visits() -> Iterator[tuple[SignedIn, list[str]]]:
    drafts = Draft.objects.filter(phase__kind=PhaseKind.FINAL_CHOICES).select_related("student", "changed_by")
    told = CouncilSheet.objects.filter(phase__kind=PhaseKind.PROPOSALS).values("student_id")
    for draft in (drafts.filter(is_validated=False).first(), drafts.filter(student__in=told).first()):
        assert draft is not None  # noqa: S101 - the data set has both
        who = people.guardian(draft)
        yield who, [path.format(place=who.place) for path in OF_A_FAMILY]
    for membership in StaffMembership.objects.select_related("user", "school").order_by("pk")[:2]:
        head, school = people.head(membership), membership.school
        student, division = Student.objects.filter(school=school)[0], Division.objects.filter(school=school)[0]
        places = {"place": school.uai, "student": student.public_id, "division": division.pk}
        yield head, [path.format(**places) for path in OF_A_SCHOOL]
    operator = User.objects.create(username="exploitant", is_staff=True, is_superuser=True)
    yield people.staff(operator, ""), OF_THE_OPERATOR


def _read_whole(client: Client, path: str) -> Iterator[dict[str, str]]:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, secure=settings.SITE_URL.startswith("https"))
    if answer.status_code not in (200, 302, 403):  # 403: what has closed
        raise SystemExit(f"{path}: {answer.status_code}")
    for each in captured:
        if each["sql"].startswith("SELECT") and "django_session" not in each["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (FORMAT JSON) " + each["sql"].replace("%", "%%"), [])
                (plan,) = cursor.fetchone()
            for table in _scanned(plan[0]["Plan"]):
                yield {"table": table, "sql": each["sql"]}


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    """Yield the growing tables that a plan reads from end to end; the first rows that come are not the whole."""
    below = node.get("Plans", [])
    if node["Node Type"] == "Limit" and below[0]["Node Type"] == "Seq Scan" and "Filter" not in below[0]:
        return
    if node["Node Type"] == "Seq Scan" and _rows_of(node["Relation Name"]) >= GROWING:
        yield node["Relation Name"]
    for each in below:
        yield from _scanned(each)


def _rows_of(table: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return float(cursor.fetchone()[0])


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
