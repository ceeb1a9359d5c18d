"""One pupil's dialogue: what happened, and what the school may do next, each act with its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from audit.services import note_reading
from orientation.decisions import services
from orientation.decisions.errors import NotDecidable, ReasonsMissing, WrongDay
from orientation.decisions.forms import FORMS
from orientation.decisions.history import History, history_of
from orientation.decisions.rules import Act, Dialogue, acts_of, state_of
from orientation.errors import NotAllowed, OrientationError
from orientation.models import CouncilAnswer, DialogueStep, Phase, PhaseKind, StepKind
from orientation.queries import phases_of
from orientation.standing import FileState, where_it_stands
from orientation.timeline import events_of
from schools.models import Student
from schools.policies import StaffAct
from schools.staff_pages import StaffScope, staff_scope


@dataclass(frozen=True)
class ActWords:
    """What a form is called, its button, and what is said once it is done."""

    title: Promise
    button: Promise
    done: Promise


WORDS: dict[Act, ActWords] = {
    Act.ISSUE: ActWords(
        gettext_lazy("Notifier la décision"),
        gettext_lazy("Notifier la décision aux représentants légaux"),
        gettext_lazy("La décision est notifiée."),
    ),
    Act.INTERVIEW: ActWords(
        gettext_lazy("Noter un entretien"),
        gettext_lazy("Enregistrer l’entretien"),
        gettext_lazy("L’entretien est noté."),
    ),
    Act.DECIDE: ActWords(
        gettext_lazy("Prendre une décision motivée"),
        gettext_lazy("Notifier la décision motivée"),
        gettext_lazy("La décision motivée est notifiée."),
    ),
    Act.RECEIPT: ActWords(
        gettext_lazy("Noter la réception de la notification"),
        gettext_lazy("Enregistrer la réception"),
        gettext_lazy("La réception est notée : le délai d’appel court."),
    ),
    Act.APPEAL: ActWords(
        gettext_lazy("Noter un appel"), gettext_lazy("Enregistrer l’appel"), gettext_lazy("L’appel est noté.")
    ),
    Act.COMMISSION: ActWords(
        gettext_lazy("Noter la décision de la commission d’appel"),
        gettext_lazy("Enregistrer et notifier la décision de la commission"),
        gettext_lazy("La décision de la commission d’appel est notifiée."),
    ),
    Act.MAINTIEN: ActWords(
        gettext_lazy("Noter une demande de maintien"),
        gettext_lazy("Enregistrer le maintien"),
        gettext_lazy("Le maintien est noté."),
    ),
}

STEPS = {
    Act.INTERVIEW: StepKind.INTERVIEW,
    Act.RECEIPT: StepKind.RECEIPT,
    Act.APPEAL: StepKind.APPEAL,
    Act.MAINTIEN: StepKind.MAINTIEN,
}


@dataclass(frozen=True)
class ShownAct:
    """An act with its form; `form` is None where there is nothing to type."""

    act: Act
    title: str
    words: ActWords
    form: forms.Form | None


@dataclass(frozen=True)
class Place:
    """One pupil's dialogue, for one member of staff."""

    scope: StaffScope
    student: Student
    phase: Phase

    @cached_property
    def history(self) -> History:
        return history_of(self.student, phases_of(self.student))

    @property
    def dialogue(self) -> Dialogue:
        return self.history.dialogue_at(self.scope.now)

    def form(self, act: Act, data: Any = None) -> forms.Form:
        """Return the form of an act, empty or filled with what was typed."""
        today = timezone.localdate(self.scope.now, self.scope.school.zone)
        newest = self.dialogue.superseded
        initial = {"happened_on": today, "decided_on": today, "seen_number": newest.number if newest else 0}
        return FORMS[act](data, initial=initial, prefix=act.value)

    def _title(self, act: Act) -> str:
        standing = self.dialogue.superseded
        if act is Act.INTERVIEW and standing:
            return _("Revenir sur la décision n° %(number)d, notifiée par erreur : noter un entretien") % {
                "number": standing.number
            }
        if act is Act.DECIDE and standing:
            return _("Remplacer la décision n° %(number)d") % {"number": standing.number}
        return str(WORDS[act].title)

    def render(self, *, typed: tuple[Act, forms.Form] | None = None, refusal: str = "", status: int = 200) -> Any:
        """Show the dialogue, what was typed in the form of an act kept."""
        acts = acts_of(self.dialogue, school=self.scope.school, at=self.scope.now)
        if typed and typed[0] not in acts:
            acts.insert(0, typed[0])
        filled = dict([typed] if typed else [])
        note_reading(
            by=self.scope.user,
            school_id=self.scope.school.pk,
            subject=self.student,
            page="student_dialogue",
            at=self.scope.now,
        )
        shown = [
            ShownAct(act, self._title(act), WORDS[act], None if act is Act.ISSUE else filled.get(act) or self.form(act))
            for act in acts
        ]
        state = FileState(school=self.scope.school, history=self.history)
        context = {
            "title": _("%(name)s : fin du dialogue") % {"name": self.student.full_name},
            "student": self.student,
            "phase": self.phase,
            "state": state_of(self.dialogue, school=self.scope.school, at=self.scope.now),
            "standing": where_it_stands(state, at=self.scope.now),
            "dialogue": self.dialogue,
            "decisions": list(reversed(self.history.decisions)),
            "events": events_of(self.history, self.scope.school, with_cancelled=True),
            "acts": shown if self.scope.may(StaffAct.STEER) else [],
            "may_steer": self.scope.may(StaffAct.STEER),
            "refusal": refusal,
            "opened": typed[0] if typed else None,
        }
        return self.scope.render("orientation/staff/decision_dialogue.html", context, status=status)


