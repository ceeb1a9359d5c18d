"""Where a child's file stands: its sentence, its next step and its deadline, whatever the state. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orientation.decisions.history import History
from orientation.decisions.rules import DialogueState, appeal_deadline, appeal_last_day, state_of
from orientation.decisions.wording import spoken_last_day
from orientation.models import Phase, PhaseKind, PhaseState, StepKind
from schools.models import School
from schools.times import spoken_instant


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What is known of a child's file.

    `has_changes` says that the list being prepared is not what was validated; False for who reads no draft.
    """

    school: School
    history: History
    has_changes: bool = False


class Where(Enum):
    """Each place where a file can stand."""

    NO_CAMPAIGN = "no_campaign"
    BEFORE = "before"
    OFFER_AWAITED = "offer_awaited"
    NOTHING_WRITTEN = "nothing_written"
    DRAFTED = "drafted"
    VALIDATED = "validated"
    CHANGED_SINCE = "changed_since"
    COUNCIL_MEETS = "council_meets"
    COUNCIL_MEETS_WITHOUT_CHOICE = "council_meets_without_choice"
    OPINIONS_AWAITED = "opinions_awaited"
    OPINIONS_PUBLISHED = "opinions_published"
    OPINIONS_ACKNOWLEDGED = "opinions_acknowledged"
    BETWEEN = "between"
    BETWEEN_UNACKNOWLEDGED = "between_unacknowledged"
    PROPOSALS_AWAITED = "proposals_awaited"
    PROPOSALS_UNOPENED = "proposals_unopened"
    PROPOSALS_PUBLISHED = "proposals_published"
    PROPOSALS_PARTLY_ANSWERED = "proposals_partly_answered"
    PROPOSALS_REFUSED = "proposals_refused"
    PROPOSALS_ALL_NO = "proposals_all_no"
    ACCEPTED = "accepted"
    ACCEPTED_CLOSED = "accepted_closed"
    UNANSWERED = "unanswered"
    NOTHING_PROPOSED = "nothing_proposed"
    PROFESSIONAL_ONLY = "professional_only"
    NEVER_PUBLISHED = "never_published"
    NOTHING_FOLLOWS = "nothing_follows"
    DECIDED = "decided"
    INTERVIEWED = "interviewed"
    REASONED = "reasoned"
    APPEAL_RUNNING = "appeal_running"
    APPEAL_OVER = "appeal_over"
    APPEALED = "appealed"
    COMMISSION = "commission"
    COMMISSION_NOT_CONFORM = "commission_not_conform"
    MAINTAINED = "maintained"


@dataclass(frozen=True)
class Standing:
    """Where a file stands, in words; `deadline` is the instant behind `deadline_words`, None where there is none."""

    where: Where
    sentence: str
    next_step: str
    deadline_words: str
    deadline: datetime | None = None


_CALL = gettext_lazy("Prenez contact avec le chef d’établissement.")
_WAIT = gettext_lazy("Rien à faire pour le moment.")

