"""Two people on one file, two tabs, a double click, the back button, a closing, a session's end: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import OpenPage, Product, check_page, sign_in

EMMA = ("Emma", "Dubois")
TOM = ("Tom", "Garnier")


def address_of(product: Product, child: tuple[str, str]) -> str:
    [(public_id,)] = product.rows(
        "SELECT public_id FROM schools_student WHERE (given_name, family_name) = (%s, %s)", *child
    )
    return f"/mes-services/orientation/{public_id}/choix-definitifs/"


def drafted(product: Product, child: tuple[str, str]) -> list[str]:
    """Return the pathways of the draft, as the database holds them."""
    rows = product.rows(
        """SELECT draft.wishes FROM orientation_draft draft JOIN schools_student student ON student.id = student_id
            WHERE (given_name, family_name) = (%s, %s)""",
        *child,
    )
    return [wish["pathway"] for wish in rows[0][0]] if rows else []


def submissions(product: Product, child: tuple[str, str]) -> list[tuple[int, str]]:
    return [
        (number, name)
        for number, name in product.rows(
            """SELECT number, guardian_name FROM orientation_submission JOIN schools_student student
                   ON student.id = student_id WHERE (given_name, family_name) = (%s, %s) ORDER BY number""",
            *child,
        )
    ]


def open_series(page: Page, series: str) -> None:
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.locator("label[for=group-technologique]").click()
    page.locator(f"label[for=series-{series}]").click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Valider", exact=True).click()


def add_series(page: Page, series: str) -> None:
    open_series(page, series)
    save(page)
    expect(page.locator(f"#choix-{series}")).to_be_visible()


def test_both_parents_change_the_list_at_once_and_no_word_of_either_is_lost(
    open_page: OpenPage, product: Product
) -> None:
    sophie, marc = open_page(360), open_page(1280)
    choices = address_of(product, EMMA)
    sign_in(sophie, product, "sophie.bernard", to=choices)
    sign_in(marc, product, "marc.dubois", to=choices)
    add_series(sophie, "sti2d")
    marc.reload()
    open_series(sophie, "sthr")
    add_series(marc, "stmg")
    save(sophie)
    expect(sophie.get_by_role("heading", name="Deux versions de la liste")).to_be_visible()
    check_page(sophie)
    expect(sophie.get_by_role("region", name="La version de Marc Dubois")).to_contain_text("STMG")
    expect(sophie.get_by_role("region", name="Votre version")).to_contain_text("STHR")
    assert drafted(product, EMMA) == ["sti2d", "stmg"]
    sophie.get_by_role("button", name="Reprendre ma version").click()
    expect(sophie.locator("#choix-sthr")).to_be_visible()
    assert drafted(product, EMMA) == ["sti2d", "sthr"]

    marc.locator("#descendre-sti2d").click()
    expect(marc.get_by_role("heading", name="Deux versions de la liste")).to_be_visible()
    marc.get_by_role("button", name="Garder cette version").click()
    expect(marc.locator("#choix-sthr")).to_be_visible()
    assert drafted(product, EMMA) == ["sti2d", "sthr"]

    marc.get_by_role("button", name="Valider les choix définitifs").click()
    expect(marc.get_by_text("modifié en dernier par Sophie Bernard")).to_be_visible()
    check_page(marc)
    assert submissions(product, EMMA) == []
    marc.get_by_role("button", name="Valider les choix définitifs").click()
    expect(marc.get_by_role("heading", name="Vos choix définitifs ont bien été validés.")).to_be_visible()
    assert submissions(product, EMMA) == [(1, "Marc Dubois")]
    for parent in ("sophie.bernard", "marc.dubois"):
        text = product.wait_for_message(f"{parent}@familles.example", "Confirmation", about="Emma Dubois")["text"]
        assert "Marc Dubois" in text

    marc.go_back()  # each step back is asked again: no form is sent twice, nothing old is shown
    expect(marc.get_by_text("Demande n° 1 validée par Marc Dubois")).to_be_visible()
    add_series(sophie, "st2s")
    sophie.get_by_role("button", name="Valider les choix définitifs").dblclick()
    expect(sophie.get_by_role("heading", name="Vos choix définitifs ont bien été validés.")).to_be_visible()
    expect(sophie.get_by_role("link", name="Demande n° 1, validée par Marc Dubois")).to_be_visible()
    assert submissions(product, EMMA) == [(1, "Marc Dubois"), (2, "Sophie Bernard")]


def test_two_tabs_and_a_double_click_write_each_choice_once(open_page: OpenPage, product: Product) -> None:
    first = open_page(1280)
    choices = address_of(product, TOM)
    sign_in(first, product, "anne.garnier", to=choices)
    second = first.context.new_page()
    second.goto(product.site + choices)
    add_series(first, "stav")
    open_series(second, "std2a")
    second.get_by_role("button", name="Valider", exact=True).dblclick()
    expect(second.locator("#choix-std2a")).to_be_visible()
    held = drafted(product, TOM)
    assert (held.count("stav"), held.count("std2a")) == (1, 1)


@contextmanager
def closed(product: Product, child: tuple[str, str]) -> Iterator[None]:
    """Close the child's phase, as the head does at once, and open it again."""
    where = """FROM orientation_campaign campaign JOIN schools_student student ON student.school_id = campaign.school_id
        WHERE phase.campaign_id = campaign.id AND phase.kind = 'final_choices'
          AND (student.given_name, student.family_name) = (%s, %s)"""
    [(before,)] = product.rows(
        f"UPDATE orientation_phase phase SET closes_at = now() {where} RETURNING phase.opens_at + interval '60 days'",  # noqa: S608
        *child,
    )
    yield
    product.rows(
        f"UPDATE orientation_phase phase SET closes_at = '{before.isoformat()}' {where} RETURNING 1",  # noqa: S608
        *child,
    )


