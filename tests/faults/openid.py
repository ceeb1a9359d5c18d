"""ÉduConnect fails in each way while somebody comes back from it; who is signed in already notices nothing."""

from __future__ import annotations

import html
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests

from demo.people import PASSWORD
from tests.faults.clients import PATIENCE
from tests.faults.common import all_accepted, readable, ready
from tests.faults.gate import NEVER, SLOW, Mode, failing
from tests.faults.ledger import Ledger, Row
from tests.faults.site import Site, pause

AT_ONCE = 2
"""People who come back from the provider at the same time."""


@dataclass
class SigningIn:
    """Sophie Bernard in a browser of her own, on her way through ÉduConnect."""

    site: str
    browser: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.browser.trust_env = False

    def go(self) -> str:
        """Sign in at the provider; return the address by which it sends her back, not followed yet."""
        page = self._get(f"{self.site}/connexion/educonnect/?profil=representant")
        form = re.search(r'<form method="post"(?: action="([^"]+)")?', page.text)
        assert form, page.text
        data = {"identifiant": "sophie.bernard", "mot_de_passe": PASSWORD}
        address = urljoin(page.url, html.unescape(form[1] or page.url))
        return self._until_back(self.browser.post(address, data=data, allow_redirects=False, timeout=PATIENCE))

    def come_back(self, address: str) -> requests.Response:
        """Follow the way back to the site."""
        return self.browser.get(address, allow_redirects=False, timeout=PATIENCE)

    def _get(self, address: str) -> requests.Response:
        answer = self.browser.get(address, allow_redirects=False, timeout=PATIENCE)
        while answer.is_redirect:
            address = urljoin(answer.url, answer.headers["Location"])
            answer = self.browser.get(address, allow_redirects=False, timeout=PATIENCE)
        return answer

    def _until_back(self, answer: requests.Response) -> str:
        while answer.is_redirect:
            address = urljoin(answer.url, answer.headers["Location"])
            if address.startswith(self.site):
                return address
            answer = self.browser.get(address, allow_redirects=False, timeout=PATIENCE)
        raise AssertionError(answer.text)


def answers_400(site: Site) -> Row:
    return _trouble(site, "ÉduConnect answers 400", failing(400))


def answers_500(site: Site) -> Row:
    return _trouble(site, "ÉduConnect answers 500", failing(500))


def answers_slowly(site: Site) -> Row:
    return _trouble(site, "ÉduConnect answers after 4 s", SLOW, lets_in=True)


def answers_never(site: Site) -> Row:
    return _trouble(site, "ÉduConnect never answers", NEVER)


def is_unreachable(site: Site) -> Row:
    """Nobody listens at the provider's address."""
    return _trouble(site, "ÉduConnect unreachable", None)


def _trouble(site: Site, fault: str, mode: Mode | None, *, lets_in: bool = False) -> Row:
    families = ready(site)
    coming = [SigningIn(site.site) for _ in range(AT_ONCE)]
    addresses = [each.go() for each in coming]
    if mode:
        site.openid.shut(mode)
    else:
        site.openid.close()
    readable(families[:1])
    all_accepted(families)
    answers = [each.come_back(address) for each, address in zip(coming, addresses, strict=True)]
    site.openid.open()
    recovered = time.monotonic()
    for answer in answers:
        if lets_in:
            assert answer.is_redirect, answer.text
        else:
            assert answer.status_code in (403, 503), answer.status_code
            assert re.search(r"<strong>[0-9A-F]{4}-[0-9A-F]{4}</strong>", answer.text), "no incident number"
    pause(1)
    again = SigningIn(site.site)
    assert again.come_back(again.go()).is_redirect, "signing in works again"
    for each in [*coming, again]:
        each.browser.close()
    words = ", ".join(sorted({"signed in" if answer.is_redirect else str(answer.status_code) for answer in answers}))
    said = f"all accepted, all readable; signing in: {words}"
    return Ledger(site, families).close(fault, in_flight=AT_ONCE, recovered=recovered, said=said)
