"""Opening accounts to persons whom a provider vouches for, and tying them to the schools' records."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Sequence, Set
from typing import TypeVar

from django.db import IntegrityError, transaction

from accounts import linking, mails
from accounts.linking import Candidate, Person
from accounts.models import Identity, ProofAttempts, User
from accounts.oidc.educonnect import Vector
from accounts.refusals import (
    AmbiguousRecords,
    AmbiguousSchools,
    Deactivated,
    NoStudentKnown,
    NotLegalGuardian,
    OtherAccount,
    ProofLocked,
)
from schools.contact import share_address
from schools.models import Guardian, School, Student

logger = logging.getLogger(__name__)

MAX_FAILURES = 5
LOCK_DURATION = datetime.timedelta(hours=1)

Record = TypeVar("Record", Guardian, Student)


@transaction.atomic
def sign_in_guardian(
    person: Person,
    *,
    person_ids: Iterable[str] = (),
    vectors: Iterable[Vector] = (),
    at: datetime.datetime,
) -> User | None:
    """Return the account of a guardian, tied to every record that the provider's keys give; None if a proof is needed.

    Raises OtherAccount where all they give is another account's, NotLegalGuardian for somebody known to a school
    otherwise, and Deactivated.
    """
    found = linking.guardians_by_person_ids(person, person_ids)
    found += filter(None, map(linking.guardian_by_vector, vectors))
    legal = linking.are_legal_guardians(found)
    user = _attach(person, guardians=legal, at=at)
    if user and Student.objects.in_school().of_guardian_account(user.pk).exists():
        return user
    if legal:  # and none of them was free
        raise OtherAccount
    if found:
        raise NotLegalGuardian
    return None


@transaction.atomic
def sign_in_student(person: Person, *, ine: str, at: datetime.datetime) -> User:
    """Return the account of a student, tied to their files by INE.

    Raises NoStudentKnown, OtherAccount where all their files are another account's, and Deactivated.
    An adult who is their own guardian is tied to that record too (decision 3).
    """
    students = linking.students_by_ine(ine)
    user = _attach(person, students=students, guardians=linking.own_guardian_records(students, at=at), at=at)
    if user is None or not Student.objects.in_school().of_student_account(user.pk).exists():
        raise OtherAccount if students else NoStudentKnown
    return user


def prove_guardian(person: Person, *, birth_dates: Set[datetime.date], at: datetime.datetime) -> User | None:
    """Return the account of who named all their children (decision 19); None for a wrong answer, which is counted.

    Raises ProofLocked when the tries are spent, AmbiguousRecords, OtherAccount, and Deactivated. Only a right answer
    is told of the last three: a wrong one is answered alike whatever the records are.
    """
    with transaction.atomic():
        attempts = _locked_attempts(person, at=at)
        if attempts.locked_until:
            raise ProofLocked
        known_user = _known_user(person)
        records = linking.candidates(person, known_user.pk if known_user else None)
        proven = _proven(records, birth_dates)
        guardians = Guardian.objects.filter(pk__in=[record.guardian_id for record in proven])
        user = _attach(person, guardians=list(guardians), at=at) if proven else None
        if user:
            attempts.delete()
            return user
        if proven:  # of several accounts, or of one since this instant
            raise OtherAccount
        locked = _count_failure(attempts, school_ids={record.school_id for record in records}, at=at)
    if locked:
        raise ProofLocked
    return None


def _proven(records: Sequence[Candidate], birth_dates: Set[datetime.date]) -> list[Candidate]:
    """Return the free records that the answer proves; none for a wrong answer.

    Raises OtherAccount for a right answer that proves another account's records and nothing else, AmbiguousRecords.
    """
    proven = linking.proven([record for record in records if record.is_free], birth_dates)
    if not proven:
        others = linking.proven(records, birth_dates)
        if others and not any(record.is_free for record in others):
            _log_left_alone("guardian", [record.guardian_id for record in others])
            raise OtherAccount
    if linking.have_two_in_one_school(proven):
        raise AmbiguousRecords
    if linking.bear_different_children(proven, birth_dates):
        raise AmbiguousSchools
    return proven


def remaining_tries(person: Person, *, at: datetime.datetime) -> int:
    """Return how many wrong answers the person may still give; none while they are locked."""
    attempts = ProofAttempts.objects.filter(provider=person.provider, subject=person.subject).first()
    if attempts is None or (attempts.locked_until and attempts.locked_until <= at):
        return MAX_FAILURES
    return 0 if attempts.locked_until else MAX_FAILURES - attempts.failures


def _locked_attempts(person: Person, *, at: datetime.datetime) -> ProofAttempts:
    """Return the person's count, its row locked so that simultaneous answers are counted one by one.

    A right answer deletes the row: who was waiting for it begins a new one.
    """
    own = ProofAttempts.objects.filter(provider=person.provider, subject=person.subject)
    attempts = None
    while attempts is None:
        ProofAttempts.objects.get_or_create(provider=person.provider, subject=person.subject)
        attempts = own.select_for_update().first()
    if attempts.locked_until and attempts.locked_until <= at:
        attempts.locked_until, attempts.failures = None, 0
        attempts.save()
    return attempts


def _count_failure(attempts: ProofAttempts, *, school_ids: Set[int], at: datetime.datetime) -> bool:
    """Count one wrong answer. At the last, suspend the tries, tell the schools, and return True."""
    attempts.failures += 1
    locked = attempts.failures >= MAX_FAILURES
    if locked:
        attempts.locked_until = at + LOCK_DURATION
        logger.warning("proof locked: attempts=%s schools=%s", attempts.pk, sorted(school_ids))
        schools = School.objects.filter(pk__in=school_ids)
        mails.owe_lock_notices(attempts_id=attempts.pk, schools=schools, until=attempts.locked_until, at=at)
    attempts.save()
    return locked


def _known_user(person: Person) -> User | None:
    return User.objects.filter(identities__provider=person.provider, identities__subject=person.subject).first()


def _attach(
    person: Person,
    *,
    guardians: Sequence[Guardian] = (),
    students: Sequence[Student] = (),
    at: datetime.datetime,
) -> User | None:
    """Return the person's account, opened if need be, with these records tied to it; None if there is neither.

    A record of another account stays with it. The records are locked first, so that a double return from the provider
    finds what the first one did. Raises Deactivated.
    """
    # pupils before guardians, as the import writes them
    records: list[Guardian | Student] = [*_locked(Student, students), *_locked(Guardian, guardians)]
    user = _known_user(person) or _joinable_user(person, records)
    free = [record for record in records if record.user_id is None or (user and record.user_id == user.pk)]
    for record in records:
        if record not in free:
            _log_left_alone(record._meta.model_name, [record.pk])
    if user is None and not free:
        return None
    user = _identified(person, user, free, at=at)
    for record in free:
        if record.user_id is None:
            record.user = user
            record.save(update_fields=["user"])
            if isinstance(record, Guardian):
                share_address(guardian=record)
    return user


def _log_left_alone(model_name: str | None, pks: Iterable[int]) -> None:
    for pk in pks:
        logger.warning("record of another account left alone: %s=%s", model_name, pk)


def _locked(model: type[Record], records: Sequence[Record]) -> list[Record]:
    keys = [record.pk for record in records]
    return list(model._default_manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))


def _joinable_user(person: Person, records: Sequence[Guardian | Student]) -> User | None:
    """Return the family account these records already have through another provider, if it is one and only one.

    So that a parent who came by FranceConnect finds the same account by ÉduConnect. An account that this provider
    knows under another `sub` is somebody else's; a staff account is never joined.
    """
    users = User.objects.filter(
        pk__in={record.user_id for record in records if record.user_id}, is_staff=False, is_superuser=False
    ).exclude(identities__in=Identity.objects.filter(provider=person.provider))
    found = list(users[:2])
    return found[0] if len(found) == 1 else None


def _identified(
    person: Person, user: User | None, records: Sequence[Guardian | Student], *, at: datetime.datetime
) -> User:
    """Return the account behind the person's identity, both created where they are new. Raises Deactivated."""
    keys = {"provider": person.provider, "subject": person.subject}
    identity = Identity.objects.filter(**keys).first()
    if identity is None:
        try:
            with transaction.atomic():
                identity = Identity.objects.create(**keys, user=user or _new_user(person, records))
        except IntegrityError:  # the provider came back twice at the same instant
            identity = Identity.objects.get(**keys)
    if not identity.user.is_active:
        raise Deactivated
    identity.last_sign_in_at = at
    identity.save(update_fields=["last_sign_in_at"])
    return identity.user


def _new_user(person: Person, records: Sequence[Guardian | Student]) -> User:
    """Open a family's account: no password, and the name as the school writes it."""
    given_name, family_name = person.given_name, person.family_name
    if records:
        given_name = records[0].given_name
        family_name = records[0].usual_name or records[0].family_name
    user = User(first_name=given_name[:150], last_name=family_name[:150])
    user.set_unusable_password()
    user.save()
    return user
