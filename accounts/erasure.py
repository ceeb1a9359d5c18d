"""Erasing what sessions hold of one account, at its owner's request."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth import SESSION_KEY as ACCOUNT_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from accounts.kept_forms import SESSION_KEY as FORM_SESSION_KEY
from accounts.models import SignedInSession, User
from audit.retention import erase


def erase_sessions(user: User) -> Counter[str]:
    """End this account's sessions, and take what it had typed out of the others; return the rows by table.

    A form whose session had ended waits in the next one of that browser, be it somebody else's: each is read once.
    Within a transaction and `purging()`.
    """
    own, typed = _sessions_that_tell_of(user)
    own += SignedInSession.objects.filter(user=user).values_list("session_id", flat=True)
    done = erase(Session.objects.filter(pk__in=own)) + erase(SignedInSession.objects.filter(user=user))
    return done + _without_form(Session.objects.filter(pk__in=typed).exclude(pk__in=own), user)


def _sessions_that_tell_of(user: User) -> tuple[list[str], list[str]]:
    """Return the keys of the account's own sessions, and of those that hold a form of its."""
    own, typed = [], []
    for session in Session.objects.order_by("pk").iterator(chunk_size=500):
        values = session.get_decoded()
        if values.get(ACCOUNT_SESSION_KEY) == str(user.pk):
            own.append(session.pk)
        elif values.get(FORM_SESSION_KEY, {}).get("author") == user.pk:
            typed.append(session.pk)
    return own, typed


def _without_form(sessions: QuerySet[Session], user: User) -> Counter[str]:
    done: Counter[str] = Counter()
    for session in sessions.select_for_update().order_by("pk"):
        values = session.get_decoded()
        if values.get(FORM_SESSION_KEY, {}).get("author") == user.pk:
            del values[FORM_SESSION_KEY]
            session.session_data = Session.objects.encode(values)
            session.save(update_fields=["session_data"])
            done[Session._meta.db_table] += 1
    return done
