"""A child's deadlines as a calendar (RFC 5545): what stands in it of a person is the child's first name only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from orientation.decisions.history import History
from orientation.decisions.rules import appeal_deadline, appeal_last_day
from orientation.decisions.wording import spoken_last_day
from orientation.models import StepKind
from schools.models import Student
from schools.times import spoken_instant

ALARMS = (timedelta(days=2), timedelta(hours=3))
"""How long before a deadline a calendar rings."""


def calendar_of(student: Student, history: History, *, at: datetime) -> bytes:
    """Return the closings of the phases and the end of the delay of appeal, in UTC; `at` stamps the file. No query."""
    school = student.school
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.BRAND['site_title']}//orientation//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Orientation de %(name)s") % {"name": student.given_name})
    url = f"{settings.SITE_URL}{reverse('orientation:home', args=[student.public_id])}"
    for phase in history.phases:
        words = {"phase": phase.phase_kind.label, "name": student.given_name}
        calendar.add_component(
            _event(
                f"{phase.phase_kind.slug}-{phase.campaign.school_year}-{student.public_id}",
                phase.closes_at,
                _("Orientation de %(name)s : fin de la phase « %(phase)s »") % words,
                _("Fermeture le %(at)s.") % {"at": spoken_instant(phase.closes_at, school)},
                url,
                at,
            )
        )
    dialogue = history.dialogue_at(at)
    receipt = dialogue.step(StepKind.RECEIPT, dialogue.contested) if dialogue.contested else None
    if receipt:
        last = appeal_last_day(receipt.happened_on, school)
        calendar.add_component(
            _event(
                f"appel-{receipt.pk}-{student.public_id}",
                appeal_deadline(receipt.happened_on, school),
                _("Orientation de %(name)s : fin du délai d’appel") % {"name": student.given_name},
                _("Appel possible jusqu’au %(last)s.") % {"last": spoken_last_day(last, school)},
                url,
                at,
            )
        )
    return calendar.to_ical()


def _event(uid: str, deadline: datetime, summary: str, description: str, url: str, at: datetime) -> Event:
    """Return the last minute before a deadline: the excluded instant may belong to the next day."""
    event = Event()
    event.add("uid", f"{uid}@{settings.SITE_URL.split('//')[-1]}")
    event.add("dtstamp", at)
    last = deadline.astimezone(UTC)
    event.add("dtstart", last - timedelta(minutes=1))
    event.add("dtend", last)
    event.add("summary", summary)
    event.add("description", description)
    event.add("url", url)
    event.add("transp", "TRANSPARENT")
    for before in ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", summary)
        alarm.add("trigger", -before)
        event.add_component(alarm)
    return event
