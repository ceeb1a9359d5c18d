"""Why an act on changed coordinates is refused. `str(error)` is the French sentence to show."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ChangeRefused(Exception):
    """The act cannot be done."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class MayNotFollowChanges(ChangeRefused):
    """This member of staff does not do this act here; answered 403."""

    sentence = _("Votre rôle dans l’établissement ne permet pas cet acte.")


class AlreadySettled(ChangeRefused):
    """The change no longer waits; answered 409."""

    sentence = _("Cette modification n’est plus à reprendre : elle a été remplacée, reprise ou écartée entre-temps.")


class ReasonMissing(ChangeRefused):
    """A refusal says why; answered 422."""

    sentence = _("Indiquez pourquoi cette modification n’est pas reprise : le motif est montré à son auteur.")
