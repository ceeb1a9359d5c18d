"""Reading why a mail could not be sent: is it this address, this message, or anything that may pass?

The rule: an address is called refused only when somebody said so of that very address, since a guardian's address then
stops being used; a refused message fails at once; all the rest (network, the provider's trouble, a mistake in our own
settings) may be mended, and is tried again.
"""

from __future__ import annotations

import re
import smtplib

from anymail.exceptions import AnymailAPIError, AnymailInvalidAddress, AnymailRecipientsRefused
from anymail.utils import parse_single_address
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from notifications.models import MessageState

# RFC 3463: 5.1.x is about the address, 5.2.x about the mailbox; 5.1.7 and 5.1.8 are about the sender's address, and a
# full mailbox (5.2.2) may be emptied
ENHANCED_CODE = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
NOT_THE_RECIPIENT = {("1", "7"), ("1", "8"), ("2", "2")}
REFUSED_RECIPIENT_CODES = {550, 551, 553}

REFUSED_BY_API = re.compile(r"\bto\b.{0,40}(not a valid|invalid)|\b(not valid|invalid)\b.{0,20}\bto\b", re.IGNORECASE)
REFUSED_REQUEST_STATUSES = {400, 413, 422}
"""HTTP: the request itself is refused. 401, 402, 403 and 404 are our account and our settings: they may be mended."""

PROVIDER_STATUSES = {401, 402, 403, 404, 408, 429}
"""HTTP below 500: the provider takes nothing from us now, whatever the message."""


def is_address(address: str) -> bool:
    """Tell whether this can be an address at all; SIECLE's are typed by hand."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def outcome_of(error: Exception) -> MessageState:
    """Return what becomes of a message after this error: BOUNCED, FAILED or RETRYING."""
    if isinstance(error, smtplib.SMTPException):
        return _outcome_of_smtp(error)
    if isinstance(error, AnymailRecipientsRefused):
        return MessageState.BOUNCED
    if isinstance(error, AnymailInvalidAddress):
        return MessageState.BOUNCED if _our_own_address_is_fine() else MessageState.RETRYING
    if isinstance(error, AnymailAPIError) and error.status_code in REFUSED_REQUEST_STATUSES:
        about_recipient = REFUSED_BY_API.search(error.response.text)
        return MessageState.BOUNCED if about_recipient else MessageState.FAILED
    return MessageState.RETRYING


def is_of_the_provider(error: Exception) -> bool:
    """Tell whether this error would have met any other message as well: the network, the provider, our account."""
    if isinstance(error, smtplib.SMTPException):
        return not isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError))
    if isinstance(error, AnymailAPIError):
        status = error.status_code
        return status is None or status >= 500 or status in PROVIDER_STATUSES
    return isinstance(error, OSError)


def describe(error: Exception) -> str:
    """Say an error in one line for the operator, without the addresses that providers repeat in their answers."""
    return re.sub(r"[^\s<>\"':@]+@", "•••@", " ".join(f"{type(error).__name__}: {error}".split()))[:500]


def _outcome_of_smtp(error: smtplib.SMTPException) -> MessageState:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return MessageState.BOUNCED if _is_about_recipient(code, text) else MessageState.RETRYING
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        about_recipient = _is_about_recipient(error.smtp_code, error.smtp_error, only_if_said=True)
        return MessageState.BOUNCED if about_recipient else MessageState.FAILED
    return MessageState.RETRYING


def _is_about_recipient(code: int, text: bytes | str, *, only_if_said: bool = False) -> bool:
    """Tell whether a server's answer means that the address is refused for good."""
    if code < 500:
        return False
    enhanced = ENHANCED_CODE.search(text.decode(errors="replace") if isinstance(text, bytes) else text)
    if enhanced is None:
        return not only_if_said and code in REFUSED_RECIPIENT_CODES
    subject, detail = enhanced.groups()
    return subject in ("1", "2") and (subject, detail) not in NOT_THE_RECIPIENT


def _our_own_address_is_fine() -> bool:
    try:
        parse_single_address(settings.DEFAULT_FROM_EMAIL)
    except AnymailInvalidAddress:
        return False
    return True
