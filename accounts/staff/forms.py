"""What staff type to get in, and what a head types about the staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.staff.members import Invitation
from accounts.staff.passwords import normal_name
from schools.models import Division, Role, StaffMembership
from schools.policies import is_limited_to_own_classes


class NameForm(forms.Form):
    """The name of an account, for a forgotten password."""

    username = forms.CharField(
        label=_("Identifiant ou adresse électronique professionnelle"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Saisissez votre identifiant.")},
    )

    def clean_username(self) -> str:
        return normal_name(self.cleaned_data["username"])


class PasswordForm(NameForm):
    """The name and the password: the first step of the sign-in."""

    username = forms.CharField(
        label=_("Identifiant"),
        max_length=254,
        widget=NameForm.base_fields["username"].widget,
        error_messages={"required": _("Saisissez votre identifiant.")},
    )
    password = forms.CharField(
        label=_("Mot de passe"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Saisissez votre mot de passe.")},
    )


class CodeForm(forms.Form):
    """A code of the application, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
        error_messages={"required": _("Saisissez le code.")},
    )


class RoleForm(forms.Form):
    """A role in the school, and a form teacher's classes of this year."""

    role = forms.ChoiceField(
        label=_("Fonction"),
        choices=[("", _("Choisir une fonction")), *Role.choices],
        error_messages={
            "required": _("Choisissez une fonction."),
            "invalid_choice": _("Choisissez une fonction de la liste."),
        },
    )
    divisions = forms.ModelMultipleChoiceField(
        label=_("Classes"),
        queryset=Division.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Celles d’un professeur principal : il ne voit que leurs élèves. Sans objet pour les autres."),
        error_messages={"invalid_choice": _("Choisissez des classes de l’établissement.")},
    )

    def __init__(self, *arguments: Any, divisions: QuerySet[Division], **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.fields["divisions"].queryset = divisions  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        role = cleaned.get("role")
        if role and is_limited_to_own_classes(Role(role)) and "divisions" in cleaned and not cleaned["divisions"]:
            self.add_error(
                "divisions", _("Cochez au moins une classe : un professeur principal ne voit que les siennes.")
            )
        return cleaned

    @property
    def chosen_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class MemberForm(RoleForm):
    """Changing a member's role or classes."""

    def __init__(self, *arguments: Any, member: StaffMembership, **values: Any) -> None:
        super().__init__(
            *arguments,
            initial={"role": member.role, "divisions": [each.pk for each in member.classes]},  # type: ignore[attr-defined]
            **values,
        )


class InvitationForm(RoleForm):
    """Inviting somebody: the address is where the link goes, and the name by which they sign in."""

    first_name = forms.CharField(
        label=_("Prénom"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Saisissez le prénom.")},
    )
    last_name = forms.CharField(
        label=_("Nom"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Saisissez le nom.")},
    )
    email = forms.EmailField(
        label=_("Adresse électronique professionnelle"),
        max_length=150,
        help_text=_("Par exemple : prenom.nom@ac-paris.fr. Elle sera son identifiant de connexion."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Saisissez l’adresse électronique professionnelle."),
            "invalid": _("Saisissez une adresse électronique valide, par exemple : prenom.nom@ac-paris.fr."),
        },
    )
    field_order = ["last_name", "first_name", "email", "role", "divisions"]

    @property
    def invitation(self) -> Invitation:
        said = self.cleaned_data
        return Invitation(
            first_name=said["first_name"],
            last_name=said["last_name"],
            email=said["email"].lower(),
            role=self.chosen_role,
            divisions=list(said["divisions"]),
        )
