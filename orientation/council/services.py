"""What the council and the head do: each function is one act in one transaction.

All take `by` (the account) and `at` (the aware instant at which the act arrived). They read the rights, the dates and
the versions again under their locks, and doing an act twice is harmless. They raise the errors of
`orientation.council.errors`, and `orientation.errors.NotAllowed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from orientation.council import mails, rules
from orientation.council.errors import (
    AlreadyRead,
    AnswersRefused,
    CannotPublishNow,
    DialogueFollows,
    EntryNotBegun,
    LinesMissing,
    ListChangedSince,
    NobodyToPublish,
    SheetChangedByOther,
    SheetPublished,
)
from orientation.council.lines import Line, asked_in, lines_of, newest_submission, typed_again
from orientation.council.queries import (
    CouncilPhases,
    families_having_read,
    pupils_of,
    recipients_of,
    standing_publications,
)
from orientation.council.rules import Answers
from orientation.errors import NotAllowed, OrientationError
from orientation.models import (
    Choice,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DialogueStep,
    DivisionPublication,
    Phase,
    PhaseState,
    SheetReading,
    Submission,
)
from orientation.rules import Catalogue
from schools.models import Division, Student
from schools.policies import StaffAct
from schools.staff import divisions_of_staff, students_of_staff


@transaction.atomic
def save_sheet(
    *,
    student: Student,
    phase: Phase,
    answers: Answers,
    version: int,
    submission_id: int | None,
    by: User,
    at: datetime,
) -> CouncilSheet:
    """Keep what the council says of a pupil, complete or not; `answers` is the whole line.

    `version` is that of the sheet, and `submission_id` the family's list, that the page showed. The same answers
    again write nothing. Raises EntryNotBegun, SheetPublished, ListChangedSince, AnswersRefused, or
    SheetChangedByOther with both versions.
    """
    if not students_of_staff(by, StaffAct.ENTER_COUNCIL).filter(pk=student.pk).exists():
        raise NotAllowed(_("Votre fonction ne permet pas de saisir pour cet élève."))
    phases = _lock_for_entry(phase, at=at)
    if student.left_on or not phase.campaign.takes(student):
        raise NotAllowed(_("La campagne ne concerne pas cet élève."))
    sheet = _get_or_create_locked(student, phase, by=by, at=at)
    if sheet.publication_id:
        raise SheetPublished
    submission = newest_submission(student, phases.writing)
    if (submission and submission.pk) != submission_id:
        raise ListChangedSince
    asked = asked_in(submission)
    typed = _checked(answers, phases, asked)
    held = list(sheet.answers.select_related("pathway").prefetch_related("recommended"))
    if typed_again(held) == typed and sheet.submission_id == submission_id:
        return sheet
    if _is_over_anothers(sheet, version, by):
        raise SheetChangedByOther(theirs=sheet, mine=typed)
    _take_version(sheet, submission, by=by, at=at)
    _write_answers(sheet, held, typed, asked)
    return sheet


def _lock_for_entry(phase: Phase, *, at: datetime) -> CouncilPhases:
    """Hold the dates still, side by side with others who enter, and check that the families' phase has closed."""
    locked = Phase.objects.raw(
        "SELECT * FROM orientation_phase WHERE campaign_id = %s AND kind IN (%s, %s) ORDER BY id FOR SHARE",
        [phase.campaign_id, phase.kind, rules.WRITING_KIND[phase.phase_kind]],
    )
    phases = _council_phases(phase, locked)
    if not phases.entry_began(at):
        raise EntryNotBegun(writing=phases.writing)
    return phases


def _council_phases(phase: Phase, locked: Iterable[Phase]) -> CouncilPhases:
    """Return the council's phase with the one it examines, as they stand under the lock."""
    by_kind = {each.phase_kind: each for each in locked}
    for each in by_kind.values():
        each.campaign = phase.campaign
    return CouncilPhases(by_kind[phase.phase_kind], by_kind.get(rules.WRITING_KIND[phase.phase_kind]))


