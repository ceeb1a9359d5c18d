"""What people type on the portal's own pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class RemindersForm(forms.Form):
    """Whether one wants reminders: a box, and an unticked one is not sent."""

    wanted = forms.BooleanField(required=False)


class EmailForm(forms.Form):
    """One's own e-mail address; whether it is one is said by `schools.contact`, in one place."""

    email = forms.CharField(
        label=_("Nouvelle adresse électronique"),
        max_length=254,
        error_messages={
            "required": _("Saisissez une adresse électronique, par exemple : prenom.nom@exemple.fr."),
            "max_length": _("Cette adresse est trop longue : 254 caractères au plus."),
        },
    )
