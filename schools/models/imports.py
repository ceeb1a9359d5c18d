"""The imports of a school's pupils from SIECLE: asked for on a page, done by a worker, kept as history."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from schools.models.school import School


class ImportState(models.TextChoices):
    """Where an import stands; the four last ones end it."""

    UPLOADED = "uploaded", _("en attente de lecture")
    CHECKING = "checking", _("en cours de lecture")
    TO_CONFIRM = "to_confirm", _("à confirmer")
    APPLYING = "applying", _("en cours d’écriture")
    DONE = "done", _("terminé")
    REFUSED = "refused", _("refusé")
    FAILED = "failed", _("échoué")
    CANCELLED = "cancelled", _("annulé")


UNDER_WAY = [ImportState.UPLOADED, ImportState.CHECKING, ImportState.TO_CONFIRM, ImportState.APPLYING]
"""The states of an import that has not ended: one at most per school."""

FOR_A_WORKER = [ImportState.UPLOADED, ImportState.CHECKING, ImportState.APPLYING]


class ImportOrigin(models.TextChoices):
    """By what way an import came."""

    PAGE = "page", _("page d’administration")
    COMMAND = "command", _("commande de l’exploitant")


class SiecleImportQuerySet(models.QuerySet["SiecleImport"]):
    def under_way(self) -> SiecleImportQuerySet:
        return self.filter(state__in=UNDER_WAY)

    def due(self, at: datetime) -> SiecleImportQuerySet:
        """What waits for a worker at this instant, or for nobody any more: an expired lease is due again."""
        return self.filter(state__in=UNDER_WAY, due_at__lte=at).order_by("due_at")

    def without_lines(self) -> SiecleImportQuerySet:
        return self.defer("lines")


class SiecleImport(models.Model):
    """One pair of SIECLE exports of a school (import SIECLE), from its upload to its end. Instants are UTC.

    `summary` and `lines` are what `schools.imports.preview` makes of the plan: what would change, then what was
    changed, since nothing is written but the plan that was shown (`digest`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    school = models.ForeignKey(
        School, on_delete=models.CASCADE, related_name="imports", verbose_name=_("établissement")
    )
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    origin = models.CharField(_("origine"), max_length=10, choices=ImportOrigin.choices, default=ImportOrigin.PAGE)
    state = models.CharField(_("état"), max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    files = models.JSONField(_("fichiers"), default=list)
    """Name, size in bytes and SHA-256 of each file, `{"name", "size", "sha256"}`."""
    export_made_at = models.DateTimeField(_("exporté le"), null=True, blank=True)
    """When the older of the two files was made, by its own HORODATAGE."""
    uploaded_at = models.DateTimeField(_("envoyé le"), default=timezone.now)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("envoyé par"),
    )
    confirmed_at = models.DateTimeField(_("confirmé le"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmé par"),
    )
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("annulé par"),
    )
    ended_at = models.DateTimeField(_("terminé le"), null=True, blank=True)
    reason = models.TextField(_("motif"), blank=True)
    """Why it was refused, failed or was cancelled, or why it is to be confirmed again: the sentence to show."""
    digest = models.CharField(_("empreinte du plan"), max_length=64, blank=True)
    summary: models.JSONField[Any, Any] = models.JSONField(_("résumé"), default=dict)
    lines: models.JSONField[Any, Any] = models.JSONField(_("lignes"), default=dict)
    step = models.CharField(_("étape"), max_length=60, blank=True)
    progress_done = models.PositiveIntegerField(_("lignes faites"), default=0)
    progress_total = models.PositiveIntegerField(_("lignes à faire"), default=0)
    attempts = models.PositiveSmallIntegerField(_("essais"), default=0)
    claim = models.UUIDField(_("bail"), null=True, blank=True)
    """Tells one claim of a worker from the next; a worker that lost its claim writes nothing."""
    due_at = models.DateTimeField(_("à reprendre à partir de"), default=timezone.now)
    """While a worker holds it: the end of its lease. While it waits to be confirmed: when it is given up."""

    objects = SiecleImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import SIECLE")
        verbose_name_plural = _("imports SIECLE")
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["school"],
                condition=Q(state__in=["uploaded", "checking", "to_confirm", "applying"]),
                name="siecle_import_one_under_way",
            ),
        ]
        indexes = [
            models.Index(fields=["school", "-uploaded_at"], name="siecle_import_history"),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.school_year} {self.state}"

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def waits_for_a_worker(self) -> bool:
        return self.state in FOR_A_WORKER


class ImportFile(models.Model):
    """The bytes of one file of an import (fichier à importer): deleted when the import ends, however it ends."""

    siecle_import = models.ForeignKey(
        SiecleImport, on_delete=models.CASCADE, related_name="contents", verbose_name=_("import SIECLE")
    )
    name = models.CharField(_("nom"), max_length=100)
    content = models.BinaryField(_("contenu"))
    """Compressed by zlib, whatever the file is."""

    class Meta:
        verbose_name = _("fichier à importer")
        verbose_name_plural = _("fichiers à importer")

    def __str__(self) -> str:
        return self.name
