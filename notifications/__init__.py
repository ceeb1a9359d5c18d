"""E-mails: what is owed to whom, sending it, trying again, and hearing that an address refuses.

Why an outbox of our own, and not django-post-office or a bare Celery task per mail:

- the row is written in the transaction that owes the mail (`services.enqueue`): a rollback leaves no mail, a commit
  cannot lose one, and Redis only wakes the worker sooner than the sweep of every 15 seconds would;
- a deduplication key makes an act done twice send once (django-post-office has none);
- `Kind.still_wanted` is asked when sending, not when writing: a reminder dies with its reason;
- a lease (`sending` until `due_at`) tells a dead worker from a slow one, so that no row stays "being sent" for ever;
- the Message-ID is the row's id, the same at every attempt: a mailbox that receives a mail twice can see it is one.

The one instant at which a mail may leave twice is between the provider's acceptance and our commit of it: a worker
that dies exactly there leaves a lease that expires, and the mail is sent again with the same Message-ID.

`kinds` says what can be sent, `services` is called by the other apps, `sending` is the worker's part, `outcomes` reads
errors, `receivers` hears the mail provider's events. Over plain SMTP there are no events: refusals are then only those
the server says at once.
"""
