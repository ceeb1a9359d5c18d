"""The paper form as staff type it: a rank beside each voie, as the family wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from orientation import rules
from orientation.errors import NothingToValidate
from orientation.models import RANK_MAX, Pathway, PathwayGroup, Speciality
from orientation.rules import Catalogue, Wish, Wishes
from schools.models import Guardianship


@dataclass(frozen=True)
class Row:
    """One voie of the form: its rank, then its lists of specialities or its free text."""

    pathway: Pathway
    rank: forms.BoundField
    details: list[forms.BoundField]


class EntryForm(forms.Form):
    """In whose name, and the rank of each voie. `wishes` is the list in order, once the form is valid.

    `seen_number` is the number of the newest submission that the page showed.
    """

    guardian = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect)
    seen_number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    is_confirmed = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        catalogue: Catalogue,
        offered: frozenset[str],
        speciality_count: int,
        links: Sequence[Guardianship],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue, self.speciality_count = catalogue, speciality_count
        self.wishes: Wishes = ()
        self.fields["guardian"].label = _("Au nom de quel représentant légal ?")
        self.fields["guardian"].choices = [  # type: ignore[attr-defined]
            (link.guardian_id, f"{link.guardian} ({link.get_relationship_display()})") for link in links
        ]
        self.fields["is_confirmed"].label = _("J’enregistre cette saisie malgré le brouillon en cours de la famille")
        self.pathways = [pathway for pathway in catalogue.pathways.values() if pathway.is_active]
        self._details = {pathway.code: self._add_fields(pathway, offered) for pathway in self.pathways}

    def _add_fields(self, pathway: Pathway, offered: frozenset[str]) -> list[str]:
        """Add the fields of a voie; return the names of those that come after its rank."""
        self.fields[f"rank_{pathway.code}"] = forms.IntegerField(
            min_value=1,
            max_value=RANK_MAX,
            required=False,
            label=_("Rang — %(pathway)s") % {"pathway": pathway.label},
            widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 2, "maxlength": 2}),
        )
        if pathway.group == PathwayGroup.OTHER:
            self.fields["note"] = forms.CharField(
                required=False,
                strip=True,
                label=_("Métier ou diplôme souhaité (optionnel)"),
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            return ["note"]
        specialities = self.catalogue.specialities_of(pathway)
        is_general = pathway.group == PathwayGroup.GENERAL
        count = self.speciality_count if is_general else int(bool(specialities))
        names = [f"speciality_{pathway.code}_{number}" for number in range(1, count + 1)]
        choices = _speciality_choices(specialities, offered if is_general else None)
        for number, name in enumerate(names, start=1):
            self.fields[name] = forms.ChoiceField(
                required=False, label=_speciality_label(pathway, number, count), choices=choices
            )
        return names

    def rows(self) -> Iterator[Row]:
        """Yield the voies with their fields, in the order of the paper form."""
        for pathway in self.pathways:
            names = self._details[pathway.code]
            yield Row(pathway, self[f"rank_{pathway.code}"], [self[name] for name in names])

    @staticmethod
    def initial_of(wishes: Wishes) -> dict[str, object]:
        """Return the values that show a list."""
        values: dict[str, object] = {}
        for rank, wish in enumerate(wishes, start=1):
            values[f"rank_{wish.pathway}"] = rank
            values.update(
                {f"speciality_{wish.pathway}_{number}": code for number, code in enumerate(wish.specialities, start=1)}
            )
            if wish.note:
                values["note"] = wish.note
        return values

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        ranks = {pathway.code: data.get(f"rank_{pathway.code}") for pathway in self.pathways}
        given = {code: rank for code, rank in ranks.items() if rank is not None}
        for code in ranks:
            if code not in given and any(data.get(name) for name in self._details[code]):
                self._complain(f"rank_{code}", _("Donnez un rang à cette voie, ou videz ce qui la précise."))
        self._check_ranks(given)
        if not given and not self.errors:
            raise forms.ValidationError(str(NothingToValidate()))
        self.wishes = tuple(self._wish(code) for code in sorted(given, key=lambda code: given[code]))
        for wish in self.wishes:
            self._check(wish)
        return data

    def _check_ranks(self, given: dict[str, int]) -> None:
        """Refuse a rank given twice, or that leaves a hole."""
        holders: dict[int, str] = {}
        for code, rank in given.items():
            if rank in holders:
                label = self.catalogue.pathways[holders[rank]].label
                message = _("Le rang %(rank)d est déjà donné à « %(label)s ».")
                self._complain(f"rank_{code}", message % {"rank": rank, "label": label})
            elif rank > len(given):
                missing = next(each for each in range(1, rank) if each not in given.values())
                message = _("Il manque le rang %(missing)d avant le rang %(rank)d.")
                self._complain(f"rank_{code}", message % {"missing": missing, "rank": rank})
            holders.setdefault(rank, code)

    def _wish(self, code: str) -> Wish:
        values = [self.cleaned_data.get(name, "") for name in self._details[code]]
        if self.catalogue.pathways[code].group == PathwayGroup.OTHER:
            return Wish(code, note="".join(values).replace("\r\n", "\n"))
        return Wish(code, tuple(filter(None, values)))

    def _check(self, wish: Wish) -> None:
        """Ask the rules, and put what they refuse on the field to look at."""
        names = self._details[wish.pathway]
        for problem in rules.check_wish(wish, catalogue=self.catalogue, speciality_count=self.speciality_count):
            empty = [name for name in names if not self.cleaned_data.get(name)]
            self._complain([*empty, *names, f"rank_{wish.pathway}"][0], problem.message)

    def _complain(self, field: str, message: str) -> None:
        """Refuse a field, unless it was refused for something simpler."""
        if field not in self.errors:
            self.add_error(field, message)


def _speciality_label(pathway: Pathway, number: int, count: int) -> str:
    if count > 1:
        return _("%(pathway)s : spécialité %(number)d") % {"pathway": pathway.label, "number": number}
    return _("%(pathway)s : spécialité") % {"pathway": pathway.label}


def _speciality_choices(specialities: Sequence[Speciality], offered: frozenset[str] | None) -> list[Any]:
    """Return the choices of a list, by family; with an offer, what is taught elsewhere says so."""
    elsewhere = _(" (hors établissement)")
    choices: list[Any] = [("", "---------")]
    for family, members in groupby(specialities, key=lambda each: each.family):
        group = [
            (each.code, each.label + ("" if offered is None or each.code in offered else elsewhere)) for each in members
        ]
        choices += [(family, group)] if family else group
    return choices
