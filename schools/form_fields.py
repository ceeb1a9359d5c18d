"""Days and hours as people write them; the form reads them in the school's own zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

_DAYS = ["%d/%m/%Y", "%Y-%m-%d"]
_HOURS = ["%H:%M", "%H:%M:%S", "%Hh%M", "%H h %M", "%Hh", "%H h"]


class DayField(forms.DateField):
    """A day as people write it in France, or as a browser's own widget sends it."""

    widget = forms.DateInput(format="%d/%m/%Y", attrs={"autocomplete": "off", "size": 12})
    default_error_messages = {"invalid": gettext_lazy("Écrivez une date comme 20/05/2027.")}

    def __init__(self, **values: Any) -> None:
        super().__init__(input_formats=_DAYS, **values)


class HourField(forms.TimeField):
    """An hour as people write it in France, or as a browser's own widget sends it."""

    widget = forms.TimeInput(format="%H:%M", attrs={"autocomplete": "off", "size": 6})
    default_error_messages = {"invalid": gettext_lazy("Écrivez une heure comme 23:59.")}

    def __init__(self, **values: Any) -> None:
        super().__init__(input_formats=_HOURS, **values)
