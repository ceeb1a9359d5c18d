"""A family of the closing evening as its browser: signing in, reading, changing the draft, validating it."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from benchmarks.arrivals import PATIENCE
from benchmarks.shared import CSRF

FAMILY = "/mes-services/orientation"
CSRF_COOKIE = "__Host-csrf"
REQUESTS = 20
"""Of one visit (performance.md)."""
SPECIALITIES = ("mathematiques", "physique-chimie", "svt", "ses", "hggsp", "hlp", "nsi")
VERSION = re.compile(rb'name="version" value="(\d+)"')
TOO_LATE = "arrivée après la fermeture".encode()

Pause = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Family:
    """A guardian, as the simulated ÉduConnect knows them, and the pupil whose file they open."""

    login: str
    given_name: str
    family_name: str
    uai: str
    place: str
    has_draft: bool


class Asked(NamedTuple):
    """One request that was answered, or not (`status` 0): what it was for, when, for how long (seconds)."""

    kind: str
    sent_at: float
    seconds: float
    status: int


class Answer(NamedTuple):
    status: int
    location: str
    body: bytes


class Refused(Exception):
    """The server answered that it is too late, or nothing good: this visit is over."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass
class Browser:
    """One person's: its cookies, and an address of its own among this machine's."""

    port: int
    origin: str
    address: str
    asked: list[Asked]
    cookies: dict[str, str] = field(default_factory=lambda: {CSRF_COOKIE: CSRF})
    last: Asked | None = None

    async def ask(self, kind: str, path: str, form: dict[str, str] | None = None) -> Answer:
        """Send one request to the site, and note how long it took. Raises Refused unless it is answered well."""
        sent_at = time.time()
        answer = await self.send(self.port, self.origin, path, form, self.cookies)
        self.last = Asked(kind, sent_at, time.time() - sent_at, answer.status)
        self.asked.append(self.last)
        if not 200 <= answer.status < 400:
            raise Refused(answer)
        return answer

    async def send(
        self, port: int, origin: str, path: str, form: dict[str, str] | None, cookies: dict[str, str]
    ) -> Answer:
        """Send a request to 127.0.0.1 on a connection of its own; status 0 where nothing comes back in time."""
        body = urlencode(form) if form is not None else ""
        lines = [
            f"{'GET' if form is None else 'POST'} {path} HTTP/1.1",
            f"Host: {origin.partition('//')[2]}",
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in cookies.items())}",
            "X-Forwarded-Proto: https",
            "Accept-Encoding: gzip",
            "Accept-Language: fr",
            "User-Agent: Mozilla/5.0 (benchmark)",
            "Connection: close",
        ]
        if form is not None:
            lines += [f"Origin: {origin}", "Content-Type: application/x-www-form-urlencoded"]
            lines += [f"Content-Length: {len(body)}"]
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(self.address, 0))
                writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
                received = await reader.read()
                writer.close()
            return self._read(received, cookies)
        except (OSError, TimeoutError, IndexError, ValueError):
            return Answer(0, "", b"")

    @staticmethod
    def _read(received: bytes, cookies: dict[str, str]) -> Answer:
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                cookies[cookie] = CSRF if cookie == CSRF_COOKIE else content
        if headers.get("transfer-encoding") == "chunked":
            body = _joined(body)
        if headers.get("content-encoding") == "gzip":
            body = zlib.decompress(body, wbits=31)
        return Answer(int(first.split()[1]), headers.get("location", ""), body)


def _joined(chunks: bytes) -> bytes:
    """Put together a body that came in pieces. Raises ValueError where one is missing."""
    body = b""
    while True:
        size, _, chunks = chunks.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return body
        body, chunks = body + chunks[:length], chunks[length + 2 :]


@dataclass
class Visit:
    """What one family does: twenty requests, of which four change or validate the draft where it has one."""

    family: Family
    browser: Browser
    provider: str
    """The simulated ÉduConnect's address."""
    password: str
    pause: Pause
    draw: Random
    sent_at: float = 0.0
    """When the validation was sent (seconds since the epoch)."""
    accepted: str = ""
    """Where the accepted validation led: the page of the submission."""
    refusal: Answer | None = None

    @property
    def base(self) -> str:
        return f"{FAMILY}/{self.family.place}/choix-definitifs/"

    async def run(self) -> None:
        """Make the whole visit, or as much of it as is answered well."""
        try:
            await self.sign_in()
            await self.page("/mes-services/")
            await self.page(f"{FAMILY}/{self.family.place}/")
            await (self.choose() if self.family.has_draft else self.read())
        except Refused as refused:
            self.refusal = refused.answer

    async def page(self, path: str, kind: str = "page") -> Answer:
        """Read a page, after the pause of somebody who has read the one before."""
        await self.pause()
        return await self.browser.ask(kind, path)

    async def sign_in(self) -> None:
        """Choose the profile, go to the provider, give the password there, come back: four requests to the site."""
        await self.browser.ask("page", "/connexion/")
        await self.page("/connexion/representant/")
        leaving = await self.page("/connexion/educonnect/?profil=representant", "to the provider")
        provider, cookies = urlsplit(self.provider), dict[str, str]()

        async def send(path: str, form: dict[str, str] | None = None) -> Answer:
            return await self.browser.send(provider.port or 80, self.provider, path, form, cookies)

        form = await send(_path(leaving.location))
        given = {"identifiant": self.family.login, "mot_de_passe": self.password}
        back = await send(_path(form.location), given)
        if not back.location:
            raise Refused(back)
        await self.browser.ask("sign-in", _path(back.location))

    async def read(self) -> None:
        """Read on, as a family that has validated does: thirteen pages, and the receipt."""
        pages = [self.base, f"{self.base}demande/1/", f"{FAMILY}/{self.family.place}/", "/mes-services/"]
        for number in range(13):
            await self.page(pages[number % len(pages)])
        await self.page(f"{self.base}demande/1/recepisse.pdf", "receipt (PDF)")

    async def choose(self) -> None:
        """Change one choice, move two, validate, and read what was validated."""
        version = await self.version()
        await self.page(f"{self.base}generale/modifier/", "dialog")
        chosen = {f"speciality_{place}": code for place, code in enumerate(self.draw.sample(SPECIALITIES, 3), start=1)}
        await self.post("change", "generale/modifier/", {"group": "generale", "note": "", **chosen}, version)
        for rank in ("1", "2"):
            version = await self.version()
            await self.post("move", "generale/deplacer/", {"rank": rank}, version)
        version = await self.version()
        await self.page(f"{self.base}ajouter/", "dialog")
        done = await self.post("validation", "valider/", {}, version)
        if "/demande/" in done.location:
            self.accepted = _path(done.location)
        await self.page(self.accepted or self.base)
        for path in (self.base, f"{FAMILY}/{self.family.place}/", "/mes-services/"):
            await self.page(path)

    async def version(self) -> str:
        """Read the list, and the version that its forms carry."""
        found = VERSION.search((await self.page(self.base)).body)
        return found[1].decode() if found else "0"

    async def post(self, kind: str, path: str, form: dict[str, str], version: str) -> Answer:
        await self.pause()
        if kind == "validation":
            self.sent_at = time.time()
        return await self.browser.ask(kind, self.base + path, {"csrfmiddlewaretoken": CSRF, "version": version, **form})


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
