"""What this app does when mailboxes refuse our messages."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import receiver

from notifications.signals import address_refused
from schools.contact import note_refusal
from schools.models import Guardian


@receiver(address_refused, dispatch_uid="schools.guardian_address_refused")
def note_guardian_refusal(sender: object, recipient: str, address: str, at: datetime, **kwargs: object) -> None:
    """Mark the address on the guardian's records; other kinds of recipient are none of ours."""
    kind, _separator, key = recipient.partition(":")
    if kind != "guardian" or not key.isdecimal():
        return
    guardian = Guardian.objects.filter(pk=int(key)).first()
    if guardian is not None:
        note_refusal(guardian=guardian, address=address, at=at)
