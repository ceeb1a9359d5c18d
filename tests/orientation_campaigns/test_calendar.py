"""The dates of a campaign, checked without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from orientation.campaigns.calendar import (
    Period,
    date_cautions,
    date_problems,
    proposed,
    same_weekday_later,
    shifted,
    standing_cautions,
)
from orientation.models import PhaseKind
from schools.models import School, TimeZone
from schools.times import LocalTimeRefused, local_instant

PARIS = School(uai="0759901X", time_zone=TimeZone.METROPOLE)
REUNION = School(uai="9749903Z", time_zone=TimeZone.REUNION)
NOUMEA = School(uai="9839904A", time_zone=TimeZone.NOUVELLE_CALEDONIE)
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def at(text: str, school: School = PARIS) -> datetime:
    """An instant as the school's clocks show it."""
    return datetime.fromisoformat(text).replace(tzinfo=school.zone).astimezone(UTC)


def period(opens: str, closes: str, school: School = PARIS) -> Period:
    return Period(at(opens, school), at(closes, school))


USUAL = {
    PhaseKind.INTENTIONS: period("2027-01-18T08:00", "2027-02-12T23:59"),
    PhaseKind.PROVISIONAL_OPINIONS: period("2027-03-08T18:00", "2027-03-26T23:59"),
    PhaseKind.FINAL_CHOICES: period("2027-04-26T08:00", "2027-05-21T23:59"),
    PhaseKind.PROPOSALS: period("2027-06-07T18:00", "2027-06-18T23:59"),
}


def codes_of(wanted: dict[PhaseKind, Period]) -> set[str]:
    """What is to be read twice when these phases leave the usual dates."""
    found = date_cautions({**USUAL, **wanted}, stands=USUAL, school=PARIS, at=AT)
    return {each.key.split(f" {kind} ")[0] for each in found for kind in PhaseKind if f" {kind} " in each.key}


def test_usual_dates_are_not_spoken_of() -> None:
    assert date_problems(USUAL) == []
    assert date_cautions(USUAL, stands={}, school=PARIS, at=AT) == []


def test_a_phase_that_ends_before_it_starts_is_a_problem_of_its_closing() -> None:
    wrong = {**USUAL, PhaseKind.PROPOSALS: period("2027-06-07T18:00", "2027-06-07T18:00")}
    [problem] = date_problems(wrong)
    assert (problem.kind, problem.field) == (PhaseKind.PROPOSALS, "closes_on")
    assert problem.message == "La fermeture doit venir après l’ouverture."


@pytest.mark.parametrize(
    ("kind", "opens", "closes", "message"),
    [
        (
            PhaseKind.PROVISIONAL_OPINIONS,
            "2027-02-12T23:58",
            "2027-03-26T23:59",
            "«\u00a0Avis provisoires\u00a0» ne peut pas ouvrir avant la fermeture de «\u00a0Intentions\u00a0».",
        ),
        (
            PhaseKind.FINAL_CHOICES,
            "2027-03-01T08:00",
            "2027-03-05T08:00",
            "«\u00a0Choix définitifs\u00a0» ne peut pas ouvrir avant «\u00a0Avis provisoires\u00a0».",
        ),
        (
            PhaseKind.PROPOSALS,
            "2027-05-21T23:00",
            "2027-06-18T23:59",
            "«\u00a0Propositions\u00a0» ne peut pas ouvrir avant la fermeture de «\u00a0Choix définitifs\u00a0».",
        ),
    ],
)
def test_phases_out_of_order_are_a_problem_of_the_later_one(
    kind: PhaseKind, opens: str, closes: str, message: str
) -> None:
    problems = date_problems({**USUAL, kind: period(opens, closes)})
    assert [(each.kind, each.field, each.message) for each in problems] == [(kind, "opens_on", message)]


def test_a_council_may_answer_from_the_very_instant_at_which_families_end() -> None:
    closes_at = USUAL[PhaseKind.FINAL_CHOICES].closes_at
    touching = {**USUAL, PhaseKind.PROPOSALS: Period(closes_at, closes_at + timedelta(days=9))}
    assert date_problems(touching) == []


def test_a_campaign_with_some_of_its_phases_is_checked_all_the_same() -> None:
    two = {
        PhaseKind.INTENTIONS: period("2027-01-18T08:00", "2027-05-12T23:59"),
        PhaseKind.FINAL_CHOICES: period("2027-05-01T08:00", "2027-05-21T23:59"),
    }
    assert [each.kind for each in date_problems(two)] == [PhaseKind.FINAL_CHOICES]


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [
        ("2026-11-02T08:00", "2027-02-12T23:59", "opening past"),
        ("2026-11-02T08:00", "2026-11-20T23:59", "closing past"),
        ("2026-11-02T08:00", "2026-11-23T23:59", "closing today"),
        ("2027-01-17T08:00", "2027-02-12T23:59", "opening idle"),
        ("2027-01-18T08:00", "2027-02-14T23:59", "closing idle"),
        ("2027-01-18T08:00", "2027-02-12T00:00", "closing at night"),
        ("2027-01-18T08:00", "2027-02-12T06:59", "closing at night"),
        ("2027-01-18T08:00", "2027-01-20T23:59", "short"),
        ("2027-01-18T08:00", "2027-03-08T09:00", "no school day"),
        ("2027-01-18T08:00", "2027-03-05T23:59", "no school day"),
    ],
)
def test_what_is_to_be_read_twice(opens: str, closes: str, code: str) -> None:
    assert code in codes_of({PhaseKind.INTENTIONS: period(opens, closes)})


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        ("2027-01-18T08:00", "2027-02-12T07:00"),
        ("2027-01-18T00:00", "2027-02-13T12:00"),
        ("2027-01-18T08:00", "2027-01-21T08:00"),
        ("2027-01-18T08:00", "2027-03-04T23:59"),
    ],
)
def test_what_is_usual_enough(opens: str, closes: str) -> None:
    assert codes_of({PhaseKind.INTENTIONS: period(opens, closes)}) == set()


