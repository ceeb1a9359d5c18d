"""The e-mail address a guardian gives: proposed, confirmed from that mailbox, refused by it (decision 15).

One person has one record per school, and an adult student is their own guardian: each function takes one of their
records, and acts on all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.kinds import URGENT, Kind, register
from notifications.models import MessageState, OutboxMessage
from notifications.services import enqueue
from schools.contact_changes.recording import record_changes
from schools.models import ContactField, EmailState, Guardian, Guardianship, Relationship
from schools.times import spoken_instant_lazy

CONFIRM_EMAIL = "schools.confirm_email"
EMAIL_CHANGED = "schools.email_changed"

LINK_LIFETIME = timedelta(days=1)
RESEND_DELAY = timedelta(minutes=1)
"""The same address given again within this time sends nothing more: a double click, an impatient hand."""

DAILY_LIMIT = 10
"""Confirmations one person may have sent in a day: the address typed may be a stranger's."""


LONGEST_ADDRESS = 254
"""What the fields of Guardian hold."""


class ContactError(Exception):
    """A refusal. `str(error)` is the French sentence to show."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NotOwnContactDataError(ContactError):
    """These are another person's (decision 16); answered 403."""

    sentence = _("Vous ne pouvez modifier que vos propres coordonnées.")


class InvalidAddressError(ContactError):
    """This cannot be an e-mail address."""

    sentence = _("Saisissez une adresse électronique valide, par exemple : prenom.nom@exemple.fr.")


class TooManyProposalsError(ContactError):
    """The day's limit is reached; answered 429."""

    sentence = _("Trop de messages de confirmation ont été demandés aujourd’hui. Réessayez dans 24 heures.")


class InvalidLinkError(ContactError):
    """We did not make this link, or it was cut."""

    sentence = _(
        "Ce lien n’est pas valide. Vérifiez qu’il a été copié en entier, ou demandez un nouveau message depuis la "
        "fiche de renseignements."
    )


class ExpiredLinkError(ContactError):
    """The link is older than a day."""

    sentence = _("Ce lien a expiré après 24 heures. Demandez un nouveau message depuis la fiche de renseignements.")


class UsedLinkError(ContactError):
    """The link was used, or a newer one replaces it."""

    sentence = _(
        "Ce lien a déjà servi, ou un autre plus récent l’a remplacé. La fiche de renseignements indique l’état de "
        "votre adresse."
    )


class Proposal(Enum):
    """What came of an address that was given."""

    TO_CONFIRM = auto()
    """A message awaits in that mailbox."""

    ALREADY_USED = auto()
    """It is the address we write to: there is nothing to confirm."""


@dataclass(frozen=True)
class KnownAddress:
    """An address of a guardian, for their own page."""

    address: str
    state: EmailState
    is_used: bool
    """Whether it is the one we write to."""


def register_kinds() -> None:
    """Tell the outbox which messages this app sends; called when the app is ready."""
    register(Kind(code=CONFIRM_EMAIL, priority=URGENT, still_wanted=_confirmation_is_wanted))
    register(Kind(code=EMAIL_CHANGED))


def normalise_address(address: str) -> str:
    """Return the address as we store it: no spaces around, the domain in lower case. Raises InvalidAddressError."""
    address = unicodedata.normalize("NFC", address).strip()
    local, _at, domain = address.rpartition("@")
    address = f"{local}@{domain.lower()}"
    try:
        validate_email(address)
    except ValidationError:
        raise InvalidAddressError from None
    if len(address) > LONGEST_ADDRESS:
        raise InvalidAddressError
    return address


def is_same_address(one: str, other: str) -> bool:
    """Compare without case: no provider in use tells two mailboxes apart by it."""
    return one.casefold() == other.casefold()


def records_of_person(guardian: Guardian) -> QuerySet[Guardian]:
    """Return all records of the person this record is about: one per school, tied by their account."""
    accounts = accounts_of(guardian)
    own_files = Guardianship.objects.legal().filter(relationship=Relationship.SELF, student__user_id__in=accounts)
    return Guardian.objects.filter(
        Q(pk=guardian.pk) | Q(user_id__in=accounts) | Q(pk__in=own_files.values("guardian_id"))
    ).order_by("pk")


