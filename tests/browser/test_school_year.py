"""A school's year by its pages: import, intentions, avis, final choices, two people at the council, publish, read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.browser.conftest import ANSWER_WITHIN, OpenPage, Product, check_page, sign_in, sign_in_staff

HEAD, TEACHER = "proviseur.bordeaux", "odile.blanchard@ac-bordeaux.example"
MOTHER = "isabelle.roche@familles.example"
RESERVE = "La gestion demande un autre rythme de travail."
NEW_PASSWORD = "un-tableau-noir-bien-long"
SCHOOL = "/admin/etablissements/0339905V/"
WORKER_WITHIN = 60_000
"""Milliseconds in which a worker reads, then writes, a small school; not a measure of speed."""


def test_a_school_year_runs_from_the_import_to_propositions_that_the_family_reads(
    open_page: OpenPage, product: Product
) -> None:
    head, teacher, mother = open_page(1280), open_page(1024), open_page(360)
    sign_in_staff(head, product, HEAD)
    import_pupils(head, product)
    invite_form_teacher(head, product)
    create_campaign(head, product)
    set_dates(head, product)

    sign_in(mother, product, "isabelle.roche")
    validate_intentions(mother, product)
    tell_avis(head, product)
    acknowledge_avis(mother, product)
    do_to_phase(head, product, "Avis provisoires", "Fermer maintenant")
    do_to_phase(head, product, "Choix définitifs", "Ouvrir maintenant")
    validate_what_was_intended(mother, product)

    do_to_phase(head, product, "Choix définitifs", "Fermer maintenant")
    enter_by_invitation(teacher, product)
    both_enter_at_once(head, teacher, product)
    open_orientation(mother, product)
    expect(mother.get_by_role("link", name=re.compile("Je consulte et je réponds"))).to_have_count(0)
    do_to_phase(head, product, "Propositions", "Ouvrir maintenant")
    open_council(head, product, "Propositions")
    publish(head)

    assert product.wait_for_message(MOTHER, about="propositions")
    open_orientation(mother, product)
    mother.get_by_role("link", name=re.compile("Je consulte et je réponds")).first.click()
    expect(mother.locator("main")).to_contain_text("1re STI2D")
    expect(mother.locator("main")).to_contain_text("Un bon dossier scientifique.")
    check_page(mother)


def import_pupils(page: Page, product: Product) -> None:
    """Give the two exports, read what would change, confirm; nothing of the files is kept."""
    page.goto(product.site + SCHOOL + "imports/")
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


def invite_form_teacher(page: Page, product: Product) -> None:
    page.goto(product.site + SCHOOL + "personnels/inviter/")
    check_page(page)
    page.get_by_label("Prénom").fill("Odile")
    page.get_by_label(re.compile("^Nom")).fill("Blanchard")
    page.get_by_label(re.compile("^Adresse électronique")).fill(TEACHER)
    page.get_by_label("Fonction").select_option("form_teacher")
    page.get_by_label("2DE1").check()
    page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(page.get_by_role("main")).to_contain_text("Blanchard")


def create_campaign(page: Page, product: Product) -> None:
    """Create this year's campaign, and say what the school teaches."""
    page.goto(product.site + SCHOOL + "campagne/nouvelle/")
    check_page(page)
    page.get_by_role("button", name="Créer la campagne").click()
    page.goto(product.site + SCHOOL + "campagne/")
    page.get_by_role("link", name="Déclarer l’offre").click()
    expect(page.get_by_label("mathématiques", exact=True)).to_be_visible()
    check_page(page)
    for name in ("mathématiques", "physique-chimie", "numérique et sciences informatiques"):
        page.get_by_label(name, exact=True).check()
    page.get_by_label("complète", exact=False).check()
    page.get_by_role("button", name="Enregistrer l’offre").click()
    check_page(page)


def set_dates(page: Page, product: Product) -> None:
    """Say when: intentions are open, the other phases come one after another."""
    page.goto(product.site + SCHOOL + "campagne/")
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


def do_to_phase(page: Page, product: Product, phase: str, act: str) -> None:
    page.goto(product.site + SCHOOL + "campagne/")
    page.get_by_role("link", name=f"{act} {phase}").click()
    confirm_what_is_said(page, act)


def open_orientation(page: Page, product: Product) -> None:
    page.goto(product.site + "/mes-services/orientation/")


