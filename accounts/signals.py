"""What accounts tell the rest of the product."""

from django.dispatch import Signal

linking_locked = Signal()
"""Somebody spent their tries at the proof of decision 19. Sent after the transaction, once per lock.

Arguments: `schools`, the list of the schools whose records bear that name (at least one); `locked_until`, aware.
"""
