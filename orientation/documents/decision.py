"""The notification of décisions d'orientation on paper: one, or those of a class for the families that get paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.languages import in_french
from orientation.decisions.wording import legal_basis, recourses, said_replaced
from orientation.documents.frame import frame
from orientation.documents.typesetting import typeset
from orientation.models import Decision, DecisionKind
from schools.models import School, Student
from schools.times import spoken_instant


@in_french
def decisions_pdf(
    decisions: Sequence[Decision], school: School, *, replaced: Mapping[int, Decision], at: datetime
) -> bytes:
    """Return the notifications of these decisions of a school as one tagged PDF, each on pages of its own. No query.

    Each has its student and its phase's campaign. `replaced` holds, by their keys, what took the place of those of
    them that no longer stand. `at` is the aware instant that the document bears as its date.
    Nobody's contact data but the school's is in it (decision 16): each guardian and the student may read it.
    """
    heading = _("Notification de décision d’orientation")
    title = heading
    if len(decisions) == 1:
        title = f"{heading} {decisions[0].reference} — {decisions[0].student.full_name}"
    data = frame(heading=heading, title=title, footer="")
    told = [_decision(each, school, replaced.get(each.pk)) for each in decisions]
    return typeset("decision.typ", data | {"decisions": told}, at=at)


def decision_pdf(decision: Decision, *, replaced_by: Decision | None) -> bytes:
    """Return the notification of one decision, the same bytes each time as long as it stands."""
    replaced = {decision.pk: replaced_by} if replaced_by else {}
    return decisions_pdf([decision], decision.phase.campaign.school, replaced=replaced, at=decision.issued_at)


def _decision(decision: Decision, school: School, replaced_by: Decision | None) -> dict[str, Any]:
    return {
        "footer": _("Décision n° %(reference)s") % {"reference": decision.reference},
        "facts": [
            {"heading": _("Établissement"), "pairs": _school_facts(school)},
            {"heading": _("Élève"), "pairs": _student_facts(decision.student, decision)},
            {"heading": _("Décision"), "pairs": _decision_facts(decision, school)},
        ],
        "decided_heading": _("Voie d’orientation décidée"),
        "decided": decision.label,
        "replaces": _replaces(decision, replaced_by),
        "reasons_heading": _("Motifs"),
        "reasons": decision.reasons,
        "sections": [
            {"heading": _("Textes"), "paragraphs": legal_basis(decision)},
            {"heading": _("Voies de recours"), "paragraphs": recourses(decision)},
        ],
        "signatures": [
            {"who": _signatory(decision), "words": _("Date, signature et cachet")},
            {"who": _("Représentant légal"), "words": _("Notification reçue le, et signature")},
        ],
    }


def _school_facts(school: School) -> list[tuple[str, str]]:
    facts = [
        (_("Nom"), _("%(name)s (UAI %(uai)s)") % {"name": school, "uai": school.uai}),
        (_("Adresse"), school.address),
        (_("Téléphone"), school.phone),
        (_("Adresse électronique"), school.email),
    ]
    return [(label, value) for label, value in facts if value]


def _student_facts(student: Student, decision: Decision) -> list[tuple[str, str]]:
    return [
        (_("Nom"), student.full_name),
        (_("Date de naissance"), date_format(student.birth_date, "j F Y")),
        *([(_("Classe"), decision.division_name)] if decision.division_name else []),
    ]


def _decision_facts(decision: Decision, school: School) -> list[tuple[str, str]]:
    year = decision.phase.campaign.school_year
    nature = str(decision.decision_kind.label)
    facts = [
        (_("Numéro"), decision.reference),
        (_("Nature"), nature[:1].upper() + nature[1:]),
        (_("Année scolaire"), f"{year}-{year + 1}"),
        (_("Prise le"), date_format(decision.decided_on, "l j F Y") if decision.decided_on else ""),
        (_("Notifiée le"), spoken_instant(decision.issued_at, school)),
        (_("Notifiée par"), decision.issuer_name),
        (_("Demande de la famille"), _("décision conforme") if decision.is_conform else _("décision non conforme")),
    ]
    return [(label, value) for label, value in facts if value]


def _replaces(decision: Decision, replaced_by: Decision | None) -> str:
    """Say which decision this one replaces, and which one replaces it: it is then no longer worth anything."""
    said = []
    if decision.replaces:
        said.append(_("Cette décision remplace la décision n° %(number)d.") % {"number": decision.replaces.number})
    if replaced_by:
        said.append(f"{said_replaced(decision, replaced_by)}.")
    return " ".join(said)


def _signatory(decision: Decision) -> str:
    if decision.kind == DecisionKind.COMMISSION:
        return _("Le chef d’établissement, pour notification")
    return _("Le chef d’établissement")
