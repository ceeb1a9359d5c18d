"""The gallery: every page that a person can open, and the demonstration in the states that show them.

One list for the pictures, for axe, for the weight and for the judges (the HTML checker, Lighthouse). A new address that
is missing from it, and from what is excepted, fails `tests/test_gallery.py`.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from demo.people import BORDEAUX, MARSEILLE, PARIS, PEOPLE, STAFF
from demo.stack import Stack
from tests.browser.conftest import ANSWER_WITHIN, PASSWORD, Product, sign_in, sign_in_staff

FAMILY = "/mes-services/orientation/"
BY_FRANCECONNECT = "marie.hoarau, par FranceConnect"
BEFORE_THE_CODE = "adjoint.paris, avant le code"
"""Two who are half-way in: each has one page to answer first."""


@dataclass(frozen=True)
class Shown:
    """One page: its name in the gallery, its address (with places in braces), who opens it, what it answers."""

    name: str
    path: str
    who: str = ""
    status: int = 200


def _of(who: str, **pages: str) -> list[Shown]:
    """Return pages of one person; the names are the keys, with hyphens."""
    return [Shown(name.replace("_", "-"), path, who) for name, path in pages.items()]


NOBODY = [
    *_of(
        "",
        accueil="/",
        connexion="/connexion/",
        connexion_representant="/connexion/representant/",
        connexion_eleve="/connexion/eleve/",
        deconnexion="/deconnexion/retour/",
        contact="/contact/",
        schema_accessibilite="/schema-pluriannuel/",
        assistance="/assistance/",
        accessibilite="/accessibilite/",
        mentions_legales="/mentions-legales/",
        donnees_personnelles="/donnees-personnelles/",
        cookies="/cookies/",
        conditions="/conditions-utilisation/",
        plan="/plan-du-site/",
        lien_expire="/courriel/confirmation/perdu/",
    ),
    Shown("rappels-lien-perdu", "/courriel/rappels/perdu/", status=404),
    Shown("erreur-404", "/nulle-part/", status=404),
    Shown("echec-de-connexion", "/connexion/educonnect/retour/?error=access_denied&state=perdu", status=400),
]
FAMILIES = [
    Shown("verification", "/connexion/verification/", BY_FRANCECONNECT),
    *_of(
        "claire.martin",
        mes_services="/mes-services/",
        espace_famille="/espace-famille/",
        espace_famille_historique="/espace-famille/historique/",
        espace_famille_courriels="/espace-famille/courriels/",
        espace_famille_connexions="/espace-famille/connexions/",
        espace_famille_donnees="/espace-famille/mes-donnees/",
        actualites="/mes-services/actualites/",
        contact_ecrire="/contact/message/",
        fiche_renseignements="/mes-services/fiche-renseignements/",
        orientation_choisir=FAMILY,
        orientation=FAMILY + "{lea}/",
        choix_vides=FAMILY + "{lea}/choix-definitifs/",
        choix_ajouter=FAMILY + "{lea}/choix-definitifs/ajouter/",
    ),
    *_of("lea.martin", eleve_orientation=FAMILY + "{lea}/"),
    *_of(
        "marc.dubois",
        choix=FAMILY + "{emma}/choix-definitifs/",
        choix_modifier=FAMILY + "{emma}/choix-definitifs/stmg/modifier/",
        choix_supprimer=FAMILY + "{emma}/choix-definitifs/stmg/supprimer/",
        choix_annuler=FAMILY + "{emma}/choix-definitifs/annuler/",
    ),
    *_of("sophie.bernard", choix_conflit="{conflict}"),
    *_of(
        "samira.haddad",
        avis_provisoires=FAMILY + "{lina}/avis-provisoires/",
        propositions=FAMILY + "{lina}/propositions/",
        proposition_d_accord=FAMILY + "{lina}/propositions/{pathway}/d-accord/",
        proposition_pas_d_accord=FAMILY + "{lina}/propositions/{pathway}/pas-d-accord/",
        demande=FAMILY + "{lina}/choix-definitifs/demande/1/",
        decisions=FAMILY + "{lina}/decisions/",
        choix_fermes=FAMILY + "{lina}/choix-definitifs/",
    ),
]
STAFF_SIGN_IN = [
    *_of(
        "",
        personnel_connexion="/admin/login/",
        personnel_mot_de_passe_oublie="/admin/connexion/mot-de-passe-oublie/",
        personnel_mot_de_passe_envoi="/admin/connexion/mot-de-passe-oublie/envoi/",
        personnel_mot_de_passe_perdu="/admin/connexion/mot-de-passe/MQ/perdu/",
    ),
    Shown("personnel-code", "/admin/connexion/code/", BEFORE_THE_CODE),
]
SCHOOL = f"/admin/etablissements/{MARSEILLE}/"
STAFF_PAGES = [
    *_of(
        "proviseur.marseille",
        ecole_accueil="/admin/",
        ecole_double_authentification="/admin/connexion/double-authentification/",
        ecole_mot_de_passe="/admin/password_change/",
        ecole_mot_de_passe_change="/admin/password_change/done/",
        ecole_journal=SCHOOL + "journal/",
        ecole_journal_objet=SCHOOL + "journal/schools_student/{lina_row}/",
        ecole_personnels=SCHOOL + "personnels/",
        ecole_personnels_inviter=SCHOOL + "personnels/inviter/",
        ecole_campagne=SCHOOL + "campagne/",
        ecole_campagne_annee=SCHOOL + "campagne/{year}/",
        ecole_campagne_message=SCHOOL + "campagne/message/",
        ecole_campagne_dates=SCHOOL + "campagne/{year}/dates/",
        ecole_campagne_offre=SCHOOL + "campagne/{year}/offre/",
        ecole_campagne_reglage=SCHOOL + "campagne/{year}/reglages/saisie/",
        ecole_campagne_prolonger=SCHOOL + "campagne/{year}/propositions/prolonger/",
        ecole_campagne_fermer=SCHOOL + "campagne/{year}/propositions/fermer/",
        ecole_conseils=SCHOOL + "conseil/",
        ecole_conseil=SCHOOL + "conseil/propositions/{class_entered}/",
        ecole_conseil_publie=SCHOOL + "conseil/propositions/{class_published}/",
        ecole_conseil_publier=SCHOOL + "conseil/propositions/{class_entered}/publier/",
        ecole_conseil_retirer=SCHOOL + "conseil/propositions/{class_published}/retirer/",
        ecole_decisions=SCHOOL + "decisions/",
        ecole_decisions_dialogue=SCHOOL + "decisions/{lina}/",
        ecole_actualites=SCHOOL + "actualites/",
        ecole_actualite_nouvelle=SCHOOL + "actualites/nouvelle/",
        ecole_coordonnees=SCHOOL + "coordonnees/",
        ecole_accuse_sur_papier=SCHOOL + "suivi/{lina}/accuse/",
        ecole_reponses_sur_papier=SCHOOL + "suivi/{lina}/reponses/",
        ecole_suivi=SCHOOL + "suivi/",
        ecole_totaux=SCHOOL + "suivi/totaux/",
        ecole_dossier=SCHOOL + "suivi/{lina}/",
        ecole_eleves="/admin/schools/student/",
        ecole_eleve="/admin/schools/student/{lina_row}/change/",
        ecole_responsables="/admin/schools/guardian/",
        ecole_responsable="/admin/schools/guardian/{samira_row}/change/",
        ecole_etablissements="/admin/schools/school/",
        ecole_etablissement="/admin/schools/school/{school_row}/change/",
        ecole_campagnes="/admin/orientation/campaign/",
        ecole_campagne_fiche="/admin/orientation/campaign/{campaign_row}/change/",
        ecole_application="/admin/schools/",
    ),
    *_of(
        "proviseur.paris",
        ecole_saisie=f"/admin/etablissements/{PARIS}/saisie/{{emma}}/choix-definitifs/",
        ecole_campagne_ouvrir=f"/admin/etablissements/{PARIS}/campagne/{{year}}/propositions/ouvrir/",
        ecole_personnel=f"/admin/etablissements/{PARIS}/personnels/{{member}}/",
        ecole_personnel_retirer=f"/admin/etablissements/{PARIS}/personnels/{{member}}/retirer/",
        ecole_personnel_double_authentification=(
            f"/admin/etablissements/{PARIS}/personnels/{{member}}/double-authentification/"
        ),
    ),
    *_of(
        "proviseur.bordeaux",
        ecole_accueil_vide="/admin/",
        ecole_imports=f"/admin/etablissements/{BORDEAUX}/imports/",
        ecole_import="{import}",
        ecole_campagne_nouvelle=f"/admin/etablissements/{BORDEAUX}/campagne/nouvelle/",
    ),
    *_of("nadia.benali", professeur_accueil="/admin/"),
    *_of(
        "operateur",
        operateur_accueil="/admin/",
        operateur_voies="/admin/orientation/pathway/",
        operateur_voie="/admin/orientation/pathway/1/change/",
        operateur_voie_historique="/admin/orientation/pathway/1/history/",
        operateur_specialites="/admin/orientation/speciality/",
        operateur_specialite="/admin/orientation/speciality/1/change/",
        operateur_courriels="/admin/notifications/outboxmessage/",
        operateur_courriel="/admin/notifications/outboxmessage/{message}/change/",
    ),
    Shown("ecole-erreur-403", f"/admin/etablissements/{PARIS}/personnels/", "nadia.benali", status=403),
    Shown("ecole-erreur-404", "/admin/nulle-part/", "nadia.benali", status=404),
]
GALLERY = [*NOBODY, *FAMILIES, *STAFF_SIGN_IN, *STAFF_PAGES]

_POST = "answers a POST only, or leads elsewhere: no page of its own"
_FILE = "a file, not a page"
_MACHINE = "read by a machine"
_AFTER = "the page that follows an act, on the frame of the one before: the act's own tests open it"
EXCEPTED = {
    **dict.fromkeys(
        (
            "accounts:sign_out",
            "accounts:language",
            "accounts:educonnect",
            "accounts:franceconnect",
            "accounts:franceconnect_callback",
            "accounts:agents",
            "accounts:agents_callback",
            "portal:reminders",
            "portal:end_connection",
            "portal:end_connections",
            "orientation:acknowledge",
            "orientation:copy_intentions",
            "orientation:switch",
            "orientation:move_choice",
            "orientation:validate_choices",
            "admin:logout",
            "admin:view_on_site",
            "admin:import_confirm",
            "admin:import_cancel",
            "admin:staff_member_invite_again",
            "admin:recovery_codes",
            "admin:council_line",
            "admin:reminders",
            "admin:schools_student_designate",
            "admin:issue_decisions",
            "admin:dialogue_act",
            "admin:dialogue_cancel",
            "admin:school_message_end",
            "admin:contact_change_take",
            "admin:contact_change_refuse",
            "admin:None",
        ),
        _POST,
    ),
    **dict.fromkeys(
        (
            "portal:own_data_json",
            "portal:own_data_pdf",
            "orientation:receipt",
            "orientation:past_receipt",
            "orientation:decision_pdf",
            "orientation:deadlines",
            "admin:decision_pdf",
            "admin:decisions_pdf",
            "admin:contact_changes_export",
            "admin:dialogue_form",
            "admin:dialogue_forms",
            "admin:followup_export",
            "admin:totals_export",
            "admin:import_report",
        ),
        _FILE,
    ),
    "orientation:past_year": "the demonstration has one school year; its own tests open it",
    **dict.fromkeys(
        (
            "accounts:session",
            "notifications:events",
            "portal:live",
            "portal:ready",
            "portal:metrics",
            "portal:security_txt",
            "admin:autocomplete",
            "admin:jsi18n",
            "admin:council_news",
        ),
        _MACHINE,
    ),
    **dict.fromkeys(("portal:contact_sent", "admin:school_message"), _AFTER),
}
"""Names of addresses without a page in the gallery, each with its reason."""

_STUDENT = "SELECT {} FROM schools_student WHERE (given_name, family_name) = ('{}', '{}')"
_CLASS = """
    SELECT division.id FROM schools_division division JOIN schools_school school ON school.id = school_id
      JOIN schools_student student ON student.division_id = division.id
      JOIN orientation_councilsheet sheet ON sheet.student_id = student.id
      JOIN orientation_phase phase ON phase.id = sheet.phase_id AND phase.kind = 'proposals'
     WHERE uai = '{}' AND sheet.publication_id IS {} NULL ORDER BY division.code LIMIT 1"""
_ENTERED, _PUBLISHED = _CLASS.format(MARSEILLE, ""), _CLASS.format(MARSEILLE, "NOT")
QUERIES = {
    "lea": _STUDENT.format("public_id", "Léa", "Martin"),
    "emma": _STUDENT.format("public_id", "Emma", "Dubois"),
    "lina": _STUDENT.format("public_id", "Lina", "Haddad"),
    "lina_row": _STUDENT.format("id", "Lina", "Haddad"),
    "samira_row": "SELECT id FROM schools_guardian WHERE (given_name, family_name) = ('Samira', 'Haddad')",
    "school_row": f"SELECT id FROM schools_school WHERE uai = '{MARSEILLE}'",
    "campaign_row": f"""SELECT campaign.id FROM orientation_campaign campaign
        JOIN schools_school school ON school.id = school_id WHERE uai = '{MARSEILLE}'""",
    "year": "SELECT max(school_year) FROM orientation_campaign",
    "class_entered": _ENTERED,
    "class_published": _PUBLISHED,
    "pathway": """SELECT pathway.code FROM orientation_councilanswer answer
        JOIN orientation_pathway pathway ON pathway.id = answer.pathway_id
        JOIN orientation_councilsheet sheet ON sheet.id = sheet_id
        JOIN orientation_phase phase ON phase.id = sheet.phase_id AND phase.kind = 'proposals'
        JOIN schools_student student ON student.id = sheet.student_id
       WHERE family_name = 'Haddad' AND pathway.group <> 'autre' ORDER BY answer.id LIMIT 1""",
    "member": """SELECT membership.id FROM schools_staffmembership membership
        JOIN accounts_user account ON account.id = user_id WHERE username = 'adjoint.paris'""",
    "message": "SELECT min(id::text) FROM notifications_outboxmessage",
    "import": f"""SELECT '/admin/etablissements/{BORDEAUX}/imports/' || pair.id || '/'
        FROM schools_siecleimport pair JOIN schools_school school ON school.id = school_id
       WHERE uai = '{BORDEAUX}' ORDER BY pair.id LIMIT 1""",
    "conflict": f"""SELECT '{FAMILY}' || student.public_id || '/choix-definitifs/conflit/' || aside.public_id || '/'
        FROM orientation_setaside aside JOIN orientation_draft draft ON draft.id = draft_id
        JOIN schools_student student ON student.id = draft.student_id ORDER BY aside.id DESC LIMIT 1""",
}
"""Where the places of the addresses are found in the demonstration's database."""

