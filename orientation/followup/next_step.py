"""What the school should do next, from what stands: one pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orientation.decisions.rules import DialogueState
from orientation.followup.countdown import in_days
from orientation.models import PhaseKind, PhaseState
from schools.policies import StaffAct


@dataclass(frozen=True, kw_only=True)
class CouncilProgress:
    """How far the councils of the phase are: pupils whose line is not complete, classes by what can be done."""

    entry_began: bool
    incomplete: int
    ready_classes: int
    """Complete, not told yet."""
    silent_classes: int = 0
    """Not told, where no family asked and the council said nothing."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Where a school stands. `days` are those until the phase opens (upcoming) or closes (open)."""

    has_pupils: bool
    has_campaign: bool = False
    taken: int = 0
    kind: PhaseKind | None = None
    state: PhaseState = PhaseState.UPCOMING
    days: int = 0
    offer_declared: bool = False
    awaited: int = 0
    """Families of whom the phase asks something that they have not done."""
    council: CouncilProgress | None = None
    dialogues: Mapping[DialogueState, int] = field(default_factory=dict)
    """Of the pupils whose propositions are published, how many stand where; empty before that phase."""
    appeal_until: str = ""
    """The end of the delay of appeal that ends first, in words; empty while none runs."""
    may_remind: bool = False
    may_publish: bool = False


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """One sentence, and the page where it is done, for those whose role does the act; no page when there is nothing."""

    sentence: str
    button: str = ""
    url_name: str = ""
    act: StaffAct = StaffAct.READ
    query: str = ""


def next_step(now: Situation) -> NextStep:
    """Return the next thing to do, and what is left of the decisions."""
    step = _preparation(now) or (_council(now) if now.council else _writing(now))
    left = _decisions(now)
    if not left:
        return step
    said = replace(step, sentence=f"{step.sentence} {left}")
    return said if step.url_name else replace(said, button=_("Aller aux décisions"), url_name="decisions")


def _decisions(now: Situation) -> str:
    """Say what waits for the head, or for a delay of appeal to end; empty when nothing does."""

    def count(*states: DialogueState) -> int:
        return sum(now.dialogues.get(each, 0) for each in states)

    agreed = count(DialogueState.TO_NOTIFY)
    contested = count(DialogueState.DISAGREEMENT, DialogueState.NOTHING_PROPOSED, DialogueState.INTERVIEWED)
    sent = count(DialogueState.REASONED)
    running = count(DialogueState.APPEAL_RUNNING)
    appealed = count(DialogueState.APPEALED)
    parts = [
        (agreed, ngettext("%(count)d accord à notifier", "%(count)d accords à notifier", agreed)),
        (contested, ngettext("%(count)d dialogue sans décision", "%(count)d dialogues sans décision", contested)),
        (sent, ngettext("%(count)d réception à noter", "%(count)d réceptions à noter", sent)),
        (
            running,
            ngettext(
                "%(count)d délai d’appel en cours, jusqu’au %(until)s",
                "%(count)d délais d’appel en cours, le premier jusqu’au %(until)s",
                running,
            ),
        ),
        (
            appealed,
            ngettext("%(count)d appel devant la commission", "%(count)d appels devant la commission", appealed),
        ),
    ]
    said = [words % {"count": number, "until": now.appeal_until} for number, words in parts if number]
    return _("Décisions : %(parts)s.") % {"parts": ", ".join(said)} if said else ""


def _preparation(now: Situation) -> NextStep | None:
    """What must stand before any phase can run."""
    if not now.has_pupils:
        return NextStep(
            sentence=_("Aucun élève n’est connu : importez les fichiers de SIECLE."),
            button=_("Importer les élèves"),
            url_name="imports",
            act=StaffAct.IMPORT,
        )
    if not now.has_campaign:
        return _to_campaign(_("Aucune campagne n’est préparée : créez celle de l’année."))
    if now.kind is None:
        return _to_campaign(_("La campagne n’a pas de dates : fixez celles de ses phases."))
    if not now.taken:
        return _to_campaign(_("La campagne ne prend aucun élève : vérifiez les codes MEF, ou importez les élèves."))
    if not now.offer_declared:
        return _to_campaign(_("L’offre de spécialités n’est pas déclarée : sans elle, aucune saisie n’est possible."))
    return None


def _writing(now: Situation) -> NextStep:
    if now.state is PhaseState.UPCOMING:
        return _nothing(_("Rien à faire pour le moment : la phase ouvre %(delay)s.") % {"delay": in_days(now.days)})
    if now.state is PhaseState.CLOSED:
        return _to_campaign(_("La saisie des familles est fermée : fixez les dates de la phase suivante."))
    if not now.awaited:
        return _nothing(_("Toutes les familles ont validé : rien à faire avant le conseil de classe."))
    return _to_remind(
        now,
        ngettext(
            "%(count)d famille n’a pas encore validé, et la phase ferme %(delay)s.",
            "%(count)d familles n’ont pas encore validé, et la phase ferme %(delay)s.",
            now.awaited,
        ),
    )


