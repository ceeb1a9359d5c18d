"""The forms by which the school ends the dialogue; days are those of the school's own calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orientation.campaigns.forms import DayField
from orientation.decisions.rules import FOR_THE_HEAD, Act, DialogueState
from orientation.models import REASONS_MAX_LENGTH, InterviewOutcome, PathwayGroup
from orientation.rules import Catalogue
from schools.models import Division

AWAITED = "attendu"
"""Any state in which the school has something to do."""


class SelectionForm(forms.Form):
    """Which pupils are listed: read from the address, where an unknown value is refused in words."""

    classe = forms.ChoiceField(label=_("Classe"), required=False)
    etat = forms.ChoiceField(
        label=_("État"),
        required=False,
        choices=[("", _("tous")), (AWAITED, _("à faire par l’établissement")), *DialogueState.choices],
    )

    def __init__(self, data: Mapping[str, Any], *, divisions: Iterable[Division]) -> None:
        super().__init__({name: data[name] for name in self.base_fields if name in data})
        field = self.fields["classe"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = [("", _("toutes")), *((str(each.pk), str(each)) for each in divisions)]

    def takes(self, division_id: int | None, state: DialogueState) -> bool:
        """Whether a pupil of this class, in this state, is listed."""
        classe, wanted = self.cleaned_data["classe"], self.cleaned_data["etat"]
        if classe and classe != str(division_id):
            return False
        return not wanted or (state in FOR_THE_HEAD if wanted == AWAITED else wanted == state)


def _pathways() -> list[tuple[str, str]]:
    decidable = [
        each for each in Catalogue.current().pathways.values() if each.is_active and each.group != PathwayGroup.OTHER
    ]
    return [("", "---------"), *((each.code, each.full_label) for each in decidable)]


def _text(label: Any, *, required: bool, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=REASONS_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


def _conformity() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("Par rapport à la demande de la famille"),
        choices=[("non", _("non conforme : l’appel ou le maintien restent possibles")), ("oui", _("conforme"))],
        coerce=lambda value: value == "oui",
        widget=forms.RadioSelect,
    )


class InterviewForm(forms.Form):
    happened_on = DayField(label=_("Date de l’entretien"))
    outcome = forms.ChoiceField(label=_("Issue"), choices=InterviewOutcome.choices, widget=forms.RadioSelect)
    text = _text(_("Compte rendu"), required=False, help_text=_("La famille le lit dans son dossier."))


class ReasonedForm(forms.Form):
    """The head's own decision; `seen_number` is that of the one which it replaces, 0 for none."""

    pathway = forms.ChoiceField(label=_("Voie décidée"), choices=_pathways)
    is_conform = _conformity()
    reasons = _text(_("Motifs"), required=True, help_text=_("Ils figurent sur la notification."))
    seen_number = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class ReceiptForm(forms.Form):
    happened_on = DayField(label=_("Notification reçue le"), help_text=_("Le délai d’appel court dès le lendemain."))


class AppealForm(forms.Form):
    happened_on = DayField(label=_("Appel formé le"))
    wants_to_be_heard = forms.BooleanField(label=_("La famille demande à être entendue"), required=False)
    text = _text(_("Pièces ou lettre jointes"), required=False)


class CommissionForm(forms.Form):
    decided_on = DayField(label=_("Décision prise le"))
    pathway = forms.ChoiceField(label=_("Voie décidée par la commission"), choices=_pathways)
    is_conform = _conformity()
    reasons = _text(_("Motifs"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["is_conform"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = [("non", _("non conforme : le maintien reste possible")), ("oui", _("conforme"))]


class MaintienForm(forms.Form):
    happened_on = DayField(label=_("Maintien demandé le"))


FORMS: dict[Act, type[forms.Form]] = {
    Act.INTERVIEW: InterviewForm,
    Act.DECIDE: ReasonedForm,
    Act.RECEIPT: ReceiptForm,
    Act.APPEAL: AppealForm,
    Act.COMMISSION: CommissionForm,
    Act.MAINTIEN: MaintienForm,
}
