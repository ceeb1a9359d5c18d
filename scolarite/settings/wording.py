"""What the pages say of whoever publishes them, and the other sites they lead to."""

from scolarite.settings.environment import env

BRAND = {
    "state": env.bool("BRAND_STATE", default=False),
    "site_title": env("BRAND_SITE_TITLE", default="Scolarité Services"),
    "entity_lines": env.list("BRAND_ENTITY_LINES", default=["Ministère", "de l’Éducation", "nationale"]),
}
"""Decision 20: the State's block and wording only for the State's own deployment."""

LEGAL = {
    "publisher": env("LEGAL_PUBLISHER", default=""),
    "director": env("LEGAL_PUBLICATION_DIRECTOR", default=""),
    "host": env("LEGAL_HOST", default=""),
    "privacy_contact": env("LEGAL_PRIVACY_CONTACT", default=""),
}
"""Who answers for the site; what is not given is said not to be."""

EXTERNAL_LINKS = {
    "horizons21": env("LINK_HORIZONS21", default="https://www.horizons21.fr/"),
    "onisep_technological": env(
        "LINK_ONISEP_TECHNOLOGICAL",
        default="https://www.onisep.fr/formation/apres-la-3-la-voie-generale-et-technologique/"
        "qu-est-ce-que-la-voie-generale-et-technologique/la-voie-technologique-en-premiere-et-terminale",
    ),
    "bourses": env("LINK_BOURSES", default="https://www.education.gouv.fr/les-bourses-de-college-et-de-lycee-326728"),
    "educonnect": env("LINK_EDUCONNECT", default="https://educonnect.education.gouv.fr/"),
    "franceconnect": env("LINK_FRANCECONNECT", default="https://franceconnect.gouv.fr/"),
    "defender": env("LINK_DEFENDER", default="https://formulaire.defenseurdesdroits.fr/"),
    "defender_delegates": env("LINK_DEFENDER_DELEGATES", default="https://www.defenseurdesdroits.fr/saisir/delegues"),
    "cnil": env("LINK_CNIL", default="https://www.cnil.fr/fr/plaintes"),
}
"""Decision 27: the addresses of other sites are settings."""
