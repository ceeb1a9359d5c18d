"""Answers to the council that the year of `test_school_year.py` does not show: two parents, a pupil, a paper."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Product, check_page, sign_in, sign_in_staff
from tests.browser.family_acts import answer, check_documents, family_of, follow
from tests.browser.school_acts import expect_state, notify_agreement, open_dialogue, place_of, student_of

UAI, HEAD = "0139904W", "proviseur.marseille"
SAMIRA, KARIM = "samira.haddad@familles.example", "karim.haddad@familles.example"
CHRISTELLE = "christelle.benoit.45@familles.example"


def test_two_parents_are_told_of_each_other_s_answers_and_the_pupil_reads_what_is_decided(
    open_page: OpenPage, product: Product
) -> None:
    head, mother, father, pupil = open_page(1280), open_page(360), open_page(1280), open_page(360)
    lina, place = student_of(product, UAI, "Lina", "Haddad"), place_of(product, UAI)
    family = family_of(product, lina)
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
    open_dialogue(head, place, lina, "accord donné : à notifier")
    propositions = head.get_by_role("region", name="Propositions du conseil de classe")
    expect(propositions).to_contain_text("générale : oui ; la famille est d’accord")
    expect(propositions).to_contain_text("STL : oui ; la famille n’est pas d’accord")
    notify_agreement(head, place, lina, "2 représentants légaux sur 2")
    product.wait_for_message(SAMIRA, about="a été notifiée")
    follow(father, product.wait_for_message(KARIM, about="a été notifiée"), "decisions")
    expect(father.locator(".decision")).to_have_count(1)
    check_page(father)

    sign_in(pupil, product, "lina.haddad", profile="eleve")
    pupil.goto(family + "decisions/")
    expect(pupil.locator(".decision")).to_have_count(1)
    check_page(pupil)
    check_documents(pupil, family, decisions=1)


def test_what_a_parent_signed_on_paper_is_entered_by_the_school_and_told_to_the_other(
    open_page: OpenPage, product: Product
) -> None:
    head, mother = open_page(1280), open_page(360)
    sofia, place = student_of(product, UAI, "Sofia", "Benoît"), place_of(product, UAI)
    sign_in_staff(head, product, HEAD)
    head.goto(f"{place}suivi/{sofia}/")
    check_page(head)
    head.goto(f"{place}suivi/{sofia}/reponses/")
    check_page(head)
    head.get_by_label(re.compile("Pascal|PASCAL")).check()
    for each in head.get_by_label("pas d’accord", exact=True).all():
        each.check()
    head.get_by_role("button", name="Enregistrer les réponses").click()
    expect(head.get_by_text("2 réponses enregistrées.")).to_be_visible()
    check_page(head)
    head.goto(f"{place}decisions/{sofia}/")
    expect_state(head, "désaccord : entretien à tenir")

    said = product.wait_for_message(CHRISTELLE, about="au nom de Pascal Benoît")
    assert "pas d’accord. Le dialogue continue" in said["text"]
    sign_in(mother, product, "christelle.benoit", to=f"/mes-services/orientation/{sofia}/propositions/")
    expect(mother.locator(".rank").filter(has_text="Réponse de la famille : pas d’accord")).to_have_count(2)
    check_page(mother)
