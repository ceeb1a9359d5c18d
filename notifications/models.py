"""The outbox: each e-mail owed is a row, written in the transaction that owes it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    QUEUED = "queued", _("à envoyer")
    SENDING = "sending", _("en cours d’envoi")
    RETRYING = "retrying", _("nouvel essai prévu")
    SENT = "sent", _("envoyé")
    DROPPED = "dropped", _("devenu sans objet")
    FAILED = "failed", _("échec")
    BOUNCED = "bounced", _("refusé par le destinataire")


UNSETTLED = [MessageState.QUEUED, MessageState.SENDING, MessageState.RETRYING]


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def due(self, at: datetime) -> OutboxQuerySet:
        """What should be leaving at this instant, the most urgent first; an expired lease is due again."""
        return self.filter(state__in=UNSETTLED, due_at__lte=at).order_by("priority", "due_at")


class OutboxMessage(models.Model):
    """One e-mail to one address (courriel). Its id is its Message-ID, so that a second sending can be recognised.

    `recipient` is the key of who is written to in the app that owns them ("guardian:12"); this app does not read it.
    `context` holds what the template shows, as it was when the message was owed. Instants are UTC.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("modèle"), max_length=60)
    recipient = models.CharField(_("destinataire"), max_length=60, db_index=True)
    address = models.EmailField(_("adresse"))
    language = models.CharField(_("langue"), max_length=10, default="fr")
    context = models.JSONField(_("contenu"), default=dict)
    deduplication_key = models.CharField(_("clé d’unicité"), max_length=200, unique=True)
    priority = models.PositiveSmallIntegerField(_("priorité"), default=5)
    state = models.CharField(_("état"), max_length=10, choices=MessageState.choices, default=MessageState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("essais"), default=0)
    """Counted when the row is claimed; it is also what tells one claim from the next."""
    due_at = models.DateTimeField(_("à envoyer à partir de"), default=timezone.now)
    """While `sending`: the end of the lease; past it, whoever was sending is held to be dead."""
    provider_id = models.CharField(_("identifiant chez le prestataire"), max_length=200, blank=True, db_index=True)
    last_error = models.TextField(_("dernière erreur"), blank=True)
    created_at = models.DateTimeField(_("créé le"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("envoyé le"), null=True, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("courriel")
        verbose_name_plural = _("courriels")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["priority", "due_at"],
                name="outbox_due",
                condition=Q(state__in=["queued", "sending", "retrying"]),
            ),
            models.Index(fields=["-created_at"], name="outbox_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
