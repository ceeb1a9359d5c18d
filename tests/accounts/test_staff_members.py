"""A head manages the staff of their school."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Profile, User
from accounts.staff import members
from accounts.staff.errors import (
    AlreadyMember,
    AlreadySignedUp,
    LastHead,
    NotASchoolsAccount,
    NotTheirHead,
    SecondFactorOutOfReach,
)
from accounts.staff.members import Invitation
from notifications import kinds
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from schools.models import Division, MembershipSource, Role, School, StaffMembership
from schools.siecle import school_year_at
from tests import factories
from tests.accounts.staff import INDEX, PASSWORD, SETUP, give_password, member, telephone, text_of
from tests.factories import NOW, sign_in

pytestmark = pytest.mark.django_db
EMAIL = "odile.office@ac-paris.example"


@pytest.fixture
def here() -> School:
    return factories.school()


@pytest.fixture
def classes(here: School) -> list[Division]:
    year = school_year_at(NOW)
    return [Division.objects.create(school=here, school_year=year, code=code) for code in ("2DE1", "2DE2")]


@pytest.fixture
def head(here: School) -> User:
    return factories.staff(here, Role.HEAD, username="proviseure")


@pytest.fixture
def as_head(client: Client, head: User, last_evening: Any) -> Client:
    return sign_in(client, head, None)


def address(name: str, school: School, *arguments: object) -> str:
    return reverse(f"admin:{name}", args=[school.uai, *arguments])


def form(**values: Any) -> dict[str, Any]:
    return {"first_name": "Odile", "last_name": "Office", "email": EMAIL, "role": Role.OFFICE, **values}


def test_a_role_is_chosen_not_left_to_the_first_of_the_list(as_head: Client, here: School) -> None:
    answer = as_head.post(address("staff_member_invite", here), form(role=""))
    assert answer.status_code == 422
    assert "Choisissez une fonction." in answer.content.decode()
    assert not User.objects.filter(email=EMAIL).exists()


def invitation(**values: Any) -> Invitation:
    return Invitation(**{"first_name": "Odile", "last_name": "Office", "email": EMAIL, "role": Role.OFFICE, **values})


def membership(user: User, of: School) -> StaffMembership:
    return StaffMembership.objects.get(user=user, school=of)


def link_in(message: OutboxMessage) -> str:
    return str(message.context["link"]).partition("://")[2].partition("/")[2].join(("/", ""))


# --- Inviting ---------------------------------------------------------------------------------------------------------


def test_who_is_invited_chooses_a_password_by_the_link_and_enters(as_head: Client, here: School) -> None:
    answer = as_head.post(address("staff_member_invite", here), form(email="Odile.Office@AC-Paris.example"))
    assert answer["Location"] == address("staff_members", here)
    assert f"Invitation envoyée à {EMAIL}." in text_of(as_head.get(answer["Location"]))
    user = User.objects.get(username=EMAIL)
    assert (user.email, user.first_name, user.last_name, user.is_staff) == (EMAIL, "Odile", "Office", True)
    assert not user.has_usable_password()
    message = OutboxMessage.objects.get(kind="accounts.staff_invitation")
    assert message.address == EMAIL
    browser = Client()
    page = browser.get(link_in(message), follow=True)
    assert "Choisir votre mot de passe" in text_of(page)
    assert link_in(message).rsplit("/", 2)[1] not in page.request["PATH_INFO"]
    chosen = browser.post(page.request["PATH_INFO"], {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert chosen["Location"] == reverse("admin:login")
    assert "Votre mot de passe est enregistré" in text_of(browser.get(chosen["Location"]))
    assert give_password(browser, EMAIL)["Location"] == INDEX


def test_a_form_teacher_is_invited_with_their_classes_and_sees_those(
    as_head: Client, here: School, classes: list[Division]
) -> None:
    values = form(role=Role.FORM_TEACHER, divisions=[classes[0].pk])
    assert as_head.post(address("staff_member_invite", here), values).status_code == 302
    assert list(StaffMembership.objects.get(role=Role.FORM_TEACHER).divisions.all()) == [classes[0]]


def test_classes_ticked_for_another_role_are_not_kept(as_head: Client, here: School, classes: list[Division]) -> None:
    as_head.post(address("staff_member_invite", here), form(divisions=[classes[0].pk]))
    assert not StaffMembership.objects.get(role=Role.OFFICE).divisions.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"email": "odile"}, "Saisissez une adresse électronique valide"),
        ({"email": ""}, "Saisissez l’adresse électronique professionnelle."),
        ({"last_name": " "}, "Saisissez le nom."),
        ({"role": "proviseur"}, "Choisissez une fonction de la liste."),
        ({"role": Role.FORM_TEACHER}, "Cochez au moins une classe"),
        ({"role": Role.FORM_TEACHER, "divisions": ["999999"]}, "Choisissez des classes de l’établissement."),
    ],
)
def test_a_wrong_form_is_shown_again_with_what_was_typed_and_invites_nobody(
    as_head: Client, here: School, changed: dict[str, Any], sentence: str
) -> None:
    answer = as_head.post(address("staff_member_invite", here), form(**changed))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert 'value="Odile"' in text_of(answer)
    assert User.objects.count() == 1
    assert not OutboxMessage.objects.exists()


def test_another_school_s_class_is_refused(as_head: Client, here: School) -> None:
    other = Division.objects.create(school=factories.school("0699902Y"), school_year=school_year_at(NOW), code="2GT1")
    answer = as_head.post(address("staff_member_invite", here), form(role=Role.FORM_TEACHER, divisions=[other.pk]))
    assert answer.status_code == 422


def test_a_member_of_another_school_keeps_one_account_and_is_sent_no_password_link(
    as_head: Client, here: School
) -> None:
    known = member(factories.school("0699902Y"), Role.OFFICE, EMAIL, email=EMAIL, first_name="O.", last_name="Déjà")
    as_head.post(address("staff_member_invite", here), form())
    assert User.objects.filter(username=EMAIL).count() == 1
    assert known.memberships.count() == 2
    known.refresh_from_db()
    assert (known.first_name, known.last_name) == ("O.", "Déjà")
    assert OutboxMessage.objects.get().context["link"] == ""


def test_a_parent_of_that_name_keeps_one_account_and_becomes_staff(as_head: Client, here: School) -> None:
    parent = User.objects.create(username=EMAIL)
    parent.set_unusable_password()
    parent.save()
    as_head.post(address("staff_member_invite", here), form())
    parent.refresh_from_db()
    assert parent.is_staff
    assert parent.email == EMAIL
    assert OutboxMessage.objects.get().context["link"]


def test_inviting_twice_to_the_same_role_says_so_and_keeps_what_was_typed(as_head: Client, here: School) -> None:
    as_head.post(address("staff_member_invite", here), form())
    answer = as_head.post(address("staff_member_invite", here), form())
    assert answer.status_code == 409
    assert "Cette personne a déjà cette fonction" in text_of(answer)
    assert f'value="{EMAIL}"' in text_of(answer)
    assert StaffMembership.objects.filter(role=Role.OFFICE).count() == 1


@pytest.mark.parametrize("values", [{"is_superuser": True}, {"is_active": False}])
def test_an_operator_s_and_a_deactivated_account_are_no_school_s_to_invite(
    here: School, head: User, values: dict[str, bool]
) -> None:
    User.objects.create(username=EMAIL, is_staff=True, **values)
    with pytest.raises(NotASchoolsAccount):
        members.invite(school=here, invitation=invitation(), by=head, at=NOW)
    assert StaffMembership.objects.count() == 1


def test_the_invitation_is_sent_again_but_not_more_than_every_ten_minutes(here: School, head: User) -> None:
    invited = members.invite(school=here, invitation=invitation(), by=head, at=NOW)
    members.invite_again(member=invited, by=head, at=NOW + timedelta(seconds=1))
    assert OutboxMessage.objects.count() == 1
    members.invite_again(member=invited, by=head, at=NOW + timedelta(minutes=10))
    assert OutboxMessage.objects.count() == 2


def test_the_page_sends_the_invitation_again(as_head: Client, here: School, head: User) -> None:
    invited = members.invite(school=here, invitation=invitation(), by=head, at=NOW - timedelta(hours=1))
    answer = as_head.post(address("staff_member_invite_again", here, invited.pk), follow=True)
    assert f"Invitation envoyée à {EMAIL}." in text_of(answer)
    assert OutboxMessage.objects.count() == 2
    invited.user.set_password(PASSWORD)
    invited.user.save()
    answer = as_head.post(address("staff_member_invite_again", here, invited.pk), follow=True)
    assert "a déjà choisi son mot de passe" in text_of(answer)
    assert as_head.get(address("staff_member_invite_again", here, invited.pk)).status_code == 405


def test_who_has_a_password_is_not_invited_again(here: School, head: User) -> None:
    known = membership(member(here, Role.OFFICE, EMAIL), here)
    with pytest.raises(AlreadySignedUp):
        members.invite_again(member=known, by=head, at=NOW)


def test_the_e_mail_says_the_school_the_role_and_the_link_and_is_dropped_once_the_person_is_removed(
    here: School, head: User
) -> None:
    invited = members.invite(school=here, invitation=invitation(), by=head, at=NOW)
    message = OutboxMessage.objects.get()
    kind = kinds.get(message.kind)
    rendered = build_email(message)
    assert str(message.context["link"]) in rendered.body
    assert here.name in rendered.body
    assert "secrétariat" in rendered.body
    assert here.name not in rendered.subject
    assert kind.still_wanted(message)
    members.remove(member=invited, by=head)
    assert not kind.still_wanted(message)


# --- Changing ---------------------------------------------------------------------------------------------------------


def test_a_role_and_classes_are_changed(as_head: Client, here: School, classes: list[Division]) -> None:
    teacher = membership(factories.staff(here, Role.FORM_TEACHER, classes[0]), here)
    page = address("staff_member_change", here, teacher.pk)
    assert "checked" in text_of(as_head.get(page))
    assert as_head.post(page, {"role": Role.FORM_TEACHER, "divisions": [classes[1].pk]}).status_code == 302
    assert list(teacher.divisions.all()) == [classes[1]]
    assert as_head.post(page, {"role": Role.COUNSELLOR}).status_code == 302
    teacher.refresh_from_db()
    assert (teacher.role, teacher.divisions.count()) == (Role.COUNSELLOR, 0)


def test_last_year_s_classes_stay_with_who_is_still_a_form_teacher(
    here: School, head: User, classes: list[Division]
) -> None:
    former = Division.objects.create(school=here, school_year=classes[0].school_year - 1, code="2DE9")
    teacher = membership(factories.staff(here, Role.FORM_TEACHER, former, classes[0]), here)
    members.change(
        member=teacher, role=Role.FORM_TEACHER, divisions=classes[1:], school_year=classes[0].school_year, by=head
    )
    assert set(teacher.divisions.all()) == {former, classes[1]}


def test_the_last_head_neither_leaves_nor_changes_role_and_the_page_says_why(
    as_head: Client, here: School, head: User
) -> None:
    own = membership(head, here)
    for name, values in (("staff_member_remove", {}), ("staff_member_change", {"role": Role.DEPUTY})):
        answer = as_head.post(address(name, here, own.pk), values)
        assert answer.status_code == 409
        assert "n’aurait plus de chef d’établissement" in text_of(answer)
    own.refresh_from_db()
    assert own.role == Role.HEAD


def test_a_deactivated_head_does_not_count_as_another(here: School, head: User) -> None:
    gone = factories.staff(here, Role.HEAD)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(LastHead):
        members.remove(member=membership(head, here), by=head)


def test_a_head_leaves_once_there_is_another(as_head: Client, here: School, head: User) -> None:
    factories.staff(here, Role.HEAD)
    own = membership(head, here)
    answer = as_head.post(address("staff_member_remove", here, own.pk))
    assert answer.status_code == 302
    assert as_head.get(INDEX).status_code == 302


def test_a_role_that_the_person_has_already_is_refused(here: School, head: User) -> None:
    user = factories.staff(here, Role.OFFICE)
    other = StaffMembership.objects.create(user=user, school=here, role=Role.COUNSELLOR)
    with pytest.raises(AlreadyMember):
        members.change(member=other, role=Role.OFFICE, divisions=[], school_year=2026, by=head)


def test_a_role_from_the_agents_provider_becomes_the_head_s_word_once_changed(here: School, head: User) -> None:
    agent = StaffMembership.objects.create(
        user=User.objects.create(is_staff=True), school=here, role=Role.HEAD, source=MembershipSource.AGENTS
    )
    members.change(member=agent, role=Role.DEPUTY, divisions=[], school_year=2026, by=head)
    agent.refresh_from_db()
    assert (agent.role, agent.source) == (Role.DEPUTY, MembershipSource.MANUAL)


# --- Removing ---------------------------------------------------------------------------------------------------------


def test_who_is_removed_from_their_only_school_is_no_longer_staff_and_their_sessions_end(
    as_head: Client, here: School
) -> None:
    user = member(here, Role.OFFICE, EMAIL)
    theirs = Client()
    give_password(theirs, EMAIL)
    assert theirs.get(INDEX).status_code == 200
    page = address("staff_member_remove", here, membership(user, here).pk)
    assert "n’aura plus la fonction" in text_of(as_head.get(page))
    assert StaffMembership.objects.filter(user=user).exists()
    as_head.post(page)
    user.refresh_from_db()
    assert not user.is_staff
    assert not user.has_usable_password()
    assert theirs.get(INDEX)["Location"].startswith(reverse("admin:login"))
    assert theirs.get(reverse("portal:services")).status_code == 302
    assert give_password(Client(), EMAIL).status_code == 422


def test_who_keeps_another_school_keeps_their_account(as_head: Client, here: School) -> None:
    other = factories.school("0699902Y")
    user = member(other, Role.OFFICE, EMAIL)
    here_too = StaffMembership.objects.create(user=user, school=here, role=Role.COUNSELLOR)
    as_head.post(address("staff_member_remove", here, here_too.pk))
    assert give_password(Client(), EMAIL)["Location"] == INDEX


# --- Resetting the second factor --------------------------------------------------------------------------------------


def test_a_head_resets_a_deputy_s_second_factor_who_sets_another(as_head: Client, here: School) -> None:
    deputy = member(here, Role.DEPUTY, "adjoint")
    telephone(deputy)
    page = address("staff_member_reset_second_factor", here, membership(deputy, here).pk)
    assert "de vive voix" in text_of(as_head.get(page))
    assert TOTPDevice.objects.filter(user=deputy).exists()
    assert as_head.post(page)["Location"] == address("staff_members", here)
    assert not TOTPDevice.objects.filter(user=deputy).exists()
    assert give_password(Client(), "adjoint")["Location"] == SETUP


def test_another_head_s_and_an_operator_s_and_another_school_s_leader_s_are_out_of_reach(
    as_head: Client, here: School, head: User
) -> None:
    other = factories.school("0699902Y")
    elsewhere = factories.staff(other, Role.DEPUTY)
    StaffMembership.objects.create(user=elsewhere, school=here, role=Role.FORM_TEACHER)
    operator = User.objects.create(username="op", is_staff=True, is_superuser=True)
    StaffMembership.objects.create(user=operator, school=here, role=Role.OFFICE)
    for user in (factories.staff(here, Role.HEAD), elsewhere, operator):
        telephone(user)
        found = membership(user, here)
        answer = as_head.post(address("staff_member_reset_second_factor", here, found.pk))
        assert answer.status_code == 409
        assert "Seul l’exploitant" in text_of(answer)
        with pytest.raises(SecondFactorOutOfReach):
            members.reset_second_factor(member=found, by=head)
        assert TOTPDevice.objects.filter(user=user).exists()
        assert "Seul l’exploitant" in text_of(as_head.get(address("staff_member_change", here, found.pk)))


# --- Who may ----------------------------------------------------------------------------------------------------------

PAGES = [
    ("staff_members", False),
    ("staff_member_invite", False),
    ("staff_member_change", True),
    ("staff_member_invite_again", True),
    ("staff_member_remove", True),
    ("staff_member_reset_second_factor", True),
]


@pytest.mark.parametrize(("name", "of_member"), PAGES)
def test_each_page_is_the_head_s_alone(here: School, head: User, name: str, of_member: bool) -> None:
    target = address(name, here, *([membership(factories.staff(here, Role.OFFICE), here).pk] if of_member else []))
    before = list(StaffMembership.objects.order_by("pk").values())
    for method in ("get", "post"):
        assert getattr(Client(), method)(target)["Location"].startswith(reverse("admin:login"))
        family = sign_in(Client(), factories.account(), Profile.GUARDIAN)
        assert getattr(family, method)(target)["Location"].startswith(reverse("admin:login"))
        if (method, name) in (("get", "staff_member_invite_again"), ("post", "staff_members")):
            continue  # answered 405 before anything else
        for role in set(Role) - {Role.HEAD}:
            assert getattr(sign_in(Client(), factories.staff(here, role), None), method)(target).status_code == 403
        other = sign_in(Client(), factories.staff(factories.school(f"07{method}X"), Role.HEAD), None)
        assert getattr(other, method)(target).status_code == 404
    assert list(StaffMembership.objects.filter(pk__in=[row["id"] for row in before]).order_by("pk").values()) == before


@pytest.fixture
def here_and_there(here: School) -> tuple[School, StaffMembership]:
    other = factories.school("0699902Y")
    return here, membership(factories.staff(other, Role.OFFICE), other)


def test_a_member_of_another_school_is_not_found_under_one_s_own(
    as_head: Client, here_and_there: tuple[School, StaffMembership]
) -> None:
    here, stranger = here_and_there
    for name, of_member in PAGES:
        if of_member:
            assert as_head.post(address(name, here, stranger.pk)).status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.HEAD}))
def test_the_services_themselves_ask_for_the_head(here: School, head: User, role: Role) -> None:
    target = membership(factories.staff(here, Role.OFFICE), here)
    for by in (factories.staff(here, role), factories.staff(factories.school("0699902Y"), Role.HEAD), AnonymousUser()):
        with pytest.raises(NotTheirHead):
            members.invite(school=here, invitation=invitation(), by=by, at=NOW)  # type: ignore[arg-type]
        with pytest.raises(NotTheirHead):
            members.invite_again(member=target, by=by, at=NOW)  # type: ignore[arg-type]
        with pytest.raises(NotTheirHead):
            members.change(member=target, role=Role.DEPUTY, divisions=[], school_year=2026, by=by)  # type: ignore[arg-type]
        with pytest.raises(NotTheirHead):
            members.remove(member=target, by=by)  # type: ignore[arg-type]
        with pytest.raises(NotTheirHead):
            members.reset_second_factor(member=target, by=by)  # type: ignore[arg-type]
    assert not OutboxMessage.objects.exists()


def test_the_menu_shows_the_page_to_the_head_only(here: School, head: User) -> None:
    link = f'href="{address("staff_members", here)}"'
    assert link in text_of(sign_in(Client(), head, None).get(INDEX))
    assert link not in text_of(sign_in(Client(), factories.staff(here, Role.DEPUTY), None).get(INDEX))


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_role_classes_last_sign_in_and_second_factor(
    as_head: Client, here: School, head: User, classes: list[Division]
) -> None:
    teacher = factories.staff(here, Role.FORM_TEACHER, *classes, username="nadia")
    User.objects.filter(pk=teacher.pk).update(last_login=NOW - timedelta(days=1))
    members.invite(school=here, invitation=invitation(), by=head, at=NOW)
    factories.staff(here, Role.DEPUTY, username="adjoint")
    rows = re.findall(r"<tr>(.*?)</tr>", text_of(as_head.get(address("staff_members", here))), re.DOTALL)
    names = ("nadia", "Odile Office", "adjoint", "proviseure")
    said = {name: row for row in rows for name in names if f">{name}</a>" in row}
    assert "2DE1, 2DE2" in said["nadia"]
    assert "mercredi 19 mai 2027 à 22 h 40" in said["nadia"]
    assert "facultative" in said["nadia"]
    assert "invitation en attente" in said["Odile Office"]
    assert "à activer à la prochaine connexion" in said["adjoint"]
    assert ">activée<" in said["proviseure"]


def test_the_list_takes_the_same_few_queries_with_many_members_and_classes(
    as_head: Client, here: School, classes: list[Division]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_head.get(address("staff_members", here)).status_code == 200
        return len(captured)

    factories.staff(here, Role.FORM_TEACHER, classes[0])
    queries()
    with_few = queries()
    for number in range(40):
        division = Division.objects.create(school=here, school_year=classes[0].school_year, code=f"2GT{number}")
        factories.staff(here, Role.FORM_TEACHER, division)
    assert queries() == with_few <= 12


def test_the_form_takes_the_same_few_queries_with_many_classes(as_head: Client, here: School) -> None:
    target = membership(factories.staff(here, Role.OFFICE), here)

    def queries(name: str, *arguments: object) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_head.get(address(name, here, *arguments)).status_code == 200
        return len(captured)

    first = queries("staff_member_invite"), queries("staff_member_change", target.pk)
    for number in range(40):
        Division.objects.create(school=here, school_year=school_year_at(NOW), code=f"2GT{number}")
    assert (queries("staff_member_invite"), queries("staff_member_change", target.pk)) == first
    assert max(first) <= 12


def test_two_heads_cannot_both_leave(here: School, head: User) -> None:
    second = factories.staff(here, Role.HEAD)
    members.remove(member=membership(head, here), by=head)
    with pytest.raises(LastHead):
        members.remove(member=membership(second, here), by=second)


def test_an_invitation_is_dated_by_the_request(here: School, head: User) -> None:
    with time_machine.travel(NOW, tick=False):
        members.invite(school=here, invitation=invitation(), by=head, at=NOW)
    assert OutboxMessage.objects.get().created_at == NOW
