"""The school, its classes and its staff."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class TimeZone(models.TextChoices):
    """The zones in which a school of the State can stand (decision 8)."""

    METROPOLE = "Europe/Paris", _("heure de Paris")
    GUADELOUPE = "America/Guadeloupe", _("heure de la Guadeloupe")
    MARTINIQUE = "America/Martinique", _("heure de la Martinique")
    GUYANE = "America/Cayenne", _("heure de la Guyane")
    REUNION = "Indian/Reunion", _("heure de La Réunion")
    MAYOTTE = "Indian/Mayotte", _("heure de Mayotte")
    SAINT_PIERRE = "America/Miquelon", _("heure de Saint-Pierre-et-Miquelon")
    NOUVELLE_CALEDONIE = "Pacific/Noumea", _("heure de Nouméa")
    POLYNESIE = "Pacific/Tahiti", _("heure de Tahiti")
    WALLIS = "Pacific/Wallis", _("heure de Wallis-et-Futuna")


class School(models.Model):
    """A school (établissement), known by its UAI."""

    uai = models.CharField(
        _("UAI"),
        max_length=8,
        unique=True,
        validators=[RegexValidator(r"^\d{7}[A-Z]$", _("Un UAI a sept chiffres et une lettre majuscule."))],
    )
    name = models.CharField(_("nom"), max_length=200)
    time_zone = models.CharField(
        _("fuseau horaire"), max_length=40, choices=TimeZone.choices, default=TimeZone.METROPOLE
    )
    address = models.TextField(_("adresse"), blank=True)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    email = models.EmailField(_("adresse électronique"), blank=True)
    welcome_message = models.TextField(
        _("message de l’établissement"), blank=True, default="Bienvenue dans Scolarité services"
    )

    class Meta:
        verbose_name = _("établissement")
        verbose_name_plural = _("établissements")
        ordering = ["name", "uai"]

    def __str__(self) -> str:
        return self.name or self.uai

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the school's deadlines are said and counted."""
        return ZoneInfo(self.time_zone)


class Division(models.Model):
    """A class (classe, *division* in SIECLE) of one school year.

    `school_year` is the year it begins in: 2026 for 2026-2027.
    """

    school = models.ForeignKey(
        School, on_delete=models.CASCADE, related_name="divisions", verbose_name=_("établissement")
    )
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("libellé"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("classe")
        verbose_name_plural = _("classes")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["school", "school_year", "code"], name="division_unique"),
        ]

    def __str__(self) -> str:
        return self.name or self.code


class Role(models.TextChoices):
    """What a member of staff is in the school (design, rights table)."""

    HEAD = "head", _("chef d’établissement")
    DEPUTY = "deputy", _("adjoint")
    OFFICE = "office", _("secrétariat")
    FORM_TEACHER = "form_teacher", _("professeur principal")
    COUNSELLOR = "counsellor", _("psychologue de l’Éducation nationale")


class MembershipSource(models.TextChoices):
    """Who says that somebody is of the staff: a head here, or the agents' provider at each sign-in."""

    MANUAL = "manual", _("saisie")
    AGENTS = "agents", _("compte académique")


class StaffMembership(models.Model):
    """The role of an account in a school (membre du personnel)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("compte")
    )
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="staff", verbose_name=_("établissement"))
    role = models.CharField(_("fonction"), max_length=20, choices=Role.choices)
    source = models.CharField(
        _("origine"), max_length=10, choices=MembershipSource.choices, default=MembershipSource.MANUAL
    )
    divisions = models.ManyToManyField(
        Division,
        blank=True,
        related_name="form_teachers",
        verbose_name=_("classes"),
        help_text=_("Celles d’un professeur principal : il ne voit que leurs élèves. Sans objet pour les autres."),
    )

    class Meta:
        verbose_name = _("membre du personnel")
        verbose_name_plural = _("membres du personnel")
        constraints = [
            models.UniqueConstraint(fields=["user", "school", "role"], name="staff_membership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"
