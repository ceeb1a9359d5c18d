"""Choosing families by class, state, reachability and name: the form of the list, and what it selects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from orientation.followup.families import (
    AWAITED_STATES,
    STATES_OF_PHASE,
    FamilyState,
    Reachability,
    campaign_of,
    state_of_families,
)
from orientation.models import Campaign, Phase
from orientation.queries import PhaseSet
from schools.models import Division, Guardianship
from schools.names import fold
from schools.policies import StaffAct
from schools.staff_pages import StaffScope

if TYPE_CHECKING:
    from orientation.followup.families import Family

NO_DIVISION = "aucune"
AWAITED = "attendu"
"""Any state in which something is asked of the family."""

UNREACHABLE = "non"

ORDERS = {
    "nom": ("family_name", "given_name", "pk"),
    "classe": ("division__code", "family_name", "given_name", "pk"),
    "etat": ("state", "family_name", "given_name", "pk"),
}


class SelectionForm(forms.Form):
    """Which families are listed: read from the address, where an unknown value is refused in words."""

    q = forms.CharField(label=_("Nom de l’élève ou d’un responsable"), required=False, max_length=100)
    phase = forms.ChoiceField(label=_("Phase"), required=False)
    classe = forms.ChoiceField(label=_("Classe"), required=False)
    etat = forms.ChoiceField(
        label=_("État"),
        required=False,
        error_messages={"invalid_choice": _("Cet état n’existe pas dans cette phase : choisissez-en un autre.")},
    )
    joignable = forms.ChoiceField(
        label=_("Courriel"),
        required=False,
        choices=[("", _("tous")), *Reachability.choices, (UNREACHABLE, _("injoignable par courriel"))],
    )
    compte = forms.ChoiceField(
        label=_("Connexion"),
        required=False,
        choices=[("", _("toutes")), ("oui", _("s’est connectée")), ("non", _("jamais connectée"))],
    )
    tri = forms.ChoiceField(
        label=_("Trier par"),
        required=False,
        choices=[("nom", _("nom")), ("classe", _("classe")), ("etat", _("état"))],
    )

    def __init__(self, data: Mapping[str, Any], *, phases: PhaseSet, current: Phase, divisions: list[Division]) -> None:
        values = {name: data[name] for name in self.base_fields if name in data}
        super().__init__({"phase": current.phase_kind.slug, **values})
        self._phases = phases
        self._current = current
        self._set("phase", [(each.phase_kind.slug, each.phase_kind.label) for each in phases])
        self.divisions = {str(each.pk): each for each in divisions}
        classes = [(key, str(each)) for key, each in self.divisions.items()]
        self._set("classe", [("", _("toutes")), *classes, (NO_DIVISION, _("sans classe"))])
        states = [(each.value, each.label) for each in STATES_OF_PHASE[self.chosen_phase.phase_kind]]
        self._set("etat", [("", _("tous")), (AWAITED, _("quelque chose est attendu")), *states])

    def _set(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = choices

    @property
    def chosen_division(self) -> Division | None:
        """The class chosen, None for all or for those in none. No query."""
        return self.divisions.get(self.cleaned_data.get("classe", "")) if self.is_valid() else None

    @cached_property
    def chosen_phase(self) -> Phase:
        """The phase asked about, else the current one."""
        wanted = self.data.get("phase", "")
        return next((each for each in self._phases if each.phase_kind.slug == wanted), self._current)

    def apply(self, families: QuerySet[Family]) -> QuerySet[Family]:
        """Return those of these families that are chosen, in the order asked; none when a value is refused."""
        if not self.is_valid():
            return families.none()
        chosen = self.cleaned_data
        found = families.filter(_named(chosen["q"])) if chosen["q"] else families
        if chosen["classe"]:
            found = found.filter(division=None if chosen["classe"] == NO_DIVISION else chosen["classe"])
        if chosen["etat"]:
            states = AWAITED_STATES if chosen["etat"] == AWAITED else [FamilyState(chosen["etat"])]
            found = found.filter(state__in=[state.value for state in states])
        if chosen["joignable"] == UNREACHABLE:
            found = found.exclude(reachability=Reachability.BY_EMAIL.value)
        elif chosen["joignable"]:
            found = found.filter(reachability=chosen["joignable"])
        if chosen["compte"]:
            found = found.filter(has_signed_in=chosen["compte"] == "oui")
        return found.order_by(*ORDERS[chosen["tri"] or "nom"])


def _named(text: str) -> Q:
    """Say that each word stands in the names of the pupil or of one of their responsables, accents and case apart."""
    words = fold(text).split()
    if not words:
        return Q(pk__in=[])
    named = Q()
    for word in words:
        guardians = Guardianship.objects.filter(student=OuterRef("pk"), guardian__folded_name__contains=word)
        named &= Q(folded_names__contains=word) | Q(Exists(guardians))
    return named


@dataclass(frozen=True)
class Selection:
    """What a page of the follow-up is about: a campaign, one of its phases, and the families chosen."""

    campaign: Campaign
    phases: PhaseSet
    form: SelectionForm
    families: QuerySet[Family]
    """Each as `state_of_families` says; those of the classes that this person reaches."""
    chosen: QuerySet[Family]

    @property
    def phase(self) -> Phase:
        return self.form.chosen_phase


def selection_of(scope: StaffScope, data: Mapping[str, Any], act: StaffAct) -> Selection | None:
    """Return what these values select in the school's campaign, or None without dated phases. Three queries."""
    campaign = campaign_of(scope.school, scope.now)
    phases = PhaseSet(campaign.phases.all()) if campaign else PhaseSet([])
    current = phases.current_at(scope.now)
    if campaign is None or current is None:
        return None
    divisions = list(scope.divisions(act, school_year=campaign.school_year))
    form = SelectionForm(data, phases=phases, current=current, divisions=divisions)
    families = state_of_families(campaign, form.chosen_phase, students=scope.students(act), at=scope.now)
    return Selection(campaign, phases, form, families, form.apply(families.select_related("division")))
