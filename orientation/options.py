"""The lists of specialities of the dialog, rendered once per page: a form widget would draw each option anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from orientation.forms import ChoiceForm
from orientation.models import PathwayGroup, Speciality


def speciality_options(form: ChoiceForm, offered: frozenset[str], taken: Mapping[str, int]) -> dict[str, Any]:
    """Return what the dialog's template shows: groups, series and lists, with what is selected.

    `taken` gives the rank of the pathways that stand elsewhere in the list. No query.
    """
    catalogue = form.catalogue
    general = catalogue.of_group(PathwayGroup.GENERAL)[0]
    options = _options(catalogue.specialities_of(general), offered)
    return {
        "groups": [
            (group, form["group"].value() == group, _rank_of_group(form, group, taken)) for group in PathwayGroup
        ],
        "lists": [
            (form[name], _select(options, form[name].value()), number, name in form.wrong_lists)
            for number, name in enumerate(form.speciality_fields, start=1)
        ],
        "series": [
            (
                series,
                form["series"].value() == series.code,
                taken.get(series.code),
                form[form.series_fields[series.code]] if series.code in form.series_fields else None,
                [
                    (each, form[form.series_fields[series.code]].value() == each.code)
                    for each in catalogue.specialities_of(series)
                ],
            )
            for series in catalogue.of_group(PathwayGroup.TECHNOLOGICAL)
        ],
    }


def _rank_of_group(form: ChoiceForm, group: PathwayGroup, taken: Mapping[str, int]) -> int | None:
    """Return the rank at which a voie that is one pathway by itself already stands."""
    pathways = form.catalogue.of_group(group)
    return taken.get(pathways[0].code) if len(pathways) == 1 else None


def _options(specialities: Iterable[Speciality], offered: frozenset[str]) -> SafeString:
    elsewhere = _(" (hors établissement)")
    groups = []
    for family, members in groupby(specialities, key=lambda each: each.family):
        items = format_html_join(
            "",
            '<option value="{}">{}{}</option>',
            ((each.code, each.label, "" if each.code in offered else elsewhere) for each in members),
        )
        groups.append(format_html('<optgroup label="{}">{}</optgroup>', family, items))
    return mark_safe("".join(groups))  # noqa: S308 - joined from format_html


def _select(options: SafeString, value: str | None) -> SafeString:
    """Return the options with one of them selected."""
    if not value:
        return options
    marked = format_html('<option value="{}">', value)
    selected = format_html('<option value="{}" selected>', value)
    return mark_safe(options.replace(marked, selected))  # noqa: S308 - both escaped
