"""Orientation as the menu of services shows it (decision 9)."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor, StudentFile
from accounts.menu import MenuEntry, Notice, Service
from orientation.dialogue.queries import published_sheets_of, published_to
from orientation.models import CouncilSheet, Draft, Phase, PhaseKind, PhaseState, SetAside
from orientation.queries import phases_of
from orientation.wording import COUNCIL_WORDS
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
        reason = _("La campagne est terminée.")
    return MenuEntry(label, url, reason=reason)


def _awaited(student: Student, phase: Phase) -> str:
    """Say that the council has published nothing yet for this student, in a phase of its own (decision 9)."""
    words = COUNCIL_WORDS.get(phase.phase_kind)
    return str(words.not_published) if words and phase.phase_kind not in published_to(student) else ""


def _notices(actor: Actor) -> list[Notice]:
    """Say which drafts would not count, what waits set aside, and what the council said. Three queries."""
    now = timezone.now()
    own = {file.student.pk: file.student for file in actor.files if file.guardian}
    drafts = (
        Draft.objects.filter(student__in=own, is_validated=False, phase__opens_at__lte=now, phase__closes_at__gt=now)
        .exclude(wishes=[])
        .select_related("phase")
        .order_by("phase__closes_at", "pk")
    )
    set_aside = SetAside.objects.filter(
        draft__student__in=own, written_by=actor.user, settled_at=None, draft__phase__closes_at__gt=now
    ).select_related("draft__phase")
    told = published_sheets_of(
        list(own.values()),
        Phase.objects.filter(opens_at__lte=now, closes_at__gt=now, campaign__school__students__in=own),
    )
    return [
        *(_told(own[sheet.student_id], sheet) for sheet in told if _is_waiting(sheet)),
        *(_unvalidated(own[draft.student_id], draft) for draft in drafts),
        *(_waiting(own[each.draft.student_id], each) for each in set_aside),
    ]


def _is_waiting(sheet: CouncilSheet) -> bool:
    """Whether the family still has to acknowledge the avis, or to answer a proposition."""
    if sheet.phase.phase_kind is PhaseKind.PROVISIONAL_OPINIONS:
        return not hasattr(sheet, "acknowledgement")
    return bool(sheet.answered < sheet.answerable)  # type: ignore[attr-defined]


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


def _unvalidated(student: Student, draft: Draft) -> Notice:
    text = _("Brouillon non validé pour %(name)s : il ne comptera que s’il est validé avant le %(instant)s.") % {
        "name": student.full_name,
        "instant": spoken_instant(draft.phase.closes_at, student.school),
    }
    url = reverse("orientation:choices", args=[student.public_id, draft.phase.phase_kind.slug])
    return Notice(text, url, _("Relire et valider"))


def _waiting(student: Student, set_aside: SetAside) -> Notice:
    text = _("Une version de la liste de %(name)s que vous avez écrite est mise de côté.") % {"name": student.full_name}
    arguments = [student.public_id, set_aside.draft.phase.phase_kind.slug, set_aside.public_id]
    return Notice(text, reverse("orientation:conflict", args=arguments), _("Comparer les deux versions"))


ORIENTATION = Service(code="orientation", position=30, entry=_entry, notices=_notices)
