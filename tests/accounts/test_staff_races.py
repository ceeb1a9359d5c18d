"""Two people, or two answers, at the same instant: nothing is counted twice, nor done by halves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test import Client

from accounts.models import Identity, SignInFailures, User
from accounts.oidc.agents import AgentsClaims
from accounts.staff import members, second_factor
from accounts.staff.agents import sign_in_agent
from accounts.staff.errors import LastHead, NoLongerMember, NotTheirHead, StaffError
from accounts.staff.members import Invitation
from accounts.staff.passwords import MAX_FAILURES, MAX_FAILURES_ANYWHERE
from schools.models import Role, StaffMembership
from tests import factories
from tests.accounts.staff import code, give_password, member, telephone
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at once; return what each returned, or the refusal it raised."""
    outcomes: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number: int) -> None:
        start.wait(60)
        try:
            outcomes[number] = acts[number]()
        except StaffError as refusal:
            outcomes[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    close_old_connections()
    return outcomes


def test_two_heads_who_remove_each_other_leave_one() -> None:
    here = factories.school()
    users = [factories.staff(here, Role.HEAD) for _ in range(2)]
    first, second = (StaffMembership.objects.get(user=user) for user in users)
    outcomes = together(
        lambda: members.remove(member=second, by=users[0]), lambda: members.remove(member=first, by=users[1])
    )
    assert [type(each) for each in outcomes if each] in ([LastHead], [NotTheirHead])
    assert StaffMembership.objects.filter(school=here, role=Role.HEAD).count() == 1


def test_two_schools_that_invite_somebody_at_once_share_one_account() -> None:
    places = [factories.school(), factories.school("0699902Y")]
    heads = [factories.staff(place, Role.HEAD) for place in places]
    invited = Invitation(first_name="Ada", last_name="L", email="ada@ac-paris.example", role=Role.OFFICE)
    outcomes = together(
        lambda: members.invite(school=places[0], invitation=invited, by=heads[0], at=NOW),
        lambda: members.invite(school=places[1], invitation=invited, by=heads[1], at=NOW),
    )
    assert all(isinstance(each, StaffMembership) for each in outcomes), outcomes
    assert User.objects.filter(username="ada@ac-paris.example").count() == 1


def test_wrong_passwords_given_at_once_are_counted_one_by_one() -> None:
    here = factories.school()
    member(here, Role.OFFICE)
    answers = together(*[lambda: give_password(Client(), password="faux").status_code] * 8)
    assert sorted(answers) == [422] * (MAX_FAILURES - 1) + [429] * (8 - MAX_FAILURES + 1)
    assert sorted(SignInFailures.objects.values_list("failures", flat=True)) == [MAX_FAILURES, MAX_FAILURES]
    assert MAX_FAILURES < MAX_FAILURES_ANYWHERE


def test_a_code_given_twice_at_once_opens_once() -> None:
    user = member(factories.school())
    telephone(user)
    shown = code()
    outcomes = together(*[lambda: second_factor.check_code(user=user, code=shown)] * 2)
    assert len([each for each in outcomes if isinstance(each, StaffError)]) == 1


def test_a_recovery_code_given_twice_at_once_opens_once() -> None:
    user = member(factories.school())
    telephone(user)
    shown = second_factor.new_recovery_codes(user=user)[0]
    outcomes = together(*[lambda: second_factor.check_code(user=user, code=shown)] * 2)
    assert len([each for each in outcomes if isinstance(each, StaffError)]) == 1


def test_a_head_whom_the_provider_brings_back_twice_at_once_has_one_account() -> None:
    factories.school()
    claims = AgentsClaims("sub", "Hélène", "Vasseur", "h@ac-paris.example", frozenset({"0759901X"}))
    outcomes = together(*[lambda: sign_in_agent(claims, at=NOW)] * 2)
    assert outcomes[0] == outcomes[1] == User.objects.get()
    assert Identity.objects.count() == StaffMembership.objects.count() == 1


def test_a_member_removed_meanwhile_is_neither_changed_nor_reset_nor_removed_again() -> None:
    here = factories.school()
    head, office = factories.staff(here, Role.HEAD), factories.staff(here, Role.OFFICE)
    shown = [StaffMembership.objects.get(user=office) for _ in range(4)]
    members.remove(member=shown[0], by=head)
    with pytest.raises(NoLongerMember):
        members.change(member=shown[1], role=Role.COUNSELLOR, divisions=[], school_year=2026, by=head)
    with pytest.raises(NoLongerMember):
        members.reset_second_factor(member=shown[2], by=head)
    with pytest.raises(NoLongerMember):
        members.invite_again(member=shown[3], by=head, at=NOW)
    assert not StaffMembership.objects.filter(user=office).exists()


def test_removing_twice_removes_once() -> None:
    here = factories.school()
    head, office = factories.staff(here, Role.HEAD), factories.staff(here, Role.OFFICE)
    shown = [StaffMembership.objects.get(user=office) for _ in range(2)]
    for each in shown:
        members.remove(member=each, by=head)
    assert not StaffMembership.objects.filter(user=office).exists()


def test_the_last_head_is_told_by_the_role_of_now_and_not_by_that_of_the_page() -> None:
    here = factories.school()
    head = factories.staff(here, Role.HEAD)
    own = StaffMembership.objects.create(user=head, school=here, role=Role.OFFICE)
    shown = StaffMembership.objects.get(pk=own.pk)
    StaffMembership.objects.filter(user=head, role=Role.HEAD).delete()
    StaffMembership.objects.filter(pk=own.pk).update(role=Role.HEAD)
    with pytest.raises(LastHead):
        members.remove(member=shown, by=head)
