"""Take the pictures of `docs/screenshots/` from the running demonstration: `make screenshots`.

Each page is taken twice, at the widths of a telephone and of a desk. The names of the files stand in README.
With `--gallery`, every page of the gallery instead, at three widths, light and dark, into `var/gallery/`.
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch_options
from tests.browser.conftest import ANSWER_WITHIN, Product, sign_in, sign_in_staff
from tests.browser.gallery import GALLERY, Shown
from tests.browser.visit import Visit, running

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
ALBUM = Path(__file__).resolve().parents[2] / "var" / "gallery"
WIDTHS = (360, 1280)
ALBUM_WIDTHS = (360, 768, 1280)
HEIGHT = 800
SETTLE = 300
"""Milliseconds left to the browser to paint."""

PARENT, CHILD, ADDRESS = "claire.martin", "Léa Martin", "claire.martin@familles.example"
HEAD = "proviseur.paris"
VALIDATED = "Vos choix définitifs ont bien été validés."


class Camera:
    """One visitor's page, pictured at each width without being loaded again."""

    def __init__(self, context: BrowserContext) -> None:
        context.set_default_timeout(ANSWER_WITHIN)
        self.page = context.new_page()

    def take(self, name: str, heading: str, *, is_whole: bool = True) -> None:
        """Write one file per width, once this heading is shown: of the whole page, or of what fits the screen."""
        expect(self.page.get_by_role("heading", name=heading).first).to_be_visible()
        self.page.wait_for_load_state()
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            self.page.evaluate("document.fonts.ready")
            if is_whole:  # a screen as high as the page: Chromium does not paint a sandboxed frame out of sight
                height = self.page.evaluate("document.documentElement.scrollHeight")
                self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_load_state("networkidle")
            self.page.wait_for_timeout(SETTLE)
            self.page.screenshot(path=FOLDER / f"{name}-{width}.png", animations="disabled", caret="hide")
        self.page.set_viewport_size({"width": WIDTHS[-1], "height": HEIGHT})


def take_all(product: Product, browser: Browser) -> None:
    """Walk through the site as a parent, then as the head of the school."""
    _family(product, Camera(_visitor(browser)))
    _mailbox(product, Camera(_visitor(browser)))
    _school(product, Camera(_visitor(browser)))


def _visitor(browser: Browser) -> BrowserContext:
    return browser.new_context(
        viewport={"width": WIDTHS[-1], "height": HEIGHT},
        locale="fr-FR",
        color_scheme="light",
        timezone_id="Europe/Paris",
    )


def _family(product: Product, camera: Camera) -> None:
    page = camera.page
    page.goto(product.site)
    camera.take("accueil", "Demander une voie d’orientation")
    page.goto(f"{product.site}/connexion/")
    camera.take("connexion", "Je sélectionne mon profil")
    page.get_by_role("link", name="Représentant légal").first.click()
    camera.take("representant", "Je me connecte avec FranceConnect")
    sign_in(page, product, PARENT)
    camera.take("mes-services", "Mes services")
    page.get_by_role("link", name=f"Orientation : {CHILD}").click()
    camera.take("orientation", "Phase définitive : Choix définitifs")
    page.get_by_role("link", name=re.compile("Je formule")).click()
    _enter_three_ranks(page)
    camera.take("choix", "3 choix saisis")
    page.get_by_role("link", name=re.compile("^Modifier le rang 1")).click()
    expect(page.get_by_label("Enseignement de spécialité 3")).to_be_visible()
    camera.take("dialogue", "Rang 1", is_whole=False)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Valider les choix définitifs").click()
    expect(page.get_by_role("heading", name=VALIDATED)).to_be_visible()
    product.wait_for_message(ADDRESS)
    page.wait_for_timeout(1000)  # until the worker has written down that it was accepted
    page.reload()
    expect(page.get_by_text(f"{ADDRESS} (envoyé)")).to_be_visible()
    camera.take("demande-validee", VALIDATED)


def _enter_three_ranks(page: Page) -> None:
    """Ask for the three choices of the ministry's own guide."""
    save = page.get_by_role("button", name="Valider", exact=True)
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-generale]").click()
    for number, speciality in enumerate(("sciences-ingenieur", "llca-latin", "nsi"), start=1):
        page.get_by_label(f"Enseignement de spécialité {number}").select_option(speciality)
    save.click()
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-technologique]").click()
    page.locator("label[for=series-sti2d]").click()
    page.get_by_role("button", name="Valider et ajouter une autre série").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Rang 3")).to_be_visible()
    page.locator("label[for=series-stl]").click()
    page.get_by_label("Spécialité 1re STL").select_option("stl-spcl")
    save.click()
    expect(page.get_by_role("heading", name="3 choix saisis")).to_be_visible()


def _mailbox(product: Product, camera: Camera) -> None:
    page = camera.page
    page.goto(f"{product.mailbox}/?destinataire={ADDRESS}")
    page.get_by_role("link", name=re.compile("Confirmation")).first.click()
    expect(page.frame_locator("iframe").get_by_role("listitem").first).to_be_visible()
    camera.take("courriel", "Confirmation des choix")


def _school(product: Product, camera: Camera) -> None:
    page = camera.page
    sign_in_staff(page, product, HEAD, to="/admin/orientation/campaign/")
    page.locator("#result_list .field-page a").first.click()
    camera.take("admin-campagne", "Offre de spécialités")


def take_gallery(visit: Visit) -> None:
    """Picture every page, whole, and write the page that shows them all."""
    for shown in GALLERY:
        for scheme in ("light", "dark"):
            _picture(visit, shown, scheme)
    rows = "".join(
        f"<h2>{escape(shown.name)}</h2><p>{escape(shown.path)} {escape(shown.who or 'personne')}</p><div>"
        + "".join(_thumbnail(shown, width, scheme) for scheme in ("light", "dark") for width in ALBUM_WIDTHS)
        + "</div>"
        for shown in GALLERY
    )
    head = '<!DOCTYPE html><html lang="fr"><meta charset="utf-8"><title>Galerie</title>'
    (ALBUM / "index.html").write_text(head + rows)


def _thumbnail(shown: Shown, width: int, scheme: str) -> str:
    name = f"{shown.name}-{width}-{scheme}.png"
    image = f'<img loading="lazy" width="{width // 4}" src="{name}" alt="{width}, {scheme}">'
    return f'<a href="{name}">{image}</a> '


def _picture(visit: Visit, shown: Shown, scheme: str) -> None:
    context = visit.context_of(shown.who, color_scheme=scheme)
    page = context.new_page()
    page.goto(visit.address(shown), wait_until="networkidle")
    for width in ALBUM_WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(SETTLE)
        path = ALBUM / f"{shown.name}-{width}-{scheme}.png"
        page.screenshot(path=path, full_page=True, animations="disabled", caret="hide")
    context.close()


def main() -> int:
    is_album = "--gallery" in sys.argv
    folder = ALBUM if is_album else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for picture in folder.glob("*.png"):
        picture.unlink()
    with running() as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        if is_album:
            take_gallery(Visit(product, browser))
        else:
            take_all(product, browser)
        browser.close()
    if is_album:
        print(ALBUM / "index.html")  # noqa: T201 - what was asked for
    return 0


if __name__ == "__main__":
    sys.exit(main())
