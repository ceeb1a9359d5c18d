"""Orientation as the menu of services shows it (decision 9)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor, StudentFile
from accounts.menu import MenuEntry, Notice, Service
from operations.prepared import Keys, Parameter, prepared
from orientation.decisions.history import load_histories, read_by
from orientation.dialogue.queries import published_sheets_of, published_to
from orientation.models import (
    CouncilSheet,
    Decision,
    DecisionKind,
    Draft,
    Phase,
    PhaseKind,
    PhaseState,
    SetAside,
    Submission,
)
from orientation.queries import load_phases, phases_of
from orientation.standing import FileState, Standing, where_it_stands
from orientation.wording import COUNCIL_WORDS, WRITING_WORDS
from schools.models import Student
from schools.times import spoken_instant


def _entry(actor: Actor, file: StudentFile | None) -> MenuEntry:
    label = _("Orientation")
    if file is None:
        return MenuEntry(label, reverse("orientation:choose"))
    phases = phases_of(file.student)
    url = reverse("orientation:home", args=[file.student.public_id])
    if not phases:
        return MenuEntry(label, "", reason=_("Pas de campagne d’orientation pour cette classe."))
    now = timezone.now()
    current = phases.current_at(now)
    if current is None or current.state_at(now) is PhaseState.OPEN:
        return MenuEntry(label, url, reason=_awaited(file.student, current) if current else "")
    if current.state_at(now) is PhaseState.UPCOMING and not current.phase_kind.is_written_by_families:
        reason = _("Le conseil de classe se réunit. Publication à partir du %(instant)s.") % {
            "instant": spoken_instant(current.opens_at, file.student.school)
        }
    elif current.state_at(now) is PhaseState.UPCOMING:
        reason = _("Saisie fermée pour le moment. Ouverture le %(instant)s.") % {
            "instant": spoken_instant(current.opens_at, file.student.school)
        }
    else:
        reason = _where(actor, file.student, now).sentence
    return MenuEntry(label, url, reason=reason)


def _where(actor: Actor, student: Student, now: datetime) -> Standing:
    """Return where a file stands once no phase is open or to come. One query, once per student object."""
    state = FileState(school=student.school, history=read_by(student, actor.user))
    return where_it_stands(state, at=now)


def _known(actor: Actor) -> list[Student]:
    """Return the children, with their phases and what happened about them: two queries, once per actor."""
    students = [file.student for file in actor.files]
    if not all(hasattr(student, "_history") for student in students):
        load_phases(students)
        load_histories(students, reader=actor.user)
    return students


def _awaited(student: Student, phase: Phase) -> str:
    """Say that the council has published nothing yet for this student, in a phase of its own (decision 9)."""
    words = COUNCIL_WORDS.get(phase.phase_kind)
    return str(words.not_published) if words and phase.phase_kind not in published_to(student) else ""


def _notices(actor: Actor) -> list[Notice]:
    """Say what was decided, what the council said, what is open with nothing validated, and what waits set aside.

    Two queries, and two with the standings.
    """
    now = timezone.now()
    students = {student.pk: student for student in _known(actor)}
    own = {file.student.pk for file in actor.files if file.guardian}
    written = _unvalidated_phases(list(own), actor.user.pk, now)
    told = _told_in_open_phases(list(students), now)
    asked = [each for each in written if _is_asked(students[each.student_id], each)]
    return [
        *(_decided(student) for student in students.values() if read_by(student, actor.user).unread),
        *(notice for sheet in told if (notice := _of_sheet(students[sheet.student_id], sheet, actor, own))),
        *(_unvalidated(students[each.student_id], each) for each in asked),
        *(_waiting(students[each.student_id], each, aside) for each in written for aside in each.set_aside),
    ]


def _decided(student: Student) -> Notice:
    text = _("Une décision d’orientation concernant %(name)s est notifiée : vous ne l’avez pas encore ouverte.")
    address = reverse("orientation:decisions", args=[student.public_id])
    return Notice(text % {"name": student.full_name}, address, _("Je lis la décision d’orientation"))


@prepared
def _told_in_open_phases(students: Keys, now: Parameter) -> QuerySet[CouncilSheet]:
    is_open = Phase.objects.filter(opens_at__lte=now, closes_at__gt=now, campaign__school__students__in=students)
    return published_sheets_of(students, is_open).annotate(is_decided=Exists(_by_the_head()))


@prepared
def _unvalidated_phases(students: Keys, user: Parameter, now: Parameter) -> QuerySet[Any]:
    """Return the open writing phases, once per pupil whose list is begun, to begin or set aside by this account.

    Each has `student_id`, and `set_aside`, the lists to compare.
    """
    set_aside = SetAside.objects.filter(
        draft__student=OuterRef("student_id"), draft__phase=OuterRef("pk"), written_by=user, settled_at=None
    )
    drafts = Draft.objects.filter(student=OuterRef("student_id"), phase=OuterRef("pk"), is_validated=False)
    validated = Submission.objects.filter(student=OuterRef("student_id"), phase=OuterRef("pk"))
    return (
        Phase.objects.filter(
            kind__in=[kind for kind in PhaseKind if kind.is_written_by_families],
            opens_at__lte=now,
            closes_at__gt=now,
            campaign__school__students__in=students,
        )
        .annotate(student_id=F("campaign__school__students"))
        .annotate(has_draft=Exists(drafts.exclude(wishes=[])), has_validated=Exists(validated))
        .annotate(set_aside=ArraySubquery(set_aside.order_by("pk").values("public_id")))
        .filter(Q(has_draft=True) | Q(has_validated=False) | ~Q(set_aside=[]))
        .select_related("campaign")
        .order_by("closes_at", "student_id")
    )


def _is_asked(student: Student, phase: Any) -> bool:
    """Whether a list is expected: one that is begun, or one to begin where the campaign takes it. No query."""
    campaign = phase.campaign
    may_begin = campaign.offer_declared_at is not None and campaign.takes(student)
    return bool(phase.has_draft) or (may_begin and not phase.has_validated)


def _by_the_head() -> QuerySet[Decision]:
    """The decisions of the head by themself, after which no answer is awaited (decision 21)."""
    of_sheet = {"student": OuterRef("student"), "phase": OuterRef("phase")}
    return Decision.objects.filter(**of_sheet).exclude(kind=DecisionKind.AGREEMENT)


def _is_waiting(sheet: CouncilSheet) -> bool:
    """Whether the family still has to acknowledge the avis, or to answer a proposition."""
    if sheet.phase.phase_kind is PhaseKind.PROVISIONAL_OPINIONS:
        return not hasattr(sheet, "acknowledgement")
    return bool(sheet.answered < sheet.answerable and not sheet.is_decided)  # type: ignore[attr-defined]


def _of_sheet(student: Student, sheet: CouncilSheet, actor: Actor, own: Collection[int]) -> Notice | None:
    """Say what is awaited of a guardian, or that this account has not opened what is published. No query."""
    if student.pk in own and _is_waiting(sheet):
        return _told(student, sheet)
    return None if actor.user.pk in sheet.reader_ids else _unopened(student, sheet)  # type: ignore[attr-defined]


def _unopened(student: Student, sheet: CouncilSheet) -> Notice:
    words = COUNCIL_WORDS[sheet.phase.phase_kind]
    if sheet.phase.phase_kind is PhaseKind.PROVISIONAL_OPINIONS:
        text = _("Les avis provisoires du conseil de classe pour %(name)s sont publiés.")
    else:
        text = _("Les propositions du conseil de classe pour %(name)s sont publiées.")
    address = reverse(words.url_name, args=[student.public_id])
    return Notice(text % {"name": student.full_name}, address, str(words.consult))


def _told(student: Student, sheet: CouncilSheet) -> Notice:
    if sheet.phase.phase_kind is PhaseKind.PROVISIONAL_OPINIONS:
        text = _(
            "Les avis provisoires du conseil de classe pour %(name)s attendent votre accusé de réception, "
            "avant le %(instant)s."
        )
    else:
        text = _("Les propositions du conseil de classe pour %(name)s attendent votre réponse, avant le %(instant)s.")
    words = COUNCIL_WORDS[sheet.phase.phase_kind]
    instant = spoken_instant(sheet.phase.closes_at, student.school)
    url = reverse(words.url_name, args=[student.public_id])
    return Notice(text % {"name": student.full_name, "instant": instant}, url, str(words.consult))


def _unvalidated(student: Student, phase: Any) -> Notice:
    if phase.has_draft:
        text = _("Brouillon non validé pour %(name)s : il ne comptera que s’il est validé avant le %(instant)s.")
        label = _("Relire et valider")
    else:
        text = _("Rien n’est encore validé pour %(name)s : saisissez vos choix et validez-les avant le %(instant)s.")
        label = str(WRITING_WORDS[phase.phase_kind].enter)
    said = text % {"name": student.full_name, "instant": spoken_instant(phase.closes_at, student.school)}
    return Notice(said, reverse("orientation:choices", args=[student.public_id, phase.phase_kind.slug]), label)


def _waiting(student: Student, phase: Phase, public_id: UUID) -> Notice:
    text = _("Une version de la liste de %(name)s que vous avez écrite est mise de côté.") % {"name": student.full_name}
    arguments = [student.public_id, phase.phase_kind.slug, public_id]
    return Notice(text, reverse("orientation:conflict", args=arguments), _("Comparer les deux versions"))


def _standings(actor: Actor) -> dict[int, str]:
    """Say where the campaign stands for each child, with its date. Two queries with the notices."""
    now = timezone.now()
    return {student.pk: _standing(actor, student, now) for student in _known(actor)}


def _standing(actor: Actor, student: Student, now: datetime) -> str:
    current = phases_of(student).current_at(now)
    if current is None:
        return _("Pas de campagne d’orientation pour cette classe.")
    state = current.state_at(now)
    if state is PhaseState.CLOSED:
        where = _where(actor, student, now)
        return f"{where.sentence} {where.deadline_words}" if where.deadline else where.sentence
    text = {
        PhaseState.OPEN: _("%(phase)s : ouvert jusqu’au %(instant)s."),
        PhaseState.UPCOMING: _("%(phase)s : à partir du %(instant)s."),
    }[state]
    instant = current.closes_at if state is PhaseState.OPEN else current.opens_at
    return text % {"phase": current.phase_kind.label, "instant": spoken_instant(instant, student.school)}


ORIENTATION = Service(code="orientation", position=30, entry=_entry, notices=_notices, standings=_standings)
