"""Writing to families: each function is one act in one transaction. Only those who steer write (StaffAct.STEER)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from schools.messages.errors import ChangedMeanwhile, MayNotWriteMessages, PeriodRefused, UnknownAudience
from schools.models import Audience, Division, School, SchoolMessage
from schools.policies import ROLES_OF_ACT, StaffAct
from schools.staff import schools_of_staff

By = Any
"""An account: this room names the user model by its setting only."""


@dataclass(frozen=True, kw_only=True)
class MessageContent:
    """What a message says, when and to whom. Instants are aware, the end excluded."""

    title: str
    body: str
    shown_from: datetime
    shown_until: datetime
    audience: Audience
    mef_prefix: str = ""
    divisions: Collection[Division] = ()

    def fields(self) -> dict[str, Any]:
        """Return the columns of the message: what its audience does not use is empty."""
        return {
            "title": self.title,
            "body": self.body,
            "shown_from": self.shown_from,
            "shown_until": self.shown_until,
            "audience": self.audience,
            "mef_prefix": self.mef_prefix if self.audience is Audience.LEVEL else "",
        }

    def shown_to(self) -> Collection[Division]:
        return self.divisions if self.audience is Audience.DIVISIONS else ()


@transaction.atomic
def write_message(*, school: School, key: UUID, content: MessageContent, by: By, at: datetime) -> SchoolMessage:
    """Write a message to a school's families. `key` is the form's: the same form sent twice writes one message.

    Raises MessageRefused.
    """
    _check_right(school, by)
    _check(school, content)
    values = {**content.fields(), "school": school, "author": by, "changed_at": at}
    message, is_new = SchoolMessage.objects.get_or_create(school=school, key=key, defaults=values)
    if is_new:
        message.divisions.set(content.shown_to())
    return message


@transaction.atomic
def change_message(
    *, message: SchoolMessage, content: MessageContent, seen: datetime, by: By, at: datetime
) -> SchoolMessage:
    """Change a message. `seen` is when the version that the form showed was written. Raises MessageRefused."""
    locked = _locked(message, by)
    _check(locked.school, content)
    if locked.changed_at != seen:
        raise ChangedMeanwhile(
            _("Ce message a été modifié entre-temps : relisez la version actuelle, puis reprenez votre modification.")
        )
    for name, value in content.fields().items():
        setattr(locked, name, value)
    locked.author, locked.changed_at = by, at
    locked.save()
    locked.divisions.set(content.shown_to())
    return locked


@transaction.atomic
def end_message(*, message: SchoolMessage, by: By, at: datetime) -> SchoolMessage:
    """Take a message away from the families' pages now; one that is still to come will not be shown.

    Raises MayNotWriteMessages.
    """
    locked = _locked(message, by)
    if locked.shown_until > at:
        locked.shown_until = max(at, locked.shown_from)
        locked.changed_at = at
        locked.save(update_fields=["shown_until", "changed_at"])
    return locked


def _locked(message: SchoolMessage, by: By) -> SchoolMessage:
    _check_right(message.school, by)
    return SchoolMessage.objects.select_for_update(of=("self",)).select_related("school").get(pk=message.pk)


def _check_right(school: School, by: By) -> None:
    if not schools_of_staff(by, ROLES_OF_ACT[StaffAct.STEER]).filter(pk=school.pk).exists():
        raise MayNotWriteMessages(_("Seuls le chef d’établissement et son adjoint écrivent aux familles."))


def _check(school: School, content: MessageContent) -> None:
    if content.shown_until <= content.shown_from:
        raise PeriodRefused(_("La fin de l’affichage doit venir après son début."))
    if content.audience is Audience.LEVEL and not content.mef_prefix:
        raise UnknownAudience(_("Choisissez le niveau auquel ce message s’adresse."))
    if content.audience is Audience.DIVISIONS and not content.divisions:
        raise UnknownAudience(_("Choisissez au moins une classe."))
    if any(division.school_id != school.pk for division in content.divisions):
        raise UnknownAudience(_("Une de ces classes n’est pas de l’établissement."))
