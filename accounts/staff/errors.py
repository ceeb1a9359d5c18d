"""What staff are refused. `str(error)` is the French sentence to show."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from schools.times import spoken_hour


class StaffError(Exception):
    """A refusal, shown on the page on which it was asked."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


# --- Signing in -------------------------------------------------------------------------------------------------------


class WrongPassword(StaffError):
    """The same whether the name is known or not."""

    sentence = gettext_lazy("L’identifiant ou le mot de passe est incorrect.")


class Suspended(StaffError):
    """Too many wrong answers; nothing is checked until the instant `until`, answered 429."""

    def __init__(self, *, until: datetime, at: datetime) -> None:
        super().__init__()
        self.seconds = max(1, round((until - at).total_seconds()))
        self.until = until

    @property
    def waiting_time(self) -> str:
        """How long it still lasts, in words: minutes are rounded up."""
        if self.seconds <= 60:
            return ngettext("%(count)d seconde", "%(count)d secondes", self.seconds) % {"count": self.seconds}
        minutes = -(-self.seconds // 60)
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


class SignInSuspended(Suspended):
    """Too many wrong passwords for this name, known or not."""

    def __str__(self) -> str:
        local = timezone.localtime(self.until)
        return _(
            "Trop de mots de passe incorrects : la connexion avec cet identifiant est suspendue, "
            "encore %(time)s (jusqu’à %(hour)s, heure de Paris). Vous pouvez aussi choisir un nouveau mot de passe."
        ) % {"time": self.waiting_time, "hour": spoken_hour(local)}


class WrongCode(StaffError):
    sentence = gettext_lazy(
        "Ce code n’est pas le bon, ou il a déjà servi. Attendez le code suivant de votre application, puis "
        "saisissez-le. Si cela continue, vérifiez que votre téléphone est à l’heure."
    )


class WrongRecoveryCode(WrongCode):
    sentence = gettext_lazy("Ce code de secours n’est pas le bon, ou il a déjà servi.")


class CodesSuspended(Suspended):
    """Each wrong code makes the next wait longer."""

    def __str__(self) -> str:
        return _("Trop de codes incorrects : attendez encore %(time)s avant d’en saisir un autre.") % {
            "time": self.waiting_time
        }


# --- Managing the staff -----------------------------------------------------------------------------------------------


class NotTheirHead(StaffError):
    """Only a head of this school manages its staff; answered 403."""

    sentence = gettext_lazy("Seul le chef d’établissement gère les personnels.")


class AlreadyMember(StaffError):
    sentence = gettext_lazy("Cette personne a déjà cette fonction dans l’établissement.")


class NoLongerMember(StaffError):
    """Another head has removed them since the page was shown."""

    sentence = gettext_lazy("Cette personne n’a plus cette fonction dans l’établissement : rien n’a été changé.")


class LastHead(StaffError):
    sentence = gettext_lazy(
        "L’établissement n’aurait plus de chef d’établissement. Donnez d’abord cette fonction à une autre personne."
    )


class NotASchoolsAccount(StaffError):
    """An operator's account is not a school's to write about."""

    sentence = gettext_lazy("Ce compte ne peut pas devenir membre d’un établissement.")


class AlreadySignedUp(StaffError):
    sentence = gettext_lazy(
        "Cette personne a déjà choisi son mot de passe. Si elle l’a oublié, elle en choisit un autre depuis la page "
        "de connexion."
    )


class SecondFactorOutOfReach(StaffError):
    """A head resets a member's second factor, not another head's nor that of somebody who leads another school."""

    sentence = gettext_lazy(
        "Seul l’exploitant du service peut réinitialiser la double authentification d’un chef d’établissement, ou "
        "d’une personne qui dirige un autre établissement."
    )
