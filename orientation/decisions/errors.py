"""What the acts that end the dialogue refuse, each with its sentence for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from orientation.errors import OrientationError
from orientation.models import CouncilAnswer, Decision


class CannotBecomeDecision(OrientationError):
    """Some of the propositions chosen are not, or no longer, accepted: nothing was issued (answered 409)."""

    def __init__(self, answers: Sequence[CouncilAnswer]) -> None:
        self.answers = list(answers)
        named = ", ".join(f"{each.sheet.student} ({each.label})" for each in self.answers)
        super().__init__(
            _("Rien n’a été notifié : la famille n’est pas, ou n’est plus, d’accord avec ces propositions : %(named)s.")
            % {"named": named}
        )


class NotTheTime(OrientationError):
    """The dialogue does not stand where this act belongs (answered 409)."""


class NotPublishedYet(NotTheTime):
    def __init__(self) -> None:
        super().__init__(_("Rien n’a été enregistré : les propositions de cet élève ne sont pas publiées."))


class WrongDay(OrientationError):
    """The day typed does not fit what happened before or after (answered 422); `field` is the form's."""

    field = "happened_on"

    def __init__(self, message: str, *, day: date | None = None) -> None:
        super().__init__(message % {"day": date_format(day, "l j F Y")} if day else message)


class AppealTooLate(WrongDay):
    """The appeal came after its deadline (decision 13)."""

    def __init__(self, *, last_day: str) -> None:
        super().__init__(
            _("Appel hors délai : il devait être formé jusqu’au %(last)s. Rien n’a été enregistré.")
            % {"last": last_day}
        )


class StepAlreadyRecorded(OrientationError):
    """The step stands with something else in it (answered 409)."""

    def __init__(self) -> None:
        super().__init__(_("Cette étape est déjà notée. Si elle est fausse, annulez-la, puis notez-la de nouveau."))


class StepFollowed(OrientationError):
    """What came after rests on this step (answered 409)."""

    def __init__(self) -> None:
        super().__init__(_("Cette étape ne peut plus être annulée : une suite lui a été donnée."))


class ReasonsMissing(OrientationError):
    """A decision of the head says why (answered 422)."""

    def __init__(self) -> None:
        super().__init__(_("Une décision du chef d’établissement est motivée : écrivez les motifs."))


class NotDecidable(OrientationError):
    """The voie professionnelle is no décision d'orientation, nor is a voie that does not exist (answered 422)."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Cette voie ne peut pas faire l’objet d’une décision d’orientation : la voie professionnelle est une "
                "passerelle."
            )
        )


class DecidedMeanwhile(OrientationError):
    """Somebody has issued a decision since the page was shown: it is seen before it is replaced (answered 409)."""

    def __init__(self, newest: Decision) -> None:
        self.newest = newest
        super().__init__(
            _("La décision n° %(number)d a été notifiée depuis l’affichage de cette page : rien n’a été enregistré.")
            % {"number": newest.number}
        )
