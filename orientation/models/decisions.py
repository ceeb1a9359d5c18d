"""How the dialogue ends: the décisions d'orientation, and the steps of a disagreement."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orientation.models.campaign import Phase
from orientation.models.catalogue import Pathway
from orientation.models.council import CouncilAnswer
from schools.models import Student

REASONS_MAX_LENGTH = 3000
"""Characters of the reasons of a decision, or of what was said in an entretien."""


class DecisionKind(models.TextChoices):
    """Who decides, and by which article of the code de l'éducation (domain, 1.4)."""

    AGREEMENT = "agreement", _("décision d’orientation, en accord avec la famille")
    REASONED = "reasoned", _("décision motivée du chef d’établissement")
    COMMISSION = "commission", _("décision de la commission d’appel")

    @property
    def article(self) -> str:
        """The article of the code de l'éducation by which it is taken."""
        return _ARTICLES[self]


_ARTICLES = {
    DecisionKind.AGREEMENT: "D331-33",
    DecisionKind.REASONED: "D331-34",
    DecisionKind.COMMISSION: "D331-35",
}


class Decision(models.Model):
    """A décision d'orientation, notified by the head (decisions 13 and 21): immutable, numbered in its phase.

    A campaign has one phase of propositions: the number is that of the school and its school year, without a hole
    (migration 0009). `answer` is the proposition that the family accepted. `replaces` is the decision that this one
    takes the place of: the head's own, corrected, or the one that the commission examined. What the paper says is
    frozen: labels, the pupil's class, who issued it.
    """

    public_id = models.UUIDField(_("identifiant public"), default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("élève"))
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("phase"))
    number = models.PositiveIntegerField(_("numéro"))
    kind = models.CharField(_("nature"), max_length=20, choices=DecisionKind.choices)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="+", verbose_name=_("voie"))
    label = models.CharField(_("libellé"), max_length=200)
    answer = models.OneToOneField(
        CouncilAnswer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decision",
        verbose_name=_("proposition acceptée"),
    )
    is_conform = models.BooleanField(
        _("conforme à la demande"), help_text=_("Une décision non conforme ouvre l’appel et le maintien.")
    )
    reasons = models.TextField(_("motifs"), max_length=REASONS_MAX_LENGTH, blank=True)
    decided_on = models.DateField(_("prise le"), null=True, blank=True)
    """The day on which the commission d'appel sat; None for the head's decisions."""
    division_name = models.CharField(_("classe"), max_length=100, blank=True)
    issued_at = models.DateTimeField(_("notifiée le"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("notifiée par")
    )
    issuer_name = models.CharField(_("nom de qui notifie"), max_length=200)
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("remplace"),
    )

    class Meta:
        verbose_name = _("décision d’orientation")
        verbose_name_plural = _("décisions d’orientation")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["phase", "number"], name="decision_unique_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="decision_number_from_1"),
            models.CheckConstraint(
                condition=~Q(kind=DecisionKind.REASONED) | ~Q(reasons=""), name="decision_of_the_head_has_reasons"
            ),
            models.CheckConstraint(
                condition=Q(kind=DecisionKind.AGREEMENT, answer__isnull=False, is_conform=True)
                | (~Q(kind=DecisionKind.AGREEMENT) & Q(answer=None)),
                name="decision_of_agreement_has_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(kind=DecisionKind.COMMISSION, decided_on__isnull=False, replaces__isnull=False)
                | (~Q(kind=DecisionKind.COMMISSION) & Q(decided_on=None)),
                name="decision_of_the_commission_has_a_day",
            ),
        ]

    def __str__(self) -> str:
        return _("décision n° %(number)d : %(label)s") % {"number": self.number, "label": self.label}

    @property
    def decision_kind(self) -> DecisionKind:
        return DecisionKind(self.kind)

    @property
    def reference(self) -> str:
        """The number as papers bear it: the school, its year, the number. Asks for the phase's campaign and school."""
        campaign = self.phase.campaign
        return f"{campaign.school.uai}-{campaign.school_year}-{self.number:04}"


class DecisionReading(models.Model):
    """That an account of the family has opened a decision, and when first (accusé de lecture)."""

    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="readings", verbose_name=_("décision")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("lue par")
    )
    read_at = models.DateTimeField(_("lue le"))

    class Meta:
        verbose_name = _("lecture d’une décision")
        verbose_name_plural = _("lectures de décisions")
        constraints = [
            models.UniqueConstraint(fields=["decision", "user"], name="decision_reading_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.decision}, {self.user}"


class StepKind(models.TextChoices):
    """What the school records of a disagreement, in its order (decision 13)."""

    INTERVIEW = "interview", _("entretien")
    RECEIPT = "receipt", _("réception de la notification")
    APPEAL = "appeal", _("appel")
    MAINTIEN = "maintien", _("demande de maintien")


class InterviewOutcome(models.TextChoices):
    AGREEMENT = "agreement", _("un accord a été trouvé")
    DISAGREEMENT = "disagreement", _("le désaccord demeure")
    ABSENT = "absent", _("la famille, invitée, n’est pas venue")


class DialogueStep(models.Model):
    """One step of a disagreement, as the school recorded it (étape du dialogue; decision 13).

    Never edited: it is cancelled, and recorded again. `decision` is the one that was received, appealed against, or in
    spite of which the maintien is asked; none for an entretien. `happened_on` is a day of the school's own calendar.
    """

    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, related_name="dialogue_steps", verbose_name=_("élève")
    )
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="dialogue_steps", verbose_name=_("phase"))
    kind = models.CharField(_("étape"), max_length=20, choices=StepKind.choices)
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="steps", verbose_name=_("décision")
    )
    happened_on = models.DateField(_("date"))
    outcome = models.CharField(_("issue"), max_length=20, choices=InterviewOutcome.choices, blank=True)
    wants_to_be_heard = models.BooleanField(_("demande à être entendue"), default=False)
    text = models.TextField(_("compte rendu"), max_length=REASONS_MAX_LENGTH, blank=True)
    recorded_at = models.DateTimeField(_("notée le"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("notée par")
    )
    cancelled_at = models.DateTimeField(_("annulée le"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("annulée par"),
    )

    class Meta:
        verbose_name = _("étape du dialogue")
        verbose_name_plural = _("étapes du dialogue")
        ordering = ["happened_on", "recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
                name="dialogue_step_cancelled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(kind=StepKind.INTERVIEW, decision=None) & ~Q(outcome="")
                | ~Q(kind=StepKind.INTERVIEW) & Q(decision__isnull=False, outcome=""),
                name="dialogue_step_of_a_decision",
            ),
            models.UniqueConstraint(
                fields=["decision", "kind"], condition=Q(cancelled_at=None), name="dialogue_step_once_per_decision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student} — {self.get_kind_display()}"

    @property
    def step_kind(self) -> StepKind:
        return StepKind(self.kind)
