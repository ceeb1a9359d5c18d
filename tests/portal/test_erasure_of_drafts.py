"""Drafts and half-typed forms go at a person's request: they prove nothing; what was validated stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.kept_forms import SESSION_KEY, author_token
from accounts.models import Profile, User
from orientation.models import Draft, DraftRevision, SetAside, Submission
from orientation.rules import Wish
from orientation.services import save_choice, validate_draft
from portal.erasure import Erasure, erase_person
from portal.own_data import person_of_record
from schools.models import Guardian
from tests.factories import NOW, Family, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


def write(family: Family, who: Guardian, pathway: str, minutes: int = 0) -> Draft:
    assert who.user
    draft = Draft.objects.filter(student=family.emma).first()
    return save_choice(
        file=family.file_of(who), phase=family.phase, wish=Wish(pathway), version=draft.version if draft else 0,
        by=who.user, at=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


def set_aside(draft: Draft, who: Guardian, pathway: str) -> SetAside:
    assert who.user
    wishes = [Wish(pathway).to_json()]
    return SetAside.objects.create(draft=draft, wishes=wishes, written_at=NOW, written_by=who.user)


def erase(who: Guardian, *, dry_run: bool = False) -> Erasure:
    return erase_person(person=person_of_record(Guardian.objects.get(pk=who.pk)), dry_run=dry_run)


def listed(draft: Draft) -> list[str]:
    draft.refresh_from_db()
    return [each["pathway"] for each in draft.wishes]


def test_a_draft_of_one_s_own_goes_with_its_versions_and_what_was_set_aside(dubois: Family) -> None:
    set_aside(write(dubois, dubois.sophie, "stmg"), dubois.sophie, "st2s")
    erase(dubois.sophie, dry_run=True)
    assert [model.objects.count() for model in (Draft, DraftRevision, SetAside)] == [1, 1, 1]
    done = erase(dubois.sophie)
    assert [model.objects.count() for model in (Draft, DraftRevision, SetAside)] == [0, 0, 0]
    assert {"orientation_draft": 1, "orientation_draftrevision": 1, "orientation_setaside": 1}.items() <= dict(
        done.rows
    ).items()
    assert not User.objects.filter(pk=dubois.sophie.user_id or 0).exists()


def test_a_list_that_both_wrote_goes_back_to_what_the_other_wrote_last(dubois: Family) -> None:
    write(dubois, dubois.sophie, "std2a")
    write(dubois, dubois.marc, "stmg", 1)
    draft = write(dubois, dubois.sophie, "st2s", 2)
    set_aside(draft, dubois.sophie, "sti2d")
    his = set_aside(draft, dubois.marc, "sthr")
    erase(dubois.sophie)
    assert listed(draft) == ["std2a", "stmg"]
    assert (draft.version, draft.changed_by, draft.changed_at) == (4, dubois.marc.user, NOW + timedelta(minutes=1))
    assert {each.changed_by for each in draft.revisions.all()} == {dubois.marc.user}
    assert list(SetAside.objects.all()) == [his]
    assert not +erase(dubois.sophie).rows
    assert draft.revisions.count() == 2


def test_a_list_that_the_other_wrote_last_stays_as_it_is(dubois: Family) -> None:
    write(dubois, dubois.sophie, "std2a")
    draft = write(dubois, dubois.marc, "stmg", 1)
    erase(dubois.sophie)
    assert listed(draft) == ["std2a", "stmg"]
    assert (draft.version, [each.version for each in draft.revisions.all()]) == (2, [2])


@pytest.mark.parametrize("changed_since", [True, False])
def test_what_was_validated_stays_and_the_list_goes_back_to_it(dubois: Family, changed_since: bool) -> None:
    sophie = dubois.sophie
    assert sophie.user
    draft = write(dubois, sophie, "stmg")
    validate_draft(file=dubois.file_of(sophie), phase=dubois.phase, version=1, by=sophie.user, at=NOW)
    if changed_since:
        write(dubois, sophie, "st2s", 5)
    for _time in range(2):
        erase(sophie)
        assert listed(draft) == ["stmg"]
        assert draft.is_validated
        assert Submission.objects.count() == 1
        assert not DraftRevision.objects.filter(changed_by=sophie.user).exists()
    page = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN).get(
        reverse("orientation:choices", args=[dubois.emma.public_id, "choix-definitifs"])
    )
    assert page.status_code == 200
    assert "None" not in page.content.decode()


def typed_after_the_end(client: Client, family: Family, who: Guardian) -> None:
    """A form that somebody sends once their session has ended."""
    assert who.user
    address = reverse("orientation:add_choice", args=[family.emma.public_id, "choix-definitifs"])
    client.post(address, {"note": "une saisie à moi", "typed_by": author_token(who.user)})
    assert SESSION_KEY in client.session


def test_what_waits_in_a_session_that_ended_goes_and_so_does_it_where_another_signed_in_since(dubois: Family) -> None:
    alone, shared, his = Client(), Client(), Client()
    typed_after_the_end(alone, dubois, dubois.sophie)
    typed_after_the_end(shared, dubois, dubois.sophie)
    typed_after_the_end(his, dubois, dubois.marc)
    typed = shared.session[SESSION_KEY]
    sign_in(shared, dubois.marc.user, Profile.GUARDIAN)
    now: Any = shared.session
    now[SESSION_KEY] = typed
    now.save()
    erase(dubois.sophie)
    assert not [each for each in Session.objects.all() if author_of(each) == dubois.sophie.user_id]
    assert SESSION_KEY in his.session
    assert shared.get("/mes-services/").status_code == 200


def author_of(session: Session) -> int | None:
    author: int | None = session.get_decoded().get(SESSION_KEY, {}).get("author")
    return author


def test_a_session_that_no_list_of_connections_holds_ends_too(dubois: Family) -> None:
    assert dubois.sophie.user
    client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    Submission.objects.create(
        student=dubois.emma, phase=dubois.phase, number=1, submitted_at=NOW, submitted_by=dubois.sophie.user,
        guardian=dubois.sophie, guardian_name="Sophie Bernard",
    )  # fmt: skip
    erase(dubois.sophie)
    assert User.objects.filter(pk=dubois.sophie.user_id or 0).exists()
    assert client.get("/mes-services/").status_code == 302


def elsewhere(act: Callable[[], Any]) -> Any:
    """Do it on a connection of its own."""
    try:
        return act()
    finally:
        connection.close()


def wait_until_blocked(other: Future[Any]) -> None:
    """Return once another connection waits for a lock of ours, or has ended without."""
    while not other.done():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchone():
                return
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_somebody_is_writing_is_waited_for_and_goes_too(dubois: Family) -> None:
    write(dubois, dubois.sophie, "stmg")
    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            write(dubois, dubois.sophie, "st2s", 1)
            erasing = pool.submit(elsewhere, lambda: erase(dubois.sophie))
            wait_until_blocked(erasing)
            assert not erasing.done()
        erasing.result()
    assert not Draft.objects.exists()
    assert not User.objects.filter(pk=dubois.sophie.user_id or 0).exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_was_writing_for_the_first_time_is_refused_whole(dubois: Family) -> None:
    def write_while_somebody_erases() -> None:
        with ThreadPoolExecutor() as pool, transaction.atomic():
            write(dubois, dubois.sophie, "st2s")
            pool.submit(elsewhere, lambda: erase(dubois.sophie)).result()

    with pytest.raises(IntegrityError):
        write_while_somebody_erases()
    assert not Draft.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_operators_at_once_erase_once(dubois: Family) -> None:
    write(dubois, dubois.sophie, "stmg")
    person = person_of_record(dubois.sophie)
    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            first = erase_person(person=person, dry_run=False)
            erasing = pool.submit(elsewhere, lambda: erase_person(person=person, dry_run=False))
            wait_until_blocked(erasing)
        second = erasing.result()
    assert first.rows["accounts_user"] == 1
    assert not +second.rows
