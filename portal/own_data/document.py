"""The data of a person as JSON, for programs, and as a tagged PDF, for people; always in French."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from notifications.languages import in_french
from orientation.documents.frame import frame
from orientation.documents.typesetting import typeset
from portal.own_data.collect import collect
from portal.own_data.person import Person
from portal.own_data.sections import Section
from schools.models import School
from schools.times import spoken_instant

FORMAT_VERSION = 1


@in_french
def own_data_json(person: Person, *, at: datetime) -> bytes:
    """Return the data of a person as JSON (UTF-8); instants are ISO 8601, in the zone of their school."""
    data = {
        "format": FORMAT_VERSION,
        "made_at": _iso(at, person.school),
        "sections": [_as_data(each, person.school) for each in collect(person)],
    }
    return json.dumps(data, ensure_ascii=False, indent=2).encode()


@in_french
def own_data_pdf(person: Person, *, at: datetime) -> bytes:
    """Return the data of a person as a tagged PDF."""
    heading = _("Mes données personnelles")
    data = frame(heading=heading, title=f"{heading} — {person.full_name}", footer=heading)
    data |= {
        "introduction": [
            _("Données de %(name)s, telles qu’enregistrées le %(at)s.")
            % {"name": person.full_name, "at": spoken_instant(at, person.school)},
            _("Ce document ne contient les coordonnées de personne d’autre."),
        ],
        "nothing": _("Rien n’est enregistré."),
        "sections": [_as_words(each, person.school) for each in collect(person)],
    }
    return typeset("own_data.typ", data, at=at)


def _as_data(section: Section, school: School) -> dict[str, Any]:
    entries = [{fact.name: _json_value(fact.value, school) for fact in each.facts} for each in section.entries]
    note = {"note": section.note} if section.note else {}
    return {"name": section.name, "heading": str(section.heading), **note, "entries": entries}


def _json_value(value: Any, school: School) -> Any:
    if isinstance(value, datetime):
        return _iso(value, school)
    return value.isoformat() if isinstance(value, date) else value


def _iso(instant: datetime, school: School) -> str:
    return instant.astimezone(school.zone).isoformat()


def _as_words(section: Section, school: School) -> dict[str, Any]:
    entries = [[(str(fact.label), fact.spoken(school)) for fact in each.facts] for each in section.entries]
    return {"heading": str(section.heading), "note": section.note, "entries": entries}
