"""The words of each phase, as the seed has them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orientation.models import PhaseKind


@dataclass(frozen=True)
class WritingWords:
    """What a phase in which families rank choices calls things."""

    title: Promise
    term: Promise
    asked: Promise
    must_validate: Promise
    add: Promise
    validate: Promise
    validated: Promise
    enter: Promise


WRITING_WORDS = {
    PhaseKind.INTENTIONS: WritingWords(
        title=_("Intentions d’orientation"),
        term=_("Deuxième trimestre"),
        asked=_("DEMANDE(S) DES REPRÉSENTANTS LÉGAUX / Intention(s) d’orientation."),
        must_validate=_("Vous devez valider vos intentions d’orientation afin qu’elles soient prises en compte."),
        add=_("Ajouter une intention"),
        validate=_("Valider les intentions"),
        validated=_("Vos intentions d’orientation ont bien été validées."),
        enter=_("Je formule les intentions d’orientation"),
    ),
    PhaseKind.FINAL_CHOICES: WritingWords(
        title=_("Choix définitifs"),
        term=_("Troisième trimestre"),
        asked=_("DEMANDE(S) DES REPRÉSENTANTS LÉGAUX / Choix définitif(s)."),
        must_validate=_("Vous devez valider vos choix définitifs afin qu’ils soient pris en compte."),
        add=_("Ajouter un choix définitif"),
        validate=_("Valider les choix définitifs"),
        validated=_("Vos choix définitifs ont bien été validés."),
        enter=_("Je formule les choix définitifs d’orientation"),
    ),
}
