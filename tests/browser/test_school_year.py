"""A school's whole year by its pages, from the import to the decisions: a family that agrees, and one that appeals."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser import family_acts, school_acts
from tests.browser.conftest import OpenPage, Product, check_page, sign_in, sign_in_staff

UAI = "0339905V"
HEAD, TEACHER = "proviseur.bordeaux", "odile.blanchard@ac-bordeaux.example"
NEW_PASSWORD = "un-tableau-noir-bien-long"

RESERVE = "La gestion demande un autre rythme de travail."
WARNING = "Les mathématiques doivent beaucoup progresser."
PRAISE = "Un bon dossier scientifique."
REFUSAL = "Les mathématiques restent trop fragiles."
REPORT = "Le désaccord demeure sur la voie générale."
HEAD_REASONS = "Les bases en mathématiques sont à reprendre avant la 1re."
COMMISSION_REASONS = "La commission a entendu la famille : le projet d’Amina est solide."


@dataclass
class School:
    """The school of this year: two of its staff at their screens."""

    product: Product
    place: str
    head: Page
    teacher: Page

    def do_to_phase(self, phase: str, act: str) -> None:
        school_acts.do_to_phase(self.head, self.place, phase, act)


@dataclass
class Family:
    """A mother at her screen, and the pages of her child."""

    product: Product
    page: Page
    login: str
    email: str
    child: str
    place: str = ""
    student: str = ""

    def sign_in(self) -> None:
        sign_in(self.page, self.product, self.login)
        check_page(self.page)
        given_name, family_name = self.child.split()
        self.student = school_acts.student_of(self.product, UAI, given_name, family_name)
        self.place = family_acts.family_of(self.product, self.student)

    def mail(self, subject: str, *, about: str = "") -> dict[str, str]:
        """Return the newest e-mail that tells the mother this of her child."""
        message = self.product.wait_for_message(self.email, subject, about or self.child)
        assert self.child in message["text"]
        assert not any(name in message["subject"] for name in self.child.split())
        return message


def test_a_year_runs_to_the_decision_of_a_family_that_agrees_and_to_the_appeal_of_one_that_does_not(
    open_page: OpenPage, product: Product
) -> None:
    school = School(product, school_acts.place_of(product, UAI), open_page(1280), open_page(1024))
    roche = Family(product, open_page(360), "isabelle.roche", "isabelle.roche@familles.example", "Hugo Roche")
    masson = Family(product, open_page(768), "nathalie.masson", "nathalie.masson.3@familles.example", "Amina Masson")
    prepare(school)
    roche.sign_in()
    masson.sign_in()
    intend(roche, masson)
    tell_avis(school)
    acknowledge(roche, RESERVE)
    acknowledge(masson, WARNING)
    school.do_to_phase("Avis provisoires", "Fermer maintenant")
    school.do_to_phase("Choix définitifs", "Ouvrir maintenant")
    choose(roche, masson)
    school.do_to_phase("Choix définitifs", "Fermer maintenant")
    tell_propositions(school, roche)

    read_propositions(roche, "1re STI2D", PRAISE)
    read_propositions(masson, "1re générale", REFUSAL)
    agree(roche)
    disagree(masson)
    notify_what_was_agreed(school, roche)
    receive_and_decide(school, masson)
    school.do_to_phase("Propositions", "Fermer maintenant")
    appeal(school, masson)
    for family in (roche, masson):
        family.page.goto(family.place + "propositions/")
        expect(family.page.get_by_role("main")).to_contain_text("Les réponses sont closes depuis le")
        check_page(family.page)


def prepare(school: School) -> None:
    """Import the pupils, invite a form teacher, create the campaign and its dates."""
    sign_in_staff(school.head, school.product, HEAD)
    check_page(school.head)
    school_acts.import_pupils(school.head, school.product, school.place)
    school_acts.invite_form_teacher(school.head, school.place, TEACHER)
    school_acts.create_campaign(school.head, school.place)
    school_acts.set_dates(school.head, school.place)


def intend(roche: Family, masson: Family) -> None:
    """One family intends two series; the other, the voie générale."""
    page = roche.page
    family_acts.open_step(page, roche.place, "Je formule les intentions d’orientation")
    for series in ("sti2d", "stmg"):
        family_acts.ask_for_series(page, "Ajouter une intention", series)
    family_acts.validate_intentions(page)
    assert "1re STI2D" in roche.mail("Confirmation")["text"]

    page = masson.page
    family_acts.open_step(page, masson.place, "Je formule les intentions d’orientation")
    specialities = ("mathematiques", "physique-chimie", "nsi", "svt")
    family_acts.ask_for_general(page, "Ajouter une intention", *specialities)
    expect(page.locator("#choix-generale")).to_contain_text("(hors établissement)")
    family_acts.validate_intentions(page)
    assert "1re générale" in masson.mail("Confirmation")["text"]


def tell_avis(school: School) -> None:
    """Close the intentions, enter an avis on each of both pupils', publish the class."""
    school.do_to_phase("Intentions", "Fermer maintenant")
    page = school.head
    school_acts.open_council(page, school.place, "Avis provisoires")
    hugo, amina = school_acts.line_of(page, "Roche Hugo"), school_acts.line_of(page, "Masson Amina")
    hugo.get_by_label("Favorable", exact=True).first.check()
    school_acts.say(hugo, "Réservé", RESERVE, rank=2)
    school_acts.say(amina, "Défavorable", WARNING)
    for line in (hugo, amina):
        expect(line.get_by_role("status")).to_contain_text("Complet")
    check_page(page)
    school.do_to_phase("Avis provisoires", "Ouvrir maintenant")
    school_acts.open_council(page, school.place, "Avis provisoires")
    school_acts.publish(page)


