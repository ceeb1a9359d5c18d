"""How the council's page says when a line was kept."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from schools.models import School
from schools.times import spoken_hour, spoken_instant

register = template.Library()


@register.filter
def kept_at(instant: datetime, school: School) -> str:
    """Say an instant in the school's zone: the hour alone when it is of today, since the council sits this evening."""
    local, today = timezone.localtime(instant, school.zone), timezone.localdate(timezone=school.zone)
    if local.date() != today:
        return _("le %(at)s") % {"at": spoken_instant(instant, school)}
    return _("à %(hour)s") % {"hour": spoken_hour(local)}
