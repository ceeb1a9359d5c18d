"""A school's campaign of one year, and its four phases."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from schools.models import School, Student


def second_gt_mefs() -> list[str]:
    """Return the beginnings of the MEF codes of *2de générale et technologique* (decision 26; configurable)."""
    return ["20010"]


class Campaign(models.Model):
    """The orientation of one school for one school year (campagne d'orientation).

    `school_year` is the year it begins in: 2026 for 2026-2027. `mef_prefixes` says which students it takes.
    """

    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("établissement")
    )
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    mef_prefixes = ArrayField(
        models.CharField(max_length=11),
        verbose_name=_("codes MEF concernés"),
        default=second_gt_mefs,
        help_text=_("Débuts de codes MEF séparés par des virgules. Par défaut : 2de générale et technologique."),
    )
    intention_specialities = models.PositiveSmallIntegerField(_("spécialités demandées aux intentions"), default=4)
    final_specialities = models.PositiveSmallIntegerField(_("spécialités demandées aux choix définitifs"), default=3)
    offer_declared_at = models.DateTimeField(
        _("offre de spécialités déclarée le"),
        null=True,
        blank=True,
        help_text=_("Tant que l’offre de l’établissement n’est pas déclarée, aucune phase de saisie ne peut ouvrir."),
    )
    single_writer = models.BooleanField(
        _("un seul représentant légal saisit"),
        default=False,
        help_text=_("Si coché, seul le représentant légal désigné saisit ; les autres suivent."),
    )
    reminder_delay_days = models.PositiveSmallIntegerField(
        _("jours entre deux relances"),
        default=3,
        help_text=_("Une famille n’est jamais relancée deux fois dans ce délai."),
    )
    notice_days = models.PositiveSmallIntegerField(
        _("jours entre le rappel automatique et la fermeture"),
        default=3,
        help_text=_("Les familles qui n’ont pas fait ce que la phase demande le reçoivent ce nombre de jours avant."),
    )

    class Meta:
        verbose_name = _("campagne")
        verbose_name_plural = _("campagnes")
        ordering = ["-school_year"]
        constraints = [
            models.UniqueConstraint(fields=["school", "school_year"], name="campaign_unique"),
            models.CheckConstraint(
                condition=Q(intention_specialities__range=(1, 6)) & Q(final_specialities__range=(1, 6)),
                name="campaign_specialities_between_1_and_6",
            ),
            models.CheckConstraint(
                condition=Q(reminder_delay_days__range=(1, 30)), name="campaign_reminder_delay_between_1_and_30"
            ),
            models.CheckConstraint(
                condition=Q(notice_days__range=(1, 30)), name="campaign_notice_days_between_1_and_30"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school}, {self.school_year}-{self.school_year + 1}"

    def takes(self, student: Student) -> bool:
        """Whether the student is one of those the campaign is for (decision 26)."""
        return student.school_id == self.school_id and student.mef_code.startswith(tuple(self.mef_prefixes))


class PhaseKind(models.TextChoices):
    """The four phases, in the order and words of the seed; `slug` stands in addresses."""

    INTENTIONS = "intentions", _("Intentions")
    PROVISIONAL_OPINIONS = "provisional_opinions", _("Avis provisoires")
    FINAL_CHOICES = "final_choices", _("Choix définitifs")
    PROPOSALS = "proposals", _("Propositions")

    @property
    def is_written_by_families(self) -> bool:
        """Whether families rank choices in it."""
        return self in (PhaseKind.INTENTIONS, PhaseKind.FINAL_CHOICES)

    @property
    def period(self) -> str:
        """*Phase provisoire* or *Phase définitive*."""
        if self in (PhaseKind.INTENTIONS, PhaseKind.PROVISIONAL_OPINIONS):
            return str(_("Phase provisoire"))
        return str(_("Phase définitive"))

    @property
    def caption(self) -> str:
        """When it takes place, in the words of the seed."""
        return str(_CAPTIONS[self])

    @property
    def slug(self) -> str:
        return _SLUGS[self]

    @classmethod
    def from_slug(cls, slug: str) -> PhaseKind:
        """Return the kind that stands in an address. Raises KeyError."""
        return next(kind for kind, value in _SLUGS.items() if value == slug)


_SLUGS = {
    PhaseKind.INTENTIONS: "intentions",
    PhaseKind.PROVISIONAL_OPINIONS: "avis-provisoires",
    PhaseKind.FINAL_CHOICES: "choix-definitifs",
    PhaseKind.PROPOSALS: "propositions",
}
_CAPTIONS = {
    PhaseKind.INTENTIONS: _("Courant 2e trimestre"),
    PhaseKind.PROVISIONAL_OPINIONS: _("Après le conseil de classe du 2e trimestre"),
    PhaseKind.FINAL_CHOICES: _("Courant 3e trimestre"),
    PhaseKind.PROPOSALS: _("Après le conseil de classe du 3e trimestre"),
}


class PhaseState(models.TextChoices):
    UPCOMING = "upcoming", _("à venir")
    OPEN = "open", _("ouverte")
    CLOSED = "closed", _("fermée")


class Phase(models.Model):
    """One phase of a campaign. Its state follows from its dates (decision 8); the closing instant is exclusive."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="phases", verbose_name=_("campagne"))
    kind = models.CharField(_("phase"), max_length=30, choices=PhaseKind.choices)
    opens_at = models.DateTimeField(_("ouverture"))
    closes_at = models.DateTimeField(_("fermeture"))

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering = ["opens_at"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "kind"], name="phase_unique_kind"),
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="phase_opens_before_it_closes"),
        ]

    def __str__(self) -> str:
        return f"{self.phase_kind.label} — {self.campaign}"

    @property
    def phase_kind(self) -> PhaseKind:
        return PhaseKind(self.kind)

    def state_at(self, instant: datetime) -> PhaseState:
        """Return the state at an aware instant."""
        if instant < self.opens_at:
            return PhaseState.UPCOMING
        return PhaseState.OPEN if instant < self.closes_at else PhaseState.CLOSED

    @property
    def speciality_count(self) -> int:
        """How many specialities are asked with 1re générale (decision 5)."""
        if self.phase_kind is PhaseKind.INTENTIONS:
            return self.campaign.intention_specialities
        return self.campaign.final_specialities
