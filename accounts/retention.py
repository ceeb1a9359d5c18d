"""How long accounts, their sessions and their wrong tries are kept."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from accounts.models import Identity, ProofAttempts, SignedInSession, SignInFailures, User
from audit.retention import SECURITY, TRAIL_BATCH, Period, Rule, register, unreferenced

SESSIONS_KEPT = Period(days=1)
TRIES_KEPT = Period(days=30)
ACCOUNTS_KEPT = Period(years=1)

_SESSIONS = {
    "what": _("Connexions ouvertes à un compte, et ce qu’elles gardent"),
    "kept": SESSIONS_KEPT,
    "since": _("après leur fin"),
    "basis": SECURITY,
    "batch": TRAIL_BATCH,
}
_TRIES = {
    "what": _("Essais de connexion ou de vérification manqués"),
    "kept": TRIES_KEPT,
    "since": _("après le dernier"),
    "basis": SECURITY,
    "batch": TRAIL_BATCH,
}


def register_rules() -> None:
    """Make the rules of this room known."""
    register(
        Rule(name="accounts.sessions", past=_sessions, **_SESSIONS),  # type: ignore[arg-type]
        Rule(name="accounts.connections", past=_connections, **_SESSIONS),  # type: ignore[arg-type]
        Rule(name="accounts.sign_in_failures", past=_failures, **_TRIES),  # type: ignore[arg-type]
        Rule(name="accounts.proof_attempts", past=_attempts, **_TRIES),  # type: ignore[arg-type]
        Rule(
            name="accounts.accounts",
            what=_("Compte qui n’est plus rattaché à aucun dossier ni à aucun établissement"),
            kept=ACCOUNTS_KEPT,
            since=_("après sa dernière connexion"),
            past=_accounts,
            comes_last=True,
        ),
    )


def _sessions(at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=SESSIONS_KEPT.before(at))


def _connections(at: datetime) -> QuerySet[SignedInSession]:
    """What is left of sessions that went without them; none lasts a day."""
    return SignedInSession.objects.filter(last_seen_at__lte=SESSIONS_KEPT.before(at))


def _failures(at: datetime) -> QuerySet[SignInFailures]:
    return SignInFailures.objects.filter(updated_at__lte=TRIES_KEPT.before(at))


def _attempts(at: datetime) -> QuerySet[ProofAttempts]:
    return ProofAttempts.objects.filter(updated_at__lte=TRIES_KEPT.before(at))


def _accounts(at: datetime) -> QuerySet[User]:
    """Families' accounts, and staff's without a role; neither an operator's, nor one that a kept file names."""
    recent = Identity.objects.filter(user=OuterRef("pk"), last_sign_in_at__gt=ACCOUNTS_KEPT.before(at))
    last_used = Greatest("date_joined", Coalesce(F("last_login"), F("date_joined")))
    return (
        User.objects.filter(~Exists(recent), is_superuser=False)
        .filter(pk__in=untied_accounts().values("pk"))
        .annotate(last_used=last_used)
        .filter(last_used__lte=ACCOUNTS_KEPT.before(at))
        .filter(unreferenced(User))
    )


def untied_accounts() -> QuerySet[User]:
    """Return the accounts that neither a record nor a role names."""
    ties = ["student_files", "guardian_files", "memberships"]
    found = User.objects.all()
    for name in ties:
        relation = User._meta.get_field(name)
        naming = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})  # type: ignore[union-attr]
        found = found.filter(~Exists(naming))
    return found
