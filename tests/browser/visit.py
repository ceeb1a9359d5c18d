"""The gallery's pages as they stand in a running demonstration: who opens them signed in, what they show put there."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from demo.people import BORDEAUX, MARSEILLE, PEOPLE, STAFF
from demo.stack import Stack
from tests.browser.conftest import ANSWER_WITHIN, PASSWORD, Product, sign_in, sign_in_staff
from tests.browser.gallery import BEFORE_THE_CODE, BY_FRANCECONNECT, FAMILY, Shown

_STUDENT = "SELECT {} FROM schools_student WHERE (given_name, family_name) = ('{}', '{}')"
_CLASS = """
    SELECT division.id FROM schools_division division JOIN schools_school school ON school.id = school_id
      JOIN schools_student student ON student.division_id = division.id
      JOIN orientation_councilsheet sheet ON sheet.student_id = student.id
      JOIN orientation_phase phase ON phase.id = sheet.phase_id AND phase.kind = 'proposals'
     WHERE uai = '{}' AND sheet.publication_id IS {} NULL ORDER BY division.code LIMIT 1"""
_ENTERED, _PUBLISHED = _CLASS.format(MARSEILLE, ""), _CLASS.format(MARSEILLE, "NOT")
QUERIES = {
    "lea": _STUDENT.format("public_id", "Léa", "Martin"),
    "emma": _STUDENT.format("public_id", "Emma", "Dubois"),
    "lina": _STUDENT.format("public_id", "Lina", "Haddad"),
    "lina_row": _STUDENT.format("id", "Lina", "Haddad"),
    "samira_row": "SELECT id FROM schools_guardian WHERE (given_name, family_name) = ('Samira', 'Haddad')",
    "school_row": f"SELECT id FROM schools_school WHERE uai = '{MARSEILLE}'",
    "campaign_row": f"""SELECT campaign.id FROM orientation_campaign campaign
        JOIN schools_school school ON school.id = school_id WHERE uai = '{MARSEILLE}'""",
    "year": "SELECT max(school_year) FROM orientation_campaign",
    "class_entered": _ENTERED,
    "class_published": _PUBLISHED,
    "pathway": """SELECT pathway.code FROM orientation_councilanswer answer
        JOIN orientation_pathway pathway ON pathway.id = answer.pathway_id
        JOIN orientation_councilsheet sheet ON sheet.id = sheet_id
        JOIN orientation_phase phase ON phase.id = sheet.phase_id AND phase.kind = 'proposals'
        JOIN schools_student student ON student.id = sheet.student_id
       WHERE family_name = 'Haddad' AND pathway.group <> 'autre' ORDER BY answer.id LIMIT 1""",
    "member": """SELECT membership.id FROM schools_staffmembership membership
        JOIN accounts_user account ON account.id = user_id WHERE username = 'adjoint.paris'""",
    "message": "SELECT min(id::text) FROM notifications_outboxmessage",
    "import": f"""SELECT '/admin/etablissements/{BORDEAUX}/imports/' || pair.id || '/'
        FROM schools_siecleimport pair JOIN schools_school school ON school.id = school_id
       WHERE uai = '{BORDEAUX}' ORDER BY pair.id LIMIT 1""",
    "conflict": f"""SELECT '{FAMILY}' || student.public_id || '/choix-definitifs/conflit/' || aside.public_id || '/'
        FROM orientation_setaside aside JOIN orientation_draft draft ON draft.id = draft_id
        JOIN schools_student student ON student.id = draft.student_id ORDER BY aside.id DESC LIMIT 1""",
}
"""Where the places of the addresses are found in the demonstration's database."""

FRESH = 8 * 60
"""Seconds after which somebody signs in anew: what waits for a proof is forgotten after a quarter of an hour."""

_PLACE = re.compile(r"{(\w+)}")


@contextmanager
def running(state: Path | None = None) -> Iterator[Product]:
    """Give the demonstration whose state file this is (`python -m demo --state`), else one of its own."""
    if state:
        given = json.loads(state.read_text())
        yield _product(given["site"], given["mailbox"], given["database_url"], Path(given["folder"]) / "siecle")
        return
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    with (
        tempfile.TemporaryDirectory(prefix="scolarite-gallery-") as folder,
        Stack(port=0, folder=Path(folder), given=environment) as stack,
    ):
        addresses = stack.addresses
        yield _product(addresses.site, addresses.mailbox, addresses.database_url, stack.exports)