def _get_or_create_locked(student: Student, phase: Phase, *, by: User, at: datetime) -> CouncilSheet:
    locked = (
        CouncilSheet.objects.filter(student=student, phase=phase)
        .select_related("changed_by")
        .select_for_update(of=("self",))
    )
    sheet = locked.first()
    if sheet is None:
        CouncilSheet.objects.bulk_create(
            [CouncilSheet(student=student, phase=phase, changed_at=at, changed_by=by)], ignore_conflicts=True
        )
        sheet = locked.get()
    return sheet


def _checked(answers: Answers, phases: CouncilPhases, asked: Mapping[str, Choice]) -> Answers:
    """Return the whole line in its order. Raises AnswersRefused."""
    catalogue = Catalogue.current()
    ranks = {code: choice.rank for code, choice in asked.items()}
    problems = rules.check(answers, kind=phases.kind, asked=ranks, catalogue=catalogue)
    if problems:
        raise AnswersRefused(problems)
    return rules.completed(answers, kind=phases.kind, asked=ranks, catalogue=catalogue)


def _is_over_anothers(sheet: CouncilSheet, version: int, by: User) -> bool:
    """Tell whether somebody else wrote a newer version than the one seen. One's own second tab is no conflict."""
    newest_of_others = sheet.others_version if sheet.changed_by_id == by.pk else sheet.version
    return version < newest_of_others


def _take_version(sheet: CouncilSheet, submission: Submission | None, *, by: User, at: datetime) -> None:
    if sheet.changed_by_id != by.pk:
        sheet.others_version = sheet.version
    sheet.version += 1
    sheet.submission = submission
    sheet.changed_by, sheet.changed_at = by, at
    sheet.save(update_fields=["others_version", "version", "submission", "changed_by", "changed_at"])


def _write_answers(
    sheet: CouncilSheet, held: Sequence[CouncilAnswer], answers: Answers, asked: Mapping[str, Choice]
) -> None:
    """Make the rows of a sheet say these answers, touching those only that change."""
    ranks = {each.pathway: asked[each.pathway].rank if each.pathway in asked else None for each in answers}
    stays = {each.pathway.code: each for each in held if ranks.get(each.pathway.code, -1) == each.rank}
    # a rank stands once in a sheet: those that move leave before the others arrive
    if gone := [each.pk for each in held if each.pathway.code not in stays]:
        CouncilAnswer.objects.filter(pk__in=gone).delete()
    catalogue = Catalogue.current()
    for answer in answers:
        row = stays.get(answer.pathway)
        if row is None:
            choice = asked.get(answer.pathway)
            pathway = choice.pathway if choice else catalogue.pathways[answer.pathway]
            label = choice.label if choice else pathway.full_label
            row = CouncilAnswer(sheet=sheet, pathway=pathway, rank=ranks[answer.pathway], label=label)
        recommended = {each.code for each in row.recommended.all()} if row.pk else set()
        if row.pk is None or (row.verdict, row.comment) != (answer.verdict, answer.comment):
            row.verdict, row.comment = answer.verdict, answer.comment
            row.save()
        if recommended != answer.recommended:
            row.recommended.set([catalogue.specialities[code] for code in sorted(answer.recommended)])


# --- Telling a class -------------------------------------------------------------------------------------------------


@transaction.atomic
def publish_division(*, phase: Phase, division: Division, by: User, at: datetime) -> DivisionPublication:
    """Tell the families of a class, all its lines at once, and owe each legal guardian an e-mail.

    Pupils who came since an earlier publication are taken by a new one; with nobody new, the standing publication is
    returned. Raises CannotPublishNow (decision 25), EntryNotBegun, NobodyToPublish, or LinesMissing with the lines.
    """
    _require_steering(by, division)
    phases = _lock_against_entry(phase, division)
    if obstacle := obstacle_to_publishing(phases, at=at):
        raise obstacle
    lines = lines_of(pupils_of(phase.campaign).filter(division=division), phases)
    if not lines:
        raise NobodyToPublish
    told = [line for line in lines if not line.is_published]
    if not told:
        return standing_publications(phase, [division]).first() or _publication_of(lines[0])
    if unready := [line for line in told if not line.is_complete]:
        raise LinesMissing(unready)
    publication = DivisionPublication.objects.create(phase=phase, division=division, published_at=at, published_by=by)
    _publish_lines(told, publication, by=by, at=at)
    without_choice = {line.student.pk for line in told if line.submission is None}
    recipients = recipients_of([line.student for line in told])
    mails.owe_publication(publication, recipients, without_choice=without_choice, at=at)
    return publication


