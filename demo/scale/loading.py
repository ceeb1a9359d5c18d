"""The whole data set, school after school."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from demo.scale.orientation import Askable, Campaign
from demo.scale.people import PUPILS_OF_A_SCHOOL, invent_school
from demo.scale.tables import Rows, number_on, without_triggers
from schools.siecle import school_year_at

SCHOOLS_AT_ONCE = 20


def load(*, students: int, now: datetime, tell: Callable[[int], None] = lambda done: None) -> dict[str, int]:
    """Write so many pupils with all that belongs to them, and return the rows of each table.

    The same rows at each run on an empty database, but for the dates, which are seen from `now`: final choices close
    six hours later. Needs an account that may leave triggers out. Raises DatabaseError when it may not.
    """
    rows, askable = Rows(), Askable.load()
    with transaction.atomic(), connection.cursor() as cursor:
        without_triggers(cursor)
        for number, first in enumerate(range(0, students, PUPILS_OF_A_SCHOOL)):
            pupils = min(PUPILS_OF_A_SCHOOL, students - first)
            school = invent_school(rows, number, pupils=pupils, year=school_year_at(now))
            Campaign(rows, school, askable, now=now).play()
            if number % SCHOOLS_AT_ONCE == SCHOOLS_AT_ONCE - 1:
                rows.copy(cursor)
                tell(first + pupils)
        rows.copy(cursor)
        number_on(cursor)
    return rows.counts()
