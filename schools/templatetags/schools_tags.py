"""How pages say what schools know."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from schools.messages.text import as_html
from schools.models import School
from schools.names import of_person
from schools.phones import spoken_phone
from schools.times import spoken_instant

register = template.Library()


@register.filter
def at_school(instant: datetime, school: School) -> str:
    """Say an instant in the school's time zone: `{{ phase.closes_at|at_school:school }}`."""
    return spoken_instant(instant, school)


@register.filter
def phone(number: str, school: School) -> str:
    """Say a telephone number as at the school's place: `{{ guardian.mobile|phone:school }}`."""
    return spoken_phone(number, school.time_zone)


@register.filter
def of(name: str) -> str:
    """Say a person's name after *de*, elided where French elides: `au nom {{ by|of }}`."""
    return of_person(str(name))


@register.filter
def message_text(text: str) -> SafeString:
    """Show the text of a school's message: `{{ message.body|message_text }}`."""
    return as_html(text)
