"""What accounts tell the rest of the product."""

from django.dispatch import Signal

linking_locked = Signal()
"""Somebody spent their tries at the proof of decision 19. Sent after the transaction, once per lock.

A receiver leaves the slow part to a task: how long the page takes must not say whether there was a school to tell.

Arguments: `schools`, the list of the schools whose records bear that name (at least one); `locked_until`, aware.
"""
