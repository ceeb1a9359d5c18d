"""What is never sent about the council's word: always answered; each answer kept is a guardian's own, in its turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import event, example, given
from hypothesis import strategies as st

from accounts.models import Profile, User
from notifications.models import OutboxMessage
from orientation.models import Acknowledgement, FamilyAnswer
from schools.models import Role
from tests.factories import Family, account, guardian, school, sign_in, staff, student
from tests.fuzz import bounded, undone
from tests.fuzz.posting import ANSWERS, TYPES, Form, content_types, nearly, overfull, post, queries, whole_numbers
from tests.orientation_dialogue.conftest import OPINIONS, PROPOSALS, READ_AT, TOLD_AT, School

pytestmark = pytest.mark.django_db

ANSWERABLE = {"generale", "stmg", "sti2d"}
ACKNOWLEDGE, AGREE, DISAGREE = (
    "avis-provisoires/accuser-reception",
    "propositions/{}/d-accord",
    "propositions/{}/pas-d-accord",
)
PATHWAYS = [*sorted(ANSWERABLE), "autre-parcours", "st2s", "inconnue", "-", "x" * 300]
NAMES = ["seen_number", "guardian", "agrees", "pathway", "by", "number"]
Accounts = dict[str, tuple[User | None, Profile | None]]

instants = st.sampled_from(
    [*[READ_AT[PROPOSALS]] * 5, READ_AT[OPINIONS], READ_AT[OPINIONS], TOLD_AT[OPINIONS] + timedelta(days=20)]
)
right_forms = st.integers(0, 5).map(lambda number: [("seen_number", str(number).encode())])


@dataclass(frozen=True)
class Sent:
    """One form about what the council said, as it leaves a browser, or somebody who plays one."""

    who: str = "sophie"
    act: str = AGREE
    pathway: str = "stmg"
    at: datetime = READ_AT[PROPOSALS]
    form: Form = field(default_factory=lambda: [("seen_number", b"0")])
    content_type: str = TYPES[0]
    query: str = ""

    def send(self, family: Family, accounts: Accounts) -> int:
        path = f"/mes-services/orientation/{family.emma.public_id}/{self.act.format(self.pathway)}/"
        user, profile = accounts[self.who]
        with time_machine.travel(self.at, tick=False):
            client = sign_in(Client(), user, profile) if user else Client()
            return post(client, path, self.form, self.content_type, self.query).status_code


sent = st.builds(
    Sent,
    who=st.sampled_from(["sophie", "sophie", "marc", "marc", "emma", "stranger", "contact", "nobody"]),
    act=st.sampled_from([AGREE, DISAGREE, ACKNOWLEDGE]),
    pathway=st.sampled_from(["stmg", "generale"]) | st.sampled_from(PATHWAYS),
    at=instants,
    form=right_forms | nearly({"seen_number": whole_numbers}, names=NAMES, values=whole_numbers) | overfull,
    content_type=content_types,
    query=queries,
)


@pytest.fixture
def accounts(dubois: Family) -> Accounts:
    """Everybody who may knock, once both councils have spoken."""
    for kind in (OPINIONS, PROPOSALS):
        School(dubois).tell(kind)
    other = school("0699902Y")
    stranger = guardian(other, "Paule", "Autre", student(other, "Autre", "Autre"), user=account())
    contact = guardian(dubois.school, "Michel", "Roux", dubois.emma, user=account(), level=3)
    guardians = {"sophie": dubois.sophie, "marc": dubois.marc, "stranger": stranger, "contact": contact}
    return {
        **{name: (person.user, Profile.GUARDIAN) for name, person in guardians.items()},
        "emma": (dubois.emma.user, Profile.STUDENT),
        "nobody": (None, None),
    }


def answers() -> list[FamilyAnswer]:
    """Every answer ever given, oldest first."""
    return list(FamilyAnswer.objects.select_related("answer__pathway").order_by("answer__pathway__code", "number"))


def acknowledgements() -> list[Any]:
    return list(Acknowledgement.objects.values())


def in_turn(given: list[FamilyAnswer]) -> bool:
    """Whether each pathway's answers are numbered from 1, and each says the contrary of the one before."""
    by_pathway = {code: list(rows) for code, rows in groupby(given, lambda row: row.answer.pathway.code)}
    return by_pathway.keys() <= ANSWERABLE and all(
        [row.number for row in rows] == list(range(1, len(rows) + 1))
        and all(one.agrees is not next_one.agrees for one, next_one in pairwise(rows))
        for rows in by_pathway.values()
    )


