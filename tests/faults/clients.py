"""Families at their screens: real sessions, real forms, many at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

CSRF = "a" * 32
PATIENCE = 300
"""Seconds after which a page is held never to come; not a measure of speed."""

UNREACHED = 0
"""The status of a request that got no answer at all."""

WISHES = ({"group": "autre-parcours"}, {"group": "metiers-musique"})


@dataclass(frozen=True)
class Answer:
    """What came back: the status, where it leads, the page."""

    status: int
    location: str = ""
    text: str = ""

    @property
    def number(self) -> int:
        """The number of the submission to which an accepted validation leads, 0 for any other answer."""
        found = re.search(r"/choix-definitifs/demande/(\d+)/$", self.location)
        return int(found[1]) if self.status == 302 and found else 0


def browser(cookie: str) -> requests.Session:
    """Return a browser that is signed in, and shows the token that forms carry."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.update({"session": cookie, "csrf": CSRF})
    return session


def ask(cookie: str, method: str, url: str, **data: object) -> Answer:
    """Ask for one page, or post one form; an answer that does not come is UNREACHED."""
    values = {"csrfmiddlewaretoken": CSRF, **data} if method == "POST" else None
    with browser(cookie) as session:
        try:
            got = session.request(method, url, data=values, allow_redirects=False, timeout=PATIENCE)
        except requests.RequestException:
            return Answer(UNREACHED)
    return Answer(got.status_code, got.headers.get("Location", ""), got.text)


@dataclass
class Family:
    """One guardian who validates the choices of one child, and what they were told."""

    site: str
    student: str
    cookie: str
    guardians: list[int]
    version: int = 0
    accepted: set[int] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"{self.site}/mes-services/orientation/{self.student}/choix-definitifs/"

    def read(self) -> Answer:
        """Open the list."""
        return ask(self.cookie, "GET", self.place)

    def add(self) -> Answer:
        """Add the next choice to the list, which is then to be validated."""
        answer = ask(self.cookie, "POST", f"{self.place}ajouter/", **WISHES[self.version], version=self.version)
        if answer.status == 302 and answer.location.endswith("/choix-definitifs/"):
            self.version += 1
        return answer

    def validate(self) -> Answer:
        """*Valider les choix définitifs*; remember what was accepted."""
        answer = ask(self.cookie, "POST", f"{self.place}valider/", version=self.version)
        self.answers.append(answer)
        if answer.number:
            self.accepted.add(answer.number)
        return answer


def prepare(families: Iterable[Family]) -> None:
    """Let each family have a list to validate."""
    for family in families:
        answer = family.add()
        assert answer.status == 302, (answer.status, answer.text)


class AtOnce:
    """Acts of many people at the same time, each in a thread."""

    def __init__(self, acts: Sequence[Callable[[], Answer]]) -> None:
        self.pool = ThreadPoolExecutor(max_workers=len(acts))
        self.futures: list[Future[Answer]] = [self.pool.submit(act) for act in acts]

    @property
    def in_flight(self) -> int:
        """How many have no answer yet."""
        return sum(not future.done() for future in self.futures)

    def answers(self) -> list[Answer]:
        """Wait for all of them."""
        answers = [future.result() for future in self.futures]
        self.pool.shutdown()
        return answers


def validating(families: Sequence[Family]) -> AtOnce:
    """Let all these families validate at the same time."""
    return AtOnce([family.validate for family in families])
