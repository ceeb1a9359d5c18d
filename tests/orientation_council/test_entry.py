"""Keeping what the council says of a pupil, line by line."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from orientation.council import services
from orientation.council.errors import (
    AnswersRefused,
    EntryNotBegun,
    ListChangedSince,
    SheetChangedByOther,
    SheetPublished,
)
from orientation.council.lines import Line, answers_of, lines_of, tokens_of
from orientation.council.queries import CouncilPhases
from orientation.council.rules import Answer
from orientation.errors import NotAllowed
from orientation.models import CouncilSheet, Phase
from schools.models import Division, Role
from tests.factories import school, staff
from tests.orientation_council.conftest import Council

pytestmark = pytest.mark.django_db

FAVOURABLE = (Answer("generale", "favourable"), Answer("stmg", "favourable"))


def line(council: Council) -> Line:
    return lines_of([council.emma], CouncilPhases(council.phase, council.writing))[0]


def test_a_line_is_kept_as_it_goes_complete_or_not(opinions: Council) -> None:
    sheet = opinions.save(Answer("generale", "reserved"))
    assert sheet.version == 1
    assert sheet.submission == opinions.newest(opinions.emma)
    assert (sheet.changed_by, sheet.changed_at) == (opinions.deputy, opinions.meeting)
    assert answers_of(opinions.sheet) == (Answer("generale", "reserved"), Answer("stmg"))
    assert line(opinions).missing == ("rang 2 sans réponse", "rang 1 sans motif")
    opinions.save(Answer("generale", "reserved", "À consolider."), Answer("stmg", "favourable"))
    assert opinions.sheet.version == 2
    assert line(opinions).is_complete


def test_a_kept_answer_freezes_the_rank_and_the_label_that_the_family_read(opinions: Council) -> None:
    sheet = opinions.save(*FAVOURABLE)
    assert list(sheet.answers.values_list("rank", "label")) == [
        (1, "1re générale"),
        (2, "1re technologique : 1re STMG"),
    ]


def test_the_same_answers_again_write_nothing(opinions: Council) -> None:
    opinions.save(*FAVOURABLE)
    again = opinions.save(*FAVOURABLE, at=opinions.meeting + timedelta(hours=1), by=opinions.head)
    assert (again.version, again.changed_by, again.changed_at) == (1, opinions.deputy, opinions.meeting)


def test_specialities_are_recommended_and_taken_back(proposals: Council) -> None:
    proposals.save(Answer("generale", "yes", recommended=frozenset({"nsi", "svt"})))
    proposals.save(Answer("generale", "yes", recommended=frozenset({"svt", "ses"})))
    assert answers_of(proposals.sheet)[0].recommended == {"svt", "ses"}


def test_the_council_adds_a_proposition_nobody_asked_for_and_takes_it_back(proposals: Council) -> None:
    proposals.save(Answer("generale", "no"), Answer("stmg", "yes"), Answer("st2s", comment="Très bon stage."))
    added = proposals.sheet.answers.get(rank=None)
    assert (added.pathway.code, added.verdict, added.comment) == ("st2s", "yes", "Très bon stage.")
    proposals.save(Answer("generale", "no"), Answer("stmg", "yes"))
    assert not proposals.sheet.answers.filter(rank=None).exists()


def test_without_validated_choice_the_council_may_still_propose(proposals: Council) -> None:
    alone = proposals.classmate("Noé", "Petit")
    sheet = proposals.save(Answer("stmg"), of=alone)
    assert sheet.submission is None
    assert [(each.pathway, each.verdict) for each in answers_of(sheet)] == [("stmg", "yes")]


@pytest.mark.parametrize(
    "wrong",
    [Answer("generale", "yes"), Answer("st2s", "favourable"), Answer("stmg", "favourable", "x" * 501)],
    ids=["a verdict of propositions", "a voie nobody asked for", "a text too long"],
)
def test_what_breaks_the_rules_is_refused_and_nothing_is_half_written(opinions: Council, wrong: Answer) -> None:
    opinions.save(*FAVOURABLE)
    with pytest.raises(AnswersRefused):
        opinions.save(Answer("generale", "unfavourable") if wrong.pathway != "generale" else FAVOURABLE[1], wrong)
    assert opinions.sheet.version == 1
    assert answers_of(opinions.sheet) == FAVOURABLE


@pytest.mark.parametrize("before", [timedelta(seconds=1), timedelta(days=30)], ids=["open", "upcoming"])
def test_entry_begins_at_the_very_instant_the_families_phase_closes(opinions: Council, before: timedelta) -> None:
    closes_at = opinions.writing.closes_at
    with pytest.raises(EntryNotBegun, match="La saisie du conseil commence à la fermeture de la phase « Intentions »"):
        opinions.save(*FAVOURABLE, at=closes_at - before)
    assert not CouncilSheet.objects.exists()
    assert opinions.save(*FAVOURABLE, at=closes_at).version == 1


def test_without_a_families_phase_there_is_nothing_to_enter(opinions: Council) -> None:
    alone = opinions.classmate("Noé", "Petit")
    Phase.objects.filter(pk=opinions.writing.pk).update(kind="proposals2")
    phase = opinions.phase
    with pytest.raises(EntryNotBegun, match="n’a pas de phase de saisie"):
        services.save_sheet(
            student=alone,
            phase=phase,
            answers=(),
            version=0,
            submission_id=None,
            by=opinions.deputy,
            at=opinions.meeting,
        )


def test_a_published_line_is_not_changed(opinions: Council) -> None:
    opinions.complete()
    opinions.publish()
    with pytest.raises(SheetPublished, match="Retirez d’abord la publication"):
        opinions.save(Answer("generale", "unfavourable", "Non."))
    assert answers_of(opinions.sheet) == FAVOURABLE


def test_a_list_validated_since_the_page_was_shown_is_not_answered_unseen(opinions: Council) -> None:
    seen = opinions.newest(opinions.emma)
    assert seen is not None
    opinions.ask("stmg", "sti2d")
    with pytest.raises(ListChangedSince):
        opinions.save(*FAVOURABLE, submission_id=seen.pk)
    assert not CouncilSheet.objects.exists()


def test_a_newer_list_puts_the_line_to_review_and_keeps_what_still_holds(opinions: Council) -> None:
    opinions.save(Answer("generale", "reserved", "Trop juste."), Answer("stmg", "favourable"))
    opinions.ask("stmg", "sti2d")
    found = line(opinions)
    assert found.is_to_review
    assert not found.is_complete
    assert [row.answer for row in found.rows] == [Answer("stmg", "favourable"), Answer("sti2d")]
    assert [each.label for each in found.dropped] == ["1re générale"]
    opinions.save(Answer("stmg", "favourable"), Answer("sti2d", "favourable"))
    found = line(opinions)
    assert found.is_complete
    assert list(opinions.sheet.answers.values_list("rank", "pathway__code")) == [(1, "stmg"), (2, "sti2d")]


def test_ranks_exchanged_by_the_family_are_taken_without_a_clash(opinions: Council) -> None:
    opinions.complete()
    opinions.ask("stmg", "generale")
    assert line(opinions).missing == ()
    assert line(opinions).is_to_review, "the order alone is worth a look"
    opinions.save(*reversed(FAVOURABLE))
    assert line(opinions).is_complete
    assert list(opinions.sheet.answers.values_list("rank", "pathway__code")) == [(1, "stmg"), (2, "generale")]


# --- Two people on one line ------------------------------------------------------------------------------------------


def test_over_anothers_newer_version_nothing_is_written_and_both_are_given(opinions: Council) -> None:
    opinions.save(*FAVOURABLE, by=opinions.deputy)
    mine = (Answer("generale", "reserved", "Trop juste."), Answer("stmg", "favourable"))
    with pytest.raises(SheetChangedByOther, match=r"denis\.adjoint a modifié cette ligne") as refusal:
        opinions.save(*mine, by=opinions.head, version=0)
    assert refusal.value.mine == mine
    assert answers_of(refusal.value.theirs) == FAVOURABLE
    assert (opinions.sheet.version, opinions.sheet.changed_by) == (1, opinions.deputy)


def test_having_seen_it_one_may_write_over_it(opinions: Council) -> None:
    opinions.save(*FAVOURABLE, by=opinions.deputy)
    opinions.save(Answer("generale", "reserved"), by=opinions.head, version=1)
    assert (opinions.sheet.version, opinions.sheet.others_version) == (2, 1)


def test_ones_own_second_tab_is_no_conflict_unless_another_wrote_between(opinions: Council) -> None:
    opinions.save(Answer("generale", "favourable"), by=opinions.head)
    opinions.save(Answer("generale", "reserved"), by=opinions.head, version=1)
    assert opinions.save(Answer("generale", "unfavourable"), by=opinions.head, version=1).version == 3
    opinions.save(*FAVOURABLE, by=opinions.deputy, version=3)
    opinions.save(Answer("stmg", "reserved"), by=opinions.head, version=4)
    with pytest.raises(SheetChangedByOther):
        opinions.save(Answer("stmg", "unfavourable"), by=opinions.head, version=3)


def test_the_same_words_from_two_people_are_no_conflict(opinions: Council) -> None:
    opinions.save(*FAVOURABLE, by=opinions.deputy)
    assert opinions.save(*FAVOURABLE, by=opinions.head, version=0).version == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_people_who_save_a_new_line_at_the_same_instant_lose_nothing(opinions: Council) -> None:
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def enter(by: object, verdict: str) -> None:
        try:
            start.wait()
            outcomes.append(opinions.save(Answer("generale", verdict), by=by, version=0))  # type: ignore[arg-type]
        except SheetChangedByOther as conflict:
            outcomes.append(conflict)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=enter, args=values)
        for values in ((opinions.head, "favourable"), (opinions.deputy, "reserved"))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    kinds = sorted(type(each).__name__ for each in outcomes)
    assert kinds == ["CouncilSheet", "SheetChangedByOther"]
    conflict = next(each for each in outcomes if isinstance(each, SheetChangedByOther))
    said = {conflict.mine[0].verdict, answers_of(conflict.theirs)[0].verdict}
    assert said == {"favourable", "reserved"}, "what each typed is in the refusal or in the database"
    assert opinions.sheet.version == 1


# --- Who enters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OFFICE, Role.COUNSELLOR])
def test_who_only_reads_enters_nothing(opinions: Council, role: Role) -> None:
    with pytest.raises(NotAllowed):
        opinions.save(*FAVOURABLE, by=staff(opinions.school, role))
    assert not CouncilSheet.objects.exists()


def test_a_form_teacher_enters_for_their_own_class_only(opinions: Council) -> None:
    other = Division.objects.create(school=opinions.school, school_year=2026, code="2DE9")
    with pytest.raises(NotAllowed):
        opinions.save(*FAVOURABLE, by=staff(opinions.school, Role.FORM_TEACHER, other))
    assert opinions.save(*FAVOURABLE, by=staff(opinions.school, Role.FORM_TEACHER, opinions.division)).version == 1


def test_the_head_of_another_school_enters_nothing(opinions: Council) -> None:
    with pytest.raises(NotAllowed):
        opinions.save(*FAVOURABLE, by=staff(school("0699902Y")))


def test_nothing_is_entered_for_who_left_or_whom_the_campaign_does_not_take(opinions: Council) -> None:
    gone = opinions.classmate("Noé", "Petit")
    gone.left_on = opinions.meeting.date()
    gone.save()
    elsewhere = opinions.classmate("Lou", "Petit")
    elsewhere.mef_code = "24010"
    elsewhere.save()
    for pupil in (gone, elsewhere):
        with pytest.raises(NotAllowed):
            opinions.save(of=pupil)


def test_a_token_tells_that_a_line_changed_whoever_changed_what(opinions: Council) -> None:
    phases = CouncilPhases(opinions.phase, opinions.writing)

    def token() -> str:
        found = tokens_of([opinions.emma], phases)[opinions.emma.pk]
        assert found == line(opinions).token
        return found

    seen = [token()]
    opinions.complete()
    seen.append(token())
    opinions.ask("stmg")
    seen.append(token())
    opinions.complete()
    seen.append(token())
    opinions.publish()
    seen.append(token())
    assert len(set(seen)) == len(seen)
