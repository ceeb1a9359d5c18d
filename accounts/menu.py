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


@dataclass(frozen=True)
class Service:
    """A service of the portal: its place in the menu, and how it stands for one file (or for all, with None).

    `notices` says what waits for this person in the service.
    """

    code: str
    position: int
    entry: Callable[[Actor, StudentFile | None], MenuEntry]
    notices: Callable[[Actor], list[Notice]] = _no_notice


_services: dict[str, Service] = {}


def register(service: Service) -> None:
    """Put a service in the menu; called from `AppConfig.ready`."""
    _services[service.code] = service


def notices_for(actor: Actor) -> list[Notice]:
    """Return what waits for this person, over all services."""
    return [notice for service in _services.values() for notice in service.notices(actor)]


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
