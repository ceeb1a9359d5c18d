"""Fifty clients on one file: two parents, each at twenty screens, edit and validate; the head publishes and closes.

The outcome must be one that the same acts could have had one after the other, and no page may be an error of ours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from tests.faults.clients import UNREACHED, Answer, AtOnce, Family, ask
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site

SECONDS = 30.0
THINKING = 3.0
"""Seconds that somebody looks at a page, at most: else every list that is validated has changed meanwhile."""

CLOSING = 0.8
"""The part of the time after which the head closes the phase."""

PATHWAYS = ("autre-parcours", "metiers-musique", "generale")
FINAL = "/choix-definitifs/"
OFFERED = ("mathematiques", "nsi", "physique-chimie", "svt", "ses", "hggsp")


@dataclass(frozen=True)
class Done:
    """One act: what it was, when it began and was answered (monotonic seconds), the answer."""

    act: str
    began: float
    ended: float
    answer: Answer

    @property
    def is_edit(self) -> bool:
        """Whether this is a change of the list that was accepted."""
        is_write = self.act in ("add", "remove", "move", "reset")
        return is_write and self.answer.status == 302 and self.answer.location.endswith(FINAL)


@dataclass
class Shared:
    """The file that all of them work on."""

    site: Site
    done: list[Done] = field(default_factory=list)
    ends: float = 0.0

    def __post_init__(self) -> None:
        self.world: dict[str, Any] = self.site.world["shared"]
        self.file = f"{self.site.site}/mes-services/orientation/{self.world['student']}"
        self.school = f"{self.site.site}/admin/etablissements/{self.world['uai']}"

    def note(self, act: str, asked: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = asked()
        self.done.append(Done(act, began, time.monotonic(), answer))
        return answer

    def parent(self, cookie: str, random: Random) -> Answer:
        """Read the list and act on what it shows, again and again."""
        answer = Answer(UNREACHED)
        while time.monotonic() < self.ends:
            time.sleep(random.uniform(0, THINKING))
            page = self.note("read", partial(ask, cookie, "GET", self.file + FINAL))
            shown = re.search(r'name="version" value="(\d+)"', page.text)
            version = int(shown[1]) if shown else 0
            act, url, data = self._act(random)
            answer = self.note(act, partial(ask, cookie, "POST", url, version=version, **data))
        return answer

    def _act(self, random: Random) -> tuple[str, str, dict[str, object]]:
        """Choose what a parent does next: the act, its address, its form without the version."""
        pathway = random.choice(PATHWAYS)
        names = [f"speciality_{number}" for number in (1, 2, 3)]
        chosen = dict(zip(names, random.sample(OFFERED, 3), strict=True)) if pathway == "generale" else {}
        place = self.file + FINAL
        confirmed: dict[str, object] = {"confirmed": "oui"} if random.random() < 0.9 else {}
        acts: list[tuple[str, str, dict[str, object]]] = [
            ("add", f"{place}ajouter/", {"group": pathway, **chosen}),
            ("remove", f"{place}{pathway}/supprimer/", {}),
            ("move", f"{place}{pathway}/deplacer/", {"rank": 1}),
            ("reset", f"{place}annuler/", {}),
            ("validate", f"{place}valider/", confirmed),
            ("acknowledge", f"{self.file}/avis-provisoires/accuser-reception/", {}),
        ]
        return random.choices(acts, weights=(3, 1, 1, 1, 8, 1))[0]

    def head(self, cookie: str, random: Random) -> Answer:
        """Publish the class, take it back, look at the campaign, again and again."""
        council = f"{self.school}/conseil/avis-provisoires/{self.world['division']}"
        answer = Answer(UNREACHED)
        while time.monotonic() < self.ends:
            time.sleep(random.uniform(0, THINKING))
            act = random.choice(("publish", "withdraw", "campaign"))
            if act == "publish":
                answer = self.note(act, partial(ask, cookie, "POST", f"{council}/publier/"))
            elif act == "withdraw":
                page = self.note("before", partial(ask, cookie, "GET", f"{council}/retirer/"))
                shown = re.search(r'name="publication" value="(\d+)"', page.text)
                key = shown[1] if shown else "0"
                answer = self.note(act, partial(ask, cookie, "POST", f"{council}/retirer/", publication=key))
            else:
                answer = self.note(act, partial(ask, cookie, "GET", f"{self.school}/campagne/"))
        return answer

    def close(self, cookie: str) -> Answer:
        """Close the phase once, while the others go on."""
        time.sleep(SECONDS * CLOSING)
        address = f"{self.school}/campagne/{self.world['year']}/choix-definitifs/fermer/"
        return self.note("close", partial(ask, cookie, "POST", address))


def fifty_clients(site: Site, seed: int = 20261123) -> Row:
    """Let them loose on the file, then compare what they were told with what the database and its trail hold."""
    shared = Shared(site)
    family = Family(site.site, shared.world["student"], "", shared.world["guardians"])
    ledger = Ledger(site, [family])
    ledger.earlier = frozenset(ledger.owed())
    mothers, fathers = shared.world["parents"]
    *heads, closer = shared.world["head"]
    shared.ends = time.monotonic() + SECONDS
    parents = enumerate([*mothers, *fathers])
    acts = [partial(shared.parent, cookie, Random(seed + number)) for number, cookie in parents]
    acts += [partial(shared.head, cookie, Random(seed - number)) for number, cookie in enumerate(heads, start=1)]
    acts.append(partial(shared.close, closer))
    AtOnce(acts).answers()
    check_answers(shared)
    check_list(shared)
    check_publications(shared)
    family.accepted = {each.answer.number for each in shared.done if each.answer.number}
    edits = sum(each.is_edit for each in shared.done)
    said = f"{len(shared.done)} pages and acts, {edits} edits, no error"
    fault = f"{len(acts)} clients on one file for {SECONDS:.0f} s"
    return ledger.close(fault, in_flight=len(acts), recovered=time.monotonic(), said=said)


def check_answers(shared: Shared) -> None:
    """No answer is an error of ours, and what was asked after the closing had been answered was refused."""
    for each in shared.done:
        assert each.answer.status in (200, 302, 403, 404, 409, 422), (each.act, each.answer.status, each.answer.text)
    (closing,) = [each for each in shared.done if each.act == "close"]
    assert closing.answer.status == 302, closing.answer.text
    late = [each for each in shared.done if each.began > closing.ended]
    assert late, "nobody came too late"
    assert not [each for each in late if each.is_edit]
    known = max((each.answer.number for each in shared.done if each.began < closing.ended), default=0)
    assert max((each.answer.number for each in late), default=0) <= known, "a submission was made after the closing"


def check_list(shared: Shared) -> None:
    """Versions and submissions follow each other without a hole; each submission is a version that stood, in order."""
    pk = shared.world["student_pk"]
    rows = shared.site.database.rows
    revisions = [
        (version, [wish["pathway"] for wish in wishes])
        for version, wishes in rows(
            "SELECT r.version, r.wishes FROM orientation_draftrevision r JOIN orientation_draft d ON d.id = r.draft_id "
            "JOIN orientation_phase p ON p.id = d.phase_id "
            "WHERE d.student_id = %s AND p.kind = 'final_choices' ORDER BY r.version",
            pk,
        )
    ]
    assert [version for version, _wishes in revisions] == list(range(1, len(revisions) + 1))
    assert len(revisions) <= sum(each.is_edit for each in shared.done), "a version was told to nobody"
    submissions = rows(
        "SELECT s.number, array_agg(w.code ORDER BY c.rank), s.submitted_at < p.closes_at "
        "FROM orientation_submission s JOIN orientation_phase p ON p.id = s.phase_id "
        "JOIN orientation_choice c ON c.submission_id = s.id "
        "JOIN orientation_pathway w ON w.id = c.pathway_id "
        "WHERE s.student_id = %s AND p.kind = 'final_choices' GROUP BY s.id, p.id ORDER BY s.number",
        pk,
    )
    assert submissions, "nothing was validated"
    assert [number for number, _codes, _in_time in submissions] == list(range(1, len(submissions) + 1))
    stood = iter(codes for _version, codes in revisions)
    for number, codes, is_in_time in submissions:
        assert is_in_time, f"submission {number} came after the closing"
        assert any(codes == each for each in stood), f"submission {number} is no version that stood then"
    asides = {
        match[1] for each in shared.done if (match := re.search(r"/conflit/([0-9a-f-]+)/$", each.answer.location))
    }
    kept = {
        str(key)
        for (key,) in rows(
            "SELECT a.public_id FROM orientation_setaside a JOIN orientation_draft d ON d.id = a.draft_id "
            "WHERE d.student_id = %s",
            pk,
        )
    }
    assert asides <= kept, "what was set aside is lost"


def check_publications(shared: Shared) -> None:
    """The trail, replayed in its order, never shows two publications, nor one taken back that was acknowledged."""
    rows = shared.site.database.rows
    standing: set[str] = set()
    acknowledged = 0
    closed = 0
    for table, key, operation, content in rows(
        'SELECT "table", object_pk, operation, content FROM audit_change WHERE "table" = ANY(%s) ORDER BY id',
        ["orientation_divisionpublication", "orientation_acknowledgement", "orientation_phase"],
    ):
        if table == "orientation_phase":
            closed += operation == "update" and "closes_at" in content
        elif table == "orientation_acknowledgement":
            assert standing, "avis were acknowledged that nobody could read"
            acknowledged += 1
        elif operation == "insert":
            standing.add(key)
            assert len(standing) == 1, "two publications stood at once"
        elif "withdrawn_at" in content:
            assert not acknowledged, "a publication was taken back after its reading"
            standing.remove(key)
    assert acknowledged <= 1
    table = {str(key) for (key,) in rows("SELECT id FROM orientation_divisionpublication WHERE withdrawn_at IS NULL")}
    assert table == standing, "the trail and the table disagree"
    assert closed, "the trail does not hold the closing"
