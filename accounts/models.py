"""Who signs in: accounts, and the identities that providers vouch for."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


def _numbered(row: models.Model) -> str:
    return gettext("n° %(number)s") % {"number": row.pk}


def random_username() -> str:
    return uuid.uuid4().hex


class Provider(models.TextChoices):
    """An OpenID provider we accept identities from; the values are keys of `settings.OIDC_PROVIDERS`."""

    EDUCONNECT = "educonnect", _("ÉduConnect")
    FRANCECONNECT = "franceconnect", _("FranceConnect")
    AGENTS = "agents", _("Agents de l’Éducation nationale")


class Profile(models.TextChoices):
    """What somebody signs in as (seed, step 1); the values stand in addresses."""

    GUARDIAN = "representant", _("Représentant légal")
    STUDENT = "eleve", _("Élève")


class User(AbstractUser):
    """An account (compte). Families have no password: they come through a provider; staff may have one."""

    username = models.CharField(_("identifiant"), max_length=150, unique=True, default=random_username)
    language = models.CharField(
        _("langue"), max_length=2, choices=settings.LANGUAGES, blank=True, default="", db_default=""
    )
    """Of pages and e-mails; empty as long as its owner has not chosen."""

    class Meta(AbstractUser.Meta):
        verbose_name = _("compte")  # type: ignore[assignment]
        verbose_name_plural = _("comptes")  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Identity(models.Model):
    """The `sub` by which one provider knows one account (identité). An account may have several."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities", verbose_name=_("compte"))
    provider = models.CharField(_("fournisseur"), max_length=20, choices=Provider.choices)
    subject = models.CharField(_("identifiant chez le fournisseur"), max_length=255)
    created_at = models.DateTimeField(_("créée le"), auto_now_add=True)
    last_sign_in_at = models.DateTimeField(_("dernière connexion"), null=True)

    class Meta:
        verbose_name = _("identité")
        verbose_name_plural = _("identités")
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="identity_unique_per_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {_numbered(self)}"


class SignInFailures(models.Model):
    """The wrong passwords given for one account name (essais de mot de passe), from one address or from anywhere.

    A name that no account bears is counted alike. `key` is a digest: neither names nor addresses are kept.
    """

    key = models.CharField(_("empreinte"), max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(_("mots de passe faux"), default=0)
    locked_until = models.DateTimeField(_("suspendus jusqu’au"), null=True, blank=True)
    updated_at = models.DateTimeField(_("modifiés le"), db_index=True)

    class Meta:
        verbose_name = _("essais de mot de passe")
        verbose_name_plural = _("essais de mot de passe")

    def __str__(self) -> str:
        return _numbered(self)


class ProofAttempts(models.Model):
    """The wrong answers of one provider's person to the question of decision 19 (essais de vérification).

    Counted per identity and not per school record: a stranger spends their own tries, never a parent's.
    """

    provider = models.CharField(_("fournisseur"), max_length=20, choices=Provider.choices)
    subject = models.CharField(_("identifiant chez le fournisseur"), max_length=255)
    failures = models.PositiveSmallIntegerField(_("réponses fausses"), default=0)
    locked_until = models.DateTimeField(_("suspendus jusqu’au"), null=True, blank=True)
    updated_at = models.DateTimeField(_("modifiés le"), auto_now=True)

    class Meta:
        verbose_name = _("essais de vérification")
        verbose_name_plural = _("essais de vérification")
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="proof_attempts_unique_per_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} {_numbered(self)}"


class SignedInSession(models.Model):
    """A session that is signed in (connexion), for its owner to see and to end. It goes with the session.

    Where from is not kept; `device` is a browser and a system in words, never the header itself. The key needs no
    digest here: `django_session` holds it beside. The database holds no constraint on it, for a process of the former
    release ends sessions without knowing of this table.
    """

    public_id = models.UUIDField(_("identifiant public"), default=uuid.uuid4, unique=True, editable=False)
    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, db_constraint=False, related_name="signed_in", verbose_name=_("session")
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="signed_in_sessions", verbose_name=_("compte")
    )
    signed_in_at = models.DateTimeField(_("ouverte le"))
    last_seen_at = models.DateTimeField(_("dernière activité"))
    device = models.CharField(_("appareil"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("connexion")
        verbose_name_plural = _("connexions")

    def __str__(self) -> str:
        return _numbered(self)
