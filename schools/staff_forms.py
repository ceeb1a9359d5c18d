"""Fields of the school's side: days and hours as the browser asks for them, with the zone said, and no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from schools.models import TimeZone


class DayInput(forms.DateInput):
    """A day, asked for by the browser's own field; a browser without one takes JJ/MM/AAAA."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str | None = None) -> None:  # noqa: A002
        super().__init__(attrs, format or "%Y-%m-%d")


class HourInput(forms.TimeInput):
    """An hour to the minute, asked for by the browser's own field."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str | None = None) -> None:  # noqa: A002
        super().__init__(attrs, format or "%H:%M")


class InstantInput(forms.SplitDateTimeWidget):
    """A day and an hour in the current time zone, which is said beside them; values as in Django's split field."""

    template_name = "admin/widgets/instant.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        forms.MultiWidget.__init__(self, [DayInput(), HourInput()], attrs)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        zone = timezone.get_current_timezone_name()
        return {**context, "zone": TimeZone(zone).label if zone in TimeZone.values else zone}

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        """Draw from the project's templates, which the renderer of forms does not see."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))


class StaffFormsMixin:
    """For an admin, or an inline: accessible days and hours, and choices without the links that open windows."""

    formfield_overrides: Mapping[type[models.Field[Any, Any]], Mapping[str, Any]] = {
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": InstantInput},
        models.DateField: {"widget": DayInput},
        models.TimeField: {"widget": HourInput},
    }

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field
