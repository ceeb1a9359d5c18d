"""The proof of decision 19: the birth dates of all one's children."""

from __future__ import annotations

import datetime
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import linking, services
from accounts.linking import Person
from accounts.models import Identity, ProofAttempts, User
from notifications.models import OutboxMessage
from schools.models import Guardian, Relationship, ResponsibilityLevel, School
from tests.accounts import people
from tests.accounts.conftest import PROOF, SERVICES, Browser, typed_date
from tests.accounts.people import HUGO_BIRTH, LEA_BIRTH
from tests.accounts.provider import Provider

LEA, HUGO, NOBODY = LEA_BIRTH.isoformat(), HUGO_BIRTH.isoformat(), "2012-01-01"
WRONG = "Ces dates ne correspondent à aucun dossier"
LOCKED = "Trop d’essais"
OTHER_ACCOUNT = "Votre dossier est déjà rattaché à un autre compte"
SEVERAL = "Plusieurs dossiers correspondent à vos réponses"


def user_of(record: Any) -> User | None:
    record.refresh_from_db()
    return record.user


def told() -> list[str]:
    """The addresses of the schools told that somebody spent their tries."""
    return list(OutboxMessage.objects.filter(kind="accounts.proof_locked").values_list("address", flat=True))


def test_the_right_dates_open_an_account(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    response = browser.sign_in(franceconnect, next="/mes-services/orientation/")
    assert response["Location"] == PROOF
    assert browser.user is None

    response = browser.prove(LEA)

    assert response["Location"] == "/mes-services/orientation/"
    assert browser.user
    assert user_of(claire) == browser.user
    assert browser.session["profile"] == "representant"
    assert browser.session["oidc_id_token"]
    assert "pending_identity" not in browser.session
    assert not ProofAttempts.objects.exists()


def test_the_next_sign_in_asks_nothing(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    browser.sign_in(franceconnect)
    browser.prove(LEA)

    response = (another := Browser()).sign_in(franceconnect)

    assert response["Location"] == SERVICES
    assert another.user == browser.user


def test_dates_are_read_as_people_write_them(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    browser.sign_in(franceconnect)

    browser.prove("2011- 5 -14")

    assert browser.user


def test_all_the_children_must_be_named(browser: Browser, franceconnect: Provider, db: None) -> None:
    school = people.school()
    people.guardian(people.student(school), people.student(school, birth_date=HUGO_BIRTH))
    browser.sign_in(franceconnect)

    assert WRONG in browser.prove(LEA).content.decode()
    assert browser.prove(HUGO, LEA)["Location"] == SERVICES


def test_one_date_too_many_proves_nothing(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    browser.sign_in(franceconnect)

    assert WRONG in browser.prove(LEA, NOBODY).content.decode()
    assert browser.user is None


def test_a_child_who_has_left_may_be_named_and_need_not(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    left = people.student(claire.school, birth_date=HUGO_BIRTH, left_on=datetime.date(2026, 6, 30))
    claire.guardianships.create(student=left, level=ResponsibilityLevel.LEGAL)
    browser.sign_in(franceconnect)

    assert browser.prove(LEA, HUGO)["Location"] == SERVICES
    Identity.objects.all().delete()
    Guardian.objects.update(user=None)
    Browser().sign_in(franceconnect)
    browser.sign_in(franceconnect)
    assert browser.prove(LEA)["Location"] == SERVICES


def test_the_records_of_two_schools_are_proven_together(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    second = people.guardian(people.student(people.school(), birth_date=HUGO_BIRTH))
    browser.sign_in(franceconnect)

    browser.prove(LEA, HUGO)

    assert browser.user
    assert user_of(claire) == user_of(second) == browser.user


def test_a_namesake_with_other_children_is_left_alone(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    namesake = people.guardian(people.student(people.school(), birth_date=HUGO_BIRTH))
    browser.sign_in(franceconnect)

    browser.prove(LEA)

    assert user_of(claire) == browser.user
    assert user_of(namesake) is None


def test_two_records_of_one_school_are_for_the_school_to_merge(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    people.guardian(people.student(claire.school))
    browser.sign_in(franceconnect)

    response = browser.prove(LEA)

    assert response.status_code == 403
    assert "Votre dossier est en double dans l’établissement" in response.content.decode()
    assert not User.objects.exists()


def test_two_namesakes_whose_children_were_born_the_same_day_are_for_the_schools_to_tell_apart(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    namesake = people.guardian(people.student(people.school(), given_name="Louis"))
    browser.sign_in(franceconnect)

    page = browser.prove(LEA).content.decode()

    assert SEVERAL in page
    assert "Contactez le secrétariat" in page
    assert user_of(claire) is None
    assert user_of(namesake) is None
    assert browser.user is None


def test_twins_in_two_schools_are_for_the_schools_too(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    school = people.school()
    people.guardian(people.student(school), people.student(school, birth_date=HUGO_BIRTH))
    browser.sign_in(franceconnect)

    assert SEVERAL in browser.prove(LEA, HUGO).content.decode()


def test_twins_in_one_school_are_proven_by_one_date(browser: Browser, franceconnect: Provider, db: None) -> None:
    school = people.school()
    people.guardian(people.student(school), people.student(school, given_name="Louise"))
    browser.sign_in(franceconnect)

    assert browser.prove(LEA)["Location"] == SERVICES


def test_one_child_in_two_schools_is_one_family(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    second = people.guardian(people.student(people.school(), ine=claire.students.get().ine))
    browser.sign_in(franceconnect)

    browser.prove(LEA)

    assert browser.user
    assert user_of(claire) == user_of(second) == browser.user


def test_a_namesake_is_not_joined_to_an_account_of_educonnect(
    browser: Browser, educonnect: Provider, franceconnect: Provider, claire: Guardian
) -> None:
    Browser().sign_in(educonnect)
    namesake = people.guardian(people.student(people.school(), given_name="Louis"))
    browser.sign_in(franceconnect)

    assert SEVERAL in browser.prove(LEA).content.decode()
    assert user_of(namesake) is None


def test_a_namesake_who_has_her_file_hinders_nobody(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    other = User.objects.create_user("other")
    Identity.objects.create(user=other, provider="franceconnect", subject="a-namesake")
    people.guardian(people.student(people.school(), given_name="Louis"), user=other)
    browser.sign_in(franceconnect)

    browser.prove(LEA)

    assert user_of(claire) == browser.user != other


@pytest.mark.parametrize(
    "link",
    [
        {"level": ResponsibilityLevel.CONTACT},
        {"level": ResponsibilityLevel.IN_CHARGE},
        {"relationship": Relationship.SELF},
    ],
)
def test_who_is_no_legal_guardian_proves_nothing(
    browser: Browser, franceconnect: Provider, db: None, link: dict[str, Any]
) -> None:
    people.guardian(people.student(people.school()), **link)
    browser.sign_in(franceconnect)

    assert WRONG in browser.prove(LEA).content.decode()


def test_another_first_name_is_no_candidate(browser: Browser, franceconnect: Provider, db: None) -> None:
    people.guardian(people.student(people.school()), given_name="Anne")
    browser.sign_in(franceconnect)

    assert WRONG in browser.prove(LEA).content.decode()


def test_the_question_is_the_same_without_any_candidate(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    def pages(family_name: str) -> tuple[list[str], int]:
        franceconnect.claims |= {"sub": family_name, "family_name": family_name, "preferred_username": "X"}
        (browser := Browser()).sign_in(franceconnect)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answers = [browser.get(PROOF), browser.prove(NOBODY)]
        texts = [re.sub('value="[^"]{20,}"', "", answer.content.decode()) for answer in answers]
        return texts, len(queries)

    assert pages("MARTIN") == pages("INCONNU")


def test_five_wrong_answers_lock_for_an_hour_and_the_school_is_told_once(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    School.objects.filter(pk=claire.school_id).update(email="lycee@ac-paris.example")
    with time_machine.travel("2026-11-23 10:00Z", tick=False):
        franceconnect.id_token = {}
        browser.sign_in(franceconnect)
        pages = [browser.prove(NOBODY).content.decode() for _ in range(5)]
        assert [WRONG in page for page in pages] == [True] * 4 + [False]
        assert "Il vous reste 1 essai." in pages[3]
        assert LOCKED in pages[4]

        (again := Browser()).sign_in(franceconnect)
        assert LOCKED in again.get(PROOF).content.decode()
        assert again.user is None
        (again := Browser()).sign_in(franceconnect)
        assert LOCKED in again.prove(LEA).content.decode()
        assert again.user is None

    assert told() == ["lycee@ac-paris.example"]
    with time_machine.travel("2026-11-23 11:00:01Z", tick=False):
        (later := Browser()).sign_in(franceconnect)
        assert later.prove(LEA)["Location"] == SERVICES


def test_no_school_is_told_where_there_is_no_candidate(browser: Browser, franceconnect: Provider, db: None) -> None:
    browser.sign_in(franceconnect)

    pages = [browser.prove(NOBODY).content.decode() for _ in range(5)]

    assert LOCKED in pages[4]
    assert told() == []


def test_a_stranger_of_the_same_name_does_not_lock_the_parent_out(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    franceconnect.claims["sub"] = "a-stranger"
    (stranger := Browser()).sign_in(franceconnect)
    for _ in range(5):
        stranger.prove(NOBODY)
    franceconnect.claims["sub"] = "claire-at-franceconnect"

    browser.sign_in(franceconnect)

    assert browser.prove(LEA)["Location"] == SERVICES


def test_tries_are_counted_across_browsers(franceconnect: Provider, claire: Guardian) -> None:
    for _ in range(5):
        (browser := Browser()).sign_in(franceconnect)
        page = browser.prove(NOBODY).content.decode()

    assert LOCKED in page


def test_an_empty_or_impossible_date_costs_no_try(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    browser.sign_in(franceconnect)

    assert "Indiquez la date de naissance" in browser.prove("").content.decode()
    assert "Cette date n’existe pas" in browser.prove("2011-02-31").content.decode()
    assert "dans le futur" in browser.prove("2999-01-01").content.decode()
    assert not ProofAttempts.objects.exists()


def test_a_child_is_added_without_javascript_and_without_losing_what_was_said(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(franceconnect)

    page = browser.post(PROOF, {"children": "1", "add": "1"} | typed_date(1, LEA)).content.decode()

    for part in typed_date(1, LEA).values():
        assert f'value="{part}"' in page
    assert 'name="birth_date_2_jour"' in page
    assert '<input type="hidden" name="children" value="2"' in page
    assert not ProofAttempts.objects.exists()


@pytest.mark.parametrize("children", ["", "-1", "1e9", "999999", "9" * 5_000])
def test_the_number_of_children_stays_within_bounds(
    browser: Browser, franceconnect: Provider, claire: Guardian, children: str
) -> None:
    browser.sign_in(franceconnect)

    page = browser.post(PROOF, {"children": children, "add": "1"} | typed_date(1, LEA))

    assert page.status_code == 200
    assert page.content.decode().count('_annee" name=') <= 12


def test_the_identity_does_not_wait_for_ever(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    browser.sign_in(franceconnect)
    session = browser.session
    session["pending_identity"] = session["pending_identity"] | {"expires_at": 0}
    session.save()

    assert browser.prove(LEA).status_code == 400
    assert browser.user is None


def test_nobody_answers_without_coming_from_a_provider(browser: Browser) -> None:
    assert browser.get(PROOF).status_code == 400
    assert browser.prove(LEA).status_code == 400


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_clicks_on_the_right_answer_open_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a wrong answer: the first click ends the count for which the second waits."""
    claire = people.guardian(people.student(people.school()))
    person = Person("franceconnect", "claire", "Martin", "Claire")
    assert services.prove_guardian(person, birth_dates={HUGO_BIRTH}, at=timezone.now()) is None
    both_are_here = threading.Barrier(2)
    find = linking.candidates

    def find_slowly(*arguments: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            both_are_here.wait(timeout=0.5)  # never: the second waits for the first one's row
        return find(*arguments)

    def answer(_click: int) -> User | None:
        try:
            return services.prove_guardian(person, birth_dates={LEA_BIRTH}, at=timezone.now())
        finally:
            connection.close()

    monkeypatch.setattr(linking, "candidates", find_slowly)
    with ThreadPoolExecutor(2) as pool:
        users = list(pool.map(answer, range(2)))

    assert users == [user_of(claire)] * 2
    assert User.objects.count() == 1
    assert not ProofAttempts.objects.exists()


def test_a_parent_known_through_educonnect_finds_the_same_account(
    browser: Browser, educonnect: Provider, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(educonnect)
    (another := Browser()).sign_in(franceconnect)

    another.prove(LEA)

    assert another.user == browser.user
    assert Identity.objects.count() == 2


def test_a_parent_known_through_franceconnect_finds_the_same_account(
    browser: Browser, educonnect: Provider, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(franceconnect)
    browser.prove(LEA)

    (another := Browser()).sign_in(educonnect)

    assert another.user == browser.user


def test_a_record_of_another_franceconnect_person_is_never_taken(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(franceconnect)
    browser.prove(LEA)
    franceconnect.claims["sub"] = "a-namesake"
    (another := Browser()).sign_in(franceconnect)

    page = another.prove(LEA).content.decode()

    assert OTHER_ACCOUNT in page
    assert "Contactez le secrétariat" in page
    assert another.user is None
    assert user_of(claire) == browser.user


def test_wrong_dates_say_nothing_of_a_record_of_another_account(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(franceconnect)
    browser.prove(LEA)

    def page(subject: str, family_name: str) -> str:
        franceconnect.claims |= {"sub": subject, "family_name": family_name, "preferred_username": "X"}
        (another := Browser()).sign_in(franceconnect)
        return re.sub('value="[^"]{20,}"', "", another.prove(NOBODY).content.decode())

    assert WRONG in page("a-namesake", "MARTIN")
    assert page("another-namesake", "MARTIN") == page("a-stranger", "INCONNU")


def test_a_known_parent_whose_other_record_is_another_accounts_is_told_so(
    browser: Browser, educonnect: Provider, franceconnect: Provider, claire: Guardian
) -> None:
    """Her first child has left; the record of the second is of the account she has through ÉduConnect."""
    browser.sign_in(franceconnect)
    browser.prove(LEA)
    claire.students.update(left_on=datetime.date(2026, 6, 30))
    other = User.objects.create_user("other")
    record = people.guardian(people.student(people.school(), birth_date=HUGO_BIRTH), user=other)
    (another := Browser()).sign_in(franceconnect)

    assert OTHER_ACCOUNT in another.prove(HUGO).content.decode()
    assert another.user is None
    assert user_of(record) == other


def test_records_of_two_accounts_are_joined_to_neither(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    Guardian.objects.update(user=User.objects.create_user("one"))
    people.guardian(people.student(people.school(), birth_date=HUGO_BIRTH), user=User.objects.create_user("two"))
    browser.sign_in(franceconnect)

    assert OTHER_ACCOUNT in browser.prove(LEA, HUGO).content.decode()
    assert browser.user is None


def test_once_detached_a_record_is_found_by_the_new_identity(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(franceconnect)
    browser.prove(LEA)
    former = browser.user
    franceconnect.claims["sub"] = "claire-since-she-married"
    call_command("detach_account", uai=claire.school.uai, person=claire.siecle_person_id, yes=True)
    (another := Browser()).sign_in(franceconnect)

    another.prove(LEA)

    assert another.user
    assert user_of(claire) == another.user != former


def test_a_staff_account_is_never_joined(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    claire.user = User.objects.create_user("proviseure", is_staff=True)
    claire.save()
    browser.sign_in(franceconnect)

    assert OTHER_ACCOUNT in browser.prove(LEA).content.decode()
    assert browser.user is None


def test_a_deactivated_account_is_not_joined(browser: Browser, franceconnect: Provider, claire: Guardian) -> None:
    claire.user = User.objects.create_user("family", is_active=False)
    claire.save()
    browser.sign_in(franceconnect)

    response = browser.prove(LEA)

    assert "Votre compte est désactivé" in response.content.decode()
    assert browser.user is None


def test_a_guardian_of_educonnect_proves_too_where_no_key_is_known(
    browser: Browser, educonnect: Provider, claire: Guardian
) -> None:
    educonnect.claims["FrEduCtRefId"] = []
    browser.sign_in(educonnect)

    browser.prove(LEA)

    assert browser.user
    assert user_of(claire) == browser.user
    assert browser.session["oidc_provider"] == "educonnect"


def test_a_child_in_a_new_school_is_proven_again_where_nothing_else_is_left(
    browser: Browser, franceconnect: Provider, claire: Guardian
) -> None:
    browser.sign_in(franceconnect)
    browser.prove(LEA)
    claire.students.update(left_on=datetime.date(2026, 6, 30))
    elsewhere = people.guardian(people.student(people.school()))
    (another := Browser()).sign_in(franceconnect)

    another.prove(LEA)

    assert another.user
    assert user_of(elsewhere) == user_of(claire) == another.user == browser.user


@pytest.mark.parametrize("is_staff", [True, False])
def test_a_date_that_only_the_record_of_another_account_bears_is_one_too_many(
    browser: Browser, franceconnect: Provider, claire: Guardian, is_staff: bool
) -> None:
    other = User.objects.create_user("other", is_staff=is_staff)
    if not is_staff:
        Identity.objects.create(user=other, provider="franceconnect", subject="a-namesake")
    people.guardian(people.student(people.school(), birth_date=HUGO_BIRTH), user=other)
    browser.sign_in(franceconnect)

    assert WRONG in browser.prove(LEA, HUGO).content.decode()
    assert browser.prove(LEA)["Location"] == SERVICES
