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


@dataclass(frozen=True)
class CouncilWords:
    """What a phase in which families read the council calls things; `url_name` is its page."""

    title: Promise
    url_name: str
    not_published: Promise
    consult: Promise
    act: Promise


COUNCIL_WORDS = {
    PhaseKind.PROVISIONAL_OPINIONS: CouncilWords(
        title=_("Avis provisoires du conseil de classe"),
        url_name="orientation:opinions",
        not_published=_("Le conseil de classe n’a pas encore publié ses avis provisoires."),
        consult=_("Je consulte les avis provisoires du conseil de classe"),
        act=_("Je consulte les avis provisoires du conseil de classe et j’en accuse réception"),
    ),
    PhaseKind.PROPOSALS: CouncilWords(
        title=_("Propositions du conseil de classe"),
        url_name="orientation:proposals",
        not_published=_("Le conseil de classe n’a pas encore publié ses propositions."),
        consult=_("Je consulte les propositions du conseil de classe"),
        act=_("Je consulte et je réponds aux propositions du conseil de classe"),
    ),
}
