"""The receipt (récépissé) of a submission: what a family keeps, and shows when in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.languages import in_french
from orientation.documents.frame import frame
from orientation.documents.typesetting import typeset
from orientation.models import Phase, PhaseKind, Submission
from orientation.queries import RankedChoice
from schools.models import School, Student
from schools.names import of_person
from schools.times import spoken_instant

Pairs = list[tuple[str, str]]

WHAT_COMES_NEXT: dict[PhaseKind, Promise] = {
    PhaseKind.INTENTIONS: gettext_lazy(
        "Le conseil de classe du deuxième trimestre étudiera la demande la plus récente "
        "et donnera ses avis provisoires."
    ),
    PhaseKind.FINAL_CHOICES: gettext_lazy(
        "Le conseil de classe du troisième trimestre étudiera la demande la plus récente. "
        "La famille pourra ensuite consulter ses propositions et y répondre dans Scolarité Services."
    ),
}


@in_french
def receipt_pdf(
    submission: Submission, *, student: Student, phase: Phase, choices: Sequence[RankedChoice], newest_number: int
) -> bytes:
    """Return the receipt of a submission of this student in this phase, as a tagged PDF. No query.

    `newest_number` is the number of the submission that counts today. Nobody's contact data but the school's is in it
    (decision 16): the other guardian and the student may read it.
    """
    data = _frame(submission, student, phase) | _content(submission, student, phase, choices, newest_number)
    return typeset("receipt.typ", data, at=submission.submitted_at)


def _frame(submission: Submission, student: Student, phase: Phase) -> dict[str, Any]:
    heading = _("Récépissé de la demande d’orientation")
    title = _("%(heading)s n° %(number)d — %(phase)s — %(student)s") % {
        "heading": heading,
        "number": submission.number,
        "phase": phase.phase_kind.label,
        "student": student.full_name,
    }
    footer = _("Demande n° %(number)d — référence %(reference)s") % {
        "number": submission.number,
        "reference": submission.public_id,
    }
    return frame(heading=heading, title=title, footer=footer)


def _content(
    submission: Submission, student: Student, phase: Phase, choices: Sequence[RankedChoice], newest_number: int
) -> dict[str, Any]:
    return {
        "facts": [
            {"heading": _("Élève"), "pairs": _student_facts(student)},
            {"heading": _("Établissement"), "pairs": _school_facts(student.school)},
            {"heading": _("Demande"), "pairs": _submission_facts(submission, phase, newest_number)},
        ],
        "ranks_heading": _("Nous souhaitons pour la rentrée prochaine :"),
        "ranks": [_rank(each) for each in choices],
        "sections": [
            {"heading": _("Et maintenant ?"), "paragraphs": [_until(phase), str(WHAT_COMES_NEXT[phase.phase_kind])]},
            {"heading": _("À propos de ce récépissé"), "paragraphs": _about()},
        ],
        "reference": [(_("Référence"), str(submission.public_id))],
        "url_label": _("Page de la demande"),
        "url": _page_address(submission, student, phase),
    }


def _student_facts(student: Student) -> Pairs:
    return [(_("Nom"), student.full_name), *_given([(_("Classe"), str(student.division or ""))])]


def _school_facts(school: School) -> Pairs:
    return _given(
        [
            (_("Nom"), _("%(name)s (UAI %(uai)s)") % {"name": school, "uai": school.uai}),
            (_("Adresse"), school.address),
            (_("Téléphone"), school.phone),
            (_("Adresse électronique"), school.email),
        ]
    )


def _submission_facts(submission: Submission, phase: Phase, newest_number: int) -> Pairs:
    year = phase.campaign.school_year
    return [
        (_("Phase"), f"{phase.phase_kind.period} — {phase.phase_kind.label}"),
        (_("Année scolaire"), f"{year}-{year + 1}"),
        (_("Numéro"), str(submission.number)),
        (_("Validée le"), spoken_instant(submission.submitted_at, phase.campaign.school)),
        _author(submission),
        (_("Situation"), _standing(submission, newest_number)),
    ]


def _author(submission: Submission) -> tuple[str, str]:
    if submission.entered_by_name:
        value = _("l’établissement (%(entered_by)s), au nom %(of_guardian)s") % {
            "entered_by": submission.entered_by_name,
            "of_guardian": of_person(submission.guardian_name),
        }
        return (_("Saisie par"), value)
    return (_("Validée par"), submission.guardian_name)


def _standing(submission: Submission, newest_number: int) -> str:
    if submission.number == newest_number:
        return _(
            "Demande la plus récente le jour du téléchargement : c’est elle qui compte, "
            "tant qu’une autre n’est pas validée."
        )
    return _(
        "Remplacée par la demande n° %(number)d, qui compte à sa place. Cette demande est gardée comme historique."
    ) % {"number": newest_number}


def _rank(choice: RankedChoice) -> dict[str, Any]:
    several = len(choice.specialities) > 1
    return {
        "heading": _("Rang %(rank)d") % {"rank": choice.rank},
        "label": choice.label,
        "specialities_heading": _("Enseignements de spécialité choisis :") if several else _("Spécialité :"),
        "specialities": [
            _("%(speciality)s (hors établissement)") % {"speciality": label} if is_elsewhere else label
            for label, is_elsewhere in choice.specialities
        ],
        "note_heading": _("Précision :"),
        "note": choice.note,
    }


def _until(phase: Phase) -> str:
    return _(
        "Les choix peuvent être modifiés jusqu’à la fermeture du téléservice, le %(at)s. "
        "Une modification doit être validée à nouveau ; elle donne une nouvelle demande et un nouveau récépissé."
    ) % {"at": spoken_instant(phase.closes_at, phase.campaign.school)}


def _about() -> list[str]:
    return [_("Ce récépissé ne contient les coordonnées d’aucun représentant légal.")]


def _page_address(submission: Submission, student: Student, phase: Phase) -> str:
    arguments = [student.public_id, phase.phase_kind.slug, submission.number]
    return f"{settings.SITE_URL}{reverse('orientation:submission', args=arguments)}"


def _given(pairs: Pairs) -> Pairs:
    return [(label, value) for label, value in pairs if value]