def _council(now: Situation) -> NextStep:
    council = now.council
    assert council is not None  # noqa: S101 - narrows the type
    if not council.entry_began:
        return _nothing(_("Rien à saisir : la saisie des familles n’est pas terminée."))
    if now.state is PhaseState.OPEN and council.ready_classes and now.may_publish:
        sentence = ngettext(
            "%(count)d classe est complète : publiez-la.",
            "%(count)d classes sont complètes : publiez-les.",
            council.ready_classes,
        )
        return _to_councils(sentence % {"count": council.ready_classes}, StaffAct.STEER)
    if council.incomplete and now.state is not PhaseState.CLOSED:
        sentence = ngettext(
            "Saisissez les réponses du conseil de classe : il reste %(count)d élève.",
            "Saisissez les réponses du conseil de classe : il reste %(count)d élèves.",
            council.incomplete,
        )
        return _to_councils(sentence % {"count": council.incomplete}, StaffAct.ENTER_COUNCIL)
    if now.state is PhaseState.UPCOMING:
        return _nothing(
            _("Tout est saisi : vous pourrez publier quand la phase ouvrira, %(delay)s.") % {"delay": in_days(now.days)}
        )
    if now.state is PhaseState.OPEN and council.ready_classes:
        sentence = ngettext(
            "%(count)d classe est complète : la direction peut la publier.",
            "%(count)d classes sont complètes : la direction peut les publier.",
            council.ready_classes,
        )
        return _nothing(sentence % {"count": council.ready_classes})
    if now.state is PhaseState.CLOSED and (council.ready_classes or council.incomplete):
        return _to_campaign(_("La phase est fermée et des classes ne sont pas publiées : prolongez la phase."))
    if now.state is PhaseState.OPEN and council.silent_classes and not now.awaited:
        sentence = ngettext(
            "%(count)d classe n’est pas publiée : aucun choix n’y est validé et le conseil n’y a rien répondu.",
            "%(count)d classes ne sont pas publiées : aucun choix n’y est validé et le conseil n’y a rien répondu.",
            council.silent_classes,
        )
        return _to_councils(sentence % {"count": council.silent_classes}, StaffAct.READ)
    return _after_publication(now)


def _after_publication(now: Situation) -> NextStep:
    answers = now.kind is PhaseKind.PROPOSALS
    if not now.awaited:
        if answers:
            return _nothing(_("Tout est publié et chaque famille a répondu."))
        return _nothing(_("Tout est publié et chaque famille a accusé réception."))
    if now.state is PhaseState.CLOSED and answers:
        sentence = ngettext(
            "%(count)d famille n’a pas répondu avant la fermeture : prenez contact avec elle.",
            "%(count)d familles n’ont pas répondu avant la fermeture : prenez contact avec elles.",
            now.awaited,
        )
        return _to_families(sentence % {"count": now.awaited})
    if now.state is PhaseState.CLOSED:
        return _nothing(_("La phase est terminée."))
    if answers:
        sentence = ngettext(
            "%(count)d famille n’a pas encore répondu, et la phase ferme %(delay)s.",
            "%(count)d familles n’ont pas encore répondu, et la phase ferme %(delay)s.",
            now.awaited,
        )
    else:
        sentence = ngettext(
            "%(count)d famille n’a pas accusé réception, et la phase ferme %(delay)s.",
            "%(count)d familles n’ont pas accusé réception, et la phase ferme %(delay)s.",
            now.awaited,
        )
    return _to_remind(now, sentence)


def _to_remind(now: Situation, sentence: str) -> NextStep:
    said = sentence % {"count": now.awaited, "delay": in_days(now.days)}
    if now.may_remind:
        said += " " + ngettext("Relancez-la.", "Relancez-les.", now.awaited)
    return _to_families(said)


def _to_families(sentence: str) -> NextStep:
    return NextStep(
        sentence=sentence, button=_("Voir ces familles"), url_name="followup", act=StaffAct.READ, query="?etat=attendu"
    )


def _to_campaign(sentence: str) -> NextStep:
    return NextStep(sentence=sentence, button=_("Aller à la campagne"), url_name="campaign", act=StaffAct.STEER)


def _to_councils(sentence: str, act: StaffAct) -> NextStep:
    return NextStep(sentence=sentence, button=_("Aller aux conseils de classe"), url_name="councils", act=act)


def _nothing(sentence: str) -> NextStep:
    return NextStep(sentence=sentence)
