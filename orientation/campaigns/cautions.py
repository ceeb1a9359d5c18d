"""Whom an act on a campaign touches, in sentences to be read before it is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orientation.campaigns.errors import Caution
from orientation.campaigns.queries import PhaseImpact, impact_of, pupils_naming, sheets_begun, students_of, taken_out
from orientation.models import Campaign, Phase, PhaseKind, PhaseState


def of_phase(campaign: Campaign, kind: PhaseKind) -> list[Caution]:
    """Return whom a change of the dates of a phase touches, if anybody: three queries."""
    impact = impact_of(campaign, kind)
    if not impact.touches_somebody:
        return []
    return [Caution(f"touches {kind}", f"«\u00a0{kind.label}\u00a0»\u00a0: {spoken(impact)}.")]


def of_reopening(campaign: Campaign, kind: PhaseKind) -> list[Caution]:
    """Return what reopening a writing phase does to what the council has entered: one query."""
    sheets = sheets_begun(campaign, kind)
    if not (kind.is_written_by_families and sheets):
        return []
    text = ngettext(
        "Le conseil de classe a déjà commencé %d fiche : celle d’un élève dont la famille valide de nouveau devra "
        "être revue.",
        "Le conseil de classe a déjà commencé %d fiches : celles des élèves dont la famille valide de nouveau "
        "devront être revues.",
        sheets,
    )
    return [Caution(f"sheets {kind}", text % sheets)]


def spoken(impact: PhaseImpact) -> str:
    """Say the numbers of an impact, those that say something, as one sentence without its end."""
    sentences = [
        (
            impact.validated,
            ngettext("%d élève a une liste validée", "%d élèves ont une liste validée", impact.validated),
        ),
        (
            impact.changed_since,
            ngettext(
                "dont %d l’a modifiée depuis sans la valider",
                "dont %d l’ont modifiée depuis sans la valider",
                impact.changed_since,
            ),
        ),
        (
            impact.unvalidated,
            ngettext(
                "%d élève a une liste commencée, jamais validée",
                "%d élèves ont une liste commencée, jamais validée",
                impact.unvalidated,
            ),
        ),
        (
            impact.sheets,
            ngettext(
                "le conseil de classe a commencé %d fiche",
                "le conseil de classe a commencé %d fiches",
                impact.sheets,
            ),
        ),
    ]
    told = [text % count for count, text in sentences if count]
    if impact.divisions:
        told.append(_("classes déjà publiées : %(codes)s") % {"codes": ", ".join(impact.divisions)})
    return "\u00a0; ".join(told)


def of_offer(campaign: Campaign, changed: Collection[int]) -> list[Caution]:
    """Return how many validated lists name a speciality that joins or leaves the offer: one query."""
    count = pupils_naming(campaign, changed) if changed else 0
    if not count:
        return []
    text = ngettext(
        "%d élève a une liste validée qui nomme une spécialité ajoutée à l’offre ou retirée d’elle. La mention « hors "
        "établissement » y reste celle du jour de la validation ; elle ne change que si la famille valide de nouveau.",
        "%d élèves ont une liste validée qui nomme une spécialité ajoutée à l’offre ou retirée d’elle. La mention "
        "« hors établissement » y reste celle du jour de la validation ; elle ne change que si la famille valide de "
        "nouveau.",
        count,
    )
    return [Caution("offer " + " ".join(map(str, sorted(changed))), text % count)]


def of_withdrawn_offer(campaign: Campaign, phases: Iterable[Phase], at: datetime) -> list[Caution]:
    """Return what shuts when the offer is no longer declared complete. No query."""
    shut = [
        phase.phase_kind
        for phase in phases
        if phase.phase_kind.is_written_by_families and phase.state_at(at) is PhaseState.OPEN
    ]
    text = _(
        "« %(phase)s » est ouverte : si l’offre n’est plus déclarée complète, les familles ne peuvent plus rien "
        "modifier ni valider dès l’enregistrement."
    )
    return [Caution(f"withdrawn {kind}", text % {"phase": kind.label}) for kind in shut]


_COUNTS = {
    "intention_specialities": PhaseKind.INTENTIONS,
    "final_specialities": PhaseKind.FINAL_CHOICES,
}


def of_rules(campaign: Campaign, changes: Mapping[str, Any]) -> list[Caution]:
    """Return whom a change of the campaign's rules touches: at most nine queries."""
    cautions: list[Caution] = []
    for name, kind in _COUNTS.items():
        if name in changes and changes[name] != getattr(campaign, name):
            cautions += _of_count(campaign, kind, changes[name])
    if "mef_prefixes" in changes and changes["mef_prefixes"] != campaign.mef_prefixes:
        cautions += _of_mefs(campaign, changes["mef_prefixes"])
    return cautions


def _of_count(campaign: Campaign, kind: PhaseKind, count: int) -> list[Caution]:
    impact = impact_of(campaign, kind)
    if not (impact.validated or impact.unvalidated):
        return []
    text = _(
        "« %(phase)s » : %(touched)s. Ce qui est validé ne change pas ; une liste qui nomme la 1re générale ne pourra "
        "plus être validée avant d’avoir été corrigée."
    )
    return [Caution(f"count {kind} {count}", text % {"phase": kind.label, "touched": spoken(impact)})]


def _of_mefs(campaign: Campaign, mef_prefixes: list[str]) -> list[Caution]:
    cautions = []
    if out := taken_out(campaign, mef_prefixes):
        text = ngettext(
            "%d élève qui a déjà une liste ne serait plus concerné par la campagne.",
            "%d élèves qui ont déjà une liste ne seraient plus concernés par la campagne.",
            out,
        )
        cautions.append(Caution("mef out " + " ".join(mef_prefixes), text % out))
    if not students_of(campaign, mef_prefixes).exists():
        cautions.append(
            Caution("mef none", _("Aucun élève présent dans l’établissement n’a un code MEF qui commence ainsi."))
        )
    return cautions