def is_said_by(each: Sent, row: FamilyAnswer, before: list[FamilyAnswer], family: Family) -> bool:
    """Whether this is what the form says, of a guardian who had seen whatever the other one answered."""
    who = {"sophie": family.sophie, "marc": family.marc}.get(each.who)
    seen = dict(each.form)["seen_number"].decode().removesuffix(".0")
    newest = [earlier for earlier in before if earlier.answer_id == row.answer_id][-1:]
    return (
        (row.guardian, row.answered_by) == (who, who and who.user)
        and row.answer.pathway.code == each.pathway
        and row.agrees is (each.act == AGREE)
        and row.answered_at == each.at == READ_AT[PROPOSALS]
        and all(one.guardian == who or one.number <= int(seen) for one in newest)
    )


@bounded(30)
@given(all_sent=st.lists(sent, min_size=1, max_size=5))
@example(
    all_sent=[Sent(), Sent(who="marc", act=DISAGREE), Sent(who="marc", act=DISAGREE, form=[("seen_number", b"1")])]
)
@example(all_sent=[Sent(who=who, act=ACKNOWLEDGE, at=READ_AT[OPINIONS]) for who in ("emma", "marc", "sophie")])
def test_whatever_a_family_answers_is_answered_and_kept_by_the_rules(
    dubois: Family, accounts: Accounts, all_sent: list[Sent]
) -> None:
    with undone():
        for each in all_sent:
            before, received, owed = answers(), acknowledgements(), OutboxMessage.objects.count()
            status = each.send(dubois, accounts)
            event(f"{each.act}: {status}")
            assert status in ANSWERS
            after = answers()
            new = [row for row in after if row not in before]
            assert in_turn(after)
            assert len(after) == len(before) + len(new)
            assert len(new) <= (status == 302)
            assert all(is_said_by(each, row, before, dubois) for row in new)
            assert OutboxMessage.objects.count() - owed == 2 * len(new)
            if acknowledgements() != received:
                made = Acknowledgement.objects.get()
                assert (received, status, each.act, each.at) == ([], 302, ACKNOWLEDGE, READ_AT[OPINIONS])
                assert (made.guardian, made.acknowledged_by) == (who := getattr(dubois, each.who), who.user)


on_paper = {
    "guardian": st.sampled_from([b"sophie", b"marc"]),
    **{f"answer_{code}": st.sampled_from([b"oui", b"non", b""]) for code in sorted(ANSWERABLE)},
    **{f"seen_{code}": st.sampled_from([b"0", b"1", b"2", b"3"]) for code in sorted(ANSWERABLE)},
}
papers = st.fixed_dictionaries(on_paper).map(lambda fields: list(fields.items())) | nearly(
    on_paper,
    names=[*NAMES, *(f"{name}_{code}" for name in ("answer", "seen") for code in PATHWAYS)],
    values=whole_numbers | st.sampled_from([b"oui", b"non"]),
)
typed = st.tuples(st.sampled_from(["reponses", "reponses", "accuse"]), papers, content_types, queries)


@bounded(20)
@given(all_typed=st.lists(typed, min_size=1, max_size=3), role=st.sampled_from([Role.HEAD, *Role]), at=instants)
def test_whatever_is_typed_from_paper_is_answered_and_kept_by_the_rules(
    dubois: Family, accounts: Accounts, all_typed: list[tuple[str, Form, str, str]], role: Role, at: datetime
) -> None:
    people = {b"sophie": dubois.sophie, b"marc": dubois.marc}
    with undone(), time_machine.travel(at, tick=False):
        classes = dubois.school.divisions.all()
        client = sign_in(Client(), staff(dubois.school, role, *classes), None)
        for act, form, content_type, query in all_typed:
            before, received = answers(), acknowledgements()
            filled = [(name, str(people[value].pk).encode() if value in people else value) for name, value in form]
            path = f"/admin/etablissements/{dubois.school.uai}/suivi/{dubois.emma.public_id}/{act}/"
            status = post(client, path, filled, content_type, query).status_code
            event(f"{act}: {status}")
            assert status in ANSWERS
            after = answers()
            new = [row for row in after if row not in before]
            assert in_turn(after)
            assert len(after) == len(before) + len(new)
            assert all(row.guardian in people.values() and row.entered_by_name for row in new)
            assert status == 302 or (not new and acknowledgements() == received)