def propose_email(
    *, guardian: Guardian, address: str, by: AbstractBaseUser, at: datetime, confirm_url: Callable[[str], str]
) -> Proposal:
    """Take the address a person gives for themselves, and write to it; it is used once confirmed from there.

    `by` is the account that asks, `confirm_url` makes the page's address from the link's token. A newer proposal
    replaces the former one and its link. Raises NotOwnContactDataError, InvalidAddressError, TooManyProposalsError.
    """
    if by.pk not in accounts_of(guardian):
        raise NotOwnContactDataError
    address = normalise_address(address)
    with transaction.atomic():
        records = list(records_of_person(guardian).select_for_update(of=("self",)))
        if all(is_same_address(record.usable_email, address) for record in records):
            _set_pending(records, address="", at=None)
            return Proposal.ALREADY_USED
        if all(_was_just_proposed(record, address, at) for record in records):
            return Proposal.TO_CONFIRM
        first = records[0]
        if _confirmations_since(first, at - timedelta(days=1)) >= DAILY_LIMIT:
            raise TooManyProposalsError
        _set_pending(records, address=address, at=at)
        enqueue(
            kind=CONFIRM_EMAIL,
            address=address,
            recipient=_recipient(first),
            language=first.language,
            context={
                "url": confirm_url(_token(first.pk, address, at)),
                "until": spoken_instant_lazy(at + LINK_LIFETIME, guardian.school),
            },
            deduplication_key=f"confirm_email:{first.pk}:{at.isoformat()}:{_digest(address)[:8]}",
            at=at,
        )
    return Proposal.TO_CONFIRM


def confirm_email(*, token: str, at: datetime) -> Guardian:
    """Use the address from which this link comes, tell the former one and the schools; return one of the records.

    Whoever holds the link reads that mailbox: no account is asked for. Raises InvalidLinkError, ExpiredLinkError,
    UsedLinkError.
    """
    guardian, proposed_at, digest = _read_token(token)
    if at - proposed_at > LINK_LIFETIME:
        raise ExpiredLinkError
    with transaction.atomic():
        records = list(records_of_person(guardian).select_for_update(of=("self",)))
        first = next((record for record in records if record.pk == guardian.pk), None)
        if first is None or not _is_pending(first, proposed_at, digest):
            raise UsedLinkError
        address = first.pending_email
        former: dict[str, str] = {}
        confirmed: list[Guardian] = []
        for record in records:
            if record.pending_email_at != proposed_at or record.pending_email != address:
                continue  # linked to this account since: its own proposal, if any, stands
            if record.usable_email and not is_same_address(record.usable_email, address):
                former.setdefault(record.usable_email.casefold(), record.usable_email)
            record.own_email, record.own_email_refused_at = address, None
            record.pending_email, record.pending_email_at = "", None
            record.save(update_fields=["own_email", "own_email_refused_at", "pending_email", "pending_email_at"])
            confirmed.append(record)
        record_changes(confirmed, {ContactField.EMAIL: address}, by=None, at=at)
        for number, former_address in enumerate(former.values()):
            # the new address is not said: the former mailbox may be shared (decision 16)
            enqueue(
                kind=EMAIL_CHANGED,
                address=former_address,
                recipient=_recipient(first),
                language=first.language,
                context={"changed": spoken_instant_lazy(at, first.school)},
                deduplication_key=f"email_changed:{first.pk}:{proposed_at.isoformat()}:{number}",
                at=at,
            )
    return first


def share_address(*, guardian: Guardian) -> None:
    """Give a record that has just joined its person what the person had said before.

    That is the address they had confirmed, if any, and that they want no reminder.
    """
    others = list(records_of_person(guardian).exclude(pk=guardian.pk))
    known = next((each for each in others if each.own_email), None)
    if known and not guardian.own_email:
        guardian.own_email, guardian.own_email_refused_at = known.own_email, known.own_email_refused_at
        guardian.save(update_fields=["own_email", "own_email_refused_at"])
    if not guardian.mutes_reminders and any(each.mutes_reminders for each in others):
        guardian.mutes_reminders = True
        guardian.save(update_fields=["mutes_reminders"])


