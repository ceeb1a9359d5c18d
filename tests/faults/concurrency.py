"""Fifty clients on one file: two parents, each at twenty screens, edit and validate; the head publishes and closes.

The outcome must be one that the same acts could have had one after the other (`replay`), and no page may be an error of
ours.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from random import Random
from threading import Barrier, Event
from typing import Any

from tests.faults import replay
from tests.faults.clients import PATIENCE, UNREACHED, Answer, AtOnce, Family, ask
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site

SECONDS = 24.0
"""How long they work on a machine that is quick enough; then the phase closes for good."""

LONGEST = 600.0
"""How long they may go on until there is enough of each act (`ENOUGH`): a slow machine takes longer, not less."""

LATE = 4.0
"""Seconds that they go on after the last closing: all of that must be refused."""

THINKING = 0.3
"""Seconds that somebody looks at a page, at most: all act on the same list, before it can have changed for long."""

WANDERING = 3.0
"""Seconds between two acts of one of the head's screens, at most."""

CLOSINGS = (0.35, 0.5, 0.65, 0.8)
"""The parts of the time after which the head closes the phase, to reopen it a moment later."""

CLOSED = 1.0
"""Seconds that it stays closed."""

READING = 0.7
"""The part of the time after which families read the avis: from then on no publication is taken back."""

ENOUGH = {"submissions": 5, "edits": 5, "conflicts": 5, "publications": 2}

FINAL = "/choix-definitifs/"
PATHWAYS = ("autre-parcours", "bt-metiers-musique", "generale")
GROUPS = {"bt-metiers-musique": "metiers-musique"}
OFFERED = ("mathematiques", "nsi", "physique-chimie", "svt", "ses", "hggsp")

Form = dict[str, object]


@dataclass(frozen=True)
class Done:
    """One act: what it was, on which version, when it began and was answered (monotonic seconds), the answer."""

    act: str
    version: int
    began: float
    ended: float
    answer: Answer

    @property
    def is_edit(self) -> bool:
        """Whether this is a change of the list that was accepted."""
        is_write = self.act in ("add", "change", "remove", "move", "reset")
        return is_write and self.answer.status == 302 and self.answer.location.endswith(FINAL)

    @property
    def set_aside(self) -> str:
        """The key of what was set aside because the other parent had changed the list, or an empty string."""
        found = re.search(r"/conflit/([0-9a-f-]+)/$", self.answer.location)
        return found[1] if found else ""


