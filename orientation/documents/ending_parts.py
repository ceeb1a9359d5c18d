"""How the dialogue ended, on a fiche de dialogue: the record where there is one, else room for a pen (domain, 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from orientation.decisions.rules import appeal_last_day, replacements
from orientation.decisions.wording import said_replaced, spoken_last_day
from orientation.documents.dialogue_parts import Part, line_of, pen, steps_of, ticks, words
from orientation.models import Decision, DecisionKind, DialogueStep, InterviewOutcome, StepKind
from schools.models import School
from schools.times import spoken_instant


def interview(heading: str, ending: Sequence[DialogueStep]) -> Part:
    """Return what was noted of each entretien, or the place of one (domain, 1.4)."""
    held = [each for each in ending if each.kind == StepKind.INTERVIEW]
    if held:
        return _known(heading, [part for each in held for part in _interview(each)])
    return steps_of(
        heading,
        [
            line_of(pen(_("Date :")), pen(_("Personnes présentes :"))),
            line_of(words(_("Souhaits exprimés par la famille :")), rows=2),
        ],
    )


def _interview(step: DialogueStep) -> list[str]:
    values = {"day": _day(step.happened_on), "outcome": InterviewOutcome(step.outcome).label}
    return [_("Entretien du %(day)s : %(outcome)s.") % values, *([step.text] if step.text else [])]


def decision(heading: str, decisions: Sequence[Decision], ending: Sequence[DialogueStep], school: School) -> Part:
    """Return the head's decisions, or the place of one: conform, or motivated, and notified (domain, 1.4)."""
    taken = [each for each in decisions if each.kind != DecisionKind.COMMISSION]
    receipts = {each.decision_id: each.happened_on for each in ending if each.kind == StepKind.RECEIPT}
    received = [line_of(pen(_("Reçue par la famille le :")), pen(_("Signature :")))]
    if taken:
        replaced = replacements(decisions)
        known = [
            part
            for each in taken
            for part in _decision(each, receipts.get(each.pk), school, replaced_by=replaced.get(each.pk))
        ]
        return _known(heading, known, [] if taken[-1].pk in receipts else received)
    return steps_of(
        heading,
        [
            line_of(pen(_("Voie décidée :"))),
            line_of(
                ticks(_("conforme à la demande"), _("non conforme à la demande, pour les motifs suivants :")), rows=2
            ),
            line_of(pen(_("Date et signature du chef d’établissement :"))),
            *received,
        ],
    )


def _decision(taken: Decision, received_on: date | None, school: School, *, replaced_by: Decision | None) -> list[str]:
    values = {
        "number": taken.number,
        "label": taken.label,
        "at": spoken_instant(taken.issued_at, school),
        "issuer": taken.issuer_name,
    }
    said = [
        _("Décision n° %(number)d, notifiée le %(at)s par %(issuer)s : %(label)s.") % values,
        _("Elle est conforme à la demande.") if taken.is_conform else _("Elle n’est pas conforme à la demande."),
    ]
    if taken.reasons:
        said.append(_("Motifs : %(reasons)s") % {"reasons": taken.reasons})
    if received_on:
        last = spoken_last_day(appeal_last_day(received_on, school), school)
        said.append(
            _("Reçue par la famille le %(day)s ; appel jusqu’au %(last)s.") % {"day": _day(received_on), "last": last}
        )
    if replaced_by:
        said.append(f"{said_replaced(taken, replaced_by)}.")
    return said


def appeal(heading: str, decisions: Sequence[Decision], ending: Sequence[DialogueStep], school: School) -> Part:
    """Return the appeal, the commission's decision and the maintien, or their place (decision 13)."""
    known = [part for each in ending for part in _recourse(each)]
    commission = [each for each in decisions if each.kind == DecisionKind.COMMISSION]
    known += [part for each in commission for part in _of_commission(each, school)]
    awaited = [line_of(pen(_("Décision de la commission d’appel :")), pen(_("Date :")))]
    if known:
        is_appealed = any(each.kind == StepKind.APPEAL for each in ending)
        return _known(heading, known, awaited if is_appealed and not commission else [])
    return steps_of(
        heading,
        [
            line_of(
                ticks(
                    _("La famille accepte la décision."),
                    _("La famille fait appel."),
                    _("Elle demande à être entendue."),
                )
            ),
            line_of(ticks(_("La famille demande le maintien dans la classe d’origine, pour une année."))),
            line_of(pen(_("Date et signature :"))),
            *awaited,
        ],
        notes=[
            _("L’appel se forme dans les trois jours ouvrables qui suivent la réception d’une décision non conforme.")
        ],
    )


def _recourse(step: DialogueStep) -> list[str]:
    day = {"day": _day(step.happened_on)}
    if step.kind == StepKind.MAINTIEN:
        return [_("Maintien dans la classe d’origine demandé le %(day)s, pour une année.") % day]
    if step.kind != StepKind.APPEAL:
        return []
    said = [_("Appel formé le %(day)s.") % day]
    if step.wants_to_be_heard:
        said.append(_("La famille demande à être entendue."))
    return [" ".join(said), *([step.text] if step.text else [])]


def _of_commission(taken: Decision, school: School) -> list[str]:
    values = {
        "number": taken.number,
        "label": taken.label,
        "day": _day(taken.decided_on) if taken.decided_on else "",
        "at": spoken_instant(taken.issued_at, school),
    }
    said = _("Décision n° %(number)d de la commission d’appel, prise le %(day)s, notifiée le %(at)s : %(label)s.")
    conform = _("Elle est conforme à la demande.") if taken.is_conform else _("Elle n’est pas conforme à la demande.")
    reasons = [_("Motifs : %(reasons)s") % {"reasons": taken.reasons}] if taken.reasons else []
    return [said % values, conform, *reasons]


def _known(heading: str, said: Sequence[str], left: Sequence[Part] = ()) -> Part:
    """Return what the record says, with what is left for a pen; long reasons go on over the page."""
    return steps_of(heading, left, notes=said) | {"is_long": True}


def _day(day: date) -> str:
    return date_format(day, "l j F Y")
