"""What the conseil de classe said, when a class was told, and what families did with it.

A council's entry is one sheet per pupil and phase, with one answer per pathway. In *avis provisoires* the answers are
avis (decision 10), in *propositions* they are propositions (decision 11). A family reads a sheet once it belongs to a
publication, never before.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orientation.models.campaign import Phase
from orientation.models.catalogue import Pathway, Speciality
from orientation.models.choices import RANK_MAX, Submission
from schools.models import Division, Guardian, Student
from schools.names import of_person

COMMENT_MAX_LENGTH = 500
"""Characters of a reason or comment of the council."""


class Verdict(models.TextChoices):
    """What a council can say; which of them apply is told by `orientation.council.rules`."""

    FAVOURABLE = "favourable", _("favorable")
    RESERVED = "reserved", _("réservé")
    UNFAVOURABLE = "unfavourable", _("défavorable")
    YES = "yes", _("oui")
    NO = "no", _("non")


class DivisionPublication(models.Model):
    """One publication of a class's avis or propositions by the head (publication). A class may need several."""

    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="publications", verbose_name=_("phase"))
    division = models.ForeignKey(
        Division, on_delete=models.PROTECT, related_name="publications", verbose_name=_("classe")
    )
    published_at = models.DateTimeField(_("publiée le"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("publiée par")
    )
    withdrawn_at = models.DateTimeField(_("retirée le"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("retirée par"),
    )

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="publication_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} — {self.division}"


class CouncilSheet(models.Model):
    """What the council says of one pupil in one phase (fiche du conseil); the line of the council's page.

    `version` grows at each write: a write names the version it saw. `submission` is what the council had before it,
    None for who validated nothing (decision 23). `publication` is None until the class is told.
    `others_version` is the newest version that somebody else than `changed_by` wrote: whoever saw that one, or a
    newer one, writes over nobody's work but their own.
    """

    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, related_name="council_sheets", verbose_name=_("élève")
    )
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="council_sheets", verbose_name=_("phase"))
    submission = models.ForeignKey(
        Submission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="council_sheets",
        verbose_name=_("demande examinée"),
    )
    publication = models.ForeignKey(
        DivisionPublication,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sheets",
        verbose_name=_("publication"),
    )
    version = models.PositiveIntegerField(_("version"), default=0)
    others_version = models.PositiveIntegerField(_("dernière version d’une autre personne"), default=0, editable=False)
    changed_at = models.DateTimeField(_("modifiée le"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("modifiée par")
    )

    class Meta:
        verbose_name = _("fiche du conseil")
        verbose_name_plural = _("fiches du conseil")
        constraints = [
            models.UniqueConstraint(fields=["student", "phase"], name="council_sheet_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.student} — {self.phase.phase_kind.label}"


class CouncilAnswer(models.Model):
    """The council's word on one pathway: an avis provisoire or a proposition, by the phase of its sheet.

    `rank` is the rank at which the family asked for it, None for what the council adds unasked. `verdict` is empty
    while the line is being filled. The label is frozen.
    """

    sheet = models.ForeignKey(CouncilSheet, on_delete=models.CASCADE, related_name="answers", verbose_name=_("fiche"))
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="+", verbose_name=_("voie"))
    rank = models.PositiveSmallIntegerField(_("rang"), null=True, blank=True)
    label = models.CharField(_("libellé"), max_length=200)
    verdict = models.CharField(_("réponse"), max_length=20, choices=Verdict.choices, blank=True)
    comment = models.CharField(_("motif ou commentaire"), max_length=COMMENT_MAX_LENGTH, blank=True)
    recommended = models.ManyToManyField(
        Speciality, blank=True, related_name="+", verbose_name=_("spécialités recommandées")
    )

    class Meta:
        verbose_name = _("réponse du conseil")
        verbose_name_plural = _("réponses du conseil")
        ordering = [models.F("rank").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "pathway"], name="council_answer_unique_pathway"),
            models.UniqueConstraint(fields=["sheet", "rank"], name="council_answer_unique_rank"),
            models.CheckConstraint(
                condition=Q(rank=None) | Q(rank__range=(1, RANK_MAX)), name="council_answer_rank_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} : {self.get_verdict_display()}"


class SheetReading(models.Model):
    """That an account of the family has opened a published sheet, and when first (accusé de lecture)."""

    sheet = models.ForeignKey(CouncilSheet, on_delete=models.PROTECT, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(_("lue le"))

    class Meta:
        verbose_name = _("lecture")
        verbose_name_plural = _("lectures")
        constraints = [
            models.UniqueConstraint(fields=["sheet", "user"], name="sheet_reading_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}, {self.user}"


class Acknowledgement(models.Model):
    """*J’accuse réception* of the avis provisoires: once, by either guardian (accusé de réception; decision 10)."""

    sheet = models.OneToOneField(
        CouncilSheet, on_delete=models.PROTECT, related_name="acknowledgement", verbose_name=_("fiche")
    )
    acknowledged_at = models.DateTimeField(_("reçus le"))
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("reçus par")
    )
    guardian = models.ForeignKey(
        Guardian, on_delete=models.PROTECT, related_name="acknowledgements", verbose_name=_("représentant légal")
    )
    guardian_name = models.CharField(_("nom du représentant légal"), max_length=200)
    entered_by_name = models.CharField(_("saisi par"), max_length=200, blank=True)
    """The member of staff who entered what came on paper, frozen; empty when the guardian acted (decision 14)."""

    class Meta:
        verbose_name = _("accusé de réception")
        verbose_name_plural = _("accusés de réception")

    def __str__(self) -> str:
        return f"{self.sheet}, {self.guardian_name}"

    @property
    def attribution(self) -> str:
        """Who acknowledged and by whom it was entered, as every page and paper says it: agrees with *accusé*."""
        return attribution_of(self.guardian_name, self.entered_by_name)


class FamilyAnswer(models.Model):
    """*D'accord* or *pas d'accord* to one proposition: immutable, numbered, the newest counts (decisions 12 and 24)."""

    answer = models.ForeignKey(
        CouncilAnswer, on_delete=models.PROTECT, related_name="family_answers", verbose_name=_("proposition")
    )
    number = models.PositiveIntegerField(_("numéro"))
    agrees = models.BooleanField(_("d’accord"))
    answered_at = models.DateTimeField(_("répondu le"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("répondu par")
    )
    guardian = models.ForeignKey(
        Guardian, on_delete=models.PROTECT, related_name="family_answers", verbose_name=_("représentant légal")
    )
    guardian_name = models.CharField(_("nom du représentant légal"), max_length=200)
    entered_by_name = models.CharField(_("saisi par"), max_length=200, blank=True)
    """The member of staff who entered what came on paper, frozen; empty when the guardian acted (decision 14)."""

    class Meta:
        verbose_name = _("réponse de la famille")
        verbose_name_plural = _("réponses des familles")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "number"], name="family_answer_unique_number"),
        ]

    def __str__(self) -> str:
        return gettext("%(list)s n° %(number)s") % {"list": f"{self.answer},", "number": self.number}

    @property
    def attribution(self) -> str:
        """Who answered and by whom it was entered, as every page and paper says it."""
        return attribution_of(self.guardian_name, self.entered_by_name)


def attribution_of(guardian_name: str, entered_by_name: str) -> str:
    """Return “par Sophie Bernard” or, for what came on paper, “saisi par l’établissement (…), au nom de …”."""
    if entered_by_name:
        words = _("saisi par l’établissement (%(entered_by)s), au nom %(of_guardian)s")
        return str(words % {"entered_by": entered_by_name, "of_guardian": of_person(guardian_name)})
    return str(_("par %(guardian)s") % {"guardian": guardian_name})


class Reminder(models.Model):
    """A reminder that the school owed to one guardian about one pupil (relance)."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="reminders", verbose_name=_("phase"))
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="reminders", verbose_name=_("élève"))
    guardian = models.ForeignKey(
        Guardian, on_delete=models.CASCADE, related_name="reminders", verbose_name=_("représentant légal")
    )
    reminded_at = models.DateTimeField(_("relancé le"))
    reminded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("relancé par")
    )

    class Meta:
        verbose_name = _("relance")
        verbose_name_plural = _("relances")
        indexes = [models.Index(fields=["phase", "student", "guardian", "-reminded_at"])]

    def __str__(self) -> str:
        return f"{self.student}, {self.guardian}"
