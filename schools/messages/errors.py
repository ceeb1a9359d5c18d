"""Why a message is not written; each with its French sentence."""

from __future__ import annotations


class MessageRefused(Exception):
    """A refusal. `str(error)` is the French sentence to show."""


class MayNotWriteMessages(MessageRefused):
    """Only the head and the deputy speak for the school (answered 403)."""


class ChangedMeanwhile(MessageRefused):
    """Somebody else changed the message since the form was shown."""


class PeriodRefused(MessageRefused):
    """The message would end before it begins."""


class UnknownAudience(MessageRefused):
    """A message for classes needs classes, all of its own school; a message for a level needs the level."""
