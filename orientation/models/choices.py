"""What a family asks for: a draft that is edited, and the numbered submissions that count.

The database holds what must always be true (migration 0003): a list has at most eleven ranks, from 1 without a hole,
no pathway twice and no speciality twice in a rank; a submission with its choices is never changed once written.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orientation.models.campaign import Phase
from orientation.models.catalogue import Pathway, Speciality
from schools.models import Guardian, Student
from schools.names import of_person

RANK_MAX = 11
"""“Vous pouvez en saisir jusqu'à 11” (seed; decision 1)."""

NOTE_MAX_LENGTH = 500
"""Characters of the free text of *autre parcours* (decision 7)."""


class Draft(models.Model):
    """What the guardians of one student are preparing for one phase (brouillon). Shared by them (decision 2).

    `wishes` is the list as it stands, in order of rank, each `{"pathway": code, "specialities": [codes], "note": text}`
    with codes of the catalogue. `version` grows by one at each write; a write names the version it saw, and is refused
    if somebody else made a newer one. Each version stays readable in `DraftRevision`.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="drafts", verbose_name=_("élève"))
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="drafts", verbose_name=_("phase"))
    version = models.PositiveIntegerField(_("version"), default=0)
    wishes = models.JSONField(_("choix"), default=list)
    is_validated = models.BooleanField(
        _("identique à la dernière validation"),
        default=False,
        help_text=_("Faux dès que le brouillon s’écarte de ce qui a été validé."),
    )
    changed_at = models.DateTimeField(_("modifié le"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("modifié par")
    )

    class Meta:
        verbose_name = _("brouillon")
        verbose_name_plural = _("brouillons")
        constraints = [
            models.UniqueConstraint(fields=["student", "phase"], name="draft_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.student} — {self.phase.phase_kind.label}"


class DraftRevision(models.Model):
    """One version of a draft: what it held, who wrote it and when (version de brouillon; decision 2)."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("brouillon"))
    version = models.PositiveIntegerField(_("version"))
    wishes = models.JSONField(_("choix"))
    changed_at = models.DateTimeField(_("écrite le"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("écrite par")
    )

    class Meta:
        verbose_name = _("version de brouillon")
        verbose_name_plural = _("versions de brouillon")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "version"], name="draft_revision_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.draft}, version {self.version}"


class SetAside(models.Model):
    """What somebody wrote over a version that another had replaced meanwhile (modification mise de côté).

    It waits for its author to keep the other's version or to take up their own again: nothing typed is lost.
    """

    public_id = models.UUIDField(_("identifiant public"), default=uuid.uuid4, unique=True, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="set_aside", verbose_name=_("brouillon"))
    wishes = models.JSONField(_("choix"))
    written_at = models.DateTimeField(_("écrite le"))
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("écrite par")
    )
    settled_at = models.DateTimeField(_("réglée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("modification mise de côté")
        verbose_name_plural = _("modifications mises de côté")

    def __str__(self) -> str:
        return f"{self.draft}, {self.written_at:%Y-%m-%d %H:%M}"


class Submission(models.Model):
    """What a family validated (demande validée): immutable and numbered; the newest one counts (decision 4)."""

    public_id = models.UUIDField(_("identifiant public"), default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("élève"))
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("phase"))
    number = models.PositiveIntegerField(_("numéro"))
    submitted_at = models.DateTimeField(_("validée le"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("validée par")
    )
    guardian = models.ForeignKey(
        Guardian, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("représentant légal")
    )
    """Who asks: the guardian who validated, or on whose behalf the school did (decision 14)."""
    guardian_name = models.CharField(_("nom du représentant légal"), max_length=200)
    entered_by_name = models.CharField(
        _("saisie par"),
        max_length=200,
        blank=True,
        help_text=_("Le membre du personnel qui a saisi à la place de la famille ; vide si elle l’a fait elle-même."),
    )
    """Frozen, as accounts and their ties to guardians change."""

    class Meta:
        verbose_name = _("demande validée")
        verbose_name_plural = _("demandes validées")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["student", "phase", "number"], name="submission_unique_number"),
        ]

    def __str__(self) -> str:
        return gettext("%(list)s n° %(number)s") % {
            "list": f"{self.student} — {self.phase.phase_kind.label}",
            "number": self.number,
        }

    @property
    def attribution(self) -> str:
        """Who wrote and in whose name, as every page and paper says it: agrees with *demande*."""
        if self.entered_by_name:
            return _("saisie par l’établissement (%(entered_by)s), au nom %(of_guardian)s") % {
                "entered_by": self.entered_by_name,
                "of_guardian": of_person(self.guardian_name),
            }
        return _("validée par %(guardian)s") % {"guardian": self.guardian_name}


class Choice(models.Model):
    """One rank of a submission (choix validé); labels are frozen as they were read."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="choices")
    rank = models.PositiveSmallIntegerField(_("rang"))
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="+", verbose_name=_("voie"))
    label = models.CharField(_("libellé"), max_length=200)
    note = models.CharField(_("précision"), max_length=NOTE_MAX_LENGTH, blank=True)

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(condition=Q(rank__range=(1, RANK_MAX)), name="choice_rank_range"),
            models.UniqueConstraint(fields=["submission", "rank"], name="choice_unique_rank"),
            models.UniqueConstraint(fields=["submission", "pathway"], name="choice_unique_pathway"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.label}"


class ChoiceSpeciality(models.Model):
    """One speciality of a validated rank; `is_elsewhere` says *hors établissement* as it was that day (decision 5)."""

    choice = models.ForeignKey(Choice, on_delete=models.PROTECT, related_name="choice_specialities")
    position = models.PositiveSmallIntegerField()
    speciality = models.ForeignKey(Speciality, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(_("libellé"), max_length=160)
    is_elsewhere = models.BooleanField(_("hors établissement"))

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["choice", "position"], name="choice_speciality_unique_position"),
            models.UniqueConstraint(fields=["choice", "speciality"], name="choice_speciality_unique"),
        ]

    def __str__(self) -> str:
        return self.label
