"""What a person did in the service, and what was decided of them: a guardian's own acts, a pupil's own file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Prefetch, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from orientation.models import (
    Acknowledgement,
    Choice,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DecisionReading,
    DialogueStep,
    DraftRevision,
    FamilyAnswer,
    Phase,
    Reminder,
    SetAside,
    SheetReading,
    Submission,
)
from orientation.queries import ranked, wishes_of
from portal.own_data.sections import Entry, Section, entry, section


def guardian_acts(user: User | None, records: list[int]) -> Iterator[Section]:
    """Return what a guardian wrote, validated, answered and read."""
    if not records:
        return
    yield section("drafts", _("Brouillons écrits"), _drafts(user))
    yield section("set_aside", _("Modifications mises de côté"), _set_aside(user))
    own = Submission.objects.filter(guardian__in=records)
    yield section("submissions", _("Demandes validées"), _submissions(own))
    yield section("acknowledgements", _("Accusés de réception"), _acknowledgements(records))
    yield section("answers", _("Réponses aux propositions"), _answers(records))
    yield section("own_readings", _("Avis, propositions et décisions lus"), _own_readings(user))
    yield section("reminders", _("Relances reçues"), _reminders(records))


def student_acts(students: list[int]) -> Iterator[Section]:
    """Return what a pupil may read of their own file (decision 3): never a draft, nor what is not published."""
    if not students:
        return
    yield section("file_submissions", _("Demandes validées pour l’élève"), _submissions(_of(Submission, students)))
    yield section("council", _("Réponses publiées du conseil de classe"), _council(students))
    yield section("decisions", _("Décisions d’orientation"), _decisions(students))
    yield section("steps", _("Étapes du dialogue"), _steps(students))


def _of(model: type[Any], students: list[int]) -> QuerySet[Any]:
    found: QuerySet[Any] = model.objects.filter(student__in=students)
    return found


def _phase(phase: Phase) -> str:
    year = phase.campaign.school_year
    return f"{phase.phase_kind.label}, {year}-{year + 1}"


def _drafts(user: User | None) -> Iterator[Entry]:
    if user is None:
        return
    revisions = DraftRevision.objects.filter(changed_by=user).select_related("draft__student", "draft__phase__campaign")
    for revision in revisions.order_by("changed_at", "pk"):
        yield entry(
            ("student", _("Élève"), revision.draft.student.full_name),
            ("phase", _("Phase"), _phase(revision.draft.phase)),
            ("version", _("Version"), revision.version),
            ("choices", _("Choix"), _wishes(revision)),
            ("changed_at", _("Écrite le"), revision.changed_at),
        )


def _set_aside(user: User | None) -> Iterator[Entry]:
    """What they wrote over another's newer version, which is in no version of the draft."""
    if user is None:
        return
    found = SetAside.objects.filter(written_by=user).select_related("draft__student", "draft__phase__campaign")
    for each in found.order_by("written_at", "pk"):
        yield entry(
            ("student", _("Élève"), each.draft.student.full_name),
            ("phase", _("Phase"), _phase(each.draft.phase)),
            ("choices", _("Choix"), _wishes(each)),
            ("written_at", _("Écrite le"), each.written_at),
            ("settled_at", _("Réglée le"), each.settled_at),
        )


def _wishes(holder: DraftRevision | SetAside) -> list[str]:
    choices = ranked(wishes_of(holder), frozenset())
    return [_line(c.rank, c.label, [name for name, _here in c.specialities], c.note) for c in choices]


def _submissions(submissions: QuerySet[Submission]) -> Iterator[Entry]:
    choices = Prefetch("choices", Choice.objects.prefetch_related("choice_specialities"))
    found = submissions.select_related("student", "phase__campaign").prefetch_related(choices)
    for submission in found.order_by("submitted_at", "pk"):
        yield entry(
            ("student", _("Élève"), submission.student.full_name),
            ("phase", _("Phase"), _phase(submission.phase)),
            ("number", _("Numéro"), submission.number),
            ("reference", _("Référence"), str(submission.public_id)),
            ("attribution", _("Origine"), submission.attribution),
            ("submitted_at", _("Date et heure"), submission.submitted_at),
            ("choices", _("Choix"), [_choice(each) for each in submission.choices.all()]),
        )


def _choice(choice: Choice) -> str:
    return _line(choice.rank, choice.label, [each.label for each in choice.choice_specialities.all()], choice.note)


def _line(rank: int, label: str, specialities: list[str], note: str) -> str:
    return " — ".join(part for part in (f"{rank}. {label}", ", ".join(specialities), note) if part)


