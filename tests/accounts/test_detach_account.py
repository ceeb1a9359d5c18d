"""`detach_account`, as an operator runs it when the school asks for it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from schools.management.commands import detach_account
from schools.models import Guardian, Student
from tests.accounts import people

UAI, INE, PERSON = "0750001A", "070000001AA", "100001"
NAMES = ("léa", "claire", "martin", "petit")


@pytest.fixture
def lea(db: None) -> Student:
    user = User.objects.create_user("lea", first_name="Léa", last_name="Petit")
    return people.student(people.school(UAI), ine=INE, user=user)


@pytest.fixture
def claire(lea: Student) -> Guardian:
    user = User.objects.create_user("claire", first_name="Claire", last_name="Petit")
    return people.guardian(lea, siecle_person_id=PERSON, user=user)


def account_of(record: Any) -> int | None:
    record.refresh_from_db()
    account: int | None = record.user_id
    return account


def answer(monkeypatch: pytest.MonkeyPatch, said: str | None) -> None:
    def read(_prompt: str) -> str:
        if said is None:
            raise EOFError
        return said

    monkeypatch.setattr("builtins.input", read)


@pytest.mark.parametrize("option", ["--ine", "--person"])
def test_a_record_is_detached_and_only_identifiers_are_said(
    lea: Student,
    claire: Guardian,
    option: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    record, other = (lea, claire) if option == "--ine" else (claire, lea)
    identifier = INE if option == "--ine" else PERSON
    former, kept = record.user_id, other.user_id

    with caplog.at_level(logging.INFO, logger=detach_account.__name__):
        call_command("detach_account", "--uai", UAI, option, identifier, "--yes")

    said = capsys.readouterr().out
    assert (account_of(record), account_of(other)) == (None, kept)
    assert f"n° {record.pk} ({identifier}), établissement {UAI} : sera détaché du compte n° {former}." in said
    assert caplog.messages == [f"record detached: {record._meta.model_name}={record.pk} account={former}"]
    assert not [name for name in NAMES if name in (said + caplog.text).lower()]


def test_the_record_of_another_school_stays(lea: Student) -> None:
    elsewhere = people.student(people.school(), ine=INE, user=lea.user)

    call_command("detach_account", "--uai", UAI, "--ine", INE, "--yes")

    assert account_of(lea) is None
    assert account_of(elsewhere)


@pytest.mark.parametrize(
    ("said", "is_detached"), [("o", True), ("Oui", True), ("n", False), ("", False), (None, False)]
)
def test_the_operator_is_asked_first(
    monkeypatch: pytest.MonkeyPatch, lea: Student, said: str | None, is_detached: bool
) -> None:
    answer(monkeypatch, said)

    if is_detached:
        call_command("detach_account", "--uai", UAI, "--ine", INE)
    else:
        with pytest.raises(CommandError, match="Rien n’a été changé"):
            call_command("detach_account", "--uai", UAI, "--ine", INE)

    assert (account_of(lea) is None) is is_detached


def test_a_record_that_changes_hands_meanwhile_is_left_alone(monkeypatch: pytest.MonkeyPatch, lea: Student) -> None:
    newer = User.objects.create_user("newer")

    def read(_prompt: str) -> str:
        Student.objects.update(user=newer)
        return "o"

    monkeypatch.setattr("builtins.input", read)
    with pytest.raises(CommandError, match="entre-temps"):
        call_command("detach_account", "--uai", UAI, "--ine", INE)

    assert account_of(lea) == newer.pk


def test_doing_it_twice_is_harmless(lea: Student, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        call_command("detach_account", "--uai", UAI, "--ine", INE, "--yes")

    assert "rien à faire" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--uai", "9999999Z", "--ine", INE),
        ("--uai", UAI, "--ine", "unknown"),
        ("--uai", UAI, "--person", "unknown"),
        ("--uai", UAI, "--person", ""),
        ("--uai", UAI),
        ("--uai", UAI, "--ine", INE, "--person", PERSON),
    ],
)
def test_what_names_no_record_is_refused(claire: Guardian, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("detach_account", *arguments, "--yes")

    assert account_of(claire)
