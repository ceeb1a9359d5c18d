"""Plain Django doing the same work: a session, two reads and eleven rows; a lock, eleven rows and an outbox row."""
