"""What guardians say of themselves and SIECLE does not say yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from schools.models.people import Guardian


class ContactField(models.TextChoices):
    """A piece of a guardian's own data that they may change; but for the e-mail, the field of Guardian."""

    ADDRESS_LINES = "address_lines", _("adresse")
    POSTAL_CODE = "postal_code", _("code postal")
    TOWN = "town", _("commune")
    COUNTRY = "country", _("pays")
    PHONE = "phone", _("téléphone personnel")
    WORK_PHONE = "work_phone", _("téléphone professionnel")
    MOBILE = "mobile", _("téléphone portable")
    ACCEPTS_SMS = "accepts_sms", _("accepte les SMS")
    OCCUPATION = "occupation", _("profession")
    SHARES_COORDINATES = "shares_coordinates", _("communication aux associations de parents d’élèves")
    EMAIL = "email", _("adresse électronique")


class ContactOutcome(models.TextChoices):
    """What became of a change."""

    WAITING = "waiting", _("à reprendre dans SIECLE")
    TAKEN = "taken", _("reprise dans SIECLE")
    REFUSED = "refused", _("non reprise")
    REPLACED = "replaced", _("remplacée par une plus récente")


class ContactChangeQuerySet(models.QuerySet["ContactChange"]):
    def waiting(self) -> ContactChangeQuerySet:
        """Those that the school has neither taken nor refused, and that no later one replaces."""
        return self.filter(outcome=ContactOutcome.WAITING)


class ContactChange(models.Model):
    """One piece of their own data that a guardian changed, at one school (modification de coordonnées).

    While it waits, `after` is what the guardian's page shows, whatever SIECLE still says. It ends when an import made
    later carries the same value, when the school says that SIECLE has it, or when the school refuses it. Values are
    texts, as `schools.contact_changes.fields` writes them. `changed_by` is none for who came by a link.
    """

    guardian = models.ForeignKey(
        Guardian, on_delete=models.CASCADE, related_name="contact_changes", verbose_name=_("responsable")
    )
    field = models.CharField(_("rubrique"), max_length=20, choices=ContactField.choices)
    before = models.TextField(_("avant"), blank=True)
    after = models.TextField(_("après"), blank=True)
    changed_at = models.DateTimeField(_("modifiée le"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("modifiée par"),
    )
    exported_at = models.DateTimeField(_("exportée le"), null=True, blank=True)
    """When it first stood in the school's file."""
    outcome = models.CharField(
        _("suite donnée"), max_length=10, choices=ContactOutcome.choices, default=ContactOutcome.WAITING
    )
    closed_at = models.DateTimeField(_("close le"), null=True, blank=True)
    reason = models.CharField(_("motif"), max_length=200, blank=True)
    """Of a refusal, for the guardian."""

    objects = ContactChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("modification de coordonnées")
        verbose_name_plural = _("modifications de coordonnées")
        ordering = ["changed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["guardian", "field"],
                condition=Q(outcome=ContactOutcome.WAITING),
                name="contact_change_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(outcome=ContactOutcome.WAITING, closed_at__isnull=True)
                | (~Q(outcome=ContactOutcome.WAITING) & Q(closed_at__isnull=False)),
                name="contact_change_closed_once_settled",
            ),
            models.CheckConstraint(
                condition=Q(outcome=ContactOutcome.REFUSED) | Q(reason=""), name="contact_change_reason_of_refusal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian} : {self.get_field_display()}"
