"""The end of the year by its pages: a family that agrees reads its decision; one that does not goes to appeal."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Product, check_page, sign_in, sign_in_staff

HEAD = "proviseur.marseille"
SCHOOL = "/admin/etablissements/0139904W/"
LINA, SOFIA = ("Haddad", "Lina"), ("Benoît", "Sofia")
SAMIRA, KARIM = "samira.haddad@familles.example", "karim.haddad@familles.example"
CHRISTELLE, PASCAL = "christelle.benoit.45@familles.example", "pascal.benoit.45@familles.example"
HEAD_REASONS = "Les bases en mathématiques sont à reprendre avant la 1re."
COMMISSION_REASONS = "La commission a entendu la famille : le projet de Sofia est solide."


def test_a_family_that_agrees_reads_its_decision(open_page: OpenPage, product: Product) -> None:
    head, mother, father, pupil = open_page(1280), open_page(360), open_page(1280), open_page(360)
    family = f"{product.site}/mes-services/orientation/{student_of(product, LINA)}/"
    sign_in(father, product, "karim.haddad")
    answer(father, family, "stl", agrees=False)
    told = product.wait_for_message(SAMIRA, about="Karim Haddad a répondu")
    assert "pas d’accord. Le dialogue continue" in told["text"]

    sign_in(mother, product, "samira.haddad")
    mother.goto(family + "propositions/")
    expect(mother.locator("#proposition-stl")).to_contain_text("Réponse de la famille : pas d’accord")
    answer(mother, family, "generale", agrees=True)
    told = product.wait_for_message(KARIM, about="Samira Haddad a répondu")
    assert "devient la décision d’orientation" in told["text"]

    sign_in_staff(head, product, HEAD)
    read_what_the_family_answered(head, product)
    notify_the_agreement(head, product)
    product.wait_for_message(KARIM, about="a été notifiée")
    message = product.wait_for_message(SAMIRA, about="a été notifiée")
    assert "Haddad" not in message["subject"]

    link = re.search(r"https?://\S+/decisions/\S*", message["text"])
    assert link
    mother.goto(link[0])
    expect(mother.locator(".decision")).to_have_count(1)
    expect(mother.locator(".decision")).to_contain_text("conforme à la demande de la famille")
    check_page(mother)
    check_documents(mother, family)
    mother.goto(family + "propositions/")
    expect(mother.locator("#proposition-generale")).to_contain_text("la réponse ne peut plus être changée")
    check_page(mother)
    mother.goto(family)
    check_page(mother)

    sign_in(pupil, product, "lina.haddad", profile="eleve")
    pupil.goto(family + "decisions/")
    expect(pupil.locator(".decision")).to_have_count(1)
    check_page(pupil)


def test_a_family_that_disagrees_goes_to_appeal(open_page: OpenPage, product: Product) -> None:
    head, mother = open_page(1280), open_page(360)
    sofia = student_of(product, SOFIA)
    family = f"{product.site}/mes-services/orientation/{sofia}/"
    sign_in(mother, product, "christelle.benoit")
    sign_in_staff(head, product, HEAD)
    report_disagreement_on_paper(head, product, sofia)
    said = product.wait_for_message(CHRISTELLE, about="au nom de Pascal Benoît")
    assert "pas d’accord. Le dialogue continue" in said["text"]

    head.goto(f"{product.site}{SCHOOL}decisions/{sofia}/")
    expect_state(head, "désaccord : entretien à tenir")
    note_interview(head)
    mother.goto(family + "decisions/")
    expect(mother.locator("main")).to_contain_text("Le désaccord demeure sur la voie générale.")
    check_page(mother)

    decide_with_reasons(head)
    first = product.wait_for_message(PASCAL, about="a été notifiée")
    assert "trois jours ouvrables" in first["text"]
    mother.goto(family + "decisions/")
    expect(mother.locator(".decision")).to_contain_text(HEAD_REASONS)
    expect(mother.get_by_role("heading", name="Voies de recours")).to_be_visible()
    check_page(mother)

    note_receipt(head)
    mother.goto(family)
    expect(mother.locator(".standing")).to_contain_text("appel")
    check_page(mother)
    note_appeal(head)
    note_commission(head)
    read_the_commission_s_decision(mother, product, family)


def student_of(product: Product, name: tuple[str, str]) -> str:
    """Return the identifier, in the addresses, of a pupil of the demonstration."""
    ((public_id,),) = product.rows(
        "SELECT student.public_id FROM schools_student student JOIN schools_school school ON school.id = school_id"
        " WHERE family_name = %s AND given_name = %s AND uai = '0139904W'",
        *name,
    )
    return str(public_id)


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


def read_what_the_family_answered(page: Page, product: Product) -> None:
    page.goto(f"{product.site}{SCHOOL}decisions/{student_of(product, LINA)}/")
    expect_state(page, "accord donné : à notifier")
    propositions = page.get_by_role("region", name="Propositions du conseil de classe")
    expect(propositions).to_contain_text("générale : oui ; la famille est d’accord")
    expect(propositions).to_contain_text("STL : oui ; la famille n’est pas d’accord")
    check_page(page)


def notify_the_agreement(page: Page, product: Product) -> None:
    """Choose the pupil in the list, read what will be notified and to whom, notify."""
    page.goto(product.site + SCHOOL + "decisions/?etat=to_notify")
    check_page(page)
    page.get_by_label("Choisir Lina Haddad").or_(page.get_by_label("Choisir Haddad Lina")).check()
    page.get_by_role("button", name="Notifier les accords cochés").click()
    expect(page.get_by_role("heading", name="1 décision à notifier")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("2 représentants légaux sur 2 recevront un courriel")
    check_page(page)
    page.get_by_role("button", name="Notifier 1 décision").click()
    expect(page.get_by_text("1 décision notifiée.")).to_be_visible()
    check_page(page)


def check_documents(page: Page, family: str) -> None:
    """Hold the notification of each decision to be a PDF, and the deadlines to be a calendar."""
    page.goto(family + "decisions/")
    papers = page.locator(".decision a[href$='.pdf']").evaluate_all("links => links.map(link => link.href)")
    assert papers
    for address in papers:
        paper = page.request.get(address)
        assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
        assert paper.body().startswith(b"%PDF-")
    calendar = page.request.get(family + "echeances.ics")
    assert calendar.status == 200
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert calendar.text().startswith("BEGIN:VCALENDAR")


def expect_state(page: Page, state: str) -> None:
    expect(page.get_by_role("main").locator(".staff-tag").first).to_have_text(state)


def report_disagreement_on_paper(page: Page, product: Product, student: str) -> None:
    """Enter what the father signed: he agrees with neither proposition."""
    page.goto(f"{product.site}{SCHOOL}suivi/{student}/")
    check_page(page)
    page.goto(f"{product.site}{SCHOOL}suivi/{student}/reponses/")
    check_page(page)
    page.get_by_label(re.compile("Pascal|PASCAL")).check()
    for each in page.get_by_label("pas d’accord", exact=True).all():
        each.check()
    page.get_by_role("button", name="Enregistrer les réponses").click()
    expect(page.get_by_text("2 réponses enregistrées.")).to_be_visible()
    check_page(page)


def note_interview(page: Page) -> None:
    check_page(page)
    form = page.locator("form[action$='/entretien/']")
    form.get_by_label("le désaccord demeure").check()
    form.get_by_label("Compte rendu").fill("Le désaccord demeure sur la voie générale.")
    form.get_by_role("button", name="Enregistrer l’entretien").click()
    expect(page.get_by_text("L’entretien est noté.")).to_be_visible()
    expect_state(page, "entretien tenu : décision à prendre")


def decide_with_reasons(page: Page) -> None:
    """Take a decision that the family did not ask for; without its reasons it is refused, what was typed kept."""
    check_page(page)
    form = page.locator("form[action$='/decider/']")
    form.get_by_label("Voie décidée").select_option("st2s")
    form.get_by_label("non conforme", exact=False).check()
    form.get_by_role("button", name="Notifier la décision motivée").click()
    expect(form.locator(".errorlist").first).to_be_visible()
    expect(form.get_by_label("Voie décidée")).to_have_value("st2s")
    check_page(page)
    form.get_by_label("Motifs").fill(HEAD_REASONS)
    form.get_by_role("button", name="Notifier la décision motivée").click()
    expect(page.get_by_text("La décision motivée est notifiée.")).to_be_visible()
    expect_state(page, "décision motivée : réception à noter")


def note_receipt(page: Page) -> None:
    check_page(page)
    page.get_by_role("button", name="Enregistrer la réception").click()
    expect(page.get_by_text("La réception est notée : le délai d’appel court.")).to_be_visible()
    expect_state(page, "délai d’appel en cours")


def note_appeal(page: Page) -> None:
    check_page(page)
    page.get_by_label("La famille demande à être entendue").check()
    page.get_by_role("button", name="Enregistrer l’appel").click()
    expect(page.get_by_text("L’appel est noté.")).to_be_visible()
    expect_state(page, "en appel")


def note_commission(page: Page) -> None:
    """Record that the commission gives the family what it asked for; the head's decision is replaced."""
    check_page(page)
    form = page.locator("form[action$='/commission/']")
    form.get_by_label("Voie décidée par la commission").select_option("generale")
    form.get_by_label("conforme", exact=True).check()
    form.get_by_label("Motifs").fill(COMMISSION_REASONS)
    form.get_by_role("button", name="Enregistrer et notifier la décision de la commission").click()
    expect(page.get_by_text("La décision de la commission d’appel est notifiée.")).to_be_visible()
    expect_state(page, "commission d’appel : décidée")
    expect(page.get_by_role("region", name="Décisions")).to_contain_text("remplacée")
    check_page(page)


def read_the_commission_s_decision(page: Page, product: Product, family: str) -> None:
    """Follow the e-mail to both decisions, the head's replaced, and to every step that led there."""
    page.goto(family + "decisions/")
    expect(page.locator(".decision")).to_have_count(2)
    expect(page.locator(".decision--replaced")).to_contain_text("Remplacée par la décision")
    expect(page.locator(".decision:not(.decision--replaced)")).to_contain_text(COMMISSION_REASONS)
    steps = page.locator(".timeline__title")
    for step in ("entretien", "appel", "commission"):
        expect(steps.filter(has_text=re.compile(step, re.IGNORECASE)).first).to_be_visible()
    check_page(page)
    check_documents(page, family)
    number = re.search(r"\d+", page.locator(".decision:not(.decision--replaced) h2").inner_text())
    assert number
    for guardian in (CHRISTELLE, PASCAL):
        assert product.wait_for_message(guardian, about=f"La décision d’orientation n° {number[0]} ")
    page.goto(family)
    check_page(page)
