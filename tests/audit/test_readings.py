"""That a member of staff read a family's file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audit.models import Reading
from audit.services import note_reading
from orientation.models import CouncilSheet
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_a_reading_says_who_read_what_on_which_page(dubois: factories.Family, django_assert_num_queries: Any) -> None:
    head = factories.staff(dubois.school)
    with django_assert_num_queries(1):
        note_reading(by=head, school_id=dubois.school.pk, subject=dubois.emma, page="student_file", at=NOW)
    reading = Reading.objects.get()
    assert (reading.at, reading.user_id, reading.school_id) == (NOW, head.pk, dubois.school.pk)
    assert (reading.table, reading.object_pk, reading.page) == ("schools_student", str(dubois.emma.pk), "student_file")
    assert reading.student_id == dubois.emma.pk


def test_it_is_noted_once_per_person_object_page_and_quarter_of_an_hour(dubois: factories.Family) -> None:
    head, deputy = factories.staff(dubois.school), factories.staff(dubois.school)
    hugo = factories.student(dubois.school, "Hugo")
    given: dict[str, Any] = {"school_id": dubois.school.pk, "at": NOW}
    for _again in range(3):
        note_reading(by=head, subject=dubois.emma, page="student_file", **given)
    assert Reading.objects.count() == 1
    note_reading(by=deputy, subject=dubois.emma, page="student_file", **given)
    note_reading(by=head, subject=hugo, page="student_file", **given)
    note_reading(by=head, subject=dubois.emma, page="entry", **given)
    assert Reading.objects.count() == 4
    note_reading(by=head, subject=dubois.emma, page="student_file", **{**given, "at": NOW + timedelta(minutes=4)})
    assert Reading.objects.count() == 4
    note_reading(by=head, subject=dubois.emma, page="student_file", **{**given, "at": NOW + timedelta(minutes=15)})
    assert Reading.objects.count() == 5


def test_a_class_has_no_pupil_and_a_sheet_has_its_own(dubois: factories.Family) -> None:
    head = factories.staff(dubois.school)
    sheet = CouncilSheet.objects.create(student=dubois.emma, phase=dubois.phase, changed_at=NOW, changed_by=head)
    given: dict[str, Any] = {"by": head, "school_id": dubois.school.pk, "page": "council", "at": NOW}
    note_reading(subject=dubois.emma.division, **given)  # type: ignore[arg-type]
    note_reading(subject=sheet, **given)
    assert [reading.student_id for reading in Reading.objects.order_by("pk")] == [None, dubois.emma.pk]