WORDS: dict[Where, tuple[str | Promise, str | Promise]] = {
    Where.NO_CAMPAIGN: (gettext_lazy("Aucune campagne d’orientation ne concerne cette classe."), _WAIT),
    Where.BEFORE: (gettext_lazy("La campagne d’orientation n’a pas commencé."), _WAIT),
    Where.OFFER_AWAITED: (
        gettext_lazy(
            "La saisie n’a pas commencé : l’établissement n’a pas encore déclaré les spécialités qu’il propose."
        ),
        gettext_lazy("Attendre que l’établissement déclare son offre pour saisir les choix."),
    ),
    Where.NOTHING_WRITTEN: (
        gettext_lazy("Aucun choix n’est encore saisi."),
        gettext_lazy("Saisir les choix, puis les valider."),
    ),
    Where.DRAFTED: (
        gettext_lazy("Un brouillon est en cours : il ne compte pas tant qu’il n’est pas validé."),
        gettext_lazy("Relire le brouillon et le valider."),
    ),
    Where.VALIDATED: (
        gettext_lazy("Les choix sont validés."),
        gettext_lazy("Rien d’obligatoire : les choix peuvent être modifiés, puis validés de nouveau."),
    ),
    Where.CHANGED_SINCE: (
        gettext_lazy("Les choix validés comptent, mais la liste a été modifiée depuis."),
        gettext_lazy("Valider la liste modifiée, ou annuler les modifications."),
    ),
    Where.COUNCIL_MEETS: (gettext_lazy("Les choix validés sont étudiés par le conseil de classe."), _WAIT),
    Where.COUNCIL_MEETS_WITHOUT_CHOICE: (
        gettext_lazy("Le conseil de classe se réunit ; aucun choix n’a été validé avant la fermeture."),
        _CALL,
    ),
    Where.OPINIONS_AWAITED: (gettext_lazy("Le conseil de classe n’a pas encore publié ses avis provisoires."), _WAIT),
    Where.OPINIONS_PUBLISHED: (
        gettext_lazy("Les avis provisoires du conseil de classe sont publiés."),
        gettext_lazy("Un représentant légal les lit et en accuse réception."),
    ),
    Where.OPINIONS_ACKNOWLEDGED: (
        gettext_lazy("Les avis provisoires ont été lus et leur réception a été accusée."),
        gettext_lazy("Préparer les choix définitifs, qui se saisiront au troisième trimestre."),
    ),
    Where.BETWEEN: (
        gettext_lazy("La phase provisoire est terminée."),
        gettext_lazy("Préparer les choix définitifs."),
    ),
    Where.BETWEEN_UNACKNOWLEDGED: (
        gettext_lazy("La phase provisoire est terminée ; la réception des avis n’a pas été accusée."),
        gettext_lazy("Lire les avis s’ils sont publiés, et préparer les choix définitifs."),
    ),
    Where.PROPOSALS_AWAITED: (gettext_lazy("Le conseil de classe n’a pas encore publié ses propositions."), _WAIT),
    Where.PROPOSALS_UNOPENED: (
        gettext_lazy("Les propositions du conseil de classe sont publiées."),
        gettext_lazy("Les lire, puis y répondre s’il y a lieu."),
    ),
    Where.PROPOSALS_PUBLISHED: (
        gettext_lazy("Les propositions du conseil de classe attendent une réponse."),
        gettext_lazy("Un représentant légal répond : d’accord ou pas d’accord."),
    ),
    Where.PROPOSALS_PARTLY_ANSWERED: (
        gettext_lazy("Une partie des propositions a reçu une réponse."),
        gettext_lazy("Un représentant légal répond aux autres propositions."),
    ),
    Where.PROPOSALS_REFUSED: (gettext_lazy("Pas d’accord : aucune proposition n’est acceptée."), _CALL),
    Where.PROPOSALS_ALL_NO: (gettext_lazy("Le conseil de classe n’a répondu oui à aucun des choix."), _CALL),
    Where.ACCEPTED: (
        gettext_lazy("D’accord : une proposition est acceptée."),
        gettext_lazy("Le chef d’établissement notifie la décision ; la réponse peut être changée jusque-là."),
    ),
    Where.ACCEPTED_CLOSED: (
        gettext_lazy("Une proposition est acceptée et les réponses sont closes."),
        gettext_lazy("Le chef d’établissement notifie la décision d’orientation."),
    ),
    Where.UNANSWERED: (
        gettext_lazy("Les réponses sont closes et les propositions sont restées sans réponse : rien n’est décidé."),
        _CALL,
    ),
    Where.NOTHING_PROPOSED: (
        gettext_lazy("Aucun choix n’était validé : le conseil de classe n’a rien proposé."),
        _CALL,
    ),
    Where.PROFESSIONAL_ONLY: (
        gettext_lazy("Le conseil de classe a donné un avis sur la voie professionnelle, qui n’appelle pas de réponse."),
        gettext_lazy("Préparer avec l’établissement la demande d’affectation."),
    ),
    Where.NEVER_PUBLISHED: (gettext_lazy("La phase est fermée et rien n’a été publié pour cet élève."), _CALL),
    Where.NOTHING_FOLLOWS: (
        gettext_lazy("La phase est fermée ; l’établissement n’a pas encore fixé les dates de la suite."),
        _WAIT,
    ),
    Where.DECIDED: (
        gettext_lazy("La décision d’orientation est notifiée."),
        gettext_lazy("Lire la décision et la garder."),
    ),
    Where.INTERVIEWED: (
        gettext_lazy("L’entretien avec le chef d’établissement a eu lieu."),
        gettext_lazy("Le chef d’établissement prend et notifie la décision d’orientation."),
    ),
    Where.REASONED: (
        gettext_lazy("Le chef d’établissement a notifié une décision motivée."),
        gettext_lazy(
            "Dire à l’établissement quel jour la notification a été reçue, puis l’accepter, faire appel ou demander "
            "le maintien."
        ),
    ),
    Where.APPEAL_RUNNING: (
        gettext_lazy("La décision motivée est reçue : le délai d’appel court."),
        gettext_lazy("Accepter la décision, faire appel auprès du chef d’établissement, ou demander le maintien."),
    ),
    Where.APPEAL_OVER: (
        gettext_lazy("Le délai d’appel est passé sans appel : la décision du chef d’établissement s’applique."),
        gettext_lazy("Le maintien dans la classe d’origine peut encore être demandé."),
    ),
    Where.APPEALED: (
        gettext_lazy("La commission d’appel est saisie."),
        gettext_lazy("Attendre la décision de la commission, qui sera notifiée."),
    ),
    Where.COMMISSION: (
        gettext_lazy("La commission d’appel a décidé : sa décision est définitive."),
        gettext_lazy("Lire la décision et la garder."),
    ),
    Where.COMMISSION_NOT_CONFORM: (
        gettext_lazy("La commission d’appel a décidé : sa décision est définitive, et non conforme à la demande."),
        gettext_lazy("Lire la décision ; le maintien dans la classe d’origine peut encore être demandé."),
    ),
    Where.MAINTAINED: (
        gettext_lazy("Le maintien dans la classe d’origine est demandé, pour une seule année scolaire."),
        _WAIT,
    ),
}
"""Of each place, the sentence and the next step."""


