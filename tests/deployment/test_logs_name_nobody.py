"""A family uses the deployment, and all of it fails in turn: what its processes print names nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deployment.running import Deployment

pytestmark = pytest.mark.xdist_group("deployment")

NAMES = {
    "family_name": "Quatrebarbes", "given_name": "Zénobie", "child": "Hyacinthe", "ine": "987654321QZ",
    "school_email": "zenobie@quatrebarbes.example", "typed": "essai@quatrebarbes.example", "username": "zenobie.q",
}  # fmt: skip
"""What nobody else here is called, in the tables and in the tests."""

FAMILY = f"""
import json
from datetime import date
from django.test import Client
from accounts.actors import PROFILE_SESSION_KEY
from accounts.models import User
from schools.models import Division, Guardian, Guardianship, School, Student
names = {NAMES!r}
school = School.objects.create(uai="0759999Z", name="Lycée des journaux", email="lycee@journaux.example")
division = Division.objects.create(school=school, school_year=2026, code="2DE1")
child = Student.objects.create(
    school=school, division=division, ine=names["ine"], siecle_id="1", given_name=names["child"],
    family_name=names["family_name"], birth_date=date(2011, 2, 20), mef_code="20010019110",
)
user = User.objects.create(username=names["username"], first_name=names["given_name"], last_name=names["family_name"])
guardian = Guardian.objects.create(
    school=school, siecle_person_id="777001", given_name=names["given_name"], family_name=names["family_name"],
    school_email=names["school_email"], user=user,
)
Guardianship.objects.create(guardian=guardian, student=child, level=1, relationship="10")
client = Client()
client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
session = client.session
session[PROFILE_SESSION_KEY] = "representant"
session.save()
print("FOUND" + json.dumps({{"session": session.session_key, "child": str(child.public_id), "guardian": guardian.pk}}))
"""

FAILING = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''
        CREATE FUNCTION say_who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '% % <%>', NEW.given_name, NEW.family_name, NEW.school_email
                USING DETAIL = row_to_json(NEW);
        END $$''')
    cursor.execute("CREATE TRIGGER say_who BEFORE UPDATE ON schools_guardian FOR EACH ROW EXECUTE FUNCTION say_who()")
"""

REPAIRED = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("DROP TRIGGER say_who ON schools_guardian")
    cursor.execute("DROP FUNCTION say_who()")
"""

TASKS = """
from notifications.models import OutboxMessage
from audit.tasks import apply_retention
from schools.contact import EMAIL_CHANGED
owed = {{"recipient": "guardian:{guardian}", "address": {school_email!r}, "context": {{"changed": {family_name!r}}}}}
OutboxMessage.objects.create(kind="bourses.gone", deduplication_key="journaux-1", **owed)
OutboxMessage.objects.create(kind=EMAIL_CHANGED, deduplication_key="journaux-2", **owed)
apply_retention.delay()
"""


@pytest.fixture(scope="module")
def family(deployment: Deployment) -> dict[str, Any]:
    said = deployment.manage("shell", "--no-imports", "--command", FAMILY)
    found: dict[str, Any] = json.loads(said.partition("FOUND")[2].splitlines()[0])
    return found


@pytest.fixture
def failing(deployment: Deployment) -> Iterator[None]:
    """The database refuses to write any guardian, and says whom."""
    deployment.manage("shell", "--no-imports", "--command", FAILING)
    yield
    deployment.manage("shell", "--no-imports", "--command", REPAIRED)


def printed(deployment: Deployment) -> dict[str, str]:
    """What each process of the deployment has printed; nginx's lines, those of both."""
    names = ("web-1", "web-2", "worker", "beat", "nginx", "nginx-plain")
    said = {name: deployment.processes[name].log.read_text() for name in names}
    return said | {"nginx": said["nginx"] + deployment.access_log.read_text()}


def named(text: str) -> set[str]:
    return {name for name in NAMES.values() if re.search(re.escape(name), text, re.IGNORECASE)}


@pytest.mark.usefixtures("failing")
def test_no_process_prints_who_somebody_is_even_where_everything_fails(
    deployment: Deployment, family: dict[str, Any]
) -> None:
    page = "/mes-services/fiche-renseignements/"
    with deployment.browser() as browser:
        browser.headers["Cookie"] = f"__Host-session={family['session']}"
        shown = browser.get(deployment.site + page, timeout=30)
        assert NAMES["school_email"] in shown.text, "signed in, and named on the page itself"
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', shown.text)[0]
        cookies = f"__Host-session={family['session']}; __Host-csrf={shown.cookies['__Host-csrf']}"
        sent = {"csrfmiddlewaretoken": token, "email": NAMES["typed"], "save_email": "1"}
        heads = {"Referer": deployment.site + page, "Origin": deployment.site, "Cookie": cookies}
        failed = browser.post(deployment.site + page, data=sent, headers=heads, timeout=30)
        for path in ("/espace-famille/mes-donnees/donnees.json", f"/nulle-part/?nom={NAMES['family_name']}"):
            browser.get(deployment.site + path, timeout=30)
        wrong = {"csrfmiddlewaretoken": token, "username": NAMES["school_email"], "password": NAMES["child"]}
        browser.post(f"{deployment.site}/admin/login/", data=wrong, headers=heads, timeout=30)
    assert failed.status_code == 500
    assert named(re.sub(r"<[^>]*>", " ", failed.text)) == set()
    assert "incident" in failed.text.lower()
    deployment.manage("shell", "--no-imports", "--command", TASKS.format(**NAMES, guardian=family["guardian"]))

    def has_worked() -> bool:
        text = printed(deployment)["worker"]
        return "retention: rule=accounts.accounts" in text and "UnknownKindError" in text

    deployment.wait_for(has_worked, "the worker's lines")
    said = printed(deployment)
    assert {name: named(text) for name, text in said.items()} == {name: set() for name in said}
    web = said["web-1"] + said["web-2"]
    for happened in ("incident", "psycopg.errors.RaiseException", "Not Found: /nulle-part/"):
        assert happened in web
    assert '"status":500' in said["nginx"]
    assert "send-due-messages" in said["beat"]
