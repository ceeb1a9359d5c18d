"""Every address of the site, tried as each kind of person and as nobody. A new address missing from the table fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Profile, User
from schools.models import Relationship, Role, StaffMembership, Student
from tests.factories import Family, account, campaign, guardian, school, sign_in, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

ROLES = ["nobody", "guardian", "student", "adult", "stranger", "contact", "head", "operator"]

# what GET answers, in the order of ROLES; 302 leads to the sign-in
PUBLIC = (200,) * 8
SIGNED_IN = (302,) + (200,) * 7
READ = (302, 200, 200, 200, 404, 404, 404, 404)
WRITE = (302, 200, 403, 200, 404, 404, 404, 404)
POST_ONLY = (405,) * 8
ELSEWHERE = None
"""Tried in the tests of the app it belongs to."""

TABLE = {
    "portal:home": PUBLIC,
    "portal:services": SIGNED_IN,
    "portal:news": SIGNED_IN,
    "portal:contact_data": SIGNED_IN,
    "portal:reminders": POST_ONLY,
    "portal:confirm_email": PUBLIC,
    "portal:mute_reminders": (404,) * 8,  # with a link that we did not make
    "portal:contact": PUBLIC,
    "portal:contact_write": (302, 200, 200, 200, 200, 404, 404, 404),
    "portal:contact_sent": (302, 404, 404, 404, 404, 404, 404, 404),
    "portal:family": SIGNED_IN,
    "portal:family_history": SIGNED_IN,
    "portal:family_mails": SIGNED_IN,
    "portal:connections": SIGNED_IN,
    "portal:own_data": SIGNED_IN,
    "portal:own_data_json": (302, 200, 200, 200, 200, 200, 404, 404),
    "portal:own_data_pdf": (302, 200, 200, 200, 200, 200, 404, 404),
    "portal:end_connections": POST_ONLY,
    "portal:end_connection": POST_ONLY,
    "portal:assistance": PUBLIC,
    "portal:accessibility": PUBLIC,
    "portal:accessibility_plan": PUBLIC,
    "portal:legal": PUBLIC,
    "portal:personal_data": PUBLIC,
    "portal:cookies": PUBLIC,
    "portal:terms": PUBLIC,
    "portal:sitemap": PUBLIC,
    "portal:live": PUBLIC,
    "portal:ready": PUBLIC,
    "portal:metrics": (404,) * 8,  # without its token
    "portal:security_txt": PUBLIC,
    "accounts:profile": PUBLIC,
    "accounts:guardian": PUBLIC,
    "accounts:student": PUBLIC,
    "accounts:verification": ELSEWHERE,
    "accounts:session": SIGNED_IN,
    "accounts:sign_out": POST_ONLY,
    "accounts:language": POST_ONLY,
    "accounts:signed_out": PUBLIC,
    "accounts:educonnect": ELSEWHERE,
    "accounts:educonnect_callback": ELSEWHERE,
    "accounts:franceconnect": ELSEWHERE,
    "accounts:franceconnect_callback": ELSEWHERE,
    "accounts:agents": ELSEWHERE,
    "accounts:agents_callback": ELSEWHERE,
    "notifications:events": ELSEWHERE,
    "orientation:choose": (302, 302, 302, 302, 302, 200, 200, 200),
    "orientation:home": READ,
    "orientation:switch": (302, 302, 302, 302, 404, 404, 404, 404),
    "orientation:opinions": READ,
    "orientation:acknowledge": POST_ONLY,
    "orientation:proposals": READ,
    "orientation:agree": (302, 302, 302, 302, 404, 404, 404, 404),
    "orientation:disagree": (302, 302, 302, 302, 404, 404, 404, 404),
    "orientation:decisions": READ,
    "orientation:past_year": (302, 404, 404, 404, 404, 404, 404, 404),  # none before a first campaign
    "orientation:past_receipt": (302, 404, 404, 404, 404, 404, 404, 404),
    "orientation:decision_pdf": (302, 404, 404, 404, 404, 404, 404, 404),
    "orientation:deadlines": READ,
    "orientation:choices": READ,
    "orientation:submission": READ,
    "orientation:receipt": READ,
    "orientation:add_choice": WRITE,
    "orientation:edit_choice": WRITE,
    "orientation:remove_choice": WRITE,
    "orientation:reset_choices": WRITE,
    "orientation:conflict": ELSEWHERE,
    "orientation:move_choice": (405,) * 8,
    "orientation:copy_intentions": POST_ONLY,
    "orientation:validate_choices": (302, 302, 302, 302, 404, 404, 404, 404),
}


def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from names(pattern.url_patterns, prefix + namespace)
        else:
            yield f"{prefix}{pattern.name}"


def test_every_address_stands_in_the_table() -> None:
    known = {name for name in names(get_resolver().url_patterns) if not name.startswith("admin:")}
    assert known == set(TABLE)


@pytest.fixture
def people(dubois: Family) -> dict[str, tuple[User | None, Profile | None]]:
    """One of each; `adult` is their own guardian of the same file, so that all are tried on one address."""
    other = school("0699902Y")
    campaign(other)
    stranger = guardian(other, "Paule", "Autre", student(other, "Autre", "Autre"), user=account())
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, user=account(), level=3)
    head = User.objects.create(username="proviseur", is_staff=True)
    StaffMembership.objects.create(user=head, school=dubois.school, role=Role.HEAD)
    return {
        "nobody": (None, None),
        "guardian": (dubois.sophie.user, Profile.GUARDIAN),
        "student": (dubois.emma.user, Profile.STUDENT),
        "adult": (dubois.emma.user, Profile.STUDENT),
        "stranger": (stranger.user, Profile.GUARDIAN),
        "contact": (contact.user, Profile.GUARDIAN),
        "head": (head, None),
        "operator": (User.objects.create(username="operateur", is_staff=True, is_superuser=True), None),
    }


@pytest.fixture
def as_role(dubois: Family, people: dict[str, tuple[User | None, Profile | None]]) -> Callable[[str], Client]:
    def client_of(role: str) -> Client:
        user, profile = people[role]
        if role == "adult":
            guardian(dubois.school, "Emma", "Dubois", dubois.emma, user=user, relationship=Relationship.SELF)
            Student.objects.filter(pk=dubois.emma.pk).update(birth_date="2009-01-01")
        return sign_in(Client(), user, profile) if user else Client()

    return client_of


@pytest.fixture
def draft(dubois: Family, last_evening: object) -> None:
    """One validated choice, so that each address has something to show."""
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    where = [dubois.emma.public_id, "choix-definitifs"]
    values = {"version": 0, "group": "technologique", "series": "stmg"}
    assert client.post(reverse("orientation:add_choice", args=where), values).status_code == 302
    assert client.post(reverse("orientation:validate_choices", args=where), {"version": 1}).status_code == 302


def address(name: str, family: Family) -> str:
    arguments: dict[str, list[object]] = {
        "orientation:home": [family.emma.public_id],
        "orientation:switch": [family.emma.public_id, "choix-definitifs"],
        "orientation:opinions": [family.emma.public_id],
        "orientation:acknowledge": [family.emma.public_id],
        "orientation:proposals": [family.emma.public_id],
        "orientation:agree": [family.emma.public_id, "stmg"],
        "orientation:disagree": [family.emma.public_id, "stmg"],
        "orientation:decisions": [family.emma.public_id],
        "orientation:decision_pdf": [family.emma.public_id, family.emma.public_id],
        "orientation:deadlines": [family.emma.public_id],
        "orientation:past_year": [family.emma.public_id, 2025],
        "orientation:past_receipt": [family.emma.public_id, 2025, "choix-definitifs", 1],
        "orientation:submission": [family.emma.public_id, "choix-definitifs", 1],
        "orientation:receipt": [family.emma.public_id, "choix-definitifs", 1],
        "portal:confirm_email": ["jeton"],
        "portal:end_connection": [family.emma.public_id],
        "portal:contact_sent": [family.emma.public_id],
        "portal:mute_reminders": ["jeton"],
    }
    if name in arguments or not name.startswith("orientation:") or name == "orientation:choose":
        return reverse(name, args=arguments.get(name, []))
    where: list[object] = [family.emma.public_id, "choix-definitifs"]
    return reverse(
        name, args=[*where, "stmg"] if name.endswith(("edit_choice", "remove_choice", "move_choice")) else where
    )


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("role", ROLES)
def test_each_address_answers_each_person_as_it_should(
    as_role: Callable[[str], Client], dubois: Family, role: str
) -> None:
    client = as_role(role)
    answers = {
        name: client.get(address(name, dubois)).status_code for name, expected in TABLE.items() if expected is not None
    }
    expected = {name: row[ROLES.index(role)] for name, row in TABLE.items() if row is not None}
    if role == "nobody":  # without an account, the sign-in comes before the method
        sent = ["orientation:move_choice", "orientation:copy_intentions", "orientation:acknowledge", "portal:reminders"]
        sent += ["portal:end_connections", "portal:end_connection"]
        expected |= dict.fromkeys(sent, 302)
    assert answers == expected


def whole_database() -> dict[str, list[tuple[object, ...]]]:
    """Everything that is written anywhere, but for sessions."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name != "django_session"]
        rows = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 - our own table names
            rows[table] = cursor.fetchall()
        return rows


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("role", ["nobody", "student", "stranger", "contact", "head", "operator"])
def test_nobody_but_a_guardian_writes_by_any_address(
    as_role: Callable[[str], Client], dubois: Family, role: str
) -> None:
    client = as_role(role)
    values = {
        "version": 1,
        "rank": 1,
        "group": "technologique",
        "series": "sti2d",
        "confirmed": "1",
        "seen_number": 0,
        "email": "autre@familles.example",
    }
    before = whole_database()
    for name in TABLE:
        if name == "orientation:conflict":
            continue
        # a guardian of another child may change their own address, and mute their own reminders
        own = role == "stranger" and name in ("portal:contact_data", "portal:reminders")
        if name not in ("accounts:sign_out", "portal:end_connections") and not own:
            client.post(address(name, dubois), values)
    assert whole_database() == before


@pytest.mark.parametrize("role", ["guardian", "student", "stranger"])
def test_families_do_not_enter_the_admin(as_role: Callable[[str], Client], role: str) -> None:
    assert as_role(role).get("/admin/").status_code == 302


@pytest.mark.usefixtures("draft")
def test_personal_pages_are_kept_out_of_caches(as_role: Callable[[str], Client], dubois: Family) -> None:
    answer = as_role("guardian").get(address("orientation:submission", dubois))
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
