"""A child's file told as a story, and where it stands: pure functions over what happened (issue of the dialogue's end).

Both the family's page and the school's show them, in the school's time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from orientation.decisions.history import History
from orientation.decisions.rules import appeal_last_day, replacements
from orientation.decisions.wording import said_replaced, spoken_last_day
from orientation.models import Decision, DialogueStep, InterviewOutcome, PhaseKind, StepKind
from orientation.models.council import attribution_of
from schools.models import School
from schools.times import spoken_instant


@dataclass(frozen=True)
class Event:
    """One thing that happened; `when` says it in the school's zone. A step of the school's may be cancelled by it."""

    order: tuple[date, datetime]
    when: str
    title: str
    detail: str = ""
    step: DialogueStep | None = None
    decision: Decision | None = None
    is_cancelled: bool = False


def events_of(history: History, school: School, *, with_cancelled: bool = False) -> list[Event]:
    """Return what happened, oldest first. `with_cancelled` keeps the steps recorded by mistake, for the school."""
    found = chain(
        _submissions(history, school),
        _published(history, school),
        _answers(history, school),
        _decisions(history, school),
        _steps(history, school, with_cancelled),
    )
    return sorted(found, key=lambda event: event.order)


def _at(instant: datetime, school: School, title: str, detail: str = "", decision: Decision | None = None) -> Event:
    order = (instant.astimezone(school.zone).date(), instant)
    return Event(order, spoken_instant(instant, school), title, detail, decision=decision)


def _submissions(history: History, school: School) -> Iterator[Event]:
    for kind, submissions in history.submissions.items():
        for each in submissions:
            title = _("%(phase)s : demande n° %(number)d validée") % {"phase": kind.label, "number": each.number}
            yield _at(each.submitted_at, school, title, _("Demande %(by)s.") % {"by": each.attribution})


def _published(history: History, school: School) -> Iterator[Event]:
    titles = {
        PhaseKind.PROVISIONAL_OPINIONS: _("Avis provisoires du conseil de classe publiés"),
        PhaseKind.PROPOSALS: _("Propositions du conseil de classe publiées"),
    }
    for kind, told in history.told.items():
        yield _at(told.published_at, school, titles[kind])
        if told.acknowledged_at:
            yield _at(
                told.acknowledged_at,
                school,
                _("Réception des avis accusée"),
                _by(told.acknowledged_by, told.entered_by),
            )


def _by(guardian: str, entered_by: str) -> str:
    said = attribution_of(guardian, entered_by)
    return said[:1].upper() + said[1:] + "."


def _answers(history: History, school: School) -> Iterator[Event]:
    for each in history.answers:
        words = _("D’accord : %(label)s") if each.agrees else _("Pas d’accord : %(label)s")
        title = words % {"label": each.label}
        if each.entered_by:
            yield _at(each.at, school, title, _by(each.by, each.entered_by))
            continue
        detail = _("Réponse donnée par %(name)s.") if each.number == 1 else _("Réponse changée par %(name)s.")
        yield _at(each.at, school, title, detail % {"name": each.by})


def _decisions(history: History, school: School) -> Iterator[Event]:
    replaced = replacements(history.decisions)
    for each in history.decisions:
        title = _("Décision n° %(number)d notifiée : %(label)s") % {"number": each.number, "label": each.label}
        nature = str(each.decision_kind.label)
        said = (nature[:1].upper() + nature[1:], said_replaced(each, replaced.get(each.pk)))
        detail = " ".join(f"{part}." for part in said if part)
        yield _at(each.issued_at, school, title, detail, decision=each)
        if each.pk in history.read_decisions:
            read = _("Décision n° %(number)d lue en ligne") % {"number": each.number}
            yield _at(history.read_decisions[each.pk], school, read)


def _steps(history: History, school: School, with_cancelled: bool) -> Iterator[Event]:
    for step in history.steps:
        if step.cancelled_at and not with_cancelled:
            continue
        title, detail = _said(step, school)
        # a day alone comes after what has its hour on the same day, and in the order of recording
        end = datetime.combine(step.happened_on, time.max, tzinfo=school.zone)
        yield Event(
            (step.happened_on, max(end, step.recorded_at)),
            date_format(step.happened_on, "l j F Y"),
            title,
            " ".join(part for part in (detail, step.text) if part),
            step=step,
            is_cancelled=step.cancelled_at is not None,
        )


def _said(step: DialogueStep, school: School) -> tuple[str, str]:
    if step.kind == StepKind.INTERVIEW:
        outcome = str(InterviewOutcome(step.outcome).label)
        return _("Entretien avec le chef d’établissement"), outcome[:1].upper() + outcome[1:] + "."
    if step.kind == StepKind.RECEIPT:
        last = spoken_last_day(appeal_last_day(step.happened_on, school), school)
        return _("Notification reçue"), _("Appel possible jusqu’au %(last)s.") % {"last": last}
    if step.kind == StepKind.APPEAL:
        heard = _("La famille demande à être entendue.") if step.wants_to_be_heard else ""
        return _("Appel formé devant la commission d’appel"), heard
    return _("Maintien dans la classe d’origine demandé"), _("Pour une seule année scolaire.")
