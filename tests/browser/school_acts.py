"""What a school does in a year, page by page; each page crossed is held to the bars of every page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Product, check_page

WORKER_WITHIN = 60_000
"""Milliseconds in which a worker reads, then writes, a small school; not a measure of speed."""


def place_of(product: Product, uai: str) -> str:
    """Return the address under which a school's pages stand."""
    return f"{product.site}/admin/etablissements/{uai}/"


def student_of(product: Product, uai: str, given_name: str, family_name: str) -> str:
    """Return the identifier, in the addresses, of a pupil of the demonstration."""
    ((public_id,),) = product.rows(
        "SELECT student.public_id FROM schools_student student JOIN schools_school school ON school.id = school_id"
        " WHERE uai = %s AND given_name = %s AND family_name = %s",
        uai,
        given_name,
        family_name,
    )
    return str(public_id)


def import_pupils(page: Page, product: Product, place: str) -> None:
    """Give the two exports, read what would change, confirm; nothing of the files is kept."""
    page.goto(place + "imports/")
    check_page(page)
    page.get_by_label("élèves").set_input_files(product.exports / "ElevesAvecAdresses.xml")
    page.get_by_label("responsables").set_input_files(product.exports / "ResponsablesAvecAdresses.xml")
    page.get_by_role("button", name="Envoyer et vérifier").click()
    confirm = page.get_by_role("button", name="Confirmer l’import")
    expect(confirm).to_be_visible(timeout=WORKER_WITHIN)
    check_page(page)
    confirm.click()
    expect(page.get_by_text("Import terminé", exact=True)).to_be_visible(timeout=WORKER_WITHIN)
    check_page(page)
    assert product.rows("SELECT count(*) FROM schools_importfile") == [(0,)]


def invite_form_teacher(page: Page, place: str, email: str) -> None:
    page.goto(place + "personnels/inviter/")
    check_page(page)
    page.get_by_label("Prénom").fill("Odile")
    page.get_by_label(re.compile("^Nom")).fill("Blanchard")
    page.get_by_label(re.compile("^Adresse électronique")).fill(email)
    page.get_by_label("Fonction").select_option("form_teacher")
    page.get_by_label("2DE1").check()
    page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(page.get_by_role("main")).to_contain_text("Blanchard")
    check_page(page)


def create_campaign(page: Page, place: str) -> None:
    """Create this year's campaign, and say what the school teaches."""
    page.goto(place + "campagne/nouvelle/")
    check_page(page)
    page.get_by_role("button", name="Créer la campagne").click()
    expect(page.get_by_role("button", name="Créer la campagne")).to_have_count(0)
    page.goto(place + "campagne/")
    page.get_by_role("link", name="Déclarer l’offre").click()
    expect(page.get_by_label("mathématiques", exact=True)).to_be_visible()
    check_page(page)
    for name in ("mathématiques", "physique-chimie", "numérique et sciences informatiques"):
        page.get_by_label(name, exact=True).check()
    page.get_by_label("complète", exact=False).check()
    page.get_by_role("button", name="Enregistrer l’offre").click()
    expect(page.locator("#phases")).to_be_visible()
    check_page(page)


def set_dates(page: Page, place: str) -> None:
    """Say when: intentions are open, the other phases come one after another."""
    page.goto(place + "campagne/")
    page.get_by_role("link", name="Changer les dates des phases").click()
    expect(page.locator("#id_intentions-opens_on")).to_be_visible()
    check_page(page)
    today = datetime.now(ZoneInfo("Europe/Paris")).date()
    for slug, opens, closes in (
        ("intentions", -4, 3),
        ("avis-provisoires", 5, 9),
        ("choix-definitifs", 11, 18),
        ("propositions", 20, 35),
    ):
        for end, days, hour in (("opens", opens, "08:00"), ("closes", closes, "23:59")):
            page.locator(f"#id_{slug}-{end}_on").fill(f"{today + timedelta(days=days):%d/%m/%Y}")
            page.locator(f"#id_{slug}-{end}_time").fill(hour)
    confirm_what_is_said(page, "Enregistrer les dates")


def confirm_what_is_said(page: Page, button: str) -> None:
    """Press the button; where something is to be read first, read it, tick, and press again."""
    page.get_by_role("button", name=button).click()
    caution = page.get_by_label("J’ai lu ce qui précède", exact=False)
    expect(caution.or_(page.locator("#phases")).first).to_be_visible()
    if caution.count():
        check_page(page)
        caution.check()
        page.get_by_role("button", name=button).click()
    expect(page.locator("#phases")).to_be_visible()
    check_page(page)


def do_to_phase(page: Page, place: str, phase: str, act: str) -> None:
    page.goto(place + "campagne/")
    page.get_by_role("link", name=f"{act} {phase}").click()
    confirm_what_is_said(page, act)


