"""The question of decision 19: the birth dates of all one's children."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_CHILDREN = 12
PARTS = (("jour", _("Jour"), 2), ("mois", _("Mois"), 2), ("annee", _("Année"), 4))
"""What a date is typed as: the end of each field's name, its label, its most digits."""


class DayMonthYear(forms.TextInput):
    """Three fields for a date that one knows by heart: no calendar to scroll through. Their value: `14/05/2011`."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        typed = [str(data.get(f"{name}_{part}", "")).strip() for part, _label, _digits in PARTS]
        return "/".join(typed) if any(typed) else ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        typed = str(value or "//").split("/", 2)
        context["widget"]["parts"] = [
            {"name": f"{name}_{part}", "label": label, "digits": digits, "value": said}
            for (part, label, digits), said in zip(PARTS, typed, strict=True)
        ]
        return context

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_{PARTS[0][0]}"


class BirthDatesForm(forms.Form):
    """One date per child; `children` says how many are shown, so that adding one works without JavaScript."""

    children = forms.IntegerField(min_value=1, max_value=MAX_CHILDREN, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, children: int = 1, said: dict[str, str] | None = None) -> None:
        super().__init__(data, initial={"children": children} | (said or {}), label_suffix="")
        for number in range(1, children + 1):
            self.fields[f"birth_date_{number}"] = forms.DateField(
                label=_("Date de naissance de l’enfant n° %(number)s") % {"number": number},
                input_formats=["%d/%m/%Y"],
                required=number == 1,
                widget=DayMonthYear(),
                error_messages={
                    "required": _("Indiquez la date de naissance de l’enfant, par exemple 14/05/2011."),
                    "invalid": _("Cette date n’existe pas. Écrivez-la comme ceci : 14/05/2011."),
                },
            )

    @property
    def date_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("birth_date_")]

    @property
    def can_add(self) -> bool:
        return len(self.date_fields) < MAX_CHILDREN

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, value in list(cleaned.items()):  # add_error takes the value away
            if isinstance(value, datetime.date) and value > timezone.localdate():
                self.add_error(name, _("Cette date est dans le futur."))
        return cleaned

    @property
    def birth_dates(self) -> frozenset[datetime.date]:
        """The dates said, once the form is valid."""
        return frozenset(value for value in self.cleaned_data.values() if isinstance(value, datetime.date))


def dates_typed(data: Any, children: int) -> dict[str, str]:
    """Return what was typed for each child that the form showed, good or not."""
    names = [f"birth_date_{number}" for number in range(1, children + 1)]
    return {name: DayMonthYear().value_from_datadict(data, None, name) for name in names}


def shown_children(data: Any) -> int:
    """Return how many children the sent form showed, within bounds."""
    sent = str(data.get("children", ""))
    return min(max(int(sent), 1), MAX_CHILDREN) if sent.isdecimal() and len(sent) < 9 else 1
