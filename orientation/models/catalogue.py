"""What can be asked for: voies d'orientation and enseignements de spécialité. Loaded by a migration, editable."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from schools.models import School


class PathwayGroup(models.TextChoices):
    """The four answers of the first question of the dialog, in the words of the seed; values stand in forms."""

    GENERAL = "generale", _("1re générale")
    TECHNOLOGICAL = "technologique", _("1re technologique")
    MUSIC = "metiers-musique", _("1re préparant au brevet de technicien « métiers de la musique »")
    OTHER = "autre-parcours", _("Autre parcours : un accès à la voie professionnelle")


class Pathway(models.Model):
    """A voie d'orientation: one of the eleven things that a family can rank (decision 1)."""

    code = models.SlugField(_("code"), unique=True)
    group = models.CharField(_("voie"), max_length=20, choices=PathwayGroup.choices)
    label = models.CharField(_("libellé"), max_length=120)
    position = models.PositiveSmallIntegerField(_("ordre"))
    is_active = models.BooleanField(_("proposée"), default=True)

    class Meta:
        verbose_name = _("voie d’orientation")
        verbose_name_plural = _("voies d’orientation")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.label

    @property
    def full_label(self) -> str:
        """The label as the recap shows it: “1re technologique : 1re STI2D”."""
        if self.group == PathwayGroup.TECHNOLOGICAL:
            return f"{PathwayGroup.TECHNOLOGICAL.label} : {self.label}"
        return self.label


class Speciality(models.Model):
    """A speciality (enseignement de spécialité) of one pathway: of 1re générale, or of a series that asks for one."""

    code = models.SlugField(_("code"), unique=True)
    pathway = models.ForeignKey(
        Pathway, on_delete=models.PROTECT, related_name="specialities", verbose_name=_("voie d’orientation")
    )
    family = models.CharField(_("famille"), max_length=120, blank=True)
    label = models.CharField(_("libellé"), max_length=160)
    exclusive_group = models.CharField(
        _("groupe exclusif"),
        max_length=30,
        blank=True,
        help_text=_("Une seule spécialité d’un même groupe exclusif peut être choisie (par exemple : arts)."),
    )
    position = models.PositiveSmallIntegerField(_("ordre"))
    is_active = models.BooleanField(_("proposée"), default=True)

    class Meta:
        verbose_name = _("enseignement de spécialité")
        verbose_name_plural = _("enseignements de spécialité")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.label


class SpecialityOffer(models.Model):
    """A speciality that the school teaches in one school year (offre de spécialités)."""

    school = models.ForeignKey(
        School, on_delete=models.CASCADE, related_name="speciality_offers", verbose_name=_("établissement")
    )
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    speciality = models.ForeignKey(
        Speciality, on_delete=models.PROTECT, related_name="offers", verbose_name=_("spécialité")
    )

    class Meta:
        verbose_name = _("spécialité offerte")
        verbose_name_plural = _("offre de spécialités")
        constraints = [
            models.UniqueConstraint(fields=["school", "school_year", "speciality"], name="speciality_offer_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.speciality} ({self.school})"
