"""What this app tells those who own the recipients."""

from django.dispatch import Signal

address_refused = Signal()
"""An address refuses our messages for good.

Sent once per message, inside the transaction that marks it, with `recipient` (the key given to `enqueue`), `address`,
`at` (aware) and `message` (the OutboxMessage). A receiver that raises undoes the marking, and the provider tells again.
"""
