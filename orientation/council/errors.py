"""What the acts of the conseil de classe refuse, each with its sentence for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orientation.errors import OrientationError
from orientation.models import CouncilSheet, Phase, PhaseState
from schools.times import spoken_instant

if TYPE_CHECKING:
    from orientation.council.lines import Line
    from orientation.council.rules import Answers


class EntryNotBegun(OrientationError):
    """The families' phase has not closed: nothing is entered before (answered 409)."""

    def __init__(self, *, writing: Phase | None) -> None:
        if writing is None:
            super().__init__(_("La campagne n’a pas de phase de saisie pour les familles : fixez d’abord ses dates."))
        else:
            super().__init__(
                _("La saisie du conseil commence à la fermeture de la phase « %(phase)s », le %(at)s.")
                % {"phase": writing.phase_kind.label, "at": spoken_instant(writing.closes_at, writing.campaign.school)}
            )


class SheetPublished(OrientationError):
    """The family has been told: the publication is withdrawn first (answered 409)."""

    def __init__(self) -> None:
        super().__init__(
            _("Rien n’a été enregistré : cette ligne est publiée. Retirez d’abord la publication de la classe.")
        )


class ListChangedSince(OrientationError):
    """The family validated another list than the one that the page showed (answered 409)."""

    def __init__(self) -> None:
        super().__init__(
            _("La famille a validé une nouvelle liste depuis l’affichage de cette page. La voici : relisez la ligne.")
        )


class SheetChangedByOther(OrientationError):
    """Somebody else wrote a newer version; nothing was written over, and both are shown (answered 409)."""

    def __init__(self, *, theirs: CouncilSheet, mine: Answers) -> None:
        self.theirs, self.mine = theirs, mine
        super().__init__(
            _("%(name)s a modifié cette ligne pendant ce temps. Rien n’a été écrasé : gardez l’une des deux versions.")
            % {"name": theirs.changed_by}
        )


class AnswersRefused(OrientationError):
    """What was typed breaks the rules of the council's answers (answered 422)."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


class CannotPublishNow(OrientationError):
    """Publishing belongs to the dates of the phase (decision 25; answered 409)."""

    def __init__(self, phase: Phase, *, at: datetime) -> None:
        school = phase.campaign.school
        if phase.state_at(at) is PhaseState.UPCOMING:
            message = _("La publication n’est possible qu’à partir du %(at)s.")
            super().__init__(message % {"at": spoken_instant(phase.opens_at, school)})
        else:
            message = _("La phase a fermé le %(at)s : prolongez la phase pour publier.")
            super().__init__(message % {"at": spoken_instant(phase.closes_at, school)})


class LinesMissing(OrientationError):
    """A class is told all at once: these lines are not complete (answered 409)."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = list(lines)
        count = len(self.lines)
        message = ngettext(
            "La classe ne peut pas être publiée : %(count)d ligne n’est pas prête.",
            "La classe ne peut pas être publiée : %(count)d lignes ne sont pas prêtes.",
            count,
        )
        super().__init__(message % {"count": count})


class NobodyToPublish(OrientationError):
    """The campaign takes no pupil of this class."""

    def __init__(self) -> None:
        super().__init__(_("Cette classe n’a aucun élève concerné par la campagne : il n’y a rien à publier."))


class AlreadyRead(OrientationError):
    """A family has read its sheet: the publication stays (answered 409)."""

    def __init__(self, *, families: int) -> None:
        self.families = families
        message = ngettext(
            "La publication ne peut plus être retirée : %(count)d famille l’a déjà lue.",
            "La publication ne peut plus être retirée : %(count)d familles l’ont déjà lue.",
            families,
        )
        super().__init__(message % {"count": families})


class DialogueFollows(OrientationError):
    """The school met a family, or decided, on what was published: it stays (answered 409)."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Un entretien ou une décision repose sur cette publication : elle ne peut plus être retirée. "
                "Un entretien noté par erreur s’annule d’abord dans le dossier de l’élève."
            )
        )
