"""A family's journey, from signing in to the e-mail, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Product, check_page, sign_in, sign_in_staff

CONFIRMATION = "Confirmation des choix"


def open_choices(page: Page, child: str, *, check: bool = True) -> None:
    page.get_by_role("link", name=f"Orientation : {child}").click()
    if check:
        check_page(page)
    page.get_by_role("link", name=re.compile("Je formule|Je reprends|Je consulte")).click()
    expect(page.get_by_role("heading", level=1, name="Choix définitifs")).to_be_visible()


def choose_general(page: Page, *specialities: str) -> None:
    page.locator("label[for=group-generale]").click()
    for number, speciality in enumerate(specialities, start=1):
        page.get_by_label(f"Enseignement de spécialité {number}").select_option(speciality)


def save(page: Page) -> None:
    page.get_by_role("button", name="Valider", exact=True).click()


@pytest.mark.parametrize(
    ("width", "login", "child", "guardians"),
    [
        (360, "claire.martin", "Léa Martin", ["claire.martin@familles.example"]),
        (768, "claire.martin", "Hugo Martin", ["claire.martin@familles.example", "thomas.martin@familles.example"]),
        (1280, "fatou.diallo", "Moussa Diallo", ["fatou.diallo@familles.example"]),
    ],
)
def test_a_parent_enters_validates_and_each_guardian_gets_the_recap(
    open_page: OpenPage, product: Product, width: int, login: str, child: str, guardians: list[str]
) -> None:
    page = open_page(width)
    page.goto(product.site)
    check_page(page)
    page.goto(product.site + "/connexion/")
    check_page(page)
    page.get_by_role("link", name="Représentant légal").first.click()
    check_page(page)
    sign_in(page, product, login)
    check_page(page)
    open_choices(page, child)
    check_page(page)

    page.get_by_role("link", name="Ajouter un choix définitif").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Rang 1")).to_be_visible()
    save(page)
    expect(dialog.get_by_role("alert")).to_contain_text("Choisissez une voie d’orientation ou un autre parcours")
    choose_general(page, "sciences-ingenieur", "llca-latin", "llca-latin")
    save(page)
    expect(dialog.get_by_role("alert")).to_contain_text("deux fois la même spécialité")
    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Enseignement de spécialité 1")).to_have_value("sciences-ingenieur")
    page.get_by_label("Enseignement de spécialité 3").select_option("nsi")
    save(page)
    expect(page.locator("#choix-generale")).to_contain_text("(hors établissement)")
    expect(page.get_by_text("Brouillon non validé")).to_be_visible()

    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-technologique]").click()
    page.locator("label[for=series-sti2d]").click()
    page.get_by_role("button", name="Valider et ajouter une autre série").click()
    expect(dialog.get_by_role("heading", name="Rang 3")).to_be_visible()
    page.locator("label[for=series-stl]").click()
    page.get_by_label("Spécialité 1re STL").select_option("stl-spcl")
    save(page)
    expect(page.get_by_role("heading", name="3 choix saisis")).to_be_visible()
    check_page(page)

    page.locator("#monter-stl").click()
    expect(page.locator("#choix-stl")).to_contain_text("Rang 2")
    expect(page.locator("#monter-stl")).to_be_focused()
    expect(page.locator("#messages")).to_contain_text("Choix déplacé au rang 2")

    page.get_by_role("button", name="Valider les choix définitifs").click()
    expect(page.get_by_role("heading", name="Vos choix définitifs ont bien été validés.")).to_be_visible()
    check_page(page)
    for address in guardians:
        message = product.wait_for_message(address, CONFIRMATION, about=child)
        assert re.search(r"Rang 2\s: 1re technologique : 1re STL\s+- sciences physiques et chimiques", message["text"])
        assert "(hors établissement)" in message["text"]
        assert page.url in message["text"]
        assert not any(other in message["text"] + message["html"] for other in guardians if other != address)
    given_name, family_name = child.split()
    [(number, ranks)] = product.rows(
        """SELECT submission.number, array_agg(pathway.code ORDER BY choice.rank)
             FROM orientation_submission submission
             JOIN schools_student student ON student.id = submission.student_id
             JOIN orientation_choice choice ON choice.submission_id = submission.id
             JOIN orientation_pathway pathway ON pathway.id = choice.pathway_id
            WHERE (student.given_name, student.family_name) = (%s, %s) GROUP BY submission.id""",
        given_name,
        family_name,
    )
    assert (number, ranks) == (1, ["generale", "stl", "sti2d"])

    page.reload()
    expect(page.get_by_text(f"{guardians[0]} (envoyé)")).to_be_visible()
    if width < 992:  # the menu folds
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Se déconnecter").locator("visible=true").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("déconnecté")
    page.goto(product.site + "/mes-services/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Je sélectionne mon profil")


def test_the_journey_without_javascript(open_page: OpenPage, product: Product) -> None:
    page = open_page(360, javascript=False)
    sign_in(page, product, "jean.lefevre")
    open_choices(page, "Inès Moreau", check=False)
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    expect(page.get_by_role("heading", level=1, name="Rang 1")).to_be_visible()
    choose_general(page, "nsi", "nsi", "mathematiques")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("deux fois la même spécialité")
    page.get_by_label("Enseignement de spécialité 2").select_option("svt")
    save(page)
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-autre-parcours]").click()
    page.get_by_label("Métier ou diplôme souhaité").fill("CAP cuisine")
    save(page)
    page.get_by_role("button", name="Monter le rang 2").click()
    expect(page.locator("#choix-autre-parcours")).to_contain_text("Rang 1")
    page.get_by_role("link", name="Supprimer le rang 2").click()
    page.get_by_role("button", name="Supprimer").click()
    expect(page.get_by_role("heading", name="1 choix saisi")).to_be_visible()
    page.get_by_role("button", name="Valider les choix définitifs").click()
    expect(page.get_by_role("heading", name="Vos choix définitifs ont bien été validés.")).to_be_visible()
    assert "CAP cuisine" in product.wait_for_message("jean.lefevre@familles.example", CONFIRMATION)["text"]


def test_the_journey_by_keyboard_alone(open_page: OpenPage, product: Product) -> None:
    page = open_page(1280)
    sign_in(page, product, "nadia.benali")
    open_choices(page, "Yanis Benali", check=False)

    def tab_to(selector: str) -> None:
        for _press in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} is not reached by the keyboard")

    for series in ("group-technologique", "series-stmg"), ("group-autre-parcours", ""):
        tab_to("a[href$='/ajouter/']")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        tab_to("input[name=group]")
        while not page.locator(f"#{series[0]}").is_checked():
            page.keyboard.press("ArrowDown")
        if series[1]:
            tab_to("input[name=series]")
            while not page.locator(f"#{series[1]}").is_checked():
                page.keyboard.press("ArrowDown")
        tab_to("#dialogue-choix button[type=submit]:not([name])")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("heading", name="2 choix saisis")).to_be_visible()
    tab_to("#monter-autre-parcours")
    page.keyboard.press("Enter")
    expect(page.locator("#choix-autre-parcours")).to_contain_text("Rang 1")
    expect(page.locator("#descendre-autre-parcours")).to_be_focused()
    tab_to("a[href$='/ajouter/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("a[href$='/ajouter/']")).to_be_focused()
    tab_to("form[action$='/valider/'] button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Vos choix définitifs ont bien été validés.")).to_be_visible()


def type_birth_date(page: Page, *typed: str) -> None:
    for label, part in zip(("Jour", "Mois", "Année"), typed, strict=True):
        page.get_by_label(label, exact=True).fill(part)


def test_a_parent_comes_by_franceconnect_and_proves_who_they_are(open_page: OpenPage, product: Product) -> None:
    page = open_page(360)
    page.goto(product.site + "/connexion/representant/")
    page.get_by_role("button", name=re.compile("FranceConnect")).click()
    page.get_by_role("link").or_(page.get_by_role("button")).filter(
        has_text=re.compile("démonstration|Ameli|Poste")
    ).first.click()
    page.get_by_label("Identifiant").first.fill("marie.hoarau")
    page.get_by_label("Mot de passe").first.fill("scolarite-2026")
    page.get_by_role("button", name="Se connecter").click()
    continue_button = page.get_by_role("button", name=re.compile("Continuer"))
    continue_button.click()
    page.wait_for_url(f"{product.site}/**")
    check_page(page)
    type_birth_date(page, "01", "01", "2010")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_text("ne correspondent à aucun dossier").first).to_be_visible()
    check_page(page)
    expect(page.get_by_role("link", name="Orientation : Noé Hoarau")).to_have_count(0)
    type_birth_date(page, "17", "09", "2011")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_role("link", name="Orientation : Noé Hoarau")).to_be_visible()
    page.get_by_role("link", name="Orientation : Noé Hoarau").click()
    expect(page.get_by_text("(heure de La Réunion)").first).to_be_visible()


def test_a_student_reads_and_is_offered_nothing_to_write(open_page: OpenPage, product: Product) -> None:
    page = open_page(360)
    sign_in(page, product, "lucas.petit", profile="eleve")
    open_choices(page, "Lucas Petit", check=False)
    expect(page.get_by_role("link", name="Ajouter un choix définitif")).to_be_visible()  # adult, his own guardian
    reader = open_page(360)
    sign_in(reader, product, "emma.dubois", profile="eleve")
    reader.get_by_role("link", name="Orientation : Emma Dubois").click()
    check_page(reader)
    address = reader.url + "choix-definitifs/"
    reader.goto(address)
    check_page(reader)
    expect(reader.get_by_role("link", name="Ajouter un choix définitif")).to_have_count(0)
    reader.goto(address + "ajouter/")
    expect(reader.get_by_role("heading", level=1)).to_have_text("Action impossible")
    check_page(reader)


def test_someone_without_a_child_here_is_told_so(open_page: OpenPage, product: Product) -> None:
    for login in ("paul.inconnu", "michel.roux"):
        page = open_page(360)
        sign_in(page, product, login)
        check_page(page)
        expect(page.get_by_role("link", name=re.compile("Orientation :"))).to_have_count(0)


def test_a_new_address_is_used_once_confirmed_from_its_mailbox(open_page: OpenPage, product: Product) -> None:
    page = open_page(360)
    sign_in(page, product, "anne.garnier", to="/mes-services/fiche-renseignements/")
    check_page(page)
    page.get_by_label("Nouvelle adresse électronique").fill("pas une adresse")
    page.get_by_role("button", name="Envoyer le lien").click()
    expect(page.get_by_role("alert")).to_contain_text("adresse électronique valide")
    expect(page.get_by_label("Nouvelle adresse électronique")).to_have_value("pas une adresse")
    check_page(page)
    page.get_by_label("Nouvelle adresse électronique").fill("anne@boite.example")
    page.get_by_role("button", name="Envoyer le lien").click()
    expect(page.get_by_text("à confirmer", exact=True)).to_be_visible()
    text = product.wait_for_message("anne@boite.example")["text"]
    link = next(word for word in text.split() if "/courriel/confirmation/" in word)
    mailbox = open_page(360)
    mailbox.goto(link)
    check_page(mailbox)
    mailbox.get_by_role("button", name="Confirmer cette adresse").click()
    expect(mailbox.get_by_role("heading", level=1)).to_have_text("Adresse confirmée")
    page.reload()
    expect(page.get_by_text("confirmée", exact=True)).to_be_visible()


def test_an_address_that_refuses_is_said_to_the_family_and_to_the_school(open_page: OpenPage, product: Product) -> None:
    page = open_page(360)
    sign_in(page, product, "ewa.kowalski")
    open_choices(page, "Nina Kowalski", check=False)
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-autre-parcours]").click()
    save(page)
    page.get_by_role("button", name="Valider les choix définitifs").click()
    product.wait_for_message("refusee.kowalski@familles.example", CONFIRMATION)
    for _attempt in range(60):  # the provider learns of the refusal, then tells the product
        page.reload()
        if page.get_by_text("refusee.kowalski@familles.example (refusé par le destinataire)").count():
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text("refusee.kowalski@familles.example (refusé par le destinataire)")).to_be_visible()
    page.goto(product.site + "/mes-services/fiche-renseignements/")
    expect(page.get_by_text("refusée par le destinataire", exact=True)).to_be_visible()
    check_page(page)
    office = open_page(1280)
    sign_in_staff(office, product, "proviseur.paris")
    office.goto(product.site + "/admin/schools/guardian/?joignable=refus")
    expect(office.get_by_text("refusee.kowalski@familles.example (refusée par le destinataire)")).to_be_visible()
