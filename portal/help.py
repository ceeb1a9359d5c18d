"""Assistance: questions and answers by theme; each theme has an anchor, to which the pages it helps with lead."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Question:
    """A question, its answer, and where that leads."""

    asked: Text
    answer: Text
    link: Text = ""
    url_name: str = ""
    external: str = ""


@dataclass(frozen=True)
class Theme:
    """Questions about one part of the site."""

    anchor: str
    title: Text
    questions: tuple[Question, ...]


THEMES = (
    Theme(
        "connexion",
        _("Se connecter"),
        (
            Question(
                _("J’ai perdu mon identifiant ou mon mot de passe ÉduConnect"),
                _(
                    "L’identifiant et le mot de passe ÉduConnect sont transmis par le chef d’établissement. Perdus, "
                    "ils se retrouvent sur la page de connexion d’ÉduConnect, avec l’adresse électronique ou le numéro "
                    "de portable que l’établissement connaît ; sinon, demandez-les à son secrétariat."
                ),
                _("Aller au site d’ÉduConnect"),
                external=settings.EXTERNAL_LINKS["educonnect"],
            ),
            Question(
                _("FranceConnect m’a identifié, mais on me demande des dates de naissance"),
                _(
                    "FranceConnect ne dit pas de quel élève vous répondez : les dates de naissance de vos enfants "
                    "scolarisés dans l’établissement le prouvent, tous ensemble. Après cinq réponses fausses, les "
                    "essais sont suspendus une heure. Vous pouvez aussi vous connecter avec ÉduConnect."
                ),
                _("Se connecter"),
                url_name="accounts:profile",
            ),
            Question(
                _("Mon compte est bloqué, ou le service ne me reconnaît pas"),
                _(
                    "La page dit pourquoi et donne un numéro d’incident, de la forme AB12-CD34. Notez-le et appelez le "
                    "secrétariat de l’établissement : lui seul peut corriger votre dossier. Le numéro permet de "
                    "retrouver ce qui s’est passé ; il ne contient rien de personnel."
                ),
            ),
            Question(
                _("Je me suis connecté sur un appareil qui n’est pas le mien"),
                _("Fermez cette connexion à distance, ou toutes d’un coup."),
                _("Mes connexions"),
                url_name="portal:connections",
            ),
            Question(
                _("La page a expiré pendant que j’écrivais"),
                _(
                    "La session se ferme après 30 minutes sans activité ; la page prévient deux minutes avant. "
                    "Reconnectez-vous : ce que vous aviez saisi vous est rendu."
                ),
            ),
        ),
    ),
    Theme(
        "enfants",
        _("Mes enfants et leurs dossiers"),
        (
            Question(
                _("Je ne vois pas mon enfant"),
                _(
                    "Les liens entre parents et élèves viennent du fichier de l’établissement, et seuls les "
                    "représentants légaux ont accès au dossier. Contactez son secrétariat pour le faire corriger."
                ),
                _("Contact"),
                url_name="portal:contact",
            ),
            Question(
                _("J’ai plusieurs enfants"),
                _(
                    "Chaque page dit de quel enfant le dossier est ouvert, et mène au même endroit du dossier des "
                    "autres. Des enfants de plusieurs établissements se retrouvent sous le même compte."
                ),
            ),
            Question(
                _("L’autre parent voit-il mes coordonnées ?"),
                _("Non, jamais, ni l’élève. Chacun voit le nom de l’autre et son lien avec l’élève."),
            ),
        ),
    ),
    Theme(
        "orientation",
        _("Orientation"),
        (
            Question(
                _("Mes choix sont-ils pris en compte ?"),
                _(
                    "Seuls les choix validés comptent. Tant que la page indique « Brouillon non validé », il reste à "
                    "les valider. Le brouillon est gardé même si vous vous déconnectez."
                ),
            ),
            Question(
                _("Puis-je changer d’avis après avoir validé ?"),
                _(
                    "Oui, jusqu’à la fermeture de la phase : modifiez la liste et validez de nouveau. La dernière "
                    "demande validée compte ; les précédentes restent lisibles."
                ),
            ),
            Question(
                _("Le service Orientation est grisé"),
                _(
                    "Il l’est hors des phases de saisie, pendant les conseils de classe, et pour les classes qui n’ont "
                    "pas de campagne. Le menu dit pourquoi et jusqu’à quand."
                ),
            ),
            Question(
                _("La phase s’est fermée avant que je valide"),
                _("Le brouillon reste lisible et imprimable : appelez l’établissement, qui peut saisir la demande."),
                _("Contact"),
                url_name="portal:contact",
            ),
        ),
    ),
    Theme(
        "courriels",
        _("Courriels et coordonnées"),
        (
            Question(
                _("Je n’ai pas reçu de courriel"),
                _(
                    "Regardez le dossier des indésirables, puis la page Courriels de l’Espace famille : elle dit à "
                    "quelle adresse chacun vous a été envoyé et s’il a été refusé."
                ),
                _("Courriels"),
                url_name="portal:family_mails",
            ),
            Question(
                _("Je veux changer d’adresse électronique"),
                _("Donnez la nouvelle dans la fiche de renseignements, puis ouvrez le lien que nous y envoyons."),
                _("Fiche de renseignements"),
                url_name="portal:contact_data",
            ),
        ),
    ),
    Theme(
        "incident",
        _("J’ai un numéro d’incident"),
        (
            Question(
                _("Qu’en faire ?"),
                _(
                    "Il a la forme AB12-CD34. Donnez-le à l’établissement, avec le jour et l’heure : il permet de "
                    "retrouver ce qui s’est passé. Ce que vous aviez enregistré est conservé."
                ),
                _("Contact"),
                url_name="portal:contact",
            ),
        ),
    ),
)

_PAGES = {
    "accounts": "connexion",
    "orientation": "orientation",
    "portal:connections": "connexion",
    "portal:contact_data": "courriels",
    "portal:family_mails": "courriels",
    "portal:services": "enfants",
    "portal:family": "enfants",
    "portal:family_history": "enfants",
    "portal:news": "enfants",
}
"""What theme helps with a page, by its name or its room."""


def anchor_for(view_name: str) -> str:
    """Return the anchor of the help that a page leads to, empty for a page that needs none."""
    return _PAGES.get(view_name) or _PAGES.get(view_name.partition(":")[0], "")
