"""The pages that the law wants: what the declaration of accessibility may say, and who answers for the site."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from accounts.models import Profile
from portal.accessibility import SOURCE, Conformity, read_declaration
from tests.factories import Family, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

DAY = date(2027, 5, 20)


def audited(conform: int, applicable: int = 60, on: str = "2027-03-01") -> str:
    return (
        SOURCE.read_text(encoding="utf-8")
        + f'\n[[audits]]\nby = "X"\non = {on}\nmethod = "RGAA 4.1"\napplicable = {applicable}\nconform = {conform}\n'
    )


def test_tools_alone_never_make_the_site_conform() -> None:
    found = read_declaration(SOURCE.read_text(encoding="utf-8"))
    assert len(found.checks) > 2
    assert found.audits == []
    assert found.conformity_on(DAY) is Conformity.NONE


def test_every_check_that_is_told_is_one_that_is_there() -> None:
    root = SOURCE.parent.parent
    for check in read_declaration(SOURCE.read_text(encoding="utf-8")).checks:
        assert check["tests"], check["what"]
        for told in check["tests"]:
            file, _colons, name = told.partition("::")
            place, said = (file, f"def {name}(") if name else ("Makefile", f"\n{file.removeprefix('make ')}:")
            assert said in (root / place).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (audited(60), Conformity.TOTAL),
        (audited(59), Conformity.PARTIAL),
        (audited(30), Conformity.PARTIAL),
        (audited(29), Conformity.NONE),
        (audited(0, applicable=0), Conformity.NONE),
        (audited(60, on="2024-05-20"), Conformity.NONE),
        (audited(60, on="2024-05-21"), Conformity.TOTAL),
        (audited(60, on="2027-05-21"), Conformity.NONE),
    ],
)
def test_an_audit_by_a_person_says_it_for_three_years(text: str, expected: Conformity) -> None:
    assert read_declaration(text).conformity_on(DAY) is expected


def test_the_newest_audit_counts() -> None:
    older, newer = audited(60, on="2026-01-01"), audited(10, on="2027-01-01")
    text = older + "[[audits]]" + newer.rpartition("[[audits]]")[2]
    assert read_declaration(text).conformity_on(DAY) is Conformity.NONE


def test_the_declaration_has_the_sections_of_the_law_and_says_why(client: Client) -> None:
    page = client.get("/accessibilite/").content.decode()
    for title in (
        "État de conformité",
        "Résultats des tests",
        "Contenus non accessibles",
        "Établissement de cette déclaration",
        "Technologies utilisées",
        "Environnement de test",
        "Outils",
        "Retour d’information et contact",
        "Voies de recours",
    ):
        assert f">{title}<" in page
    assert "<strong>non conforme</strong>" in page
    assert "aucun audit humain" in page
    assert "Défenseur des droits" in page
    assert "Accessibilité\u00a0: non conforme</a>" in page


def test_who_answers_for_the_site_is_said_or_said_not_to_be(client: Client, settings: object) -> None:
    assert "Non renseigné sur cette installation." in client.get("/mentions-legales/").content.decode()
    settings.LEGAL["publisher"] = "Rectorat <b>"  # type: ignore[attr-defined]
    try:
        assert "Rectorat &lt;b&gt;" in client.get("/mentions-legales/").content.decode()
    finally:
        settings.LEGAL["publisher"] = ""  # type: ignore[attr-defined]


def test_the_page_of_cookies_names_those_that_the_site_sets(client: Client, dubois: Family) -> None:
    sign_in(client, dubois.sophie.user, Profile.GUARDIAN)
    client.post("/espace-famille/connexions/00000000-0000-0000-0000-000000000000/fermer/")  # leaves a message
    client.get("/contact/message/")
    page = client.get("/cookies/").content.decode()
    assert len(client.cookies) > 1
    for name in client.cookies:
        assert f">{name}<" in page


def test_the_model_of_retention_is_not_told_as_the_rule(client: Client) -> None:
    page = client.get("/donnees-personnelles/").content.decode()
    assert "mission d’intérêt public" in page
    assert "ne sont pas présentées comme la règle officielle" in page
    assert "CNIL" in page
