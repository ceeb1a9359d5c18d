"""Why a sign-in did not end in a session: one exception each, with what to say to the person and what to do next."""

from __future__ import annotations

import logging
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class SignInRefused(Exception):
    """A sign-in that ends on a page. Carries no personal data: its class is written to the log.

    `title`, `explanation` and `advice` are shown; `status` is the answer's; `level` is the log's.
    `can_retry` offers to sign in again, `keeps_provider_session` offers to sign out of the provider too.
    """

    title: ClassVar[Text]
    explanation: ClassVar[Text]
    advice: ClassVar[Text]
    status: ClassVar[int] = 403
    level: ClassVar[int] = logging.INFO
    can_retry: ClassVar[bool] = True
    keeps_provider_session: ClassVar[bool] = False


# --- The provider did not do its part --------------------------------------------------------------------------------


class ProviderOff(SignInRefused):
    title = _("Ce moyen de connexion n’est pas disponible")
    explanation = _("La connexion par ce service n’est pas ouverte ici.")
    advice = _("Choisissez un autre moyen de connexion, ou contactez votre établissement.")
    status = 503
    can_retry = False


class ProviderDown(SignInRefused):
    title = _("Le service de connexion ne répond pas")
    explanation = _("Le service qui vérifie votre identité est en panne ou en maintenance. Rien n’a été perdu.")
    advice = _("Réessayez dans quelques minutes. Vos choix déjà enregistrés sont conservés.")
    status = 503
    level = logging.ERROR


class ProviderSlow(ProviderDown):
    title = _("Le service de connexion met trop de temps à répondre")
    explanation = _("Le service qui vérifie votre identité n’a pas répondu à temps. Rien n’a été perdu.")


class ProviderLied(SignInRefused):
    title = _("Votre identité n’a pas pu être vérifiée")
    explanation = _(
        "La réponse du service de connexion n’a pas passé nos contrôles de sécurité. Par prudence, "
        "nous ne vous avons pas connecté."
    )
    advice = _(
        "Réessayez. Si le message revient, contactez votre établissement en donnant le numéro d’incident ci-dessous."
    )
    level = logging.ERROR


class Cancelled(SignInRefused):
    title = _("Vous avez interrompu la connexion")
    explanation = _("Vous êtes revenu sans vous identifier : vous n’êtes pas connecté.")
    advice = _("Vous pouvez recommencer quand vous le souhaitez, ou changer de profil.")
    status = 200


class Expired(SignInRefused):
    title = _("Cette page de connexion n’est plus valable")
    explanation = _(
        "La demande de connexion a déjà servi ou a expiré. Cela arrive après un retour en arrière, ou quand la page "
        "est restée longtemps ouverte."
    )
    advice = _(
        "Recommencez la connexion depuis le début. Si le message revient, vérifiez que votre navigateur accepte les "
        "cookies."
    )
    status = 400


# --- Nobody of ours, or not like this ---------------------------------------------------------------------------------


class UnknownAffiliation(SignInRefused):
    title = _("Votre compte ne permet pas d’accéder à ce service")
    explanation = _("Votre compte n’est ni celui d’un représentant légal, ni celui d’un élève.")
    advice = _(
        "Connectez-vous avec votre compte de représentant légal ou d’élève. Pour l’obtenir, contactez l’établissement."
    )
    keeps_provider_session = True


class WrongProfile(SignInRefused):
    """The account is of the other profile. The page offers `account_profile`."""

    title = _("Ce compte n’est pas du profil choisi")
    explanation = _("Le compte avec lequel vous vous êtes identifié appartient à un autre profil que celui choisi.")
    advice = _("Continuez avec le profil de ce compte, ou déconnectez-vous pour utiliser un autre compte.")
    keeps_provider_session = True
    can_retry = False

    def __init__(self, account_profile: str) -> None:
        super().__init__()
        self.account_profile = account_profile