def validate_intentions(page: Page, product: Product) -> None:
    open_orientation(page, product)
    check_page(page)
    page.get_by_role("link", name="Je formule les intentions d’orientation", exact=False).click()
    for series in ("sti2d", "stmg"):
        page.get_by_role("link", name="Ajouter une intention").click()
        page.locator("label[for=group-technologique]").click()
        page.locator(f"label[for=series-{series}]").click()
        page.get_by_role("button", name="Valider", exact=True).click()
        expect(page.locator(f"#choix-{series}")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Valider les intentions").click()
    expect(page.get_by_text("Vos intentions d’orientation ont bien été validées")).to_be_visible()
    check_page(page)


def tell_avis(page: Page, product: Product) -> None:
    """Close the intentions, enter an avis on each of Hugo's, publish the class."""
    do_to_phase(page, product, "Intentions", "Fermer maintenant")
    open_council(page, product, "Avis provisoires")
    hugo = page.get_by_role("article", name="Roche Hugo")
    hugo.get_by_label("Favorable", exact=True).first.check()
    hugo.get_by_label("Réservé", exact=True).last.check()
    hugo.get_by_label("Motif", exact=False).last.fill(RESERVE)
    hugo.get_by_label("Motif", exact=False).last.blur()
    expect(hugo.get_by_role("status")).to_contain_text("Complet")
    check_page(page)
    do_to_phase(page, product, "Avis provisoires", "Ouvrir maintenant")
    open_council(page, product, "Avis provisoires")
    publish(page)


def acknowledge_avis(page: Page, product: Product) -> None:
    """Follow the e-mail's news to the avis, and say that they were read."""
    assert product.wait_for_message(MOTHER, about="avis")
    open_orientation(page, product)
    page.get_by_role("link", name="j’en accuse réception", exact=False).click()
    expect(page.get_by_role("main")).to_contain_text(RESERVE)
    check_page(page)
    page.get_by_role("button", name="J’accuse réception").click()
    expect(page.get_by_text("Réception accusée", exact=True)).to_be_visible()
    check_page(page)


def validate_what_was_intended(page: Page, product: Product) -> None:
    """Begin the final choices with the intentions, in their order, and validate them as they are."""
    open_orientation(page, product)
    page.get_by_role("link", name="Je formule les choix définitifs", exact=False).click()
    check_page(page)
    page.get_by_role("button", name="Partir de mes intentions").click()
    expect(page.locator(".rank")).to_have_count(2)
    expect(page.locator("#choix-sti2d")).to_contain_text("Rang 1")
    check_page(page)
    page.get_by_role("button", name="Valider les choix définitifs").click()
    expect(page.get_by_text("Vos choix définitifs ont bien été validés")).to_be_visible()
    check_page(page)


def enter_by_invitation(page: Page, product: Product) -> None:
    """Follow the link of the invitation, choose a password, sign in."""
    message = product.wait_for_message(TEACHER)
    link = re.search(r"https?://\S+/admin/connexion/\S+", message["text"])
    assert link
    page.goto(link[0])
    for field in page.locator("input[type=password]").all():
        field.fill(NEW_PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.goto(product.site + "/admin/login/?next=" + SCHOOL + "conseil/")
    if page.locator("#id_username").count():
        page.locator("#id_username").fill(TEACHER)
        page.locator("#id_password").fill(NEW_PASSWORD)
        page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.get_by_role("heading", name="Conseils de classe")).to_be_visible()


def open_council(page: Page, product: Product, phase: str) -> None:
    page.goto(product.site + SCHOOL + "conseil/")
    check_page(page)
    page.get_by_role("link", name=re.compile(f"2DE1.*{phase}")).click()
    expect(page.get_by_role("article", name="Roche Hugo")).to_be_visible()


def both_enter_at_once(head: Page, teacher: Page, product: Product) -> None:
    """Both have the class open; each enters a line, and reads what the other entered without asking for it."""
    open_council(head, product, "Propositions")
    open_council(teacher, product, "Propositions")
    check_page(teacher)
    hugo = teacher.get_by_role("article", name="Roche Hugo")
    hugo.get_by_label("Oui").first.check()
    hugo.get_by_label("Commentaire", exact=False).first.fill("Un bon dossier scientifique.")
    amina = head.get_by_role("article", name="Masson Amina")
    amina.get_by_label("Ajouter une proposition").select_option("stmg")
    amina.get_by_role("button", name="Ajouter").click()
    expect(amina).to_contain_text("Proposée par le conseil")
    hugo.get_by_label("Non").last.check()
    expect(hugo.get_by_role("status")).to_contain_text("Complet")
    told = teacher.get_by_role("article", name="Masson Amina")
    expect(told).to_contain_text("Proposée par le conseil", timeout=ANSWER_WITHIN)
    yes = head.get_by_role("article", name="Roche Hugo").get_by_label("Oui").first
    expect(yes).to_be_checked(timeout=ANSWER_WITHIN)


def publish(page: Page) -> None:
    """Publish the class that is open, once it is read who will be told."""
    page.get_by_role("link", name="Publier", exact=False).click()
    expect(page.get_by_role("heading", name="Qui sera prévenu")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Publier la classe 2DE1").click()
