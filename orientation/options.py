"""The lists of specialities of the dialog, rendered once per page: a form widget would draw each option anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.forms import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from orientation.forms import ChoiceForm
from orientation.models import Pathway, PathwayGroup, Speciality


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
            (
                form[name],
                _("Enseignement de spécialité %(number)s : (*)") % {"number": number},
                _select(options, form[name].value()),
                name in form.wrong_lists,
            )
            for number, name in enumerate(form.speciality_fields, start=1)
        ],
        "series": [
            (
                series,
                form["series"].value() == series.code,
                taken.get(series.code),
                *_list_of_series(form, series),
            )
            for series in catalogue.of_group(PathwayGroup.TECHNOLOGICAL)
        ],
    }


def _list_of_series(form: ChoiceForm, series: Pathway) -> tuple[BoundField | None, SafeString]:
    """Return the field of the speciality that a series asks, with its options; None where it asks for none."""
    name = form.series_fields.get(series.code)
    if name is None:
        return None, mark_safe("")
    options = format_html_join(
        "",
        '<option value="{}">{}</option>',
        ((each.code, each.label) for each in form.catalogue.specialities_of(series)),
    )
    return form[name], _select(options, form[name].value())


def _rank_of_group(form: ChoiceForm, group: PathwayGroup, taken: Mapping[str, int]) -> int | None:
    """Return the rank at which a voie that is one pathway by itself already stands."""
    pathways = form.catalogue.of_group(group)
    return taken.get(pathways[0].code) if len(pathways) == 1 else None


def _options(specialities: Iterable[Speciality], offered: frozenset[str]) -> SafeString:
    elsewhere = _(" (hors établissement)")
    return _grouped(
        tuple(
            (each.family, each.code, f"{each.label}{'' if each.code in offered else elsewhere}")
            for each in specialities
        )
    )


@lru_cache(maxsize=512)
def _grouped(options: tuple[tuple[str, str, str], ...]) -> SafeString:
    """Return the options by family, as text: the same in all the dialogs of a school."""
    groups = []
    for family, members in groupby(options, key=itemgetter(0)):
        items = format_html_join("", '<option value="{}">{}</option>', (member[1:] for member in members))
        groups.append(format_html('<optgroup label="{}">{}</optgroup>', family, items))
    return mark_safe("".join(groups))  # noqa: S308 - joined from format_html


def _select(options: SafeString, value: str | None) -> SafeString:
    """Return the options with one of them selected."""
    if not value:
        return options
    marked = format_html('<option value="{}">', value)
    selected = format_html('<option value="{}" selected>', value)
    return mark_safe(options.replace(marked, selected))  # noqa: S308 - both escaped