def acknowledge(family: Family, reason: str) -> None:
    family.mail("Les avis du conseil de classe sont publiés")
    family_acts.acknowledge_avis(family.page, family.place, reason)


def choose(roche: Family, masson: Family) -> None:
    """One family begins with its intentions, in their order, and validates them as they are; the other begins anew."""
    page = roche.page
    family_acts.open_step(page, roche.place, "Je formule les choix définitifs")
    check_page(page)
    page.get_by_role("button", name="Partir de mes intentions").click()
    expect(page.locator(".rank")).to_have_count(2)
    expect(page.locator("#choix-sti2d")).to_contain_text("Rang 1")
    family_acts.validate_final_choices(page)
    roche.mail("Confirmation", about="Choix définitifs — demande")

    page = masson.page
    family_acts.open_step(page, masson.place, "Je formule les choix définitifs")
    family_acts.ask_for_general(page, "Ajouter un choix définitif", "mathematiques", "physique-chimie", "nsi")
    family_acts.validate_final_choices(page)
    masson.mail("Confirmation", about="Choix définitifs — demande")


def tell_propositions(school: School, roche: Family) -> None:
    """Two people enter the council's answers at once; families read nothing before the class is published."""
    enter_by_invitation(school)
    both_enter_at_once(school)
    roche.page.goto(roche.place)
    expect(roche.page.get_by_role("link", name=re.compile("Je consulte et je réponds"))).to_have_count(0)
    check_page(roche.page)
    school.do_to_phase("Propositions", "Ouvrir maintenant")
    school_acts.open_council(school.head, school.place, "Propositions")
    check_page(school.head)
    school_acts.publish(school.head)


def enter_by_invitation(school: School) -> None:
    """Follow the link of the invitation, choose a password, sign in."""
    page = school.teacher
    family_acts.follow(page, school.product.wait_for_message(TEACHER), "admin/connexion")
    expect(page.locator("input[type=password]").first).to_be_visible()
    check_page(page)
    for field in page.locator("input[type=password]").all():
        field.fill(NEW_PASSWORD)
    page.locator("main form button[type=submit]").click()
    expect(page.locator("input[autocomplete=new-password]")).to_have_count(0)
    check_page(page)
    page.goto(school.place + "conseil/")
    councils = page.get_by_role("heading", name="Conseils de classe")
    expect(councils.or_(page.locator("#id_username"))).to_be_visible()
    if page.locator("#id_username").count():
        page.locator("#id_username").fill(TEACHER)
        page.locator("#id_password").fill(NEW_PASSWORD)
        page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(councils).to_be_visible()


def both_enter_at_once(school: School) -> None:
    """Both have the class open; each enters a line, and reads what the other entered without asking for it."""
    head, teacher = school.head, school.teacher
    for page in (head, teacher):
        school_acts.open_council(page, school.place, "Propositions")
    check_page(teacher)
    hugo, amina = school_acts.line_of(teacher, "Roche Hugo"), school_acts.line_of(head, "Masson Amina")
    school_acts.say(hugo, "Oui", PRAISE)
    amina.get_by_label("Ajouter une proposition").select_option("stmg")
    amina.get_by_role("button", name="Ajouter").click()
    expect(amina).to_contain_text("Proposée par le conseil")
    hugo.get_by_label("Non").last.check()
    school_acts.say(amina, "Non", REFUSAL)
    expect(hugo.get_by_role("status")).to_contain_text("Complet")
    expect(amina.get_by_role("status")).to_contain_text("Complet")
    told = school_acts.line_of(teacher, "Masson Amina")
    expect(told).to_contain_text("Proposée par le conseil")
    yes = school_acts.line_of(head, "Roche Hugo").get_by_label("Oui").first
    expect(yes).to_be_checked()