class NotStaffHere(SignInRefused):
    """An agent who neither heads a school of ours nor was invited by one."""

    title = _("Aucun établissement ne vous a invité ici")
    explanation = _(
        "Votre identité est bien vérifiée, mais vous n’êtes membre du personnel d’aucun établissement de ce service."
    )
    advice = _(
        "Demandez au chef d’établissement de vous inviter, avec votre adresse électronique professionnelle, puis "
        "reconnectez-vous. Pour accéder au dossier de votre enfant, passez par la connexion des familles."
    )
    keeps_provider_session = True


class NoStudentKnown(SignInRefused):
    title = _("Aucun dossier d’élève n’a été trouvé")
    explanation = _("Votre identité est bien vérifiée, mais aucun établissement de ce service ne vous connaît.")
    advice = _(
        "Si vous venez de changer d’établissement, votre dossier n’y est peut-être pas encore enregistré : "
        "contactez son secrétariat."
    )
    keeps_provider_session = True


class OtherAccount(SignInRefused):
    """Every record found is tied to another account: often the person's own, under a `sub` that the provider changed.

    The school may have it detached (`manage.py detach_account`).
    """

    title = _("Votre dossier est déjà rattaché à un autre compte")
    explanation = _(
        "Votre identité est bien vérifiée, mais le dossier trouvé appartient à un autre compte de ce service. Cela "
        "arrive quand votre compte ÉduConnect a été recréé, ou quand votre état civil a changé."
    )
    advice = _(
        "Contactez le secrétariat de l’établissement : après avoir vérifié votre identité, il peut faire détacher le "
        "dossier de l’ancien compte. Reconnectez-vous ensuite."
    )
    keeps_provider_session = True


class NotLegalGuardian(SignInRefused):
    """Decision 17: only level 1 in SIECLE gives access."""

    title = _("Vous n’êtes pas enregistré comme représentant légal")
    explanation = _(
        "L’établissement vous connaît comme personne à contacter ou en charge d’un élève. Seuls les représentants "
        "légaux ont accès à ce service."
    )
    advice = _("Si c’est une erreur, contactez le secrétariat de l’établissement : lui seul peut corriger le dossier.")
    keeps_provider_session = True


class Deactivated(SignInRefused):
    title = _("Votre compte est désactivé")
    explanation = _("Ce compte n’a plus accès au service.")
    advice = _("Contactez votre établissement en donnant le numéro d’incident ci-dessous.")
    can_retry = False
    keeps_provider_session = True


class ProofLocked(SignInRefused):
    """Decision 19: five wrong answers close the question for an hour."""

    title = _("Trop d’essais : la vérification est suspendue")
    explanation = _(
        "Les dates de naissance indiquées n’ont pas permis de retrouver votre dossier. Pour protéger les familles, "
        "les essais sont suspendus pendant une heure."
    )
    advice = _("Réessayez dans une heure, ou contactez le secrétariat de l’établissement de votre enfant.")
    can_retry = False
    keeps_provider_session = True


class AmbiguousRecords(SignInRefused):
    title = _("Votre dossier est en double dans l’établissement")
    explanation = _("Deux dossiers du même établissement correspondent à vos réponses : nous ne pouvons pas choisir.")
    advice = _("Contactez le secrétariat de l’établissement de votre enfant, qui réunira les deux dossiers.")
    can_retry = False
    keeps_provider_session = True


class AmbiguousSchools(AmbiguousRecords):
    """Records of two schools answer to the same birth date with two children: namesakes, or twins apart."""

    title = _("Plusieurs dossiers correspondent à vos réponses")
    explanation = _(
        "Des dossiers de plusieurs établissements correspondent au même nom et aux mêmes dates. Pour ne montrer à "
        "personne le dossier d’une autre famille, nous ne pouvons pas choisir."
    )
    advice = _(
        "Contactez le secrétariat de l’établissement de votre enfant, qui vous dira comment vous connecter avec un "
        "compte ÉduConnect."
    )
