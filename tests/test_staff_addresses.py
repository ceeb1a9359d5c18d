"""Every address of the school's side, tried as each member of staff, as a family and as nobody.

A new address missing from the tables fails. What Django admin itself lists is tried by `test_admin_lists…`.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Profile, User
from notifications.models import OutboxMessage
from orientation.models import Decision, DecisionKind, DialogueStep, Pathway, Speciality, StepKind
from schools.models import ContactChange, ContactField, Division, Role, SchoolMessage, SiecleImport, StaffMembership
from schools.policies import StaffAct, may
from tests.factories import NOW, Family, campaign, school, sign_in, staff, student
from tests.test_addresses import names, whole_database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

ROLES = list(Role)
OUTSIDERS = ["nobody", "guardian", "stranger", "operator"]

ACTS = {
    "school_messages": StaffAct.READ,
    "school_message_new": StaffAct.STEER,
    "school_message": StaffAct.STEER,
    "school_message_end": StaffAct.STEER,
    "journal": StaffAct.READ_JOURNAL,
    "journal_object": StaffAct.READ_JOURNAL,
    "contact_changes": StaffAct.READ_CONTACT,
    "contact_changes_export": StaffAct.EXPORT,
    "contact_change_take": StaffAct.IMPORT,
    "contact_change_refuse": StaffAct.IMPORT,
    "imports": StaffAct.IMPORT,
    "import": StaffAct.IMPORT,
    "import_confirm": StaffAct.IMPORT,
    "import_cancel": StaffAct.IMPORT,
    "import_report": StaffAct.IMPORT,
    "staff_members": StaffAct.MANAGE_STAFF,
    "staff_member_invite": StaffAct.MANAGE_STAFF,
    "staff_member_change": StaffAct.MANAGE_STAFF,
    "staff_member_invite_again": StaffAct.MANAGE_STAFF,
    "staff_member_remove": StaffAct.MANAGE_STAFF,
    "staff_member_reset_second_factor": StaffAct.MANAGE_STAFF,
    "campaign": StaffAct.READ,
    "campaign_year": StaffAct.READ,
    "campaign_new": StaffAct.STEER,
    "campaign_message": StaffAct.STEER,
    "campaign_dates": StaffAct.STEER,
    "campaign_offer": StaffAct.STEER,
    "campaign_setting": StaffAct.STEER,
    "campaign_open": StaffAct.STEER,
    "campaign_close": StaffAct.STEER,
    "campaign_keep_open": StaffAct.STEER,
    "entry": StaffAct.ACT_FOR_FAMILY,
    "acknowledge_for_family": StaffAct.ACT_FOR_FAMILY,
    "answer_for_family": StaffAct.ACT_FOR_FAMILY,
    "dialogue_form": StaffAct.READ,
    "dialogue_forms": StaffAct.READ,
    "councils": StaffAct.READ,
    "council": StaffAct.READ,
    "council_news": StaffAct.READ,
    "council_line": StaffAct.ENTER_COUNCIL,
    "publish_council": StaffAct.STEER,
    "withdraw_council": StaffAct.STEER,
    "decisions": StaffAct.READ,
    "issue_decisions": StaffAct.STEER,
    "decision_pdf": StaffAct.READ,
    "decisions_pdf": StaffAct.READ,
    "student_dialogue": StaffAct.READ,
    "dialogue_act": StaffAct.STEER,
    "dialogue_cancel": StaffAct.STEER,
    "followup": StaffAct.READ,
    "student_file": StaffAct.READ,
    "reminders": StaffAct.REMIND,
    "followup_export": StaffAct.EXPORT,
    "totals": StaffAct.READ,
    "totals_export": StaffAct.EXPORT,
}
"""What each page of a school is about: who may do that act opens it, and nobody else."""

OF_A_CLASS = {
    "dialogue_form",
    "dialogue_forms",
    "council",
    "council_news",
    "council_line",
    "student_file",
    "decision_pdf",
    "decisions_pdf",
    "student_dialogue",
}
"""Pages of one class or pupil: to the form teacher of another class they do not exist."""

OWN_SESSION = {
    "admin:second_factor",
    "admin:second_factor_setup",
    "admin:recovery_codes",
    "admin:forgotten_password",
    "admin:password_link_sent",
    "admin:choose_password",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:index",
    "admin:jsi18n",
    "admin:app_list",
    "admin:autocomplete",
    "admin:view_on_site",
    "admin:schools_student_designate",
    "admin:None",
}
"""About one's own session, or Django's own; tried in tests/accounts, tests/portal and tests/schools."""

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
CATALOGUE: set[type[Model]] = {Pathway, Speciality, OutboxMessage}
"""What the operator alone opens; all the other lists are a school's."""


