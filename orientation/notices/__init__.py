"""Reminders that leave by themselves: a phase opens, it closes soon and the family has not done what it asks.

What is owed is derived from the tables at each sweep, so that nothing is lost with Redis or a worker: `recipients` says
who is to be written to, `sweep` owes it once, `mails` says what is written, and asks `recipients` again when it leaves.
"""