@dataclass
class Shared:
    """The file that all of them work on."""

    site: Site
    done: list[Done] = field(default_factory=list)
    newest: int = 0
    """The newest version of the list that any of the screens has shown."""
    over: Event = field(default_factory=Event)
    gusts_over: bool = False
    """What all parents are told at the beginning of a gust, so that they leave together."""

    def __post_init__(self) -> None:
        self.world: dict[str, Any] = self.site.world["shared"]
        self.file = f"{self.site.site}/mes-services/orientation/{self.world['student']}"
        self.school = f"{self.site.site}/admin/etablissements/{self.world['uai']}"
        self.phase = f"{self.school}/campagne/{self.world['year']}/choix-definitifs"
        self.began = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def get(self, act: str, cookie: str, url: str) -> Answer:
        """Open a page, note it with its answer, and return that."""
        return self._note(act, 0, partial(ask, cookie, "GET", url))

    def post(self, act: str, cookie: str, url: str, **form: object) -> Answer:
        """Send a form, note it with its answer, and return that."""
        return self._note(act, int(str(form.get("version", 0))), partial(ask, cookie, "POST", url, **form))

    def _note(self, act: str, version: int, asked: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = asked()
        self.done.append(Done(act, version, began, time.monotonic(), answer))
        return answer

    def look(self, cookie: str) -> int:
        """Show the list; return its version."""
        page = self.get("read", cookie, self.file + FINAL)
        found = re.search(r'name="version" value="(\d+)"', page.text)
        self.newest = max(self.newest, int(found[1]) if found else 0)
        return self.newest

    def begin_gust(self, cookie: str) -> None:
        """One screen shows the list for all, which then act at the same time."""
        self.gusts_over = self.over.is_set()
        self.look(cookie)

    def counts(self) -> dict[str, int]:
        """Return how often what makes this hard has happened until now."""
        return {
            "submissions": len({each.answer.number for each in self.done} - {0}),
            "edits": sum(each.is_edit for each in self.done),
            "conflicts": sum(bool(each.set_aside) for each in self.done),
            "publications": sum(each.act == "publish" and each.answer.status == 302 for each in self.done),
        }

    @property
    def is_enough(self) -> bool:
        counts = self.counts()
        return all(counts[name] >= least for name, least in ENOUGH.items())


def parent(shared: Shared, gusts: Barrier, cookie: str, random: Random) -> Answer:
    """In each gust act on the list that was just shown, or on an older one; often look at it, and act once more."""
    answer = Answer(UNREACHED)
    while gusts.wait() >= 0 and not shared.gusts_over:
        shown = shared.newest
        time.sleep(random.uniform(0, THINKING))
        answer = an_act(shared, cookie, shown if random.random() < 0.8 else max(0, shown - 1), random)
        if random.random() < 0.4:
            shown = shared.look(cookie)
            answer = an_act(shared, cookie, shown, random)
    return answer


def an_act(shared: Shared, cookie: str, version: int, random: Random) -> Answer:
    """Do what a parent does next with this version of the list."""
    place, pathway = shared.file + FINAL, random.choice(PATHWAYS)
    confirmed: Form = {"confirmed": "oui"} if random.random() < 0.9 else {}
    acts: list[tuple[str, str, Form]] = [
        ("add", f"{place}ajouter/", _choice(pathway, random)),
        ("change", f"{place}{pathway}/modifier/", _choice(pathway, random)),
        ("remove", f"{place}{pathway}/supprimer/", {}),
        ("move", f"{place}{pathway}/deplacer/", {"rank": 1}),
        ("reset", f"{place}annuler/", {}),
        ("validate", f"{place}valider/", confirmed),
    ]
    weights = [1, 2, 1, 1, 1, 20]
    if shared.elapsed > SECONDS * READING:
        acts.append(("acknowledge", f"{shared.file}/avis-provisoires/accuser-reception/", {}))
        weights.append(1)
    ((act, url, form),) = random.choices(acts, weights)
    return shared.post(act, cookie, url, version=version, **form)


def _choice(pathway: str, random: Random) -> Form:
    """Return the form of a choice, hardly ever the same twice."""
    if pathway == "generale":
        names = [f"speciality_{number}" for number in (1, 2, 3)]
        return {"group": pathway, **dict(zip(names, random.sample(OFFERED, 3), strict=True))}
    return {"group": GROUPS.get(pathway, pathway), "note": f"Précision {random.randrange(10_000)}"}


def head(shared: Shared, cookie: str, random: Random) -> Answer:
    """Publish the class, take it back, look at the campaign, again and again."""
    council = f"{shared.school}/conseil/avis-provisoires/{shared.world['division']}"
    answer = Answer(UNREACHED)
    while not shared.over.is_set():
        time.sleep(random.uniform(0, WANDERING))
        act = random.choice(("publish", "withdraw", "campaign"))
        if act == "publish":
            answer = shared.post(act, cookie, f"{council}/publier/")
        elif act == "withdraw":
            page = shared.get("before", cookie, f"{council}/retirer/")
            shown = re.search(r'name="publication" value="(\d+)"', page.text)
            answer = shared.post(act, cookie, f"{council}/retirer/", publication=shown[1] if shown else "0")
        else:
            answer = shared.get(act, cookie, f"{shared.school}/campagne/")
    return answer


def closer(shared: Shared, cookie: str) -> Answer:
    """Close the phase and reopen it, several times, then close it for good while the others go on."""
    try:
        for part in CLOSINGS:
            time.sleep(max(0.0, SECONDS * part - shared.elapsed))
            shared.post("close", cookie, f"{shared.phase}/fermer/")
            time.sleep(CLOSED)
            _reopen(shared, cookie)
        while shared.elapsed < SECONDS or (shared.elapsed < LONGEST and not shared.is_enough):
            time.sleep(0.2)
        answer = shared.post("close", cookie, f"{shared.phase}/fermer/")
        time.sleep(LATE)
        return answer
    finally:
        shared.over.set()


def _reopen(shared: Shared, cookie: str) -> None:
    """Reopen for a week, saying yes to what the page gives to think about."""
    form: Form = {"closes_on": f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}", "closes_time": "18:00"}
    answer = shared.post("reopen", cookie, f"{shared.phase}/prolonger/", **form)
    if answer.status != 302 and (asked := re.search(r'name="confirmed" value="([^"]+)"', answer.text)):
        shared.post("reopen", cookie, f"{shared.phase}/prolonger/", confirmed=asked[1], **form)


def fifty_clients(site: Site, seed: int = 20261123) -> Row:
    """Let them loose on the file, then compare what they were told with what the database and its trail hold."""
    shared = Shared(site)
    family = Family(site.site, shared.world["student"], "", shared.world["guardians"])
    ledger = Ledger(site, [family])
    ledger.earlier = frozenset(ledger.owed())
    mothers, fathers = shared.world["parents"]
    *heads, last = shared.world["head"]
    parents = [*mothers, *fathers]
    gusts = Barrier(len(parents), action=partial(shared.begin_gust, mothers[0]), timeout=PATIENCE)
    acts: list[Callable[[], Answer]] = [
        *(partial(parent, shared, gusts, cookie, Random(seed + number)) for number, cookie in enumerate(parents)),
        *(partial(head, shared, cookie, Random(seed - number)) for number, cookie in enumerate(heads, start=1)),
        partial(closer, shared, last),
    ]
    AtOnce(acts).answers()
    lasted, recovered = shared.elapsed, time.monotonic()
    check_answers(shared)
    trail = replay.Trail.of(site.database.rows, shared.world["student_pk"])
    check_told(shared, trail)
    family.accepted = {each.answer.number for each in shared.done} - {0}
    fault = f"{len(acts)} clients on one file for {lasted:.0f} s"
    return ledger.close(fault, in_flight=len(acts), recovered=recovered, said=_said(shared, trail))


def _said(shared: Shared, trail: replay.Trail) -> str:
    validations = sum(bool(each.answer.number) for each in shared.done)
    counts = shared.counts()
    return (
        f"{len(shared.done)} pages and acts: {validations} validations accepted, {len(trail.revisions)} versions, "
        f"{counts['conflicts']} conflicts, {trail.counts['published']} publications, {trail.counts['withdrawn']} taken "
        f"back, {len(CLOSINGS) + 1} closings; no error"
    )


def check_answers(shared: Shared) -> None:
    """No answer is an error of ours, what was asked while the phase was closed was refused, and there was enough."""
    for each in shared.done:
        assert each.answer.status in (200, 302, 403, 404, 409, 422), (each.act, each.answer.status, each.answer.text)
    steering = [each for each in shared.done if each.act in ("close", "reopen") and each.answer.status == 302]
    assert Counter(each.act for each in steering) == {"close": len(CLOSINGS) + 1, "reopen": len(CLOSINGS)}
    for closing, reopening in zip(steering[::2], [*steering[1::2], None], strict=True):
        until = reopening.began if reopening else float("inf")
        late = [each for each in shared.done if each.began > closing.ended and each.ended < until]
        assert not [each.act for each in late if each.is_edit], "the list was changed while the phase was closed"
        known = max((each.answer.number for each in shared.done if each.began < closing.ended), default=0)
        assert max((each.answer.number for each in late), default=0) <= known, "a submission while the phase was closed"
        assert late or reopening, "nobody came after the last closing"
    assert shared.is_enough, f"not enough happened: {shared.counts()}"


def check_told(shared: Shared, trail: replay.Trail) -> None:
    """Who was told that a list is validated had that list on the page; no version, nothing set aside is lost."""
    told: dict[int, set[int]] = {}
    for each in shared.done:
        if number := each.answer.number:
            assert trail.submissions[number] == trail.revisions.get(each.version), "validated, and not on the page"
            told.setdefault(number, set()).add(each.version)
    for earlier, later in pairwise(sorted(told)):
        assert max(told[earlier]) < min(told[later]), "an earlier list was validated after a later one"
    assert {each.set_aside for each in shared.done} - {""} == trail.set_aside, "what was set aside is not what was told"
    assert len(trail.revisions) <= sum(each.is_edit for each in shared.done), "a version was told to nobody"