FRESH = 8 * 60
"""Seconds after which somebody signs in anew: what waits for a proof is forgotten after a quarter of an hour."""

_PLACE = re.compile(r"{(\w+)}")


@contextmanager
def running(state: Path | None = None) -> Iterator[Product]:
    """Give the demonstration whose state file this is (`python -m demo --state`), else one of its own."""
    if state:
        given = json.loads(state.read_text())
        yield _product(given["site"], given["mailbox"], given["database_url"], Path(given["folder"]) / "siecle")
        return
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    with (
        tempfile.TemporaryDirectory(prefix="scolarite-gallery-") as folder,
        Stack(port=0, folder=Path(folder), given=environment) as stack,
    ):
        addresses = stack.addresses
        yield _product(addresses.site, addresses.mailbox, addresses.database_url, stack.exports)


def _product(site: str, mailbox: str, database_url: str, exports: Path) -> Product:
    return Product(site.rstrip("/"), mailbox.rstrip("/"), database_url, exports)


class Visit:
    """The gallery's pages as they stand: who opens them is signed in once, and what they show is there.

    `product` is a running demonstration, `browser` a Chromium.
    """

    def __init__(self, product: Product, browser: Browser) -> None:
        self.product, self.browser = product, browser
        self._states: dict[str, tuple[float, Any]] = {}
        self._places: dict[str, str] = {}
        self._disagree()
        self._upload()

    def address(self, shown: Shown) -> str:
        """Return the whole address of a page."""
        return self.product.site + _PLACE.sub(lambda place: self._place(place[1]), shown.path)

    def state_of(self, who: str) -> Any:
        """Return the cookies of somebody who has signed in, for Playwright's `storage_state`."""
        signed_in_at, state = self._states.get(who, (-FRESH, None))
        if time.monotonic() - signed_in_at >= FRESH:
            context = self._context()
            if who:
                _enter(context.new_page(), self.product, who)
            state = context.storage_state()
            self._states[who] = (time.monotonic(), state)
            context.close()
        return state

    def context_of(self, who: str, **options: Any) -> BrowserContext:
        """Open a browser of this person's own, with nothing in its cache."""
        return self._context(storage_state=self.state_of(who), **options)

    def _context(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(locale="fr-FR", timezone_id="Europe/Paris", **options)
        context.set_default_timeout(ANSWER_WITHIN)
        return context

    def _place(self, name: str) -> str:
        if name not in self._places:
            [(value,)] = self.product.rows(QUERIES[name])
            self._places[name] = str(value)
        return self._places[name]

    def _disagree(self) -> None:
        """Emma's parents write over each other: a list of two, and a version set aside."""
        if self.product.rows("SELECT 1 FROM orientation_setaside"):
            return
        form = FAMILY + self._place("emma") + "/choix-definitifs/ajouter/"
        pages = [
            self.context_of(who, java_script_enabled=False).new_page() for who in ("marc.dubois", "sophie.bernard")
        ]
        for page in pages:
            page.goto(self.product.site + form)
        for page, series in zip(pages, ("stmg", "sthr"), strict=True):
            page.locator("#group-technologique").check(force=True)
            page.locator(f"#series-{series}").check(force=True)
            page.get_by_role("button", name="Valider", exact=True).click()
        for page in pages:
            page.context.close()

    def _upload(self) -> None:
        """Bordeaux sends its two exports, and is to confirm."""
        if self.product.rows("SELECT 1 FROM schools_importfile"):
            return
        page = self.context_of("proviseur.bordeaux").new_page()
        page.goto(f"{self.product.site}/admin/etablissements/{BORDEAUX}/imports/")
        page.get_by_label("élèves").set_input_files(self.product.exports / "ElevesAvecAdresses.xml")
        page.get_by_label("responsables").set_input_files(self.product.exports / "ResponsablesAvecAdresses.xml")
        page.get_by_role("button", name="Envoyer et vérifier").click()
        page.get_by_role("button", name="Confirmer l’import").wait_for(timeout=60_000)
        page.context.close()


def _enter(page: Page, product: Product, who: str) -> None:
    """Sign in, or go as far as this person goes."""
    if who == BY_FRANCECONNECT:
        _prove_by_franceconnect(page, product)
    elif who == BEFORE_THE_CODE:
        page.goto(product.site + "/admin/login/")
        page.locator("#id_username").fill("adjoint.paris")
        page.locator("#id_password").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter", exact=True).click()
        page.wait_for_url("**/admin/connexion/code/**")
    elif who in {agent.login for agent in STAFF}:
        sign_in_staff(page, product, who)
    else:
        is_student = next(person.is_student for person in PEOPLE if person.login == who)
        sign_in(page, product, who, profile="eleve" if is_student else "representant")


def _prove_by_franceconnect(page: Page, product: Product) -> None:
    page.goto(product.site + "/connexion/representant/")
    page.get_by_role("button", name=re.compile("FranceConnect")).click()
    kinds = page.get_by_role("link").or_(page.get_by_role("button"))
    kinds.filter(has_text=re.compile("démonstration|Ameli|Poste")).first.click()
    page.get_by_label("Identifiant").first.fill("marie.hoarau")
    page.get_by_label("Mot de passe").first.fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name=re.compile("Continuer")).click()
    page.wait_for_url(f"{product.site}/connexion/verification/**")
