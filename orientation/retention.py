"""How long what families and schools did in the service is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.retention import Rule, register, register_hold
from orientation.models import (
    Acknowledgement,
    Choice,
    ChoiceSpeciality,
    CouncilSheet,
    Decision,
    DecisionReading,
    DialogueStep,
    DivisionPublication,
    Draft,
    FamilyAnswer,
    Phase,
    Reminder,
    SheetReading,
    StepKind,
    Submission,
)
from schools.models import Student
from schools.retention import AFTER_SCHOOL_YEAR, FILES_KEPT, cutoff_of_files, school_years_past

_OF_A_PUPIL: tuple[type[Model], ...] = (Draft, Submission, CouncilSheet, Decision, DialogueStep, Reminder)


def register_rules() -> None:
    """Make the rules of this room known."""
    register_hold(_appealing)
    register(
        Rule(
            name="orientation.files",
            what=_(
                "Dossier d’orientation d’une année (brouillons, demandes validées, avis, propositions, réponses, "
                "décisions, étapes du dialogue, relances et lectures)"
            ),
            kept=FILES_KEPT,
            since=AFTER_SCHOOL_YEAR,
            past=_pupils,
            with_them=_files,
            keeps_subjects=True,
            cutoff=cutoff_of_files,
        ),
        Rule(
            name="orientation.publications",
            what=_("Publications des réponses du conseil de classe"),
            kept=FILES_KEPT,
            since=AFTER_SCHOOL_YEAR,
            past=lambda at: DivisionPublication.objects.filter(phase__in=_phases(at), sheets=None),
            cutoff=cutoff_of_files,
        ),
    )


def _phases(at: datetime) -> QuerySet[Phase]:
    return Phase.objects.filter(school_years_past(at, year="campaign__school_year", zone="campaign__school__time_zone"))


def _appealing(at: datetime) -> QuerySet[Student, Any]:
    """The pupils for whom an appeal waits for the commission's decision, whatever the year."""
    appeals = DialogueStep.objects.filter(kind=StepKind.APPEAL, cancelled_at=None, decision__replaced_by=None)
    return Student.objects.filter(dialogue_steps__in=appeals).values("pk")


def _pupils(at: datetime) -> QuerySet[Student]:
    """Those of whom such a year still holds something, but for who waits for the commission d'appel."""
    of_pupil, something = {"student": OuterRef("pk"), "phase__in": _phases(at).values("pk")}, Q()
    for model in _OF_A_PUPIL:
        something |= Q(Exists(model._base_manager.filter(**of_pupil)))
    return Student.objects.filter(something).exclude(pk__in=_appealing(at))


def _files(keys: Sequence[int], at: datetime) -> Iterator[QuerySet[Any]]:
    """What such years hold of these pupils, in the order in which it may go."""
    phases = list(_phases(at).filter(campaign__school__students__in=keys).distinct().values_list("pk", flat=True))
    own = {"student__in": keys, "phase__in": phases}
    of_sheets = {f"sheet__{name}": value for name, value in own.items()}
    yield DecisionReading.objects.filter(decision__in=Decision.objects.filter(**own))
    yield DialogueStep.objects.filter(**own)
    while (newest := Decision.objects.filter(**own, replaced_by=None)).exists():  # each protects the one it replaces
        yield newest
    yield FamilyAnswer.objects.filter(**{f"answer__{name}": value for name, value in of_sheets.items()})
    yield Acknowledgement.objects.filter(**of_sheets)
    yield SheetReading.objects.filter(**of_sheets)
    yield CouncilSheet.objects.filter(**own)
    submissions = Submission.objects.filter(**own)
    yield ChoiceSpeciality.objects.filter(choice__submission__in=submissions)
    yield Choice.objects.filter(submission__in=submissions)
    yield submissions
    yield Draft.objects.filter(**own)
    yield Reminder.objects.filter(**own)
