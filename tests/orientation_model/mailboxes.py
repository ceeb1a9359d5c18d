"""Django's own mail backend in memory, some of whose mailboxes refuse what they get, as a mail server says it."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from typing import ClassVar

from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend


class Mailboxes(EmailBackend):
    refusing: ClassVar[set[str]] = set()

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            for address in message.to:
                if address in self.refusing:
                    raise smtplib.SMTPRecipientsRefused({address: (550, b"5.1.1 no such user")})
        return super().send_messages(messages)
