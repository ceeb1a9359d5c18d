"""The demonstration is of the day on which it is loaded: its phases, its exports."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demo.exports import dated_exports
from demo.management.commands.load_demo import load_schools
from demo.people import LYON, PARIS, REUNION
from orientation.models import Campaign, PhaseKind, PhaseState
from schools.models import School

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "now",
    [
        "2026-11-23T12:00:00+00:00",
        "2027-02-28T23:30:00+00:00",
        "2028-07-31T21:59:00+00:00",
        "2028-07-31T22:01:00+00:00",
    ],
)
def test_final_choices_are_open_on_whatever_day_it_is_loaded(now: str) -> None:
    today = datetime.fromisoformat(now)
    load_schools(today)
    states = {
        uai: {phase.kind: phase.state_at(today) for phase in Campaign.objects.get(school__uai=uai).phases.all()}
        for uai in (PARIS, LYON, REUNION)
    }

    expected = {
        PhaseKind.INTENTIONS: PhaseState.CLOSED,
        PhaseKind.PROVISIONAL_OPINIONS: PhaseState.CLOSED,
        PhaseKind.FINAL_CHOICES: PhaseState.OPEN,
        PhaseKind.PROPOSALS: PhaseState.UPCOMING,
    }
    assert states == {PARIS: expected, LYON: expected, REUNION: expected}
    for uai, days, hour in ((PARIS, 9, "23:59"), (LYON, 1, "12:00"), (REUNION, 3, "18:00")):
        school = School.objects.get(uai=uai)
        phase = Campaign.objects.get(school=school).phases.get(kind=PhaseKind.FINAL_CHOICES)
        closes_at = phase.closes_at.astimezone(school.zone)
        assert closes_at.strftime("%H:%M") == hour
        assert closes_at.date() == today.astimezone(school.zone).date() + timedelta(days=days)


def test_the_files_in_the_repository_are_in_the_encoding_of_siecle(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Paris"))
    texts = [path.read_bytes() for path in dated_exports(PARIS, now, tmp_path)]

    assert all(b'encoding="ISO-8859-15"' in text for text in texts)
    assert all(b"<ANNEE_SCOLAIRE>2026<" in text and b"<DATE_EXPORT>23/11/2026<" in text for text in texts)
    assert any("Œuvrard".encode("iso-8859-15") in text for text in texts)