def open_council(page: Page, place: str, phase: str) -> None:
    """Choose 2DE1's council of this phase among the classes."""
    page.goto(place + "conseil/")
    check_page(page)
    page.get_by_role("link", name=re.compile(f"2DE1.*{phase}")).click()
    expect(line_of(page, "Roche Hugo")).to_be_visible()


def line_of(page: Page, pupil: str) -> Locator:
    return page.get_by_role("article", name=pupil)


def say(line: Locator, verdict: str, reason: str, *, rank: int = 1) -> None:
    """Enter what the council says of one rank, and why."""
    line.get_by_label(verdict, exact=True).nth(rank - 1).check()
    words = line.get_by_label(re.compile("Motif|Commentaire")).nth(rank - 1)
    words.fill(reason)
    words.blur()


def publish(page: Page) -> None:
    """Publish the class that is open, once it is read who will be told."""
    page.get_by_role("link", name="Publier", exact=False).click()
    expect(page.get_by_role("heading", name="Qui sera prévenu")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Publier la classe 2DE1").click()
    expect(page.get_by_role("heading", name="Qui sera prévenu")).to_have_count(0)
    check_page(page)


def open_dialogue(page: Page, place: str, student: str, state: str) -> None:
    page.goto(f"{place}decisions/{student}/")
    expect_state(page, state)
    check_page(page)


def expect_state(page: Page, state: str) -> None:
    expect(page.get_by_role("main").locator(".staff-tag").first).to_have_text(state)


def notify_agreement(page: Page, place: str, student: str, told: str) -> None:
    """Choose the pupil in the list, read what will be notified and to whom, notify."""
    page.goto(place + "decisions/?etat=to_notify")
    check_page(page)
    page.locator(f"input[type=checkbox][value='{student}']").check()
    page.get_by_role("button", name="Notifier les accords cochés").click()
    expect(page.get_by_role("heading", name="1 décision à notifier")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(told)
    check_page(page)
    page.get_by_role("button", name="Notifier 1 décision").click()
    expect(page.get_by_text("1 décision notifiée.")).to_be_visible()
    check_page(page)


def note_interview(page: Page, report: str) -> None:
    form = page.locator("form[action$='/entretien/']")
    form.get_by_label("le désaccord demeure").check()
    form.get_by_label("Compte rendu").fill(report)
    form.get_by_role("button", name="Enregistrer l’entretien").click()
    expect(page.get_by_text("L’entretien est noté.")).to_be_visible()
    expect_state(page, "entretien tenu : décision à prendre")
    check_page(page)


def decide_with_reasons(page: Page, pathway: str, reasons: str) -> None:
    """Take a decision that the family did not ask for; without its reasons it is refused, what was typed kept."""
    form = page.locator("form[action$='/decider/']")
    form.get_by_label("Voie décidée").select_option(pathway)
    form.get_by_label("non conforme", exact=False).check()
    form.get_by_role("button", name="Notifier la décision motivée").click()
    expect(form.locator(".errorlist").first).to_be_visible()
    expect(form.get_by_label("Voie décidée")).to_have_value(pathway)
    check_page(page)
    form.get_by_label("Motifs").fill(reasons)
    form.get_by_role("button", name="Notifier la décision motivée").click()
    expect(page.get_by_text("La décision motivée est notifiée.")).to_be_visible()
    expect_state(page, "décision motivée : réception à noter")
    check_page(page)


def note_receipt(page: Page) -> None:
    page.get_by_role("button", name="Enregistrer la réception").click()
    expect(page.get_by_text("La réception est notée : le délai d’appel court.")).to_be_visible()
    expect_state(page, "délai d’appel en cours")
    check_page(page)


def note_appeal(page: Page) -> None:
    page.get_by_label("La famille demande à être entendue").check()
    page.get_by_role("button", name="Enregistrer l’appel").click()
    expect(page.get_by_text("L’appel est noté.")).to_be_visible()
    expect_state(page, "en appel")
    check_page(page)


def note_commission(page: Page, pathway: str, reasons: str) -> None:
    """Record that the commission gives the family what it asked for; the head's decision is replaced."""
    form = page.locator("form[action$='/commission/']")
    form.get_by_label("Voie décidée par la commission").select_option(pathway)
    form.get_by_label("conforme", exact=True).check()
    form.get_by_label("Motifs").fill(reasons)
    form.get_by_role("button", name="Enregistrer et notifier la décision de la commission").click()
    expect(page.get_by_text("La décision de la commission d’appel est notifiée.")).to_be_visible()
    expect_state(page, "commission d’appel : décidée")
    expect(page.get_by_role("region", name="Décisions")).to_contain_text("remplacée")
    check_page(page)
