"""Whether a guardian wants reminders: said on their page, or by the link that each reminder carries (RFC 8058).

What they are owed by law (confirmations, publications, answers, decisions) is always sent.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.contact import ContactError, NotOwnContactDataError, accounts_of, records_of_person
from schools.models import Guardian


class NotAReminderLinkError(ContactError):
    """The link by which reminders are stopped is not one of ours, or was cut; answered 404."""

    sentence = _(
        "Ce lien n’est pas valide. Vérifiez qu’il a été copié en entier, ou réglez les rappels depuis la fiche de "
        "renseignements."
    )


@transaction.atomic
def choose_reminders(*, guardian: Guardian, muted: bool, by: AbstractBaseUser, at: datetime) -> Guardian:
    """Take whether a person wants reminders; what they are owed by law is always sent.

    `by` is the account that asks. Raises NotOwnContactDataError.
    """
    if by.pk not in accounts_of(guardian):
        raise NotOwnContactDataError
    _mute(guardian, muted=muted)
    guardian.mutes_reminders = muted
    return guardian


@transaction.atomic
def mute_by_link(*, token: str, at: datetime) -> Guardian:
    """Stop the reminders of who received this link (RFC 8058): no account is asked for. Raises NotAReminderLinkError.

    The link stays good: it does nothing else, and mails are read again years later.
    """
    guardian = guardian_of_reminder_link(token)
    _mute(guardian, muted=True)
    return guardian


def reminder_token(guardian_pk: object) -> str:
    """Return what the link that stops a guardian's reminders carries. It names nobody."""
    return _reminder_signer().sign(str(guardian_pk))


def guardian_of_reminder_link(token: str) -> Guardian:
    """Return whose reminders a link stops: one query. Raises NotAReminderLinkError."""
    try:
        found = Guardian.objects.filter(pk=_reminder_signer().unsign(token)).first()
    except signing.BadSignature:
        found = None
    if found is None:
        raise NotAReminderLinkError
    return found


def _reminder_signer() -> signing.Signer:
    return signing.Signer(salt="schools.mute_reminders")


def _mute(guardian: Guardian, *, muted: bool) -> None:
    """Write it on each record of the person where it changes something."""
    records = records_of_person(guardian).exclude(mutes_reminders=muted)
    changed = [record.pk for record in records.select_for_update(of=("self",))]
    Guardian.objects.filter(pk__in=changed).update(mutes_reminders=muted)