def read_propositions(family: Family, pathway: str, comment: str) -> None:
    family.mail("Les propositions du conseil de classe sont publiées")
    family_acts.open_step(family.page, family.place, "Je consulte et je réponds")
    expect(family.page.get_by_role("main")).to_contain_text(pathway)
    expect(family.page.get_by_role("main")).to_contain_text(comment)
    check_page(family.page)


def agree(family: Family) -> None:
    family_acts.answer(family.page, family.place, "sti2d", agrees=True)
    told = family.mail("Réponse à une proposition", about="Isabelle Roche a répondu")
    assert "devient la décision d’orientation" in told["text"]


def disagree(family: Family) -> None:
    """Agree neither with the refusal nor with what the council proposes instead."""
    for pathway in ("generale", "stmg"):
        family_acts.answer(family.page, family.place, pathway, agrees=False)
    told = family.mail("Réponse à une proposition", about="Nathalie Masson a répondu")
    assert "pas d’accord. Le dialogue continue" in told["text"]


def notify_what_was_agreed(school: School, family: Family) -> None:
    """The head notifies, the family reads, the head reads that it has read."""
    head, mother = school.head, family.page
    school_acts.open_dialogue(head, school.place, family.student, "accord donné : à notifier")
    school_acts.notify_agreement(head, school.place, family.student, "1 représentant légal sur 1")
    family_acts.follow(mother, family.mail("Décision d’orientation notifiée"), "decisions")
    expect(mother.locator(".decision")).to_contain_text("conforme à la demande de la famille")
    check_page(mother)
    family_acts.check_documents(mother, family.place, decisions=1)
    mother.goto(family.place + "propositions/")
    expect(mother.locator("#proposition-sti2d")).to_contain_text("la réponse ne peut plus être changée")
    check_page(mother)
    school_acts.open_dialogue(head, school.place, family.student, "notifiée")
    expect(head.get_by_role("main")).to_contain_text("Décision n° 1 lue en ligne")


def receive_and_decide(school: School, family: Family) -> None:
    """The head receives the family, decides with reasons, and reads that the family has read them."""
    head, mother = school.head, family.page
    school_acts.open_dialogue(head, school.place, family.student, "désaccord : entretien à tenir")
    school_acts.note_interview(head, REPORT)
    mother.goto(family.place + "decisions/")
    expect(mother.get_by_role("main")).to_contain_text(REPORT)
    check_page(mother)
    school_acts.decide_with_reasons(head, "stmg", HEAD_REASONS)
    told = family.mail("Décision d’orientation notifiée")
    assert "trois jours ouvrables" in told["text"]
    family_acts.follow(mother, told, "decisions")
    expect(mother.locator(".decision")).to_contain_text(HEAD_REASONS)
    expect(mother.get_by_role("heading", name="Voies de recours")).to_be_visible()
    check_page(mother)
    school_acts.open_dialogue(head, school.place, family.student, "décision motivée : réception à noter")
    expect(head.get_by_role("main")).to_contain_text("Décision n° 2 lue en ligne")


def appeal(school: School, family: Family) -> None:
    """The family appeals in time; the commission replaces the head's decision; the family reads both."""
    head, mother = school.head, family.page
    school_acts.open_dialogue(head, school.place, family.student, "décision motivée : réception à noter")
    school_acts.note_receipt(head)
    mother.goto(family.place)
    expect(mother.locator(".standing")).to_contain_text("appel")
    check_page(mother)
    school_acts.note_appeal(head)
    school_acts.note_commission(head, "generale", COMMISSION_REASONS)
    told = family.mail("Décision d’orientation notifiée", about="orientation n° 3 concernant")
    family_acts.follow(mother, told, "decisions")
    expect(mother.locator(".decision")).to_have_count(2)
    expect(mother.locator(".decision--replaced")).to_contain_text("Remplacée par la décision n° 3")
    expect(mother.locator(".decision:not(.decision--replaced)")).to_contain_text(COMMISSION_REASONS)
    steps = mother.locator(".timeline__title")
    for step in ("entretien", "appel", "commission"):
        expect(steps.filter(has_text=re.compile(step, re.IGNORECASE)).first).to_be_visible()
    check_page(mother)
    family_acts.check_documents(mother, family.place, decisions=2)
    mother.goto(family.place)
    check_page(mother)
    school_acts.open_dialogue(head, school.place, family.student, "commission d’appel : décidée")
    expect(head.get_by_role("main")).to_contain_text("Décision n° 3 lue en ligne")
