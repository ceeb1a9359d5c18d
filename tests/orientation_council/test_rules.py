"""What a council can say of a pathway, and what a line still lacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.council import rules
from orientation.council.rules import Answer
from orientation.models import COMMENT_MAX_LENGTH, Pathway, PathwayGroup, PhaseKind, Speciality, Verdict
from orientation.rules import Catalogue

OPINIONS, PROPOSALS = PhaseKind.PROVISIONAL_OPINIONS, PhaseKind.PROPOSALS

GENERAL = Pathway(pk=1, code="generale", group=PathwayGroup.GENERAL, label="1re générale")
STMG = Pathway(pk=2, code="stmg", group=PathwayGroup.TECHNOLOGICAL, label="1re STMG")
STL = Pathway(pk=3, code="stl", group=PathwayGroup.TECHNOLOGICAL, label="1re STL")
MUSIC = Pathway(pk=4, code="bt", group=PathwayGroup.MUSIC, label="BT")
OTHER = Pathway(pk=5, code="autre", group=PathwayGroup.OTHER, label="Voie professionnelle")
OLD = Pathway(pk=6, code="ancienne", group=PathwayGroup.TECHNOLOGICAL, label="1re ancienne", is_active=False)
CATALOGUE = Catalogue(
    [GENERAL, STMG, STL, MUSIC, OTHER, OLD],
    [
        Speciality(pk=1, code="nsi", pathway=GENERAL, label="NSI"),
        Speciality(pk=2, code="svt", pathway=GENERAL, label="SVT"),
        Speciality(pk=3, code="grec", pathway=GENERAL, label="grec", is_active=False),
        Speciality(pk=4, code="stl-spcl", pathway=STL, label="SPCL"),
    ],
)
ASKED = {"generale": 1, "stmg": 2, "autre": 3}


def problems(*answers: Answer, kind: PhaseKind = PROPOSALS) -> list[str]:
    return rules.check(answers, kind=kind, asked=ASKED, catalogue=CATALOGUE)


def lacks(*answers: Answer, kind: PhaseKind = PROPOSALS) -> list[str]:
    return rules.missing(answers, kind=kind, asked=ASKED)


@pytest.mark.parametrize("group", PathwayGroup)
def test_avis_are_the_same_three_for_every_voie(group: PathwayGroup) -> None:
    assert rules.verdicts_for(OPINIONS, group) == (Verdict.FAVOURABLE, Verdict.RESERVED, Verdict.UNFAVOURABLE)


def test_propositions_answer_yes_or_no_but_give_an_avis_on_the_voie_professionnelle() -> None:
    for group in (PathwayGroup.GENERAL, PathwayGroup.TECHNOLOGICAL, PathwayGroup.MUSIC):
        assert rules.verdicts_for(PROPOSALS, group) == (Verdict.YES, Verdict.NO)
    assert rules.verdicts_for(PROPOSALS, PathwayGroup.OTHER) == (Verdict.FAVOURABLE, Verdict.UNFAVOURABLE)


@given(verdict=st.sampled_from(Verdict), kind=st.sampled_from([OPINIONS, PROPOSALS]), code=st.sampled_from(list(ASKED)))
def test_a_verdict_is_kept_if_and_only_if_it_is_one_of_those_of_its_voie(
    verdict: Verdict, kind: PhaseKind, code: str
) -> None:
    fits = verdict in rules.verdicts_for(kind, CATALOGUE.pathways[code].group)
    assert (problems(Answer(code, verdict), kind=kind) == []) == fits


def test_nothing_said_yet_can_be_kept_and_is_told_as_missing_in_order_of_rank() -> None:
    assert problems(Answer("generale"), Answer("stmg", Verdict.YES)) == []
    assert lacks(Answer("stmg", Verdict.YES)) == ["rangs 1 et 3 sans réponse"]


@pytest.mark.parametrize("verdict", [Verdict.RESERVED, Verdict.UNFAVOURABLE])
def test_an_avis_that_is_not_favourable_needs_its_reason(verdict: Verdict) -> None:
    others = (Answer("stmg", Verdict.FAVOURABLE), Answer("autre", Verdict.FAVOURABLE))
    assert lacks(Answer("generale", verdict), *others, kind=OPINIONS) == ["rang 1 sans motif"]
    assert lacks(Answer("generale", verdict), others[0], kind=OPINIONS) == ["rang 3 sans réponse", "rang 1 sans motif"]
    assert lacks(Answer("generale", verdict, "Trop juste."), *others, kind=OPINIONS) == []


def test_a_no_needs_no_reason_in_propositions() -> None:
    assert lacks(Answer("generale", "no"), Answer("stmg", "no"), Answer("autre", "unfavourable")) == []


def test_who_validated_nothing_lacks_nothing() -> None:
    assert rules.missing((), kind=OPINIONS, asked={}) == []


def test_the_council_adds_a_voie_in_propositions_only_and_as_a_yes() -> None:
    assert problems(Answer("stl", Verdict.YES)) == []
    assert problems(Answer("stl", Verdict.NO)) == ["Cette réponse ne convient pas pour « 1re STL »."]
    assert "n’ajoute de voie que dans les propositions" in problems(Answer("stl"), kind=OPINIONS)[0]
    assert problems(Answer("ancienne", Verdict.YES)) == ["« 1re ancienne » n’est plus proposée."]
    assert problems(Answer("inconnue")) == ["Une voie de la ligne n’existe pas."]


def test_a_voie_stands_once_on_a_line() -> None:
    assert problems(Answer("stl", Verdict.YES), Answer("stl", Verdict.YES)) == [
        "« 1re STL » figure deux fois sur la ligne."
    ]


def test_what_can_be_added_is_what_is_proposed_and_not_on_the_line() -> None:
    assert [each.code for each in rules.addable(PROPOSALS, CATALOGUE, ASKED)] == ["stl", "bt"]
    assert rules.addable(OPINIONS, CATALOGUE, ASKED) == []


@pytest.mark.parametrize("kind", [OPINIONS, PROPOSALS])
def test_specialities_are_recommended_with_1re_generale_only_and_among_those_proposed(kind: PhaseKind) -> None:
    assert problems(Answer("generale", recommended=frozenset({"nsi", "svt"})), kind=kind) == []
    for wrong in (Answer("generale", recommended=frozenset({"grec"})), Answer("stmg", recommended=frozenset({"nsi"}))):
        assert len(problems(wrong, kind=kind)) == 1


def test_a_text_too_long_is_refused_with_its_length() -> None:
    assert problems(Answer("stmg", comment="x" * COMMENT_MAX_LENGTH)) == []
    assert problems(Answer("stmg", comment="x" * 501)) == ["Le texte sur « 1re STMG » a 501 caractères : 500 au plus."]


answers = st.lists(
    st.builds(Answer, st.sampled_from(list(CATALOGUE.pathways)), comment=st.sampled_from(["", "Bien."])),
    unique_by=lambda answer: answer.pathway,
).map(tuple)


@given(answers)
def test_a_completed_line_begins_with_every_rank_in_order_and_loses_nothing(typed: rules.Answers) -> None:
    completed = rules.completed(typed, kind=PROPOSALS, asked=ASKED, catalogue=CATALOGUE)
    assert [answer.pathway for answer in completed[:3]] == list(ASKED)
    assert {answer.pathway for answer in completed} == {answer.pathway for answer in typed} | set(ASKED)
    assert {(answer.pathway, answer.comment) for answer in typed} <= {
        (answer.pathway, answer.comment) for answer in completed
    }
    assert rules.completed(completed, kind=PROPOSALS, asked=ASKED, catalogue=CATALOGUE) == completed
