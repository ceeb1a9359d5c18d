"""What a council can say, and what a line still lacks (decisions 10, 11 and 23): pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orientation.models import COMMENT_MAX_LENGTH, Pathway, PathwayGroup, PhaseKind, Speciality, Verdict
from orientation.rules import Catalogue

WRITING_KIND = {
    PhaseKind.PROVISIONAL_OPINIONS: PhaseKind.INTENTIONS,
    PhaseKind.PROPOSALS: PhaseKind.FINAL_CHOICES,
}
"""The families' phase that each council's phase examines."""

_OPINIONS = (Verdict.FAVOURABLE, Verdict.RESERVED, Verdict.UNFAVOURABLE)
_NEEDING_A_REASON = (Verdict.RESERVED, Verdict.UNFAVOURABLE)


@dataclass(frozen=True)
class Answer:
    """The council's word on one pathway as it was typed: codes of the catalogue. Nothing is checked yet."""

    pathway: str
    verdict: str = ""
    comment: str = ""
    recommended: frozenset[str] = frozenset()


Answers = tuple[Answer, ...]
"""The answers of one line: those asked in order of rank, then those added."""

Asked = Mapping[str, int]
"""The rank of each pathway (by code) that the family validated, in order; empty for who validated nothing."""


def verdicts_for(kind: PhaseKind, group: str) -> tuple[Verdict, ...]:
    """Return what can be said of a pathway of this group, the most welcome first.

    In propositions the voie professionnelle gets an avis, since it is not a décision d'orientation (decision 11).
    """
    if kind is PhaseKind.PROVISIONAL_OPINIONS:
        return _OPINIONS
    if group == PathwayGroup.OTHER:
        return (Verdict.FAVOURABLE, Verdict.UNFAVOURABLE)
    return (Verdict.YES, Verdict.NO)


def needs_reason(kind: PhaseKind, verdict: str) -> bool:
    """Whether a verdict stands only with a reason: *réservé* and *défavorable* in avis (decision 10)."""
    return kind is PhaseKind.PROVISIONAL_OPINIONS and verdict in _NEEDING_A_REASON


def can_add(kind: PhaseKind) -> bool:
    """Whether the council may propose what nobody asked for: in propositions only (decision 11)."""
    return kind is PhaseKind.PROPOSALS


def addable(kind: PhaseKind, catalogue: Catalogue, taken: Iterable[str]) -> list[Pathway]:
    """Return the pathways that the council may still propose unasked, in the order of the catalogue."""
    if not can_add(kind):
        return []
    held = set(taken)
    return [each for each in catalogue.pathways.values() if each.is_active and each.code not in held]


def completed(answers: Answers, *, kind: PhaseKind, asked: Asked, catalogue: Catalogue) -> Answers:
    """Return one answer per pathway asked, in order of rank, then those added, each added one being a yes."""
    by_code = {answer.pathway: answer for answer in answers}
    added = [answer for answer in answers if answer.pathway not in asked]
    return (
        *(by_code.get(code, Answer(code)) for code in asked),
        *(_proposed(answer, kind, catalogue) for answer in added),
    )


def _proposed(answer: Answer, kind: PhaseKind, catalogue: Catalogue) -> Answer:
    """An unasked proposition says yes by being there."""
    pathway = catalogue.pathways.get(answer.pathway)
    if answer.verdict or pathway is None:
        return answer
    return Answer(answer.pathway, verdicts_for(kind, pathway.group)[0], answer.comment, answer.recommended)


def check(answers: Answers, *, kind: PhaseKind, asked: Asked, catalogue: Catalogue) -> list[str]:
    """Return what forbids these answers to be kept, in French sentences; what is only missing is no problem here."""
    codes = [answer.pathway for answer in answers]
    problems = [
        _("« %(label)s » figure deux fois sur la ligne.") % {"label": _label(code, catalogue)}
        for code in sorted({code for code in codes if codes.count(code) > 1})
    ]
    for answer in answers:
        problems += _check_answer(answer, kind=kind, asked=asked, catalogue=catalogue)
    return problems


def _check_answer(answer: Answer, *, kind: PhaseKind, asked: Asked, catalogue: Catalogue) -> list[str]:
    pathway = catalogue.pathways.get(answer.pathway)
    if pathway is None:
        return [_("Une voie de la ligne n’existe pas.")]
    values = {"label": pathway.label, "maximum": COMMENT_MAX_LENGTH, "length": len(answer.comment)}
    problems = []
    allowed = verdicts_for(kind, pathway.group)
    if pathway.code not in asked:
        problems += _check_added(pathway, kind, values)
        allowed = allowed[:1]
    if answer.verdict and answer.verdict not in allowed:
        problems.append(_("Cette réponse ne convient pas pour « %(label)s ».") % values)
    if len(answer.comment) > COMMENT_MAX_LENGTH:
        problems.append(
            _("Le texte sur « %(label)s » a %(length)d caractères : %(maximum)d au plus.") % values,
        )
    if answer.recommended - {each.code for each in recommendable(pathway, catalogue)}:
        problems.append(_("Une spécialité recommandée ne convient pas pour « %(label)s ».") % values)
    return problems


def _check_added(pathway: Pathway, kind: PhaseKind, values: Mapping[str, object]) -> list[str]:
    if not can_add(kind):
        return [_("« %(label)s » n’est pas demandée : le conseil n’ajoute de voie que dans les propositions.") % values]
    return [] if pathway.is_active else [_("« %(label)s » n’est plus proposée.") % values]


def recommendable(pathway: Pathway, catalogue: Catalogue) -> list[Speciality]:
    """Return the specialities that the council may recommend: those of 1re générale, and with it only."""
    return catalogue.specialities_of(pathway) if pathway.group == PathwayGroup.GENERAL else []


def missing(answers: Sequence[Answer], *, kind: PhaseKind, asked: Asked) -> list[str]:
    """Return what a line lacks before the class can be told, in French; empty when it lacks nothing."""
    by_code = {answer.pathway: answer for answer in answers}
    verdicts = {rank: by_code.get(code, Answer(code)) for code, rank in asked.items()}
    silent = [rank for rank, answer in verdicts.items() if not answer.verdict]
    unexplained = [
        rank for rank, answer in verdicts.items() if needs_reason(kind, answer.verdict) and not answer.comment
    ]
    unanswered = ngettext("rang %(ranks)s sans réponse", "rangs %(ranks)s sans réponse", len(silent))
    without_reason = ngettext("rang %(ranks)s sans motif", "rangs %(ranks)s sans motif", len(unexplained))
    return [
        words % {"ranks": get_text_list([str(rank) for rank in ranks], _("et"))}
        for words, ranks in ((unanswered, silent), (without_reason, unexplained))
        if ranks
    ]


def _label(code: str, catalogue: Catalogue) -> str:
    return catalogue.pathways[code].label if code in catalogue.pathways else code