def obstacle_to_publishing(phases: CouncilPhases, *, at: datetime) -> OrientationError | None:
    """Return what in the dates forbids to publish at this instant, if anything (decision 25). No query."""
    if phases.phase.state_at(at) is not PhaseState.OPEN:
        return CannotPublishNow(phases.phase, at=at)
    return None if phases.entry_began(at) else EntryNotBegun(writing=phases.writing)


def _require_steering(by: User, division: Division) -> None:
    if not divisions_of_staff(by, StaffAct.STEER).filter(pk=division.pk).exists():
        raise NotAllowed(_("Seul le chef d’établissement ou son adjoint publie une classe."))


def _lock_against_entry(phase: Phase, division: Division) -> CouncilPhases:
    """Hold back who enters, and wait for the families' writes in progress, until the class is told."""
    campaign = phase.campaign
    if (division.school_id, division.school_year) != (campaign.school_id, campaign.school_year):
        raise NotAllowed(_("Cette classe n’est pas de la campagne."))
    kinds = [phase.kind, rules.WRITING_KIND[phase.phase_kind]]
    locked = Phase.objects.filter(campaign=campaign, kind__in=kinds).order_by("pk").select_for_update(no_key=True)
    return _council_phases(phase, locked)


def _publication_of(line: Line) -> DivisionPublication:
    """Return the publication by which a pupil was told while in another class."""
    assert line.sheet is not None  # noqa: S101 - narrows the type: a published line has a sheet
    assert line.sheet.publication is not None  # noqa: S101
    return line.sheet.publication


def _publish_lines(lines: Sequence[Line], publication: DivisionPublication, *, by: User, at: datetime) -> None:
    """Put these lines in the publication; who validated nothing, and was said nothing, gets a sheet (decision 23)."""
    CouncilSheet.objects.bulk_create(
        CouncilSheet(
            student=line.student,
            phase=publication.phase,
            publication=publication,
            version=1,
            changed_at=at,
            changed_by=by,
        )
        for line in lines
        if line.sheet is None
    )
    kept = [line.sheet.pk for line in lines if line.sheet]
    CouncilSheet.objects.filter(pk__in=kept).update(publication=publication)


@transaction.atomic
def withdraw_publication(*, publication: DivisionPublication, by: User, at: datetime) -> DivisionPublication:
    """Take a publication back before any family has read it; its lines can be changed, and published, again.

    E-mails that have not left yet are dropped. Raises AlreadyRead with the number of families, or DialogueFollows.
    """
    _require_steering(by, publication.division)
    locked = DivisionPublication.objects.select_for_update(of=("self",)).get(pk=publication.pk)
    if locked.withdrawn_at:
        return locked
    if families := families_having_read(locked):
        raise AlreadyRead(families=families)
    if _is_acted_on(locked):
        raise DialogueFollows
    locked.withdrawn_at, locked.withdrawn_by = at, by
    locked.save(update_fields=["withdrawn_at", "withdrawn_by"])
    CouncilSheet.objects.filter(publication=locked).update(publication=None)
    return locked


def _is_acted_on(publication: DivisionPublication) -> bool:
    """Tell whether a step or a decision of the school rests on what was published; such acts hold its row."""
    told = {"phase": publication.phase_id, "student__in": publication.sheets.values("student")}
    return Decision.objects.filter(**told).exists() or DialogueStep.objects.filter(**told, cancelled_at=None).exists()


@transaction.atomic
def note_sheet_read(*, sheet: CouncilSheet, by: User, at: datetime) -> SheetReading | None:
    """Note that an account of the family opens a published sheet; the first time counts. Called before it is shown.

    None when the publication has just been withdrawn: the sheet must not be shown. The caller has checked that the
    file is this account's.
    """
    standing = DivisionPublication.objects.raw(
        "SELECT * FROM orientation_divisionpublication WHERE id = %s AND withdrawn_at IS NULL FOR SHARE",
        [sheet.publication_id],
    )
    if not list(standing):
        return None
    SheetReading.objects.bulk_create([SheetReading(sheet=sheet, user=by, read_at=at)], ignore_conflicts=True)
    return SheetReading.objects.get(sheet=sheet, user=by)
