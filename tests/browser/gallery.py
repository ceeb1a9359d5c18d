"""The gallery: every page that a person can open; `tests.browser.visit` opens them.

One list for the pictures, for axe, for the weight and for the judges (the HTML checker, Lighthouse). A new address that
is missing from it, and from what is excepted, fails `tests/test_gallery.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.people import BORDEAUX, MARSEILLE, PARIS

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
