"""What a family does in a year, page by page; each page crossed is held to the bars of every page."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, check_page


def family_of(product: Product, student: str) -> str:
    """Return the address under which a child's pages stand."""
    return f"{product.site}/mes-services/orientation/{student}/"


def follow(page: Page, message: dict[str, Any], part: str) -> None:
    """Open the address that an e-mail gives, as its reader would."""
    link = re.search(rf"https?://\S+/{part}/\S*", message["text"])
    assert link, message["text"]
    page.goto(link[0])


def open_step(page: Page, family: str, link: str) -> None:
    """Go from the steps of the year to what can be done in one of them."""
    page.goto(family)
    check_page(page)
    page.get_by_role("link", name=link, exact=False).first.click()


def ask_for_general(page: Page, add: str, *specialities: str) -> None:
    page.get_by_role("link", name=add).click()
    page.locator("label[for=group-generale]").click()
    for number, speciality in enumerate(specialities, start=1):
        page.get_by_label(f"Enseignement de spécialité {number}").select_option(speciality)
    page.get_by_role("button", name="Valider", exact=True).click()
    expect(page.locator("#choix-generale")).to_be_visible()


def ask_for_series(page: Page, add: str, series: str) -> None:
    page.get_by_role("link", name=add).click()
    page.locator("label[for=group-technologique]").click()
    page.locator(f"label[for=series-{series}]").click()
    page.get_by_role("button", name="Valider", exact=True).click()
    expect(page.locator(f"#choix-{series}")).to_be_visible()


def validate_intentions(page: Page) -> None:
    check_page(page)
    page.get_by_role("button", name="Valider les intentions").click()
    expect(page.get_by_text("Vos intentions d’orientation ont bien été validées")).to_be_visible()
    check_page(page)


def validate_final_choices(page: Page) -> None:
    check_page(page)
    page.get_by_role("button", name="Valider les choix définitifs").click()
    expect(page.get_by_text("Vos choix définitifs ont bien été validés")).to_be_visible()
    check_page(page)


def acknowledge_avis(page: Page, family: str, reason: str) -> None:
    """Go to the avis, read the council's reason, and say that they were received."""
    open_step(page, family, "j’en accuse réception")
    expect(page.get_by_role("main")).to_contain_text(reason)
    check_page(page)
    page.get_by_role("button", name="J’accuse réception").click()
    expect(page.get_by_text("Réception accusée", exact=True)).to_be_visible()
    check_page(page)


def answer(page: Page, family: str, pathway: str, *, agrees: bool) -> None:
    """Read the propositions, say what one is answered, confirm it."""
    said = "d’accord" if agrees else "pas d’accord"
    page.goto(family + "propositions/")
    check_page(page)
    line = page.locator(f"#proposition-{pathway}")
    line.get_by_role("link", name=re.compile(f"^{said}", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Répondre : {said}")
    check_page(page)
    page.get_by_role("button", name=f"Je réponds : {said}").click()
    expect(line).to_contain_text(f"Réponse de la famille : {said}")
    check_page(page)


def check_documents(page: Page, family: str, *, decisions: int) -> None:
    """Hold the notification of each decision to be a PDF, and the deadlines to be a calendar that downloads."""
    page.goto(family + "decisions/")
    papers = page.locator(".decision a[href$='.pdf']")
    expect(papers).to_have_count(decisions)
    for address in papers.evaluate_all("links => links.map(link => link.href)"):
        paper = page.request.get(address)
        assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
        assert paper.body().startswith(b"%PDF-")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Mettre les échéances dans mon agenda").click()
    assert downloading.value.suggested_filename == "echeances-orientation.ics"
    assert downloading.value.path().read_bytes().startswith(b"BEGIN:VCALENDAR")
