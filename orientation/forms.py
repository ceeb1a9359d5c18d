"""The dialog “Rang N”: what a person typed, as a wish; the rules themselves stand in `orientation.rules`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from orientation.errors import Problem
from orientation.models import PathwayGroup
from orientation.rules import Catalogue, Wish


class VersionForm(forms.Form):
    """The version of the draft that the page showed (see `Draft.version`)."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    """The number of the newest answer that the page showed, 0 for none (decision 24)."""

    seen_number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class MoveForm(VersionForm):
    """Where to bring a choice: a rank, so that the same form sent twice moves once."""

    rank = forms.IntegerField(min_value=1)


class ChoiceForm(VersionForm):
    """One choice: the voie, then its specialities, its series or its free text.

    Each voie's fields are always on the page; only those of the chosen voie are read.
    """

    group = forms.CharField(required=False)
    series = forms.CharField(required=False)
    note = forms.CharField(required=False)

    def __init__(self, *args: Any, catalogue: Catalogue, speciality_count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue = catalogue
        self.wrong_lists: list[str] = []
        self.speciality_fields = [f"speciality_{number}" for number in range(1, speciality_count + 1)]
        self.series_fields = {
            series.code: f"speciality_{series.code}"
            for series in catalogue.of_group(PathwayGroup.TECHNOLOGICAL)
            if catalogue.specialities_of(series)
        }
        for name in [*self.speciality_fields, *self.series_fields.values()]:
            self.fields[name] = forms.CharField(required=False)

    @staticmethod
    def initial_of(wish: Wish, group: str) -> dict[str, str]:
        """Return the values that show an existing choice."""
        values = {"group": group, "note": wish.note}
        if group == PathwayGroup.TECHNOLOGICAL:
            values["series"] = wish.pathway
            values.update({f"speciality_{wish.pathway}": code for code in wish.specialities})
        else:
            values.update({f"speciality_{number}": code for number, code in enumerate(wish.specialities, start=1)})
        return values

    def wish(self) -> Wish:
        """Return what was asked for. The form is valid; the rules have not been asked yet."""
        data = self.cleaned_data
        group = data["group"]
        if group == PathwayGroup.TECHNOLOGICAL:
            field = self.series_fields.get(data["series"], "")
            return Wish(data["series"], tuple(filter(None, [data.get(field, "")])))
        pathways = self.catalogue.of_group(group)
        pathway = pathways[0].code if pathways else ""
        if group == PathwayGroup.GENERAL:
            return Wish(pathway, tuple(filter(None, (data[name] for name in self.speciality_fields))))
        note = data["note"].replace("\r\n", "\n") if group == PathwayGroup.OTHER else ""
        return Wish(pathway, note=note)

    def add_problem(self, problem: Problem) -> None:
        """Put a refusal of the rules on the field that the person must look at."""
        if problem.field == "specialities" and self.cleaned_data.get("group") == PathwayGroup.GENERAL:
            self.wrong_lists = self._wrong_lists()
        self.add_error(self._field_of(problem), self._message_of(problem))

    def _wrong_lists(self) -> list[str]:
        """The lists of specialities to look at: the empty ones, else those that say what another says, else all."""
        chosen = {name: self.cleaned_data.get(name, "") for name in self.speciality_fields}
        codes = list(chosen.values())
        empty = [name for name, code in chosen.items() if not code]
        return empty or [name for name, code in chosen.items() if codes.count(code) > 1] or self.speciality_fields

    def _field_of(self, problem: Problem) -> str:
        group, series = self.cleaned_data.get("group"), self.cleaned_data.get("series", "")
        if problem.field == "note":
            return "note"
        if problem.field == "specialities":
            return self.wrong_lists[0] if self.wrong_lists else self.series_fields.get(series, "series")
        return "series" if group == PathwayGroup.TECHNOLOGICAL else "group"

    def _message_of(self, problem: Problem) -> str:
        is_series_missing = self.cleaned_data.get("group") == PathwayGroup.TECHNOLOGICAL and not self.cleaned_data.get(
            "series"
        )
        if problem.field == "pathway" and is_series_missing:
            return _("Choisissez une série de la voie technologique.")
        return problem.message