def test_every_address_of_the_school_s_side_stands_in_the_tables() -> None:
    known = {name for name in names(get_resolver().url_patterns) if name.startswith("admin:")}
    of_models = {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"
        for model in MODELS
        for view in ("changelist", "add", "history", "delete", "change")
    }
    assert known == {f"admin:{name}" for name in ACTS} | OWN_SESSION | of_models


@pytest.fixture
def people(dubois: Family) -> dict[str, User | None]:
    """One member of staff of each role; the form teacher has Emma's class, another has a class without her."""
    other = Division.objects.create(school=dubois.school, school_year=2026, code="2DE4")
    elsewhere = school("0699902Y")
    campaign(elsewhere)
    student(elsewhere, "Autre", "Autre")
    assert dubois.emma.division is not None
    return {
        "nobody": None,
        "guardian": dubois.sophie.user,
        "stranger": staff(elsewhere, Role.HEAD),
        "operator": User.objects.create(username="operateur", is_staff=True, is_superuser=True),
        "form teacher of another class": staff(dubois.school, Role.FORM_TEACHER, other),
        **{
            role: staff(dubois.school, role, *([dubois.emma.division] if role is Role.FORM_TEACHER else []))
            for role in ROLES
        },
    }


@pytest.fixture
def as_role(people: dict[str, User | None]) -> Callable[[str], Client]:
    def client_of(role: str) -> Client:
        user = people[role]
        return sign_in(Client(), user, Profile.GUARDIAN if role == "guardian" else None) if user else Client()

    return client_of


@pytest.fixture
def address(dubois: Family, people: dict[str, User | None]) -> Callable[[str], str]:
    """Give the address of each page for Emma, her class, this year's campaign, an import and the deputy."""
    waiting = SiecleImport.objects.create(school=dubois.school, school_year=2026)
    membership = StaffMembership.objects.get(user=people[Role.DEPUTY])
    changed = ContactChange.objects.create(
        guardian=dubois.sophie, field=ContactField.TOWN, after="Lyon", changed_at=NOW
    )
    emma, year, kind = dubois.emma, 2026, "choix-definitifs"
    message = SchoolMessage.objects.create(
        school=dubois.school, title="Réunion", shown_from=NOW, shown_until=NOW, changed_at=NOW
    )
    decision = Decision.objects.create(
        student=emma,
        phase=dubois.campaign.phases.get(kind="proposals"),
        number=1,
        kind=DecisionKind.REASONED,
        pathway=Pathway.objects.get(code="stmg"),
        is_conform=False,
        reasons="Des résultats fragiles.",
        issued_at=NOW,
        issued_by=membership.user,
    )
    step = DialogueStep.objects.create(
        student=emma,
        phase=decision.phase,
        kind=StepKind.RECEIPT,
        decision=decision,
        happened_on=NOW.date(),
        recorded_at=NOW,
        recorded_by=membership.user,
    )
    council: list[object] = ["propositions", emma.division_id]
    arguments: dict[str, list[object]] = {
        **{name: [changed.pk] for name in ("contact_change_take", "contact_change_refuse")},
        **{name: [message.pk] for name in ("school_message", "school_message_end")},
        "journal_object": ["schools_student", emma.pk],
        **{name: [waiting.pk] for name in ("import", "import_confirm", "import_cancel", "import_report")},
        **{name: [year] for name in ("campaign_year", "campaign_dates", "campaign_offer")},
        **{name: [year, kind] for name in ("campaign_open", "campaign_close", "campaign_keep_open")},
        "campaign_setting": [year, "saisie"],
        "entry": [emma.public_id, kind],
        "acknowledge_for_family": [emma.public_id],
        "answer_for_family": [emma.public_id],
        "dialogue_form": [emma.public_id],
        "dialogue_forms": [emma.division_id],
        **dict.fromkeys(("council", "council_news", "publish_council", "withdraw_council"), council),
        "council_line": [*council, emma.pk],
        "student_file": [emma.public_id],
        "decision_pdf": [decision.public_id],
        "decisions_pdf": [emma.division_id],
        "student_dialogue": [emma.public_id],
        "dialogue_act": [emma.public_id, "maintien"],
        "dialogue_cancel": [emma.public_id, step.pk],
    }
    for name in ACTS:
        if name.startswith("staff_member_") and name != "staff_member_invite":
            arguments[name] = [membership.pk]

    asked = {"followup_export": "?contenu=familles&format=csv", "totals_export": "?format=csv"}

    def address_of(name: str) -> str:
        return reverse(f"admin:{name}", args=[dubois.school.uai, *arguments.get(name, [])]) + asked.get(name, "")

    return address_of


