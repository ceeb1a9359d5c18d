"""How the head and the deputy steer a campaign, one act at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from accounts.models import User
from orientation import services as families
from orientation.campaigns import services
from orientation.campaigns.calendar import Period
from orientation.campaigns.errors import (
    AlreadyClosed,
    CampaignExists,
    ChangedMeanwhile,
    DatesRefused,
    MayNotSteer,
    NeedsConfirmation,
    NotLater,
    NotYetOpen,
    OfferToDeclare,
    ResultsPublished,
    signature,
)
from orientation.campaigns.queries import general_specialities, offered_ids
from orientation.errors import OrientationError, PhaseNotOpen
from orientation.models import Campaign, Draft, Phase, PhaseKind, PhaseState, Speciality, SpecialityOffer, Submission
from schools.models import Role
from tests.factories import CLOSES_AT, NOW, Family, campaign, dubois_family, school, staff, student
from tests.orientation_campaigns.people import (
    council_has_begun,
    council_is_published,
    having_read,
    prepare,
    seen,
    stands,
    validate,
)

pytestmark = pytest.mark.django_db

FINAL, PROPOSALS = PhaseKind.FINAL_CHOICES, PhaseKind.PROPOSALS


def set_dates(of: Campaign, by: User, at: datetime = NOW, **changed: Period) -> Callable[..., object]:
    timetable = {PhaseKind(kind): period for kind, period in changed.items()}
    return partial(services.set_dates, campaign=of, timetable=timetable, seen=seen(of), by=by, at=at)


def moved(of: Campaign, kind: PhaseKind, **days: float) -> Period:
    period = stands(of)[kind]
    return Period(
        period.opens_at + timedelta(days=days.get("opens", 0)), period.closes_at + timedelta(days=days.get("closes", 0))
    )


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OFFICE, Role.FORM_TEACHER, Role.COUNSELLOR])
def test_only_the_head_and_the_deputy_steer(dubois: Family, role: Role) -> None:
    before = stands(dubois.campaign)
    for who in (staff(dubois.school, role), staff(school("0699902Y")), dubois.sophie.user):
        assert who is not None
        acts: list[Callable[[], object]] = [
            partial(services.create_campaign, school=dubois.school, school_year=2027, source=None, by=who, at=NOW),
            set_dates(dubois.campaign, who, proposals=moved(dubois.campaign, PROPOSALS, closes=1)),
            partial(services.open_now, campaign=dubois.campaign, kind=PROPOSALS, by=who, at=NOW),
            partial(services.close_now, campaign=dubois.campaign, kind=FINAL, by=who, at=NOW),
            partial(
                services.keep_open_until,
                campaign=dubois.campaign,
                kind=FINAL,
                closes_at=CLOSES_AT + timedelta(days=1),
                by=who,
                at=NOW,
            ),
            partial(
                services.declare_offer,
                campaign=dubois.campaign,
                speciality_ids=[],
                is_complete=True,
                by=who,
                at=NOW,
            ),
            partial(services.change_rules, campaign=dubois.campaign, changes={"final_specialities": 2}, by=who, at=NOW),
            partial(services.change_welcome_message, school=dubois.school, message="Bonjour", by=who, at=NOW),
        ]
        for act in acts:
            with pytest.raises(MayNotSteer) as refusal:
                act()
            assert isinstance(refusal.value, PermissionDenied), "Django answers 403 by itself"
    assert stands(dubois.campaign) == before
    dubois.campaign.refresh_from_db()
    dubois.school.refresh_from_db()
    assert (Campaign.objects.count(), dubois.campaign.final_specialities) == (1, 3)
    assert dubois.school.welcome_message != "Bonjour"


def test_a_deputy_steers(dubois: Family) -> None:
    deputy = staff(dubois.school, Role.DEPUTY)
    services.close_now(campaign=dubois.campaign, kind=FINAL, by=deputy, at=NOW)
    assert dubois.phase.closes_at == NOW


# --- a new campaign --------------------------------------------------------------------------------------------------


def test_next_years_campaign_takes_all_from_the_last_but_the_declaration(dubois: Family, head: User) -> None:
    Campaign.objects.update(
        intention_specialities=5, final_specialities=2, single_writer=True, reminder_delay_days=7, mef_prefixes=["201"]
    )
    dubois.campaign.refresh_from_db()
    new = services.create_campaign(school=dubois.school, school_year=2027, source=dubois.campaign, by=head, at=NOW)
    new.refresh_from_db()
    assert (new.intention_specialities, new.final_specialities, new.single_writer) == (5, 2, True)
    assert (new.reminder_delay_days, new.mef_prefixes, new.offer_declared_at) == (7, ["201"], None)
    offers = SpecialityOffer.objects
    codes = [set(offers.filter(school_year=year).values_list("speciality__code", flat=True)) for year in (2026, 2027)]
    assert codes[0] == codes[1] != set()
    before, after = stands(dubois.campaign), stands(new)
    assert list(after) == list(before)
    zone = dubois.school.zone
    for kind in before:
        was, becomes = (each[kind].closes_at.astimezone(zone) for each in (before, after))
        assert (was.weekday(), was.time(), was.year + 1) == (becomes.weekday(), becomes.time(), becomes.year)


def test_a_campaign_from_nothing_has_its_four_phases_and_asks_for_its_offer(head: User, dubois: Family) -> None:
    new = services.create_campaign(school=dubois.school, school_year=2027, source=None, by=head, at=NOW)
    assert set(stands(new)) == set(PhaseKind)
    assert (new.intention_specialities, new.final_specialities, new.offer_declared_at) == (4, 3, None)
    assert not SpecialityOffer.objects.filter(school_year=2027).exists()


def test_a_second_campaign_of_the_same_year_is_refused_and_nothing_is_written(dubois: Family, head: User) -> None:
    with pytest.raises(CampaignExists, match="2026-2027 existe déjà"):
        services.create_campaign(school=dubois.school, school_year=2026, source=dubois.campaign, by=head, at=NOW)
    assert (Campaign.objects.count(), Phase.objects.count()) == (1, 4)


# --- dates -----------------------------------------------------------------------------------------------------------


def test_wrong_dates_are_refused_together_and_nothing_is_half_written(dubois: Family, head: User) -> None:
    before = stands(dubois.campaign)
    act = set_dates(
        dubois.campaign,
        head,
        intentions=moved(dubois.campaign, PhaseKind.INTENTIONS, closes=1),
        proposals=Period(before[PROPOSALS].closes_at, before[PROPOSALS].opens_at),
    )
    with pytest.raises(DatesRefused) as refusal:
        act()
    assert [(each.kind, each.field) for each in refusal.value.problems] == [(PROPOSALS, "closes_on")]
    assert stands(dubois.campaign) == before


def test_new_dates_are_asked_once_then_written(dubois: Family, head: User) -> None:
    wanted = Period(datetime(2027, 6, 7, 16, tzinfo=UTC), datetime(2027, 6, 20, 21, 59, tzinfo=UTC))
    act = set_dates(dubois.campaign, head, proposals=wanted)
    [said] = having_read(act)
    assert "dimanche 20 juin 2027" in said
    assert stands(dubois.campaign)[PROPOSALS] == wanted
    act()
    assert stands(dubois.campaign)[PROPOSALS] == wanted, "twice is harmless, and not asked again"


def test_having_read_other_cautions_is_not_having_read_these(dubois: Family, head: User) -> None:
    sunday = Period(datetime(2027, 6, 7, 16, tzinfo=UTC), datetime(2027, 6, 20, 21, 59, tzinfo=UTC))
    night = Period(sunday.opens_at, datetime(2027, 6, 18, 1, tzinfo=UTC))
    with pytest.raises(NeedsConfirmation) as asked:
        set_dates(dubois.campaign, head, proposals=sunday)()
    with pytest.raises(NeedsConfirmation, match="Rien n’est encore enregistré"):
        set_dates(dubois.campaign, head, proposals=night)(confirmed=signature(asked.value.cautions))


def test_dates_that_another_changed_meanwhile_are_not_written_over(dubois: Family, head: User) -> None:
    act = set_dates(dubois.campaign, head, proposals=moved(dubois.campaign, PROPOSALS, closes=1))
    other = moved(dubois.campaign, PROPOSALS, closes=4)
    having_read(set_dates(dubois.campaign, staff(dubois.school, Role.DEPUTY), proposals=other))
    with pytest.raises(ChangedMeanwhile):
        act()
    assert stands(dubois.campaign)[PROPOSALS] == other


def test_dates_left_alone_keep_the_second_at_which_a_phase_was_opened(dubois: Family, head: User) -> None:
    opened = Phase.objects.get(kind=FINAL).opens_at + timedelta(seconds=27, microseconds=5)
    Phase.objects.filter(kind=FINAL).update(opens_at=opened)
    shown = Period(opened.replace(second=0, microsecond=0), dubois.phase.closes_at)
    services.set_dates(campaign=dubois.campaign, timetable={FINAL: shown}, seen="", by=head, at=NOW)
    assert dubois.phase.opens_at == opened


def test_a_phase_whose_dates_were_not_set_is_added(dubois: Family, head: User) -> None:
    wanted = Period(datetime(2027, 6, 7, 16, tzinfo=UTC), datetime(2027, 6, 18, 21, 59, tzinfo=UTC))
    dubois.campaign.phases.filter(kind=PROPOSALS).delete()
    assert having_read(set_dates(dubois.campaign, head, proposals=wanted)) == []
    assert stands(dubois.campaign)[PROPOSALS] == wanted


def test_changing_dates_says_whom_it_touches(dubois: Family, head: User) -> None:
    prepare(dubois, "stmg")
    act = set_dates(dubois.campaign, head, final_choices=moved(dubois.campaign, FINAL, closes=4))
    assert "«\u00a0Choix définitifs\u00a0»\u00a0: 1 élève a une liste commencée, jamais validée." in having_read(act)
    validate(dubois)
    prepare(dubois, "sti2d")
    council_has_begun(dubois)
    act = set_dates(dubois.campaign, head, final_choices=moved(dubois.campaign, FINAL, closes=1))
    assert (
        "«\u00a0Choix définitifs\u00a0»\u00a0: 1 élève a une liste validée\u00a0; dont 1 l’a modifiée depuis sans la "
        "valider\u00a0; le conseil de classe a commencé 1 fiche."
    ) in having_read(act)


def test_dates_that_open_or_shut_a_phase_at_once_say_so(dubois: Family, head: User) -> None:
    act = set_dates(dubois.campaign, head, final_choices=moved(dubois.campaign, FINAL, opens=20, closes=15))
    assert (
        "«\u00a0Choix définitifs\u00a0» passe de «\u00a0ouverte\u00a0» à «\u00a0à venir\u00a0» dès l’enregistrement."
        in having_read(act)
    )
    earlier = Period(NOW - timedelta(hours=6), NOW + timedelta(days=15))
    act = set_dates(dubois.campaign, head, final_choices=earlier)
    assert (
        "«\u00a0Choix définitifs\u00a0» passe de «\u00a0à venir\u00a0» à «\u00a0ouverte\u00a0» dès l’enregistrement."
        in having_read(act)
    )
    act = set_dates(dubois.campaign, head, final_choices=Period(earlier.opens_at, NOW))
    assert (
        "«\u00a0Choix définitifs\u00a0» passe de «\u00a0ouverte\u00a0» à «\u00a0fermée\u00a0» dès l’enregistrement."
        in having_read(act)
    )


def test_changing_the_dates_of_a_council_says_which_classes_were_told(dubois: Family, head: User) -> None:
    council_is_published(dubois)
    act = set_dates(dubois.campaign, head, proposals=moved(dubois.campaign, PROPOSALS, closes=1))
    assert "«\u00a0Propositions\u00a0»\u00a0: classes déjà publiées\u00a0: 2DE3." in having_read(act)


# --- open now --------------------------------------------------------------------------------------------------------


def before_final(family: Family) -> datetime:
    return family.phase.opens_at - timedelta(days=2)


def test_a_phase_to_come_opens_now_and_families_write(dubois: Family, head: User) -> None:
    at = before_final(dubois)
    with pytest.raises(PhaseNotOpen):
        prepare(dubois, "stmg", at=at)
    opened = services.open_now(campaign=dubois.campaign, kind=FINAL, by=head, at=at)
    assert (opened.opens_at, dubois.phase.opens_at) == (at, at)
    prepare(dubois, "stmg", at=at)
    services.open_now(campaign=dubois.campaign, kind=FINAL, by=head, at=at + timedelta(hours=1))
    assert dubois.phase.opens_at == at, "twice is harmless"


def test_a_writing_phase_does_not_open_before_the_offer_is_declared(dubois: Family, head: User) -> None:
    Campaign.objects.update(offer_declared_at=None)
    before = stands(dubois.campaign)
    with pytest.raises(OfferToDeclare):
        services.open_now(campaign=dubois.campaign, kind=FINAL, by=head, at=before_final(dubois))
    with pytest.raises(OfferToDeclare):
        services.keep_open_until(
            campaign=dubois.campaign, kind=FINAL, closes_at=CLOSES_AT + timedelta(days=1), by=head, at=NOW
        )
    assert stands(dubois.campaign) == before


def test_a_council_does_not_answer_families_who_still_write(dubois: Family, head: User) -> None:
    with pytest.raises(DatesRefused, match="avant la fermeture de «\u00a0Choix définitifs\u00a0»"):
        services.open_now(campaign=dubois.campaign, kind=PROPOSALS, by=head, at=NOW)
    services.close_now(campaign=dubois.campaign, kind=FINAL, by=head, at=NOW)
    services.open_now(campaign=dubois.campaign, kind=PROPOSALS, by=head, at=NOW + timedelta(seconds=1))
    assert stands(dubois.campaign)[PROPOSALS].opens_at == NOW + timedelta(seconds=1)


def test_a_closed_phase_is_not_opened_but_reopened(dubois: Family, head: User) -> None:
    with pytest.raises(AlreadyClosed):
        services.open_now(campaign=dubois.campaign, kind=PhaseKind.INTENTIONS, by=head, at=NOW)


# --- close now -------------------------------------------------------------------------------------------------------


def test_a_phase_closes_now_and_families_write_no_more(dubois: Family, head: User) -> None:
    prepare(dubois, "stmg")
    services.close_now(campaign=dubois.campaign, kind=FINAL, by=head, at=NOW)
    with pytest.raises(PhaseNotOpen):
        validate(dubois, NOW)
    services.close_now(campaign=dubois.campaign, kind=FINAL, by=head, at=NOW + timedelta(minutes=1))
    assert dubois.phase.closes_at == NOW, "twice is harmless"
    assert Draft.objects.get().wishes, "what was prepared is kept"


def test_a_phase_that_is_not_open_yet_does_not_close(dubois: Family, head: User) -> None:
    with pytest.raises(NotYetOpen):
        services.close_now(campaign=dubois.campaign, kind=PROPOSALS, by=head, at=NOW)


def test_a_phase_opened_and_closed_in_the_same_instant_has_lasted(dubois: Family, head: User) -> None:
    at = before_final(dubois)
    services.open_now(campaign=dubois.campaign, kind=FINAL, by=head, at=at)
    services.close_now(campaign=dubois.campaign, kind=FINAL, by=head, at=at)
    assert dubois.phase.opens_at < dubois.phase.closes_at
    assert dubois.phase.state_at(at + timedelta(microseconds=1)) is PhaseState.CLOSED


def test_what_was_validated_while_the_head_waited_stays_before_the_closing(dubois: Family, head: User) -> None:
    prepare(dubois, "stmg")
    submission = validate(dubois, NOW + timedelta(seconds=2))
    services.close_now(campaign=dubois.campaign, kind=FINAL, by=head, at=NOW)
    assert submission.submitted_at < dubois.phase.closes_at <= NOW + timedelta(seconds=3)


# --- prolong and reopen ----------------------------------------------------------------------------------------------


def until(family: Family, by: User, closes_at: datetime, at: datetime = NOW) -> Callable[..., object]:
    return partial(services.keep_open_until, campaign=family.campaign, kind=FINAL, closes_at=closes_at, by=by, at=at)


LATER = datetime(2027, 5, 25, 21, 59, tzinfo=UTC)
AFTER = CLOSES_AT + timedelta(hours=12)


def test_an_open_phase_is_prolonged(dubois: Family, head: User) -> None:
    assert having_read(until(dubois, head, LATER)) == []
    assert dubois.phase.closes_at == LATER
    until(dubois, head, LATER)()


def test_a_closed_phase_is_reopened_and_families_write_again(dubois: Family, head: User) -> None:
    with pytest.raises(PhaseNotOpen):
        prepare(dubois, "stmg", at=AFTER)
    assert having_read(until(dubois, head, LATER, AFTER)) == []
    prepare(dubois, "stmg", at=AFTER)


def test_a_new_closing_is_later_than_the_one_that_stands_and_than_now(dubois: Family, head: User) -> None:
    for closes_at, at, message in [
        (CLOSES_AT - timedelta(minutes=1), NOW, "changez ses dates"),
        (NOW, NOW, "dans l’avenir"),
        (AFTER, AFTER, "dans l’avenir"),
        (CLOSES_AT, AFTER, "dans l’avenir"),
    ]:
        with pytest.raises(NotLater, match=message):
            until(dubois, head, closes_at, at)()
    with pytest.raises(NotYetOpen):
        until(dubois, head, LATER, before_final(dubois))()
    assert dubois.phase.closes_at == CLOSES_AT


def test_a_phase_is_not_kept_open_under_the_council_that_answers_it(dubois: Family, head: User) -> None:
    closes_at = stands(dubois.campaign)[PROPOSALS].opens_at + timedelta(minutes=1)
    with pytest.raises(DatesRefused):
        until(dubois, head, closes_at)()
    assert dubois.phase.closes_at == CLOSES_AT


def test_reopening_says_what_the_council_will_have_to_look_at_again(dubois: Family, head: User) -> None:
    council_has_begun(dubois)
    cautions = having_read(until(dubois, head, LATER, AFTER))
    assert any("celle d’un élève dont la famille valide de nouveau devra être revue" in each for each in cautions)
    assert dubois.phase.closes_at == LATER


def test_prolonging_has_nothing_to_look_at_again(dubois: Family, head: User) -> None:
    council_has_begun(dubois)
    assert having_read(until(dubois, head, LATER)) == []


def test_reopening_by_the_dates_says_it_too(dubois: Family, head: User) -> None:
    council_has_begun(dubois)
    wanted = Period(dubois.phase.opens_at, LATER)
    cautions = having_read(set_dates(dubois.campaign, head, AFTER, final_choices=wanted))
    assert [any(word in each for each in cautions) for word in ("a commencé 1 fiche", "devra être revue")] == [True] * 2


def test_families_do_not_write_again_under_a_published_council(dubois: Family, head: User) -> None:
    publication = council_is_published(dubois)
    with pytest.raises(ResultsPublished, match=r"\(2DE3\)"):
        until(dubois, head, LATER, AFTER)()
    with pytest.raises(ResultsPublished):
        set_dates(dubois.campaign, head, AFTER, final_choices=moved(dubois.campaign, FINAL, closes=3))()
    assert dubois.phase.closes_at == CLOSES_AT
    publication.withdrawn_at, publication.withdrawn_by = AFTER, head
    publication.save()
    having_read(until(dubois, head, LATER, AFTER))
    assert dubois.phase.closes_at == LATER


def test_the_closing_of_a_phase_that_is_over_is_corrected_though_its_council_is_published(
    dubois: Family, head: User
) -> None:
    council_is_published(dubois)
    wanted = Period(dubois.phase.opens_at, CLOSES_AT + timedelta(hours=1))
    having_read(set_dates(dubois.campaign, head, AFTER, final_choices=wanted))
    assert dubois.phase.closes_at == wanted.closes_at < AFTER


def test_the_councils_of_the_other_term_do_not_hold_a_phase_shut(dubois: Family, head: User) -> None:
    council_is_published(dubois, PhaseKind.PROVISIONAL_OPINIONS)
    assert having_read(until(dubois, head, LATER, AFTER)) == []


def test_a_council_is_reopened_though_it_was_published(dubois: Family, head: User) -> None:
    council_is_published(dubois)
    at = stands(dubois.campaign)[PROPOSALS].closes_at + timedelta(hours=1)
    act = partial(
        services.keep_open_until,
        campaign=dubois.campaign,
        kind=PROPOSALS,
        closes_at=datetime(2027, 6, 25, 21, 59, tzinfo=UTC),
        by=head,
        at=at,
    )
    assert having_read(act) == []
    assert stands(dubois.campaign)[PROPOSALS].closes_at.day == 25


# --- the offer, the rules, the message -------------------------------------------------------------------------------


def ids(*codes: str) -> list[int]:
    return list(Speciality.objects.filter(code__in=codes).values_list("pk", flat=True))


def validated_with(family: Family, *specialities: str) -> Submission:
    file, phase = family.file_of(family.sophie), family.phase
    assert family.sophie.user is not None
    wish = families.Wish("generale", specialities)
    held = Draft.objects.filter(phase=phase).first()
    families.save_choice(
        file=file,
        phase=phase,
        wish=wish,
        replacing="generale" if held else "",
        version=held.version if held else 0,
        by=family.sophie.user,
        at=NOW,
    )
    return validate(family)


def declare(family: Family, by: User, *codes: str, is_complete: bool = True) -> Callable[..., object]:
    return partial(
        services.declare_offer,
        campaign=family.campaign,
        speciality_ids=ids(*codes),
        is_complete=is_complete,
        by=by,
        at=NOW,
    )


def offered() -> set[str]:
    return set(SpecialityOffer.objects.values_list("speciality__code", flat=True))


def test_the_offer_is_declared_once(dubois: Family, head: User) -> None:
    Campaign.objects.update(offer_declared_at=None)
    declare(dubois, head, "nsi", "svt")()
    dubois.campaign.refresh_from_db()
    assert (offered(), dubois.campaign.offer_declared_at) == ({"nsi", "svt"}, NOW)
    services.declare_offer(
        campaign=dubois.campaign,
        speciality_ids=ids("nsi"),
        is_complete=True,
        by=head,
        at=NOW + timedelta(days=1),
    )
    dubois.campaign.refresh_from_db()
    assert (offered(), dubois.campaign.offer_declared_at) == ({"nsi"}, NOW)


def test_changing_the_offer_says_how_many_validated_lists_name_what_changes(dubois: Family, head: User) -> None:
    submission = validated_with(dubois, "nsi", "svt", "ses")
    kept = ["mathematiques", "physique-chimie", "svt", "ses", "hggsp", "llca-latin"]
    [said] = having_read(declare(dubois, head, *kept))
    assert said.startswith("1 élève a une liste validée qui nomme une spécialité")
    assert "nsi" not in offered()
    frozen = submission.choices.get().choice_specialities.get(speciality__code="nsi")
    assert not frozen.is_elsewhere, "what was validated keeps what was true that day"


def test_only_the_newest_validated_list_counts(dubois: Family, head: User) -> None:
    validated_with(dubois, "nsi", "svt", "ses")
    validated_with(dubois, "hggsp", "svt", "ses")
    kept = ["mathematiques", "physique-chimie", "svt", "ses", "hggsp", "llca-latin"]
    assert having_read(declare(dubois, head, *kept)) == []


def test_an_offer_no_longer_complete_shuts_the_writing_and_says_so(dubois: Family, head: User) -> None:
    [said] = having_read(declare(dubois, head, *sorted(offered()), is_complete=False))
    assert "ne peuvent plus rien modifier ni valider" in said
    dubois.campaign.refresh_from_db()
    assert dubois.campaign.offer_declared_at is None


def test_a_speciality_withdrawn_from_the_catalogue_may_stay_in_the_offer(dubois: Family) -> None:
    nsi = Speciality.objects.get(code="nsi")
    Speciality.objects.filter(pk=nsi.pk).update(is_active=False)
    assert nsi in general_specialities(offered_ids(dubois.campaign))
    assert nsi not in general_specialities([])


def test_the_offer_of_another_year_is_left_alone(dubois: Family, head: User) -> None:
    SpecialityOffer.objects.create(school=dubois.school, school_year=2025, speciality_id=ids("nlp", "hlp")[0])
    declare(dubois, head, "nsi")()
    assert offered() == {"nsi", "hlp"}


def change(family: Family, by: User, changes: services.RuleChanges) -> Callable[..., object]:
    return partial(services.change_rules, campaign=family.campaign, changes=changes, by=by, at=NOW)


def test_the_rules_change_without_a_word_where_nobody_is_touched(dubois: Family, head: User) -> None:
    changes: services.RuleChanges = {
        "intention_specialities": 5,
        "final_specialities": 2,
        "single_writer": True,
        "reminder_delay_days": 9,
        "mef_prefixes": ["2001001"],
    }
    assert having_read(change(dubois, head, changes)) == []
    dubois.campaign.refresh_from_db()
    assert {name: getattr(dubois.campaign, name) for name in changes} == changes


def test_another_number_of_specialities_says_whom_it_touches(dubois: Family, head: User) -> None:
    prepare(dubois, "stmg")
    assert having_read(change(dubois, head, {"intention_specialities": 3})) == []
    [said] = having_read(change(dubois, head, {"final_specialities": 2}))
    assert "1 élève a une liste commencée, jamais validée. Ce qui est validé ne change pas" in said
    assert having_read(change(dubois, head, {"final_specialities": 2})) == []


def test_other_mef_codes_say_who_is_no_longer_taken(dubois: Family, head: User) -> None:
    prepare(dubois, "stmg")
    student(dubois.school, "Ali", "Autre", mef_code="22010019110")
    [said] = having_read(change(dubois, head, {"mef_prefixes": ["220"]}))
    assert said.startswith("1 élève qui a déjà une liste ne serait plus concerné")
    [said] = having_read(change(dubois, head, {"mef_prefixes": ["999"]}))
    assert said.startswith("Aucun élève présent")


def test_the_message_changes_alone(dubois: Family, head: User) -> None:
    services.change_welcome_message(school=dubois.school, message="Réunion mardi.", by=head, at=NOW)
    dubois.school.refresh_from_db()
    assert dubois.school.welcome_message == "Réunion mardi."


# --- at the same time ------------------------------------------------------------------------------------------------


def meanwhile(act: Callable[[], object]) -> Callable[[], str]:
    """Start an act in another connection, which must wait for ours; the answer waits for it and names its refusal."""
    done = threading.Event()
    refusals: list[str] = []

    def run() -> None:
        try:
            act()
        except OrientationError as refusal:
            refusals.append(type(refusal).__name__)
        finally:
            connection.close()
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert not done.wait(0.5), "it waits"

    def outcome() -> str:
        thread.join(20)
        assert done.is_set()
        return "".join(refusals)

    return outcome


really_committing = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def committed(db: None) -> tuple[Family, User]:
    family = dubois_family()
    return family, staff(family.school)


@really_committing
def test_a_head_who_closes_waits_for_the_family_who_is_validating(committed: tuple[Family, User]) -> None:
    family, head = committed
    prepare(family, "stmg")
    close = partial(services.close_now, campaign=family.campaign, kind=FINAL, by=head, at=NOW)
    with transaction.atomic():
        submission = validate(family, NOW + timedelta(milliseconds=300))
        outcome = meanwhile(close)
    assert outcome() == ""
    assert submission.submitted_at < family.phase.closes_at, "who was told of a validation was in time"


@really_committing
def test_a_family_who_validates_waits_for_the_head_who_is_closing(committed: tuple[Family, User]) -> None:
    family, head = committed
    prepare(family, "stmg")
    with transaction.atomic():
        services.close_now(campaign=family.campaign, kind=FINAL, by=head, at=NOW)
        outcome = meanwhile(partial(validate, family, NOW + timedelta(milliseconds=300)))
    assert outcome() == PhaseNotOpen.__name__
    assert not Submission.objects.exists()


@really_committing
def test_of_two_campaigns_created_at_once_the_second_waits_and_is_refused(committed: tuple[Family, User]) -> None:
    family, head = committed
    create = partial(
        services.create_campaign, school=family.school, school_year=2027, source=family.campaign, by=head, at=NOW
    )
    with transaction.atomic():
        create()
        outcome = meanwhile(create)
    assert outcome() == CampaignExists.__name__
    assert Campaign.objects.filter(school_year=2027).count() == 1


@really_committing
def test_of_two_sets_of_dates_at_once_the_second_waits_and_is_told(committed: tuple[Family, User]) -> None:
    family, head = committed
    acts = [
        set_dates(
            family.campaign,
            head,
            proposals=Period(datetime(2027, 6, day, 16, tzinfo=UTC), datetime(2027, 6, 18, 21, 59, tzinfo=UTC)),
        )
        for day in (8, 9)
    ]
    with transaction.atomic():
        acts[0]()
        outcome = meanwhile(acts[1])
    assert outcome() == ChangedMeanwhile.__name__
    assert stands(family.campaign)[PROPOSALS].opens_at.day == 8


def test_another_school_is_never_touched(dubois: Family, head: User) -> None:
    other = campaign(school("0699902Y"))
    before = stands(other)
    having_read(until(dubois, head, LATER))
    declare(dubois, head, "nsi")()
    assert stands(other) == before
    assert SpecialityOffer.objects.filter(school=other.school).count() == 7