def _product(site: str, mailbox: str, database_url: str, exports: Path) -> Product:
    return Product(site.rstrip("/"), mailbox.rstrip("/"), database_url, exports)


class Visit:
    """The gallery's pages as they stand: who opens them is signed in once, and what they show is there.

    `product` is a running demonstration, `browser` a Chromium.
    """

    def __init__(self, product: Product, browser: Browser) -> None:
        self.product, self.browser = product, browser
        self._states: dict[str, tuple[float, Any]] = {}
        self._places: dict[str, str] = {}
        self._disagree()
        self._upload()

    def address(self, shown: Shown) -> str:
        """Return the whole address of a page."""
        return self.product.site + _PLACE.sub(lambda place: self._place(place[1]), shown.path)

    def state_of(self, who: str) -> Any:
        """Return the cookies of somebody who has signed in, for Playwright's `storage_state`."""
        signed_in_at, state = self._states.get(who, (-FRESH, None))
        if time.monotonic() - signed_in_at >= FRESH:
            context = self._context()
            if who:
                _enter(context.new_page(), self.product, who)
            state = context.storage_state()
            self._states[who] = (time.monotonic(), state)
            context.close()
        return state

    def context_of(self, who: str, **options: Any) -> BrowserContext:
        """Open a browser of this person's own, with nothing in its cache."""
        return self._context(storage_state=self.state_of(who), **options)

    def _context(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(locale="fr-FR", timezone_id="Europe/Paris", **options)
        context.set_default_timeout(ANSWER_WITHIN)
        return context

    def _place(self, name: str) -> str:
        if name not in self._places:
            [(value,)] = self.product.rows(QUERIES[name])
            self._places[name] = str(value)
        return self._places[name]

    def _disagree(self) -> None:
        """Emma's parents write over each other: a list of two, and a version set aside."""
        if self.product.rows("SELECT 1 FROM orientation_setaside"):
            return
        form = FAMILY + self._place("emma") + "/choix-definitifs/ajouter/"
        pages = [
            self.context_of(who, java_script_enabled=False).new_page() for who in ("marc.dubois", "sophie.bernard")
        ]
        for page in pages:
            page.goto(self.product.site + form)
        for page, series in zip(pages, ("stmg", "sthr"), strict=True):
            page.locator("#group-technologique").check(force=True)
            page.locator(f"#series-{series}").check(force=True)
            page.get_by_role("button", name="Valider", exact=True).click()
        for page in pages:
            page.context.close()

    def _upload(self) -> None:
        """Bordeaux sends its two exports, and is to confirm."""
        if self.product.rows("SELECT 1 FROM schools_importfile"):
            return
        page = self.context_of("proviseur.bordeaux").new_page()
        page.goto(f"{self.product.site}/admin/etablissements/{BORDEAUX}/imports/")
        page.get_by_label("élèves").set_input_files(self.product.exports / "ElevesAvecAdresses.xml")
        page.get_by_label("responsables").set_input_files(self.product.exports / "ResponsablesAvecAdresses.xml")
        page.get_by_role("button", name="Envoyer et vérifier").click()
        page.get_by_role("button", name="Confirmer l’import").wait_for(timeout=60_000)
        page.context.close()


def _enter(page: Page, product: Product, who: str) -> None:
    """Sign in, or go as far as this person goes."""
    if who == BY_FRANCECONNECT:
        _prove_by_franceconnect(page, product)
    elif who == BEFORE_THE_CODE:
        page.goto(product.site + "/admin/login/")
        page.locator("#id_username").fill("adjoint.paris")
        page.locator("#id_password").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter", exact=True).click()
        page.wait_for_url("**/admin/connexion/code/**")
    elif who in {agent.login for agent in STAFF}:
        sign_in_staff(page, product, who)
    else:
        is_student = next(person.is_student for person in PEOPLE if person.login == who)
        sign_in(page, product, who, profile="eleve" if is_student else "representant")


def _prove_by_franceconnect(page: Page, product: Product) -> None:
    page.goto(product.site + "/connexion/representant/")
    page.get_by_role("button", name=re.compile("FranceConnect")).click()
    kinds = page.get_by_role("link").or_(page.get_by_role("button"))
    kinds.filter(has_text=re.compile("démonstration|Ameli|Poste")).first.click()
    page.get_by_label("Identifiant").first.fill("marie.hoarau")
    page.get_by_label("Mot de passe").first.fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name=re.compile("Continuer")).click()
    page.wait_for_url(f"{product.site}/connexion/verification/**")
