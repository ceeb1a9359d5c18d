"""The rules of the choices, asked with everything hypothesis can think of."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.models import Pathway, PathwayGroup, Speciality
from orientation.rules import Catalogue, Wish, check_wish, moved, with_wish, without

GENERAL, STL, STMG, OTHER = range(1, 5)

CATALOGUE = Catalogue(
    pathways=[
        Pathway(pk=GENERAL, code="generale", group=PathwayGroup.GENERAL, label="1re générale", position=1),
        Pathway(pk=STL, code="stl", group=PathwayGroup.TECHNOLOGICAL, label="1re STL", position=2),
        Pathway(pk=STMG, code="stmg", group=PathwayGroup.TECHNOLOGICAL, label="1re STMG", position=3),
        Pathway(pk=OTHER, code="autre-parcours", group=PathwayGroup.OTHER, label="Autre parcours", position=4),
    ],
    specialities=[
        *(
            Speciality(code=code, pathway_id=GENERAL, label=code, exclusive_group="arts" if "art" in code else "")
            for code in ("maths", "nsi", "svt", "ses", "art-danse", "art-theatre")
        ),
        Speciality(code="stl-bio", pathway_id=STL, label="biotechnologies"),
        Speciality(code="stl-spcl", pathway_id=STL, label="sciences physiques"),
    ],
)

GENERAL_CODES = [each.code for each in CATALOGUE.specialities_of(CATALOGUE.pathways["generale"])]
anything = st.one_of(st.sampled_from([*CATALOGUE.pathways, *CATALOGUE.specialities]), st.text(max_size=12))


def refused(wish: Wish, others: dict[str, int] | None = None, speciality_count: int = 3) -> list[str]:
    problems = check_wish(wish, catalogue=CATALOGUE, speciality_count=speciality_count, others=others)
    return [problem.field for problem in problems]


@given(st.lists(st.sampled_from(GENERAL_CODES), max_size=6), st.integers(1, 5))
def test_general_wants_so_many_distinct_specialities_and_at_most_one_art(codes: list[str], count: int) -> None:
    may_stand = (
        len(codes) == count
        and max(Counter(codes).values(), default=1) == 1
        and sum(code.startswith("art") for code in codes) <= 1
    )
    assert (refused(Wish("generale", tuple(codes)), speciality_count=count) == []) is may_stand


@given(anything, st.lists(anything, max_size=4), st.text(max_size=600))
def test_what_may_stand_is_always_something_of_the_catalogue(pathway: str, codes: list[str], note: str) -> None:
    if refused(Wish(pathway, tuple(codes), note)) == []:
        found = CATALOGUE.pathways[pathway]
        allowed = {each.code for each in CATALOGUE.specialities_of(found)}
        assert set(codes) <= allowed
        assert not note or (found.group == PathwayGroup.OTHER and len(note) <= 500)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(""), "pathway"),
        (Wish("unknown"), "pathway"),
        (Wish("generale", ("maths", "nsi", "stl-bio")), "specialities"),
        (Wish("generale", ("maths", "nsi")), "specialities"),
        (Wish("stl"), "specialities"),
        (Wish("stl", ("maths",)), "specialities"),
        (Wish("stl", ("stl-bio", "stl-spcl")), "specialities"),
        (Wish("stmg", ("maths",)), "specialities"),
        (Wish("stmg", note="et un texte"), "note"),
        (Wish("autre-parcours", note="x" * 501), "note"),
    ],
)
def test_a_wish_against_the_catalogue_is_refused_on_its_field(wish: Wish, field: str) -> None:
    assert refused(wish) == [field]


@pytest.mark.parametrize(
    "wish",
    [
        Wish("generale", ("maths", "nsi", "art-danse")),
        Wish("stl", ("stl-bio",)),
        Wish("stmg"),
        Wish("autre-parcours", note="CAP"),
    ],
)
def test_a_wish_of_the_catalogue_may_stand(wish: Wish) -> None:
    assert refused(wish) == []


def test_a_pathway_that_stands_elsewhere_is_refused_with_its_rank() -> None:
    [problem] = check_wish(Wish("stmg"), catalogue=CATALOGUE, speciality_count=3, others={"stl": 1, "stmg": 2})
    assert problem.field == "pathway"
    assert "rang 2" in problem.message


def test_a_twelfth_rank_is_refused() -> None:
    eleven = {f"voie-{rank}": rank for rank in range(1, 12)}
    assert refused(Wish("stmg"), others=eleven) == ["pathway"]


def wishes(*codes: str) -> tuple[Wish, ...]:
    return tuple(Wish(code) for code in codes)


@given(st.lists(st.text(min_size=1, max_size=5), unique=True, min_size=1, max_size=11), st.data())
def test_moving_keeps_everything_and_the_order_of_the_others(codes: list[str], data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(codes))
    rank = data.draw(st.integers(-3, 15))
    order = [wish.pathway for wish in moved(wishes(*codes), code, rank)]
    assert sorted(order) == sorted(codes)
    assert order.index(code) == min(max(rank, 1), len(codes)) - 1
    assert [each for each in order if each != code] == [each for each in codes if each != code]
    assert moved(wishes(*order), code, rank) == wishes(*order), "moving twice to the same rank moves once"


def test_moving_or_removing_what_is_not_in_the_list_changes_nothing() -> None:
    assert moved(wishes("stl", "sti2d"), "stmg", 1) == wishes("stl", "sti2d")
    assert without(wishes("stl", "sti2d"), "stmg") == wishes("stl", "sti2d")


@given(
    st.lists(st.sampled_from("abcdef"), unique=True, max_size=6), st.sampled_from("abcdefg"), st.sampled_from("abcdefg")
)
def test_replacing_keeps_the_length_and_the_place_and_adding_twice_adds_once(
    codes: list[str], replacing: str, code: str
) -> None:
    changed = with_wish(wishes(*codes), Wish(code, note="n"), replacing=replacing)
    if replacing in codes:
        assert len(changed) == len(codes)
        assert changed[codes.index(replacing)] == Wish(code, note="n")
    else:
        assert changed == (*wishes(*codes), Wish(code, note="n"))
        assert with_wish(changed, Wish(code, note="n"), replacing=replacing) == changed