def _acknowledgements(records: list[int]) -> Iterator[Entry]:
    found = Acknowledgement.objects.filter(guardian__in=records).select_related(
        "sheet__student", "sheet__phase__campaign"
    )
    for each in found.order_by("acknowledged_at", "pk"):
        yield entry(
            ("student", _("Élève"), each.sheet.student.full_name),
            ("phase", _("Phase"), _phase(each.sheet.phase)),
            ("attribution", _("Origine"), each.attribution),
            ("acknowledged_at", _("Date et heure"), each.acknowledged_at),
        )


def _answers(records: list[int]) -> Iterator[Entry]:
    found = FamilyAnswer.objects.filter(guardian__in=records).select_related("answer__sheet__student")
    for each in found.order_by("answered_at", "pk"):
        yield entry(
            ("student", _("Élève"), each.answer.sheet.student.full_name),
            ("proposition", _("Proposition"), each.answer.label),
            ("agrees", _("D’accord"), each.agrees),
            ("attribution", _("Origine"), each.attribution),
            ("answered_at", _("Date et heure"), each.answered_at),
        )


def _own_readings(user: User | None) -> Iterator[Entry]:
    if user is None:
        return
    sheets = SheetReading.objects.filter(user=user).select_related("sheet__student", "sheet__phase__campaign")
    for each in sheets.order_by("read_at", "pk"):
        yield entry(
            ("what", _("Objet"), _phase(each.sheet.phase)),
            ("student", _("Élève"), each.sheet.student.full_name),
            ("read_at", _("Première lecture le"), each.read_at),
        )
    decisions = DecisionReading.objects.filter(user=user).select_related("decision__student")
    for reading in decisions.order_by("read_at", "pk"):
        yield entry(
            ("what", _("Objet"), str(reading.decision)),
            ("student", _("Élève"), reading.decision.student.full_name),
            ("read_at", _("Première lecture le"), reading.read_at),
        )


def _reminders(records: list[int]) -> Iterator[Entry]:
    found = Reminder.objects.filter(guardian__in=records).select_related("student", "phase__campaign")
    for each in found.order_by("reminded_at", "pk"):
        yield entry(
            ("student", _("Élève"), each.student.full_name),
            ("phase", _("Phase"), _phase(each.phase)),
            ("reminded_at", _("Date et heure"), each.reminded_at),
        )


def _council(students: list[int]) -> Iterator[Entry]:
    recommended = ArrayAgg("recommended__label", filter=Q(recommended__isnull=False), default=Value([]))
    answers = Prefetch("answers", CouncilAnswer.objects.annotate(recommended_labels=recommended))
    sheets = _of(CouncilSheet, students).filter(publication__withdrawn_at=None).exclude(publication=None)
    for sheet in sheets.select_related("phase__campaign", "publication").prefetch_related(answers).order_by("pk"):
        for answer in sheet.answers.all():
            yield entry(
                ("phase", _("Phase"), _phase(sheet.phase)),
                ("pathway", _("Voie"), answer.label),
                ("verdict", _("Réponse"), answer.get_verdict_display()),
                ("comment", _("Motif ou commentaire"), answer.comment),
                ("recommended", _("Spécialités recommandées"), list(answer.recommended_labels)),
                ("published_at", _("Publiée le"), sheet.publication.published_at),
            )


def _decisions(students: list[int]) -> Iterator[Entry]:
    for each in _of(Decision, students).select_related("phase__campaign__school").order_by("issued_at", "pk"):
        yield entry(
            ("reference", _("Numéro"), each.reference),
            ("kind", _("Nature"), each.get_kind_display()),
            ("pathway", _("Voie"), each.label),
            ("is_conform", _("Conforme à la demande"), each.is_conform),
            ("reasons", _("Motifs"), each.reasons),
            ("decided_on", _("Prise le"), each.decided_on),
            ("issued_at", _("Notifiée le"), each.issued_at),
            ("issuer", _("Notifiée par"), each.issuer_name),
        )


def _steps(students: list[int]) -> Iterator[Entry]:
    for each in _of(DialogueStep, students).order_by("happened_on", "recorded_at", "pk"):
        yield entry(
            ("kind", _("Étape"), each.get_kind_display()),
            ("happened_on", _("Date"), each.happened_on),
            ("outcome", _("Issue"), each.get_outcome_display()),
            ("text", _("Compte rendu"), each.text),
            ("recorded_at", _("Notée le"), each.recorded_at),
            ("cancelled_at", _("Annulée le"), each.cancelled_at),
            *(
                [("wants_to_be_heard", _("Demande à être entendue"), each.wants_to_be_heard)]
                if each.decision_id
                else []
            ),
        )
