"""What the services of orientation refuse, each with its sentence for the person who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from orientation.models.campaign import Phase, PhaseState
from orientation.models.choices import SetAside, Submission
from orientation.models.council import FamilyAnswer


class OrientationError(Exception):
    """A refusal. `str(error)` is the French sentence to show."""


class NotAllowed(OrientationError):
    """The file may be read, but this act is not for this person (answered 403)."""


class PhaseNotOpen(OrientationError):
    """The act belongs to a phase that is not open (answered 409); what was typed is kept."""

    def __init__(self, phase: Phase, at: datetime) -> None:
        self.phase = phase
        self.state = phase.state_at(at)
        if self.state is PhaseState.UPCOMING:
            super().__init__(_("Cette phase n’est pas encore ouverte : rien n’a été enregistré."))
        else:
            super().__init__(
                _(
                    "Le service est fermé : cette modification est arrivée après la fermeture et n’a pas été "
                    "enregistrée. Votre brouillon est conservé ; contactez l’établissement."
                )
            )


class OfferNotDeclared(OrientationError):
    """The school has not said which specialities it teaches (decision 5)."""

    def __init__(self) -> None:
        super().__init__(_("L’établissement n’a pas encore déclaré les spécialités qu’il propose."))


class DraftChangedByOther(OrientationError):
    """Somebody else wrote a newer version than the one this person saw (decision 2); this person's was set aside."""

    def __init__(self, *, name: str, set_aside: SetAside) -> None:
        self.set_aside = set_aside
        super().__init__(
            _(
                "%(name)s a modifié la liste pendant ce temps. Rien n’a été écrasé : vérifiez la liste à jour, "
                "puis recommencez si besoin."
            )
            % {"name": name}
        )


class DraftChangedSince(OrientationError):
    """The list is no longer the one that the page showed, whoever changed it; nobody validates a list unseen."""

    def __init__(self) -> None:
        super().__init__(
            _("La liste a changé depuis l’affichage de cette page. La voici à jour : relisez-la avant de la valider.")
        )


class AlreadySettled(OrientationError):
    """What was set aside has been settled in another tab."""

    def __init__(self) -> None:
        super().__init__(_("Vous aviez déjà choisi une version : la liste n’a pas été modifiée de nouveau."))


class LastChangeByOther(OrientationError):
    """The draft to validate was last changed by another guardian: asked once (decision 2)."""

    def __init__(self, *, name: str) -> None:
        super().__init__(_("Ce brouillon a été modifié en dernier par %(name)s.") % {"name": name})


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of the dialog; `field` is the name of the form field."""

    field: str
    message: str


class WishRefused(OrientationError):
    """A choice breaks the rules of the catalogue; `problems` names each field."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(" ".join(problem.message for problem in problems))


class NothingToValidate(OrientationError):
    def __init__(self) -> None:
        super().__init__(
            _("Vous devez obligatoirement saisir une voie d’orientation ou un autre parcours avant de valider.")
        )


class NoIntentions(OrientationError):
    """Final choices were to start from intentions, and none were validated (answered 409)."""

    def __init__(self) -> None:
        super().__init__(_("Aucune intention n’a été validée : il n’y a rien à reprendre."))


class ListNotEmpty(OrientationError):
    """Final choices were to start from intentions, and a list is begun: nothing of it is replaced (answered 409)."""

    def __init__(self) -> None:
        super().__init__(_("Votre liste contient déjà des choix : rien n’a été repris ni remplacé."))


class EntryClosed(OrientationError):
    """The school entered a paper form while the phase was not open (decision 14)."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Cette phase n’est pas ouverte : rien n’a été enregistré. Le chef d’établissement ou son adjoint "
                "peut la rouvrir."
            )
        )


class SubmittedMeanwhile(OrientationError):
    """Something was validated since the page of entry was opened: it is not replaced unseen."""

    def __init__(self, newest: Submission) -> None:
        self.newest = newest
        super().__init__(
            _(
                "La demande n° %(number)d a été %(attribution)s depuis l’affichage de cette page : rien n’a été "
                "enregistré. Vérifiez avec la famille, puis enregistrez de nouveau si la vôtre doit la remplacer."
            )
            % {"number": newest.number, "attribution": newest.attribution}
        )


class DraftInProgress(OrientationError):
    """The family has begun a list online that it has not validated: the school says that it goes on all the same."""

    def __init__(self) -> None:
        super().__init__(
            _("La famille a un brouillon en cours : cochez la case qui le confirme pour enregistrer cette saisie.")
        )


class NotPublished(OrientationError):
    """The class has not been told, or no longer is (decision 11)."""

    def __init__(self) -> None:
        super().__init__(_("Le conseil de classe n’a encore rien publié pour cet élève."))


class DialogueClosed(OrientationError):
    """An acknowledgement or an answer arrived while the phase was not open (decision 25)."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "La phase est fermée : votre réponse est arrivée après la fermeture et n’a pas été enregistrée. "
                "Contactez l’établissement."
            )
        )


class NothingToAnswer(OrientationError):
    """The council gave an avis there, or nothing: the family has no answer to give (decision 11)."""

    def __init__(self) -> None:
        super().__init__(_("Cet avis n’attend pas de réponse de la famille."))


class AnsweredMeanwhile(OrientationError):
    """Another guardian answered since the page was shown: their answer is seen before this one counts (decision 24)."""

    def __init__(self, newest: FamilyAnswer) -> None:
        self.newest = newest
        super().__init__(
            _("%(name)s a répondu pendant ce temps : votre réponse n’est pas encore enregistrée.")
            % {"name": newest.guardian_name}
        )


class AnswerFrozen(OrientationError):
    """The head has already decided: the answer no longer changes (decision 21; answered 409)."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "La décision d’orientation a déjà été notifiée : la réponse ne peut plus être changée. "
                "Contactez l’établissement."
            )
        )