def where_it_stands(file: FileState, *, at: datetime) -> Standing:
    """Return where a child's file stands at an instant, in the school's zone."""
    where, phase = _place(file, at)
    sentence, next_step = (str(words) for words in WORDS[where])
    deadline, words = _deadline(where, phase, file, at)
    return Standing(where, sentence, next_step, words, deadline)


def _place(file: FileState, at: datetime) -> tuple[Where, Phase | None]:
    """Return the place, and the phase whose dates give its deadline."""
    current = file.history.phases.current_at(at)
    if current is None:
        return Where.NO_CAMPAIGN, None
    if file.history.decisions or any(step.cancelled_at is None for step in file.history.steps):
        return _dialogue(file, at), current
    state = current.state_at(at)
    if state is PhaseState.UPCOMING:
        return _before(file, current, at), current
    if current.phase_kind.is_written_by_families:
        return (_writing(file, current) if state is PhaseState.OPEN else Where.NOTHING_FOLLOWS), current
    if current.phase_kind is PhaseKind.PROPOSALS:
        return _proposals(file, state, at), current
    return _opinions(file, state), current


def _before(file: FileState, upcoming: Phase, at: datetime) -> Where:
    """Return the place between two phases, or before the first."""
    begun = [phase for phase in file.history.phases if phase.opens_at <= at]
    if not begun:
        return Where.BEFORE
    if upcoming.phase_kind.is_written_by_families:
        told = file.history.told.get(PhaseKind.PROVISIONAL_OPINIONS)
        return Where.BETWEEN if told and told.acknowledged_at else Where.BETWEEN_UNACKNOWLEDGED
    is_validated = file.history.newest(begun[-1].phase_kind) is not None
    return Where.COUNCIL_MEETS if is_validated else Where.COUNCIL_MEETS_WITHOUT_CHOICE


def _writing(file: FileState, phase: Phase) -> Where:
    if phase.campaign.offer_declared_at is None:
        return Where.OFFER_AWAITED
    is_validated = file.history.newest(phase.phase_kind) is not None
    if is_validated:
        return Where.CHANGED_SINCE if file.has_changes else Where.VALIDATED
    return Where.DRAFTED if file.has_changes else Where.NOTHING_WRITTEN


def _opinions(file: FileState, state: PhaseState) -> Where:
    told = file.history.told.get(PhaseKind.PROVISIONAL_OPINIONS)
    if state is PhaseState.CLOSED:
        return Where.NOTHING_FOLLOWS if told else Where.NEVER_PUBLISHED
    if told is None:
        return Where.OPINIONS_AWAITED
    return Where.OPINIONS_ACKNOWLEDGED if told.acknowledged_at else Where.OPINIONS_PUBLISHED


def _proposals(file: FileState, state: PhaseState, at: datetime) -> Where:
    told = file.history.told.get(PhaseKind.PROPOSALS)
    if told is None:
        return Where.PROPOSALS_AWAITED if state is PhaseState.OPEN else Where.NEVER_PUBLISHED
    where = _dialogue(file, at)
    return where if told.is_opened or where not in _SAYS_WHAT_IS_PROPOSED else Where.PROPOSALS_UNOPENED