def _place(request: HttpRequest, uai: str, student: UUID, act: StaffAct) -> Place:
    """Return where a page stands. Raises Http404 for another's pupil, PermissionDenied for another's act."""
    scope = staff_scope(request, uai, act)
    students = scope.students(act).select_related("school", "division")
    found = get_object_or_404(students, public_id=student)
    phase = phases_of(found).get(PhaseKind.PROPOSALS)
    if phase is None:
        raise Http404
    return Place(scope, found, phase)


@require_safe
def student_dialogue(request: HttpRequest, uai: str, student: UUID) -> HttpResponse:
    """Show one pupil's dialogue, and the forms of what can be done next."""
    return _place(request, uai, student, StaffAct.READ).render()


@require_POST
def dialogue_act(request: HttpRequest, uai: str, student: UUID, name: str) -> HttpResponse:
    """Do one act; a refusal shows the page again with what was typed."""
    place = _place(request, uai, student, StaffAct.STEER)
    try:
        act = Act(name)
    except ValueError:
        raise Http404 from None
    form = place.form(act, request.POST) if act is not Act.ISSUE else forms.Form(request.POST)
    if not form.is_valid():
        return place.render(typed=(act, form), status=422)
    try:
        _do(place, act, form.cleaned_data)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except (WrongDay, ReasonsMissing, NotDecidable) as refusal:
        form.add_error(_field(refusal, form), str(refusal))
        return place.render(typed=(act, form), status=422)
    except OrientationError as refusal:
        return place.render(typed=None if act is Act.ISSUE else (act, form), refusal=str(refusal), status=409)
    messages.success(request, str(WORDS[act].done))
    return redirect("admin:student_dialogue", uai, student)


def _field(refusal: OrientationError, form: forms.Form) -> str:
    """Return the field that a refusal is about."""
    if isinstance(refusal, WrongDay):
        return "decided_on" if "decided_on" in form.fields else "happened_on"
    return "reasons" if isinstance(refusal, ReasonsMissing) else "pathway"


def _do(place: Place, act: Act, values: dict[str, Any]) -> None:
    scope = place.scope
    who: dict[str, Any] = {"by": scope.user, "at": scope.now}
    where: dict[str, Any] = {"student": place.student, "phase": place.phase}
    if act is Act.ISSUE:
        keys = [each.pk for each in place.dialogue.to_issue]
        services.issue_decisions(answers=CouncilAnswer.objects.filter(pk__in=keys), **who)
    elif act is Act.DECIDE:
        services.issue_reasoned_decision(**where, **values, **who)
    elif act is Act.COMMISSION:
        services.record_commission_decision(**where, **values, **who)
    else:
        services.record_step(kind=STEPS[act], **where, **values, **who)


@require_POST
def cancel(request: HttpRequest, uai: str, student: UUID, step: int) -> HttpResponse:
    """Cancel a step recorded by mistake."""
    place = _place(request, uai, student, StaffAct.STEER)
    found = get_object_or_404(DialogueStep, pk=step, student=place.student, phase=place.phase)
    try:
        services.cancel_step(step=found, by=place.scope.user, at=place.scope.now)
    except OrientationError as refusal:
        return place.render(refusal=str(refusal), status=409)
    messages.success(request, _("L’étape est annulée ; elle peut être notée de nouveau."))
    return redirect("admin:student_dialogue", uai, student)
