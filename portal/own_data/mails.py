"""The e-mails that were sent to a person, or are owed to them, word for word, as long as the outbox holds them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from notifications.kinds import UnknownKindError
from notifications.models import OutboxMessage
from notifications.rendering import subject_of, text_of
from notifications.retention import MAILS_KEPT
from operations.logs import without_secrets
from portal.own_data.person import Person
from portal.own_data.sections import Entry, Section, entry, section


def mails(person: Person) -> Section:
    """Return the e-mails of a person's records and account. One query."""
    recipients = [f"guardian:{each.pk}" for each in person.guardians]
    if person.user:
        recipients.append(f"account:{person.user.pk}")
    note = _(
        "Les courriels sont gardés %(period)s après leur création : les plus anciens sont effacés et n’y sont plus."
    )
    return section("mails", _("Courriels reçus"), _entries(recipients), note=note % {"period": MAILS_KEPT})


def _entries(recipients: list[str]) -> Iterator[Entry]:
    for mail in OutboxMessage.objects.filter(recipient__in=recipients).order_by("created_at", "pk"):
        subject, text = _words(mail)
        yield entry(
            ("subject", _("Objet"), subject),
            ("address", _("Adresse"), mail.address),
            ("created_at", _("Créé le"), mail.created_at),
            ("sent_at", _("Envoyé le"), mail.sent_at),
            ("state", _("État"), mail.get_state_display()),
            ("text", _("Texte"), text),
        )


def _words(mail: OutboxMessage) -> tuple[str, str]:
    """Return the subject and the text; a link that proves who holds the mailbox is not given to who downloads."""
    try:
        return subject_of(mail), without_secrets(text_of(mail))
    except UnknownKindError:  # of a service that is gone, and its words with it
        return mail.kind, _("Le texte n’est plus conservé.")
