"""What the pages of a campaign are made of: the timeline, the small settings, the acts on a phase. No query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import ModelForm
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orientation.campaigns import services
from orientation.campaigns.forms import CountsForm, MefForm, NoticeForm, ReminderForm, WriterForm
from orientation.models import Campaign, Phase, PhaseKind, PhaseState

_FAMILIES = {
    (PhaseKind.INTENTIONS, PhaseState.UPCOMING): gettext_lazy("Les familles ne peuvent encore rien saisir."),
    (PhaseKind.INTENTIONS, PhaseState.OPEN): gettext_lazy("Les familles saisissent et valident leurs intentions."),
    (PhaseKind.INTENTIONS, PhaseState.CLOSED): gettext_lazy(
        "Les familles relisent ce qu’elles ont validé, sans pouvoir le modifier. Le conseil de classe peut répondre."
    ),
    (PhaseKind.PROVISIONAL_OPINIONS, PhaseState.UPCOMING): gettext_lazy(
        "Aucun avis ne peut être publié avant l’ouverture."
    ),
    (PhaseKind.PROVISIONAL_OPINIONS, PhaseState.OPEN): gettext_lazy(
        "Les familles des classes publiées lisent les avis provisoires et en accusent réception."
    ),
    (PhaseKind.PROVISIONAL_OPINIONS, PhaseState.CLOSED): gettext_lazy(
        "Les familles n’accusent plus réception ; pour publier encore, il faut rouvrir la phase."
    ),
    (PhaseKind.FINAL_CHOICES, PhaseState.UPCOMING): gettext_lazy("Les familles ne peuvent encore rien saisir."),
    (PhaseKind.FINAL_CHOICES, PhaseState.OPEN): gettext_lazy(
        "Les familles saisissent et valident leurs choix définitifs."
    ),
    (PhaseKind.FINAL_CHOICES, PhaseState.CLOSED): gettext_lazy(
        "Les familles relisent ce qu’elles ont validé, sans pouvoir le modifier. Le conseil de classe peut répondre."
    ),
    (PhaseKind.PROPOSALS, PhaseState.UPCOMING): gettext_lazy(
        "Aucune proposition ne peut être publiée avant l’ouverture."
    ),
    (PhaseKind.PROPOSALS, PhaseState.OPEN): gettext_lazy(
        "Les familles des classes publiées lisent les propositions et y répondent."
    ),
    (PhaseKind.PROPOSALS, PhaseState.CLOSED): gettext_lazy(
        "Les familles ne répondent plus ; pour publier encore, il faut rouvrir la phase."
    ),
}


@dataclass(frozen=True)
class Act:
    """An act on one phase: its button, what it is called once done, in which states it can be done."""

    slug: str
    title: str | Promise
    button: str | Promise
    done: str | Promise
    states: frozenset[PhaseState]
    service: Callable[..., Phase]

    @property
    def asks_for_date(self) -> bool:
        return self.service is services.keep_open_until


ACTS = {
    act.slug: act
    for act in (
        Act(
            "ouvrir",
            gettext_lazy("Ouvrir maintenant : %(phase)s"),
            gettext_lazy("Ouvrir maintenant"),
            gettext_lazy("« %(phase)s » est ouverte."),
            frozenset({PhaseState.UPCOMING}),
            services.open_now,
        ),
        Act(
            "fermer",
            gettext_lazy("Fermer maintenant : %(phase)s"),
            gettext_lazy("Fermer maintenant"),
            gettext_lazy("« %(phase)s » est fermée."),
            frozenset({PhaseState.OPEN}),
            services.close_now,
        ),
        Act(
            "prolonger",
            gettext_lazy("Prolonger : %(phase)s"),
            gettext_lazy("Prolonger"),
            "",
            frozenset({PhaseState.OPEN}),
            services.keep_open_until,
        ),
        Act(
            "rouvrir",
            gettext_lazy("Rouvrir : %(phase)s"),
            gettext_lazy("Rouvrir"),
            "",
            frozenset({PhaseState.CLOSED}),
            services.keep_open_until,
        ),
    )
}


@dataclass(frozen=True)
class Step:
    """One phase on the timeline; `phase` is None where its dates are not set."""

    kind: PhaseKind
    phase: Phase | None
    state: PhaseState | None
    for_families: str | Promise
    waits_for_offer: bool
    acts: tuple[Act, ...]


def timeline(campaign: Campaign, at: datetime) -> list[Step]:
    """Return the four phases as the page shows them."""
    phases = {phase.phase_kind: phase for phase in campaign.phases.all()}
    return [_step(kind, phases.get(kind), campaign, at) for kind in PhaseKind]


def _step(kind: PhaseKind, phase: Phase | None, campaign: Campaign, at: datetime) -> Step:
    if phase is None:
        return Step(kind, None, None, _("Aucune date n’est fixée : la phase n’existe pas encore."), False, ())
    state = phase.state_at(at)
    waits = kind.is_written_by_families and campaign.offer_declared_at is None and state is not PhaseState.CLOSED
    acts = tuple(act for act in ACTS.values() if state in act.states)
    return Step(kind, phase, state, _FAMILIES[kind, state], waits, acts)


@dataclass(frozen=True)
class Setting:
    """A small setting of the campaign, with a page of its own."""

    title: str | Promise
    form: type[ModelForm[Any]]


SETTINGS = {
    "specialites-demandees": Setting(gettext_lazy("Nombre de spécialités demandées"), CountsForm),
    "saisie": Setting(gettext_lazy("Qui saisit"), WriterForm),
    "relances": Setting(gettext_lazy("Délai entre deux relances"), ReminderForm),
    "rappels": Setting(gettext_lazy("Rappels automatiques avant une fermeture"), NoticeForm),
    "eleves-concernes": Setting(gettext_lazy("Élèves concernés"), MefForm),
}


def next_years(imported: int | None, current: int, last: Campaign | None) -> list[int]:
    """Return the years that a new campaign may have, the one to propose first: that of the import unless it has one."""
    first = imported if imported is not None else current
    if last and last.school_year >= first:
        first = last.school_year + 1
    return list(dict.fromkeys([first, current, current + 1, *([imported] if imported is not None else [])]))
