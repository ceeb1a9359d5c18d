"""The parts of a fiche de dialogue, as `typst/dialogue_form.typ` draws them: what is known, else room for a pen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from orientation.council.rules import WRITING_KIND, verdicts_for
from orientation.dialogue.records import Line, Step
from orientation.models import Campaign, Pathway, PathwayGroup, PhaseKind
from orientation.rules import Catalogue
from schools.times import spoken_instant

Part = dict[str, Any]

UNASKED_ROWS = 2
"""Rows left on a blank fiche for what the council proposes unasked."""


def lines(kind: PhaseKind, step: Step, campaign: Campaign, *, heading: str) -> Part:
    """Return the table of what was asked, said and answered; every voie with empty boxes while nothing is known."""
    is_final = kind is PhaseKind.PROPOSALS
    columns = [_("Rang"), _("Voie demandée"), _("Proposition") if is_final else _("Avis provisoire")]
    columns += [_("Commentaire"), _("Réponse de la famille")] if is_final else [_("Motif")]
    rows = [_known_row(kind, each, campaign) for each in step.lines] or _empty_rows(kind, campaign)
    return {
        "kind": "lines",
        "heading": heading,
        "notes": _notes(kind, step, campaign),
        "columns": columns,
        "widths": [1.2, 6.4, 2.9, 5, 5.1] if is_final else [1.2, 8, 3, 8],
        "rows": rows,
    }


def _notes(kind: PhaseKind, step: Step, campaign: Campaign) -> list[str]:
    if not step.lines:
        return [_("Écrivez 1 pour la voie préférée, 2 pour la suivante ; laissez vides les voies non demandées.")]
    notes = []
    if step.submission:
        values = {
            "number": step.submission.number,
            "attribution": step.submission.attribution,
            "at": spoken_instant(step.submission.submitted_at, campaign.school),
        }
        notes.append(_("Demande n° %(number)d %(attribution)s le %(at)s.") % values)
    if step.sheet and step.sheet.publication:
        at = spoken_instant(step.sheet.publication.published_at, campaign.school)
        notes.append(
            (_("Propositions publiées le %(at)s.") if kind is PhaseKind.PROPOSALS else _("Avis publiés le %(at)s."))
            % {"at": at}
        )
    return notes


def _known_row(kind: PhaseKind, line: Line, campaign: Campaign) -> Part:
    answer = line.answer
    details = []
    if line.choice and line.choice.specialities:
        details.append(_("Spécialités : %(labels)s") % {"labels": ", ".join(map(_spoken, line.choice.specialities))})
    if line.choice and line.choice.note:
        details.append(line.choice.note)
    if line.is_unasked:
        details.append(_("Proposition du conseil de classe non demandée"))
    group = (
        answer.pathway.group if answer else Catalogue.current().pathways[line.choice.code].group if line.choice else ""
    )
    cells = [
        _said(answer.get_verdict_display()) if answer else _boxes(each.label for each in verdicts_for(kind, group)),
        _said(_comment(line)) if answer else _space(1),
    ]
    if kind is PhaseKind.PROPOSALS:
        cells.append(_family_cell(line, group, campaign))
    return {
        "rank": str(line.choice.rank) if line.choice else "",
        "is_asked": False,
        "label": line.label,
        "details": details,
        "blanks": [],
        "cells": cells,
    }


def _spoken(speciality: tuple[str, bool]) -> str:
    label, is_elsewhere = speciality
    return _("%(speciality)s (hors établissement)") % {"speciality": label} if is_elsewhere else label


def _comment(line: Line) -> str:
    assert line.answer is not None  # noqa: S101 - narrows the type; asked of a line that has one
    recommended = ", ".join(each.label for each in line.answer.recommended.all())
    said = [line.answer.comment] if line.answer.comment else []
    if recommended:
        said.append(_("Spécialités recommandées : %(labels)s") % {"labels": recommended})
    return "\n".join(said) or "—"


def _family_cell(line: Line, group: str, campaign: Campaign) -> Part:
    if group == PathwayGroup.OTHER:
        return _said(_("aucune réponse à donner"))
    if line.family_answer is None:
        return _boxes([_("d’accord"), _("pas d’accord")])
    values = {
        "attribution": line.family_answer.attribution,
        "at": spoken_instant(line.family_answer.answered_at, campaign.school),
    }
    return _said(
        _("d’accord, %(attribution)s le %(at)s") % values
        if line.family_answer.agrees
        else _("pas d’accord, %(attribution)s le %(at)s") % values
    )


def _empty_rows(kind: PhaseKind, campaign: Campaign) -> list[Part]:
    catalogue = Catalogue.current()
    is_intentions = WRITING_KIND[kind] is PhaseKind.INTENTIONS
    count = campaign.intention_specialities if is_intentions else campaign.final_specialities
    asked = [
        _empty_row(kind, each.group, each.label, _blanks(each, count if each.group == PathwayGroup.GENERAL else 1))
        for each in catalogue.pathways.values()
        if each.is_active
    ]
    unasked = _empty_row(kind, PathwayGroup.TECHNOLOGICAL, _("Proposition non demandée"), [""], is_asked=False)
    return asked + [unasked] * (UNASKED_ROWS if kind is PhaseKind.PROPOSALS else 0)


def _blanks(pathway: Pathway, count: int) -> list[str]:
    """Return the labels of the lines to fill under a voie."""
    if pathway.group == PathwayGroup.OTHER:
        return [_("Métier ou diplôme souhaité")]
    if not Catalogue.current().specialities_of(pathway):
        return []
    return [
        _("Spécialité %(number)d") % {"number": number + 1} if count > 1 else _("Spécialité") for number in range(count)
    ]


def _empty_row(kind: PhaseKind, group: str, label: str, blanks: list[str], *, is_asked: bool = True) -> Part:
    cells = [_boxes(each.label for each in verdicts_for(kind, group)), _space(1)]
    if kind is PhaseKind.PROPOSALS:
        is_answered = group != PathwayGroup.OTHER
        cells.append(_boxes([_("d’accord"), _("pas d’accord")]) if is_answered else _said(_("aucune réponse à donner")))
    return {"rank": "", "is_asked": is_asked, "label": label, "details": [], "blanks": blanks, "cells": cells}


def signatures(heading: str, people: list[str]) -> Part:
    """Return a place for each of these people to date and sign."""
    return {"kind": "signatures", "heading": heading, "notes": [], "people": people, "words": _("Date et signature")}


def acknowledgement(heading: str, step: Step, campaign: Campaign, people: list[str]) -> Part:
    """Return who acknowledged the avis and when, or places to sign that they were received."""
    found = getattr(step.sheet, "acknowledgement", None) if step.sheet else None
    if found is None:
        return signatures(heading, people) | {"notes": [_("Nous avons pris connaissance des avis provisoires.")]}
    values = {"attribution": found.attribution, "at": spoken_instant(found.acknowledged_at, campaign.school)}
    return steps_of(heading, [], notes=[_("Réception accusée, %(attribution)s le %(at)s.") % values])


def steps_of(heading: str, steps: Sequence[Part], *, notes: Iterable[str] = ()) -> Part:
    return {"kind": "steps", "heading": heading, "notes": list(notes), "steps": list(steps)}


def line_of(*segments: Part, rows: int = 0) -> Part:
    """Return one line of segments, and empty lines below it."""
    return {"segments": segments, "rows": rows}


def words(label: str) -> Part:
    return {"label": label, "boxes": [], "is_open": False}


def pen(label: str) -> Part:
    return {"label": label, "boxes": [], "is_open": True}


def ticks(*labels: str) -> Part:
    return {"label": "", "boxes": labels, "is_open": False}


def _said(text: str) -> Part:
    return {"said": text, "boxes": [], "rows": 0}


def _boxes(labels: Iterable[Any]) -> Part:
    return {"said": "", "boxes": [str(each) for each in labels], "rows": 0}


def _space(rows: int) -> Part:
    return {"said": "", "boxes": [], "rows": rows}
