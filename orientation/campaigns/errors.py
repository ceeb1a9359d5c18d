"""What is refused, or asked once more, to who steers a campaign; each with its French sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from orientation.errors import NotAllowed, OrientationError
from orientation.models import PhaseKind


@dataclass(frozen=True)
class Caution:
    """What is to be read before an act is done. `key` names it without its numbers, which may move meanwhile."""

    key: str
    text: str


def signature(cautions: Iterable[Caution]) -> str:
    """Return what a form sends back to say that these cautions, and no others, were read."""
    return hashlib.sha256("\n".join(sorted(each.key for each in cautions)).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class DateProblem:
    """What is wrong with one date of a phase; `field` is the name of the form field."""

    kind: PhaseKind
    field: str
    message: str


class CampaignRefused(OrientationError):
    """A refusal of an act on a campaign (answered 409)."""


class MayNotSteer(NotAllowed, PermissionDenied):
    """Only the head and the deputy steer; Django itself answers 403."""

    def __init__(self) -> None:
        super().__init__(_("Seuls le chef d’établissement et son adjoint règlent la campagne."))


class CampaignExists(CampaignRefused):
    """A school has one campaign a year."""

    def __init__(self, school_year: int) -> None:
        self.school_year = school_year
        super().__init__(
            _("La campagne %(first)d-%(second)d existe déjà : rien n’a été créé.")
            % {"first": school_year, "second": school_year + 1}
        )


class DatesRefused(CampaignRefused):
    """Dates that no campaign can have; `problems` names each field."""

    def __init__(self, problems: Sequence[DateProblem]) -> None:
        self.problems = problems
        super().__init__(" ".join(each.message for each in problems))


class ChangedMeanwhile(CampaignRefused):
    """Somebody else set the dates after the page was shown."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Les dates ont été changées par quelqu’un d’autre depuis l’affichage de cette page : rien n’a été "
                "enregistré. Comparez avec les dates en vigueur, puis enregistrez de nouveau si besoin."
            )
        )


class NeedsConfirmation(CampaignRefused):
    """Nothing forbids the act, but these cautions are to be read first."""

    def __init__(self, cautions: Sequence[Caution]) -> None:
        self.cautions = cautions
        super().__init__(_("Rien n’est encore enregistré : lisez ce qui suit, puis confirmez."))


class OfferToDeclare(CampaignRefused):
    """A writing phase does not open before the school's offer is declared (decision 5)."""

    def __init__(self) -> None:
        super().__init__(
            _("L’offre de spécialités n’est pas déclarée : la saisie ne peut pas ouvrir. Déclarez d’abord l’offre.")
        )


class NotYetOpen(CampaignRefused):
    def __init__(self) -> None:
        super().__init__(_("Cette phase n’est pas encore ouverte : changez ses dates, ou ouvrez-la maintenant."))


class AlreadyClosed(CampaignRefused):
    def __init__(self) -> None:
        super().__init__(_("Cette phase est fermée : elle peut être rouverte jusqu’à une nouvelle date."))


class NotLater(CampaignRefused):
    """The new closing is not in the future, or not after the one that stands."""


class ResultsPublished(CampaignRefused):
    """Families do not write again under a council that has already been published."""

    def __init__(self, kind: PhaseKind, divisions: Sequence[str]) -> None:
        self.divisions = divisions
        super().__init__(
            _(
                "« %(phase)s » : rouvrir la saisie est impossible, le conseil de classe qui y répond est déjà publié "
                "(%(divisions)s). Retirez d’abord cette publication."
            )
            % {"phase": kind.label, "divisions": ", ".join(divisions)}
        )
