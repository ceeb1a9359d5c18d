"""How decisions and their recourses are said, on the pages and on paper."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orientation.models import Decision, DecisionKind
from schools.models import School, TimeZone

LEGAL_BASIS: dict[DecisionKind, Promise] = {
    DecisionKind.AGREEMENT: gettext_lazy(
        "Article D331-33 du code de l’éducation : la proposition du conseil de classe à laquelle la famille a donné "
        "son accord devient la décision d’orientation, notifiée par le chef d’établissement."
    ),
    DecisionKind.REASONED: gettext_lazy(
        "Article D331-34 du code de l’éducation : en l’absence d’accord, le chef d’établissement reçoit l’élève et ses "
        "représentants légaux, puis prend la décision d’orientation, qu’il motive et notifie."
    ),
    DecisionKind.COMMISSION: gettext_lazy(
        "Article D331-35 du code de l’éducation : la décision prise par la commission d’appel vaut décision "
        "d’orientation définitive."
    ),
}
PATHWAYS_TEXT = gettext_lazy("Arrêté du 19 juillet 2019 relatif aux voies d’orientation.")

APPEAL = (
    gettext_lazy(
        "Cette décision peut faire l’objet d’un appel dans les trois jours ouvrables qui suivent la réception de sa "
        "notification : du lundi au samedi, jours fériés exclus, le jour de la réception ne comptant pas. Reçue un "
        "vendredi, elle peut être contestée jusqu’au mardi suivant à 24 h, sauf jour férié."
    ),
    gettext_lazy(
        "L’appel est formé par les représentants légaux, ou par l’élève majeur, auprès du chef d’établissement, qui "
        "transmet le dossier à la commission d’appel. Une lettre peut y être jointe."
    ),
    gettext_lazy(
        "Dites en même temps si vous souhaitez être entendus par la commission. Un élève mineur peut l’être à sa "
        "demande, avec l’accord de ses représentants légaux."
    ),
)
MAINTIEN = gettext_lazy(
    "Article D331-37 du code de l’éducation : si vous n’obtenez pas satisfaction pour les voies demandées, vous "
    "pouvez, de droit, obtenir le maintien de l’élève dans sa classe d’origine pour une seule année scolaire, "
    "avec ou sans appel."
)
NO_APPEAL = gettext_lazy(
    "Cette décision est conforme à ce que la famille a demandé ou accepté. Pour toute question, "
    "contactez l’établissement."
)
FINAL = gettext_lazy("La décision de la commission d’appel est définitive.")


def recourses(decision: Decision) -> list[str]:
    """Return what the family may do against a decision, a paragraph each (decision 13)."""
    if decision.kind == DecisionKind.COMMISSION:
        return [str(FINAL), *([] if decision.is_conform else [str(MAINTIEN)])]
    if decision.is_conform:
        return [str(NO_APPEAL)]
    return [*(str(each) for each in APPEAL), str(MAINTIEN)]


def legal_basis(decision: Decision) -> list[str]:
    """Return the texts by which a decision is taken (domain, 1.4)."""
    return [str(LEGAL_BASIS[decision.decision_kind]), str(PATHWAYS_TEXT)]


def spoken_last_day(day: date, school: School) -> str:
    """Return the end of a delay in words: `mardi 8 juin 2027 à 24 h (heure de Paris)`."""
    return _("%(day)s à 24 h (%(zone)s)") % {
        "day": date_format(day, "l j F Y"),
        "zone": TimeZone(school.time_zone).label,
    }


def said_replaced(decision: Decision, newer: Decision | None) -> str:
    """Return what is said of a decision whose place another one took; nothing of one that stands.

    An agreement was a mistake: the head's own decision cancels it. Those taken without one are replaced.
    """
    if newer is None:
        return ""
    if decision.kind == DecisionKind.AGREEMENT:
        return _("Annulée et remplacée par la décision n° %(number)d") % {"number": newer.number}
    return _("Remplacée par la décision n° %(number)d") % {"number": newer.number}