def _dialogue(file: FileState, at: datetime) -> Where:
    """Return the place once the propositions are published."""
    dialogue = file.history.dialogue_at(at)
    state = state_of(dialogue, school=file.school, at=at)
    is_open = dialogue.phase_state is PhaseState.OPEN
    welcome = [each for each in dialogue.propositions if each.may_become_decision]
    if state is DialogueState.WAITING:
        is_begun = any(each.agrees is not None for each in dialogue.propositions)
        return Where.PROPOSALS_PARTLY_ANSWERED if is_begun else Where.PROPOSALS_PUBLISHED
    if state is DialogueState.TO_NOTIFY:
        return Where.ACCEPTED if is_open else Where.ACCEPTED_CLOSED
    if state is DialogueState.DISAGREEMENT:
        return Where.PROPOSALS_REFUSED if welcome else Where.PROPOSALS_ALL_NO
    if state is DialogueState.COMMISSION and dialogue.contested and not dialogue.contested.is_conform:
        return Where.COMMISSION_NOT_CONFORM
    return _OF_DIALOGUE[state]


_OF_DIALOGUE = {
    DialogueState.NOT_PUBLISHED: Where.NEVER_PUBLISHED,
    DialogueState.NOTIFIED: Where.DECIDED,
    DialogueState.UNANSWERED: Where.UNANSWERED,
    DialogueState.NOTHING_PROPOSED: Where.NOTHING_PROPOSED,
    DialogueState.PROFESSIONAL_ONLY: Where.PROFESSIONAL_ONLY,
    DialogueState.INTERVIEWED: Where.INTERVIEWED,
    DialogueState.REASONED: Where.REASONED,
    DialogueState.APPEAL_RUNNING: Where.APPEAL_RUNNING,
    DialogueState.APPEAL_OVER: Where.APPEAL_OVER,
    DialogueState.APPEALED: Where.APPEALED,
    DialogueState.COMMISSION: Where.COMMISSION,
    DialogueState.MAINTAINED: Where.MAINTAINED,
}

_SAYS_WHAT_IS_PROPOSED = frozenset(
    {Where.PROPOSALS_PUBLISHED, Where.PROPOSALS_ALL_NO, Where.NOTHING_PROPOSED, Where.PROFESSIONAL_ONLY}
)
"""What nobody learns without opening the propositions: who has not read them may still see them withdrawn."""

_UNTIL_CLOSING = frozenset(
    {
        Where.OFFER_AWAITED,
        Where.NOTHING_WRITTEN,
        Where.DRAFTED,
        Where.VALIDATED,
        Where.CHANGED_SINCE,
        Where.OPINIONS_AWAITED,
        Where.OPINIONS_PUBLISHED,
        Where.PROPOSALS_AWAITED,
        Where.PROPOSALS_PUBLISHED,
        Where.PROPOSALS_PARTLY_ANSWERED,
        Where.ACCEPTED,
    }
)
_ANSWERS_MAY_CHANGE = frozenset({Where.PROPOSALS_UNOPENED, Where.PROPOSALS_REFUSED, Where.PROPOSALS_ALL_NO})


def _deadline(where: Where, phase: Phase | None, file: FileState, at: datetime) -> tuple[datetime | None, str]:
    """Return the instant that counts next and its words."""
    school = file.school
    if where is Where.APPEAL_RUNNING:
        return _appeal(file)
    if where is Where.REASONED:
        return None, _("Trois jours ouvrables pour faire appel, à compter de la réception de la notification.")
    if phase is not None:
        state = phase.state_at(at)
        if where in _UNTIL_CLOSING or (where in _ANSWERS_MAY_CHANGE and state is PhaseState.OPEN):
            return phase.closes_at, _("Jusqu’au %(at)s.") % {"at": spoken_instant(phase.closes_at, school)}
        if state is PhaseState.UPCOMING and not file.history.decisions:
            words = _opening(phase)
            return phase.opens_at, words % {"at": spoken_instant(phase.opens_at, school)}
        following = _following(phase, file)
        if where is Where.OPINIONS_ACKNOWLEDGED and following:
            return following.opens_at, _opening(following) % {"at": spoken_instant(following.opens_at, school)}
    return None, _("Aucune échéance pour le moment.")


def _opening(phase: Phase) -> str:
    if phase.phase_kind.is_written_by_families:
        return _("Ouverture de la saisie le %(at)s.")
    return _("Publication à partir du %(at)s.")


def _following(phase: Phase, file: FileState) -> Phase | None:
    later = [each for each in file.history.phases if each.opens_at > phase.opens_at]
    return min(later, key=lambda each: each.opens_at, default=None)


def _appeal(file: FileState) -> tuple[datetime | None, str]:
    receipts = [each for each in file.history.steps if each.kind == StepKind.RECEIPT and each.cancelled_at is None]
    received_on = receipts[-1].happened_on
    words = _("Appel jusqu’au %(last)s.") % {
        "last": spoken_last_day(appeal_last_day(received_on, file.school), file.school)
    }
    return appeal_deadline(received_on, file.school), words
