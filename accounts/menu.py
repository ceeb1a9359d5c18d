"""The services that a signed-in family is offered: one registry, into which each service's app puts itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from accounts.actors import Actor, StudentFile, actor_of


@dataclass(frozen=True)
class MenuEntry:
    """A service as the menu shows it. Without `url` it is greyed, and `reason` says why (decision 9).

    `elsewhere` is the page of another site for what is not done here.
    """

    label: str
    url: str
    reason: str = ""
    is_current: bool = False
    elsewhere: str = ""


@dataclass(frozen=True)
class Notice:
    """Something that waits for the person, said on the pages where they arrive."""

    text: str
    url: str
    label: str


def _no_notice(actor: Actor) -> list[Notice]:
    return []


def _no_standing(actor: Actor) -> dict[int, str]:
    return {}


@dataclass(frozen=True)
class Service:
    """A service of the portal: its place in the menu, and how it stands for one file (or for all, with None).

    `notices` says what waits for this person in the service; `standings`, how it stands for each child (by the
    student's key), with its dates.
    """

    code: str
    position: int
    entry: Callable[[Actor, StudentFile | None], MenuEntry]
    notices: Callable[[Actor], list[Notice]] = _no_notice
    standings: Callable[[Actor], dict[int, str]] = _no_standing


_services: dict[str, Service] = {}


def register(service: Service) -> None:
    """Put a service in the menu; called from `AppConfig.ready`."""
    _services[service.code] = service


def notices_for(actor: Actor) -> list[Notice]:
    """Return what waits for this person, over all services."""
    return [notice for service in _services.values() for notice in service.notices(actor)]


def standings_for(actor: Actor) -> dict[int, list[str]]:
    """Return how the services stand for each child, by the student's key."""
    said = [service.standings(actor) for service in _services.values()]
    return {
        file.student.pk: [each[file.student.pk] for each in said if file.student.pk in each] for file in actor.files
    }


def page_context(request: HttpRequest, *, file: StudentFile | None = None, service: str = "") -> dict[str, Any]:
    """Return what the frame of *Mes services* shows: the menu, the open file and the other children's files."""
    actor = actor_of(request)
    services = sorted(_services.values(), key=lambda each: each.position)
    entries = [(each.code, each.entry(actor, file)) for each in services]
    return {
        "menu": [replace(entry, is_current=code == service) for code, entry in entries],
        "file": file,
        "files": actor.files,
    }