def test_a_closing_in_between_is_said_and_the_draft_kept(open_page: OpenPage, product: Product) -> None:
    page = open_page(360, may_be_asked=True)
    sign_in(page, product, "anne.garnier", to=address_of(product, TOM))
    before = drafted(product, TOM)
    open_series(page, "sthr")
    with closed(product, TOM):
        save(page)
        expect(page.get_by_text("arrivée après la fermeture")).to_be_visible()
        expect(page.get_by_text("Votre brouillon est conservé")).to_be_visible()
        page.goto(product.site + address_of(product, TOM))
        expect(page.get_by_text("La saisie est fermée depuis")).to_be_visible()
        check_page(page)
    assert drafted(product, TOM) == before


def test_a_session_that_ends_while_typing_gives_back_what_was_typed(open_page: OpenPage, product: Product) -> None:
    page = open_page(360)
    choices = address_of(product, TOM)
    sign_in(page, product, "anne.garnier", to=choices)
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-autre-parcours]").click()
    page.get_by_label("Métier ou diplôme souhaité").fill("CAP ébéniste")
    [session] = [cookie["value"] for cookie in page.context.cookies() if cookie.get("name") == "session"]
    product.rows("DELETE FROM django_session WHERE session_key = %s RETURNING 1", session)
    save(page)
    expect(page.get_by_role("heading", name="Je sélectionne mon profil")).to_be_visible()
    page.get_by_role("link", name="Représentant légal").first.click()
    page.get_by_role("link", name="Se connecter avec ÉduConnect").or_(
        page.get_by_role("button", name="Se connecter avec ÉduConnect")
    ).first.click()
    page.wait_for_url(lambda address: not address.startswith(f"{product.site}/connexion/"))
    if not page.url.startswith(product.site):
        page.get_by_role("button").first.click()  # the provider's own session is still open there
    page.wait_for_url("**/ajouter/")
    expect(page.get_by_label("Métier ou diplôme souhaité")).to_have_value("CAP ébéniste")
    check_page(page)
    save(page)
    expect(page.locator("#choix-autre-parcours")).to_contain_text("CAP ébéniste")


def test_leaving_the_site_with_a_draft_that_would_not_count_is_asked_and_moving_within_it_is_not(
    open_page: OpenPage, product: Product
) -> None:
    page = open_page(1280, may_be_asked=True)
    sign_in(page, product, "anne.garnier", to=address_of(product, TOM))
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.get_by_role("link", name="Ajouter un choix définitif").click()
    page.locator("label[for=group-technologique]").click()
    page.locator("label[for=series-stmg]").click()
    save(page)
    expect(page.locator("#choix-stmg")).to_be_visible()
    page.get_by_role("link", name="Retour aux étapes de l’orientation").click()
    expect(page.get_by_text("Brouillon non validé")).to_be_visible()
    assert asked == []
    page.go_back()
    page.get_by_role("heading", level=1).click()
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
