"""Erasing, at a person's request, what no law has us keep (RGPD, article 17); and saying why the rest stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.erasure import erase_sessions
from accounts.models import User
from audit.models import Change, Operation
from audit.retention import erase, purging, unreferenced
from notifications.models import UNSETTLED, OutboxMessage
from orientation.erasure import erase_drafts, lock_drafts
from orientation.models import Acknowledgement, Decision, DecisionReading, FamilyAnswer, SheetReading, Submission
from portal.models import ContactMessage
from portal.own_data import Person
from schools.models import ContactChange, Guardian, Student

ADDED = {
    "own_email": "",
    "own_email_refused_at": None,
    "pending_email": "",
    "pending_email_at": None,
    "mutes_reminders": False,
}
"""What a guardian adds to their record, and what it is without it; what they changed otherwise is a ContactChange."""


@dataclass
class Erasure:
    """What was erased, or would be, as rows by table; and why other things stay, each as a sentence."""

    rows: Counter[str] = field(default_factory=Counter)
    stays: list[str] = field(default_factory=list)


@transaction.atomic
def erase_person(*, person: Person, dry_run: bool) -> Erasure:
    """Erase what a person added, drafted, wrote to schools and read, their sessions, and an account left alone.

    What they added is coordinates and wishes; whose records the school has stays known by them, from SIECLE. `dry_run`
    does the same and undoes it. Twice is harmless.
    """
    done = Erasure()
    with purging():
        person = _lock(person)
        if person.guardians:
            _erase_added(person, done)
        if person.user:
            _erase_account(person.user, person, done)
    done.stays += _what_stays(person)
    if dry_run:
        transaction.set_rollback(True)
    return done


def _lock(person: Person) -> Person:
    """Lock the account, the records and the drafts of a person, and return them as they are now.

    First without holding back rows that name them, for whoever writes one may hold a draft or a record that is waited
    for here; the account whole at the end, from when on nothing new can name it.
    """
    records, students = [each.pk for each in person.guardians], [each.pk for each in person.students]
    user = User.objects.select_for_update(no_key=True).filter(pk=person.user.pk).first() if person.user else None
    for model, keys in ((Guardian, records), (Student, students)):
        list(model._base_manager.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))
    if user:
        lock_drafts(user)
        User.objects.select_for_update().get(pk=user.pk)
    return replace(person, user=user)


def _erase_added(person: Person, done: Erasure) -> None:
    records = [each.pk for each in person.guardians]
    own = Guardian.objects.filter(pk__in=records).order_by("pk")
    holding = [each.pk for each in own if any(getattr(each, name) != empty for name, empty in ADDED.items())]
    told = Change.objects.filter(table=Guardian._meta.db_table, object_pk__in=[str(pk) for pk in records])
    done.rows += erase(told.filter(_tells_what_was_added()))
    done.rows[Guardian._meta.db_table] += Guardian.objects.filter(pk__in=holding).update(**ADDED)
    done.rows += erase(ContactChange.objects.filter(guardian__in=records))


def _tells_what_was_added() -> Q:
    """The entries of the trail that hold such a value; one that says only that it changed holds none."""
    condition = Q()
    for name in ADDED:
        condition |= Q(content__has_key=name) & ~Q(**{f"content__{name}": None})
    return Q(operation=Operation.UPDATE) & condition


def _erase_account(user: User, person: Person, done: Erasure) -> None:
    done.rows += erase_sessions(user)
    done.rows += erase_drafts(user)
    done.rows += erase(SheetReading.objects.filter(user=user))
    done.rows += erase(DecisionReading.objects.filter(user=user))
    is_writing = _erase_messages(user, done)
    if is_writing:
        done.stays.append(_("Le compte : un message à l’établissement n’est pas encore parti, recommencez ensuite."))
    elif user.is_superuser or _is_tied_elsewhere(user, person):
        done.stays.append(_("Le compte : il sert aussi à un autre dossier, ou à un membre du personnel."))
    elif not User.objects.filter(unreferenced(User), pk=user.pk).exists():
        done.stays.append(_("Le compte : des actes qui font foi le nomment, jusqu’à la fin de leur conservation."))
    else:
        done.rows += erase(User.objects.filter(pk=user.pk))


def _erase_messages(user: User, done: Erasure) -> bool:
    """Erase what the person wrote to schools, with the copies of what was sent; whether one has not left yet."""
    sent = list(ContactMessage.objects.filter(sent_by=user))
    copies = OutboxMessage.objects.filter(deduplication_key__in=[each.outbox_key for each in sent])
    states = list(copies.select_for_update().order_by("pk").values_list("deduplication_key", "state"))
    leaving = {key for key, state in states if state in UNSETTLED}
    done.rows += erase(copies.exclude(deduplication_key__in=leaving))
    gone = [each.pk for each in sent if each.outbox_key not in leaving]
    done.rows += erase(ContactMessage.objects.filter(pk__in=gone))
    return bool(leaving)


def _is_tied_elsewhere(user: User, person: Person) -> bool:
    records, students = [each.pk for each in person.guardians], [each.pk for each in person.students]
    return (
        user.memberships.exists()
        or Guardian.objects.filter(user=user).exclude(pk__in=records).exists()
        or Student.objects.filter(user=user).exclude(pk__in=students).exists()
    )


def _what_stays(person: Person) -> list[str]:
    records, students = [each.pk for each in person.guardians], [each.pk for each in person.students]
    kept = [
        (
            bool(records or students),
            _("L’identité, les liens et les coordonnées que tient l’établissement, pour sa mission de service public."),
        ),
        (
            Submission.objects.filter(guardian__in=records).exists()
            or Submission.objects.filter(student__in=students).exists()
            or Acknowledgement.objects.filter(guardian__in=records).exists()
            or FamilyAnswer.objects.filter(guardian__in=records).exists(),
            _("Les demandes validées, accusés et réponses : ils font foi jusqu’à la fin de leur conservation."),
        ),
        (
            Decision.objects.filter(student__in=students).exists(),
            _("Les décisions d’orientation : elles font foi jusqu’à la fin de leur conservation."),
        ),
        (
            OutboxMessage.objects.filter(recipient__in=[f"guardian:{pk}" for pk in records]).exists(),
            _("Les courriels envoyés : ils prouvent ce qui a été notifié, un an."),
        ),
    ]
    return [sentence for stays, sentence in kept if stays]