def test_the_final_choices_may_open_before_the_avis_close_once_it_was_said() -> None:
    early = {PhaseKind.FINAL_CHOICES: period("2027-03-22T08:00", "2027-05-21T23:59")}
    assert date_problems({**USUAL, **early}) == []
    assert codes_of(early) == {"overlap"}


def test_a_holiday_is_that_of_the_territory_and_is_named() -> None:
    day = {PhaseKind.INTENTIONS: period("2026-12-14T08:00", "2026-12-20T23:59", REUNION)}
    [said] = [each.text for each in date_cautions(day, stands={}, school=REUNION, at=AT) if "idle" in each.key]
    assert "dimanche 20 décembre 2026 à 23\u00a0h\u00a059 (heure de La Réunion)" in said
    assert "Abolition de l'esclavage" in said
    holiday = {PhaseKind.INTENTIONS: period("2027-05-10T08:00", "2027-05-17T23:59")}
    [said] = [each.text for each in date_cautions(holiday, stands={}, school=PARIS, at=AT) if "idle" in each.key]
    assert "Lundi de Pentecôte" in said


def test_only_what_changes_is_spoken_of() -> None:
    odd = {**USUAL, PhaseKind.INTENTIONS: period("2027-01-17T08:00", "2027-01-18T01:00")}
    assert date_cautions(odd, stands=odd, school=PARIS, at=AT) == []
    later = {**odd, PhaseKind.PROPOSALS: period("2027-06-07T18:00", "2027-06-20T23:59")}
    assert [each.key.split(" proposals")[0] for each in date_cautions(later, stands=odd, school=PARIS, at=AT)] == [
        "closing idle"
    ]


def test_dates_in_force_are_spoken_of_while_their_phase_is_not_over() -> None:
    now = at("2027-02-01T09:00")
    odd = {**USUAL, PhaseKind.INTENTIONS: period("2027-01-17T08:00", "2027-02-12T01:00")}
    keys = [each.key for each in standing_cautions(odd, PARIS, now)]
    assert [key.split(" intentions")[0] for key in keys] == ["closing at night"]
    assert standing_cautions(odd, PARIS, at("2027-02-12T01:00")) == []


@pytest.mark.parametrize(
    ("day", "hour", "message"),
    [
        (date(2027, 3, 28), time(2, 30), "Cette heure n’existe pas ce jour-là"),
        (date(2026, 10, 25), time(2, 30), "Cette heure existe deux fois ce jour-là"),
    ],
)
def test_an_hour_that_the_clocks_skip_or_show_twice_is_refused(day: date, hour: time, message: str) -> None:
    with pytest.raises(LocalTimeRefused, match=message):
        local_instant(day, hour, PARIS.zone)
    assert local_instant(day, hour, REUNION.zone) == datetime.combine(day, hour, tzinfo=UTC) - timedelta(hours=4)


def test_hours_around_a_change_of_clocks_are_taken() -> None:
    assert local_instant(date(2027, 3, 28), time(3), PARIS.zone) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert local_instant(date(2026, 10, 25), time(3), PARIS.zone) == datetime(2026, 10, 25, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "years", "expected"),
    [
        ("2027-05-21T23:59", 1, "2028-05-19T23:59"),
        ("2027-01-18T08:00", 1, "2028-01-17T08:00"),
        ("2028-02-29T08:00", 1, "2029-02-27T08:00"),
        ("2027-03-26T23:59", 2, "2029-03-23T23:59"),
        ("2027-03-26T12:00", 1, "2028-03-24T12:00"),
    ],
)
def test_next_years_dates_fall_on_the_same_weekday_at_the_same_hour(instant: str, years: int, expected: str) -> None:
    later = same_weekday_later(at(instant), years, PARIS.zone)
    assert later == at(expected)
    assert later.astimezone(PARIS.zone).weekday() == at(instant).astimezone(PARIS.zone).weekday()


def test_a_year_later_is_in_order_still() -> None:
    assert date_problems(shifted(USUAL, 1, PARIS.zone)) == []


@pytest.mark.parametrize("year", range(2026, 2036))
@pytest.mark.parametrize("zone", list(TimeZone))
def test_dates_proposed_from_nothing_say_nothing_to_be_read_twice(year: int, zone: TimeZone) -> None:
    school = School(uai="0759901X", time_zone=zone)
    dates = proposed(year, school)
    assert list(dates) == list(PhaseKind)
    assert date_problems(dates) == []
    assert date_cautions(dates, stands={}, school=school, at=datetime(2026, 1, 1, tzinfo=UTC)) == []


def test_in_the_south_the_year_is_that_of_the_calendar() -> None:
    assert proposed(2027, NOUMEA)[PhaseKind.INTENTIONS].opens_at.year == 2027
    assert proposed(2027, PARIS)[PhaseKind.INTENTIONS].opens_at.year == 2028