def note_refusal(*, guardian: Guardian, address: str, at: datetime) -> None:
    """Stop using an address that refuses our messages, on each record of the person where it still stands."""
    records = records_of_person(guardian)
    for field in ("own_email", "school_email"):
        records.filter(**{f"{field}__iexact": address, f"{field}_refused_at": None}).update(
            **{f"{field}_refused_at": at}
        )


def email_status(guardian: Guardian) -> list[KnownAddress]:
    """Return the addresses of this record and their states, the newest first. At most one query."""
    known = []
    if guardian.pending_email and guardian.pending_email_at:
        known.append((guardian.pending_email, _pending_state(guardian, guardian.pending_email_at)))
    if guardian.own_email:
        known.append(
            (guardian.own_email, EmailState.REFUSED if guardian.own_email_refused_at else EmailState.CONFIRMED)
        )
    if guardian.school_email and not is_same_address(guardian.school_email, guardian.own_email):
        refused = guardian.school_email_refused_at
        known.append((guardian.school_email, EmailState.REFUSED if refused else EmailState.FROM_SCHOOL))
    usable = (EmailState.CONFIRMED, EmailState.FROM_SCHOOL)
    return [
        KnownAddress(address, state, is_used=state in usable and address == guardian.usable_email)
        for address, state in known
    ]


def accounts_of(guardian: Guardian) -> set[int]:
    """Return the accounts of the person: the record's, and for an adult student the one of their own file."""
    own_files = guardian.guardianships.legal().filter(relationship=Relationship.SELF, student__user_id__isnull=False)
    accounts = set(own_files.values_list("student__user_id", flat=True))
    return accounts | ({guardian.user_id} if guardian.user_id else set())


def _recipient(guardian: Guardian) -> str:
    return f"guardian:{guardian.pk}"


def _set_pending(records: list[Guardian], *, address: str, at: datetime | None) -> None:
    pks = [record.pk for record in records]
    Guardian.objects.filter(pk__in=pks).update(pending_email=address, pending_email_at=at)


def _was_just_proposed(guardian: Guardian, address: str, at: datetime) -> bool:
    given_at = guardian.pending_email_at
    return guardian.pending_email == address and given_at is not None and at - given_at < RESEND_DELAY


def _confirmations_since(guardian: Guardian, instant: datetime) -> int:
    return OutboxMessage.objects.filter(
        kind=CONFIRM_EMAIL, recipient=_recipient(guardian), created_at__gt=instant
    ).count()


def _pending_state(guardian: Guardian, given_at: datetime) -> EmailState:
    confirmations = OutboxMessage.objects.filter(kind=CONFIRM_EMAIL, address=guardian.pending_email)
    refused = confirmations.filter(created_at=given_at, state=MessageState.BOUNCED).exists()
    return EmailState.REFUSED if refused else EmailState.TO_CONFIRM


def _signer() -> signing.Signer:
    return signing.Signer(salt=CONFIRM_EMAIL)


def _digest(address: str) -> str:
    """Bind a link to its address without writing the address in it: links stand in the servers' logs."""
    return salted_hmac(CONFIRM_EMAIL, address, algorithm="sha256").hexdigest()[:32]


def _token(pk: int, address: str, at: datetime) -> str:
    """Return what the link carries: of which person, which address, proposed when."""
    return _signer().sign_object([pk, at.isoformat(), _digest(address)])


def _read_token(token: str) -> tuple[Guardian, datetime, str]:
    try:
        pk, proposed_at, digest = _signer().unsign_object(token)
    except signing.BadSignature:
        raise InvalidLinkError from None
    guardian = Guardian.objects.filter(pk=pk).first()
    if guardian is None:
        raise InvalidLinkError
    return guardian, datetime.fromisoformat(proposed_at), digest


def _is_pending(guardian: Guardian, proposed_at: datetime, digest: str) -> bool:
    return (
        bool(guardian.pending_email)
        and guardian.pending_email_at == proposed_at
        and constant_time_compare(_digest(guardian.pending_email), digest)
    )


def _confirmation_is_wanted(message: OutboxMessage) -> bool:
    """Tell whether the link in this message still works."""
    guardian = Guardian.objects.filter(pk=message.recipient.removeprefix("guardian:")).first()
    return (
        guardian is not None
        and guardian.pending_email == message.address
        and guardian.pending_email_at == message.created_at
        and timezone.now() < message.created_at + LINK_LIFETIME
    )
