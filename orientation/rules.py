"""The rules of the choices (decisions 1, 5, 6, 7), as pure functions over the catalogue."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orientation.errors import Problem
from orientation.models.catalogue import Pathway, PathwayGroup, Speciality
from orientation.models.choices import NOTE_MAX_LENGTH, RANK_MAX


@dataclass(frozen=True)
class Wish:
    """One choice as a person typed it: codes of the catalogue, in the order chosen. Nothing is checked yet."""

    pathway: str
    specialities: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Wish:
        return cls(values["pathway"], tuple(values["specialities"]), values["note"])

    def to_json(self) -> dict[str, Any]:
        return {"pathway": self.pathway, "specialities": list(self.specialities), "note": self.note}


Wishes = tuple[Wish, ...]
"""A list in order of rank."""


class Catalogue:
    """The pathways and specialities that can be chosen, by code."""

    def __init__(self, pathways: Iterable[Pathway], specialities: Iterable[Speciality]) -> None:
        self.pathways = {pathway.code: pathway for pathway in pathways}
        self.specialities = {speciality.code: speciality for speciality in specialities}
        self._specialities_of: dict[int, list[Speciality]] = {}
        for speciality in self.specialities.values():
            if speciality.is_active:
                self._specialities_of.setdefault(speciality.pathway_id, []).append(speciality)

    @classmethod
    def load(cls) -> Catalogue:
        """Read the whole catalogue, with what can no longer be chosen: two queries."""
        return cls(Pathway.objects.all(), Speciality.objects.all())

    @classmethod
    def current(cls, *, holding: Wishes = ()) -> Catalogue:
        """Return the catalogue as read within the last minute: it changes once a year, and every dialog needs it.

        It is read again at once if it does not hold the codes of these wishes.
        """
        global _current
        is_old = _current is None or _current[0] < time.monotonic() - CATALOGUE_MAX_AGE
        if _current is None or is_old or not _current[1].holds(holding):
            _current = (time.monotonic(), cls.load())
        return _current[1]

    def holds(self, wishes: Wishes) -> bool:
        """Whether every code of these wishes is known here."""
        return all(
            wish.pathway in self.pathways and self.specialities.keys() >= set(wish.specialities) for wish in wishes
        )

    def of_group(self, group: str) -> list[Pathway]:
        """The pathways of a group that can be chosen."""
        return [pathway for pathway in self.pathways.values() if pathway.group == group and pathway.is_active]

    def specialities_of(self, pathway: Pathway) -> list[Speciality]:
        """The specialities that can be chosen with a pathway: empty where it asks for none."""
        return self._specialities_of.get(pathway.pk, [])


CATALOGUE_MAX_AGE = 60
"""Seconds for which a process trusts the catalogue it has read."""

_current: tuple[float, Catalogue] | None = None


def forget_catalogue() -> None:
    """Read the catalogue again at the next use."""
    global _current
    _current = None


def check_wish(
    wish: Wish, *, catalogue: Catalogue, speciality_count: int, others: Mapping[str, int] | None = None
) -> list[Problem]:
    """Return what is wrong with a wish; an empty list when it may stand.

    `speciality_count` is how many specialities the phase asks with 1re générale. `others` gives the rank of each
    pathway (by code) that stands elsewhere in the list.
    """
    others = others or {}
    pathway = catalogue.pathways.get(wish.pathway)
    if pathway is None or not pathway.is_active:
        return [Problem("pathway", _("Choisissez une voie d’orientation ou un autre parcours de la liste."))]
    if pathway.code in others:
        message = _("« %(label)s » est déjà choisie au rang %(rank)d : modifiez plutôt ce rang.")
        return [Problem("pathway", message % {"label": pathway.label, "rank": others[pathway.code]})]
    problems = []
    if len(others) >= RANK_MAX:
        problems.append(Problem("pathway", _("Vous avez déjà saisi 11 choix, le maximum.")))
    problems += _check_specialities(wish, pathway, catalogue, speciality_count)
    problems += _check_note(wish, pathway)
    return problems


def problems_of_list(wishes: Wishes, *, catalogue: Catalogue, speciality_count: int) -> list[list[Problem]]:
    """Return what is wrong with each wish of a list, in its order: nothing for those that may stand."""
    ranked = list(enumerate(wishes, start=1))
    return [
        check_wish(
            wish,
            catalogue=catalogue,
            speciality_count=speciality_count,
            others={each.pathway: other for other, each in ranked if other != rank},
        )
        for rank, wish in ranked
    ]


def required_specialities(pathway: Pathway, catalogue: Catalogue, speciality_count: int) -> int:
    """Return how many specialities a pathway asks for: those of the phase, one for STL and S2TMD, none elsewhere."""
    if pathway.group == PathwayGroup.GENERAL:
        return speciality_count
    return 1 if catalogue.specialities_of(pathway) else 0


def _check_specialities(wish: Wish, pathway: Pathway, catalogue: Catalogue, speciality_count: int) -> list[Problem]:
    expected = required_specialities(pathway, catalogue, speciality_count)
    allowed = {each.code: each for each in catalogue.specialities_of(pathway)}
    if any(code not in allowed for code in wish.specialities):
        return [
            Problem("specialities", _("Une spécialité choisie n’existe pas pour « %(label)s ».") % {"label": pathway})
        ]
    if len(set(wish.specialities)) < len(wish.specialities):
        return [Problem("specialities", _("Vous avez choisi deux fois la même spécialité : elles doivent différer."))]
    if len(wish.specialities) > expected:
        message = _("%(given)d enseignements de spécialité sont choisis pour « %(label)s » : gardez-en %(count)d.")
        values = {"given": len(wish.specialities), "count": expected, "label": pathway}
        return [Problem("specialities", message % values)]
    if len(wish.specialities) != expected:
        message = ngettext(
            "Choisissez %(count)d enseignement de spécialité pour « %(label)s ».",
            "Choisissez %(count)d enseignements de spécialité pour « %(label)s ».",
            expected,
        )
        return [Problem("specialities", message % {"count": expected, "label": pathway})]
    exclusive = [allowed[code].exclusive_group for code in wish.specialities if allowed[code].exclusive_group]
    if len(set(exclusive)) < len(exclusive):
        return [Problem("specialities", _("Une seule spécialité d’arts peut être choisie : changez l’une des deux."))]
    return []


def _check_note(wish: Wish, pathway: Pathway) -> list[Problem]:
    if wish.note and pathway.group != PathwayGroup.OTHER:
        return [Problem("note", _("Une précision ne peut accompagner qu’un autre parcours."))]
    if len(wish.note) > NOTE_MAX_LENGTH:
        return [
            Problem(
                "note",
                _("Votre texte a %(length)d caractères : %(maximum)d au plus.")
                % {"length": len(wish.note), "maximum": NOTE_MAX_LENGTH},
            )
        ]
    return []


def with_wish(wishes: Wishes, wish: Wish, *, replacing: str = "") -> Wishes:
    """Return the list with a wish in the place of the one on the pathway `replacing`, or at its end."""
    if any(each.pathway == replacing for each in wishes):
        return tuple(wish if each.pathway == replacing else each for each in wishes)
    return wishes if wish in wishes else (*wishes, wish)


def without(wishes: Wishes, pathway: str) -> Wishes:
    """Return the list without the wish on this pathway; those below move up."""
    return tuple(each for each in wishes if each.pathway != pathway)


def moved(wishes: Wishes, pathway: str, rank: int) -> Wishes:
    """Return the list with the wish on this pathway at `rank` (from 1; brought into bounds), the others in order."""
    rest = without(wishes, pathway)
    found = tuple(each for each in wishes if each.pathway == pathway)
    index = min(max(rank, 1), len(wishes)) - 1
    return (*rest[:index], *found, *rest[index:])
