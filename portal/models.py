"""What families send to their schools."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.incidents import number_of
from schools.models import School, Student


class ContactSubject(models.TextChoices):
    """What a family writes about."""

    ORIENTATION = "orientation", _("L’orientation")
    SIGN_IN = "sign_in", _("La connexion à Scolarité Services")
    FILE = "file", _("Un dossier absent ou inexact")
    CONTACT_DATA = "contact_data", _("Mes coordonnées")
    ACCESSIBILITY = "accessibility", _("Un défaut d’accessibilité")
    OTHER = "other", _("Autre sujet")


class ContactMessage(models.Model):
    """That a family wrote to its child's school (message à l'établissement): by it the limits are counted.

    What was written stands in the e-mail only. `key` is the form's, so that sending it twice is sending it once.
    """

    key = models.UUIDField(_("clé du formulaire"), default=uuid.uuid4, editable=False)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_messages", verbose_name=_("compte")
    )
    school = models.ForeignKey(
        School, on_delete=models.CASCADE, related_name="contact_messages", verbose_name=_("établissement")
    )
    student = models.ForeignKey(
        Student, on_delete=models.CASCADE, related_name="contact_messages", verbose_name=_("élève")
    )
    subject = models.CharField(_("sujet"), max_length=20, choices=ContactSubject.choices)
    wants_answer_by_email = models.BooleanField(_("demande une réponse par courriel"))
    sent_at = models.DateTimeField(_("envoyé le"))

    class Meta:
        verbose_name = _("message à l’établissement")
        verbose_name_plural = _("messages aux établissements")
        ordering = ["-sent_at", "-pk"]
        indexes = [
            models.Index(fields=["sent_by", "sent_at"], name="contact_by_account"),
            models.Index(fields=["school", "sent_at"], name="contact_by_school"),
        ]
        constraints = [models.UniqueConstraint(fields=["sent_by", "key"], name="contact_one_per_form")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that the family and the school quote."""
        return number_of(self.key)

    @property
    def outbox_key(self) -> str:
        """What its e-mail is known by in the outbox."""
        return f"family_message:{self.sent_by_id}:{self.key}"
