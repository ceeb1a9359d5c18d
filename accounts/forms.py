"""The question of decision 19: the birth dates of all one's children."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_CHILDREN = 12
DATE_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]
"""What a date field sends, and what people type where the browser has none."""


class BirthDatesForm(forms.Form):
    """One date field per child; `children` says how many are shown, so that adding one works without JavaScript."""

    children = forms.IntegerField(min_value=1, max_value=MAX_CHILDREN, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, children: int = 1, said: dict[str, str] | None = None) -> None:
        super().__init__(data, initial={"children": children} | (said or {}), label_suffix="")
        for number in range(1, children + 1):
            self.fields[f"birth_date_{number}"] = forms.DateField(
                label=_("Date de naissance de l’enfant n° %(number)s") % {"number": number},
                input_formats=DATE_FORMATS,
                required=number == 1,
                widget=forms.DateInput(
                    format="%Y-%m-%d",
                    attrs={"type": "date", "class": "fr-input", "autocomplete": "off"},
                ),
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


def shown_children(data: Any) -> int:
    """Return how many children the sent form showed, within bounds."""
    sent = str(data.get("children", ""))
    return min(max(int(sent), 1), MAX_CHILDREN) if sent.isdecimal() else 1
