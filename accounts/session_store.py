"""The sessions of Django's database, read by a statement composed once: every request begins with it."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from operations.prepared import Parameter, prepared


@prepared
def _running(key: Parameter, now: Parameter) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    """Sessions in PostgreSQL, which survive the loss of everything else."""

    def _get_session_from_db(self) -> Session | None:
        if session := _running.first(self.session_key, timezone.now()):
            return session
        self._session_key = None
        return None