def opens(status: int) -> bool:
    """Whether the page let the person in: it answered, led on, asked for a POST, or said what state forbids."""
    return status in (HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.CONFLICT)


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_to_the_roles_of_its_act_and_to_no_other(
    as_role: Callable[[str], Client], address: Callable[[str], str], role: Role
) -> None:
    client = as_role(role)
    answers = {name: client.get(address(name)).status_code for name in ACTS}
    wrong = {
        name: status
        for name, status in answers.items()
        if not (opens(status) if may(role, ACTS[name]) else status in (HTTPStatus.FORBIDDEN, 405))
    }
    assert wrong == {}


@pytest.mark.parametrize("role", OUTSIDERS)
def test_nobody_from_outside_finds_a_school_s_pages(
    as_role: Callable[[str], Client], address: Callable[[str], str], role: str
) -> None:
    client = as_role(role)
    expected = {HTTPStatus.FOUND} if role in ("nobody", "guardian") else {HTTPStatus.NOT_FOUND, 405}
    answers = {name: _status(client, address(name)) for name in ACTS}
    assert {name: status for name, status in answers.items() if status not in expected} == {}


def _status(client: Client, path: str) -> int:
    return client.get(path).status_code


def test_another_class_does_not_exist_for_a_form_teacher(
    as_role: Callable[[str], Client], address: Callable[[str], str]
) -> None:
    client = as_role("form teacher of another class")
    assert {name: _status(client, address(name)) for name in OF_A_CLASS} == dict.fromkeys(OF_A_CLASS, 404)
    assert b"Dubois" not in client.get(address("followup")).content


@pytest.mark.parametrize("role", [*OUTSIDERS, "form teacher of another class", *ROLES])
def test_who_may_not_do_an_act_writes_nothing_by_its_address(
    as_role: Callable[[str], Client], address: Callable[[str], str], dubois: Family, role: str
) -> None:
    client = as_role(role)
    values = {"role": Role.HEAD, "message": "Autre", "confirmed": "1", "version": 0, "selection": dubois.emma.pk}
    before = whole_database()
    for name, act in ACTS.items():
        is_allowed = role in ROLES and may(Role(role), act)
        if not is_allowed and not (role.startswith("form teacher") and name not in OF_A_CLASS and act is StaffAct.READ):
            client.post(address(name), values)
    assert _without_readings(whole_database()) == _without_readings(before)


def _without_readings(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Leave out that somebody read a page, which reading pages write."""
    return {name: rows for name, rows in tables.items() if name != "audit_reading"}


@pytest.mark.parametrize("role", [*ROLES, "form teacher of another class", "stranger", "operator"])
def test_admin_lists_hold_rows_of_one_s_own_school_and_classes_only(
    as_role: Callable[[str], Client], dubois: Family, role: str
) -> None:
    client = as_role(role)
    for model in MODELS:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answer = client.get(reverse(f"{base}_changelist"))
        if model in CATALOGUE:
            assert answer.status_code == (HTTPStatus.OK if role == "operator" else HTTPStatus.FORBIDDEN), model
        elif answer.status_code == HTTPStatus.OK:
            text = answer.content.decode()
            # each school's family carries its own name
            assert ("Autre" in text) <= (role == "stranger" or "0699902Y" not in text)
            assert ("Dubois" in text) <= (role in ROLES)


@pytest.mark.parametrize("role", ["stranger", "operator", "form teacher of another class"])
def test_a_row_of_another_school_or_class_does_not_exist_by_its_address(
    as_role: Callable[[str], Client], dubois: Family, role: str
) -> None:
    client = as_role(role)
    rows: list[Model] = [dubois.emma, dubois.sophie]
    if role != "form teacher of another class":
        rows += [dubois.school, dubois.campaign]
    for row in rows:
        base = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for view in ("change", "history", "delete"):
            status = client.get(reverse(f"{base}_{view}", args=[row.pk])).status_code
            # Django leads to the index, with a message, for a row that is not there
            assert status in (HTTPStatus.FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND), (row, view)
