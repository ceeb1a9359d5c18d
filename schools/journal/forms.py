"""What one may look for in the journal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from audit.models import Operation
from schools.journal.tables import audited_kinds
from schools.models import School


class Trail(TextChoices):
    """The two things that the journal tells; the values stand in addresses."""

    CHANGES = "modifications", _("Modifications")
    READINGS = "consultations", _("Consultations de dossiers")


class Somebody(TextChoices):
    """Persons who have no line of their own among the staff; the values stand in addresses."""

    OTHERS = "autres", _("Hors du personnel actuel (familles, anciens membres)")
    NOBODY = "personne", _("Hors connexion (import, tâche, commande)")


class JournalForm(forms.Form):
    """The filters of the journal; dates are days of the school's calendar."""

    trace = forms.ChoiceField(label=_("Montrer"), choices=Trail.choices, required=False)
    personne = forms.ChoiceField(label=_("Par qui"), required=False)
    objet = forms.ChoiceField(label=_("Sur quoi"), required=False)
    operation = forms.ChoiceField(label=_("Opération"), choices=[("", _("toutes")), *Operation.choices], required=False)
    eleve = forms.CharField(label=_("Nom ou prénom d’un élève"), max_length=100, required=False)
    du = forms.DateField(
        label=_("Du"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    au = forms.DateField(
        label=_("Au"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, school: School, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = get_user_model()._default_manager.filter(memberships__school=school).distinct()
        named = sorted((str(member), str(member.pk)) for member in members)
        self.fields["personne"].choices = [  # type: ignore[attr-defined]
            ("", _("tout le monde")),
            *((pk, name) for name, pk in named),
            *Somebody.choices,
        ]
        self.fields["objet"].choices = [("", _("tout")), *audited_kinds()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("du"), values.get("au")
        if since and until and until < since:
            self.add_error("au", _("La fin de la période vient avant son début."))
        return values
