"""What a school tells its families on their pages."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from schools.models.school import Division, School

BODY_MAX_LENGTH = 5_000


class Audience(models.TextChoices):
    """Whom a message is for."""

    SCHOOL = "school", _("tout l’établissement")
    LEVEL = "level", _("un niveau")
    DIVISIONS = "divisions", _("des classes")


class MessageStanding(models.TextChoices):
    """Where a message stands at an instant: said by its dates, not kept."""

    UPCOMING = "upcoming", _("à venir")
    SHOWN = "shown", _("affiché")
    ENDED = "ended", _("terminé")


class SchoolMessage(models.Model):
    """A message of a school to families (actualité): a text, a period, and those whom it is for.

    `body` is a few signs of Markdown, never HTML (`schools.messages.text`). Instants are UTC, the end excluded.
    A message that is never to be shown ends when it begins. `mef_prefix` is what the MEF of a level begins with.
    """

    key = models.UUIDField(_("clé du formulaire"), default=uuid.uuid4, editable=False)
    """Given to the form before it is sent, so that sending it twice writes one message."""
    school = models.ForeignKey(
        School, on_delete=models.CASCADE, related_name="messages", verbose_name=_("établissement")
    )
    title = models.CharField(_("titre"), max_length=120)
    body = models.TextField(_("texte"), max_length=BODY_MAX_LENGTH)
    shown_from = models.DateTimeField(_("affiché à partir du"))
    shown_until = models.DateTimeField(_("affiché jusqu’au"))
    audience = models.CharField(_("destinataires"), max_length=10, choices=Audience.choices, default=Audience.SCHOOL)
    mef_prefix = models.CharField(_("début du code MEF"), max_length=11, blank=True)
    divisions = models.ManyToManyField(Division, blank=True, related_name="messages", verbose_name=_("classes"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("auteur")
    )
    changed_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("actualité")
        verbose_name_plural = _("actualités")
        ordering = ["-shown_from", "-pk"]
        indexes = [models.Index(fields=["school", "-shown_from"], name="school_message_newest")]
        constraints = [
            models.UniqueConstraint(fields=["school", "key"], name="school_message_one_per_form"),
            models.CheckConstraint(condition=Q(shown_until__gte=F("shown_from")), name="school_message_ends_after"),
            models.CheckConstraint(
                condition=Q(audience=Audience.LEVEL) ^ Q(mef_prefix=""), name="school_message_prefix_of_level"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def standing_at(self, instant: datetime) -> MessageStanding:
        if instant >= self.shown_until or self.shown_until == self.shown_from:
            return MessageStanding.ENDED
        return MessageStanding.SHOWN if instant >= self.shown_from else MessageStanding.UPCOMING
