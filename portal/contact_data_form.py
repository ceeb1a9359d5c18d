"""The fiche de renseignements as a form: one's own coordinates, checked and written as `schools` keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from schools.contact_changes.fields import NO, PHONES, YES, spoken_value
from schools.contact_changes.queries import FieldState, OwnData
from schools.countries import FRANCE, country_choices, is_french_postal_code
from schools.models import ContactField, School
from schools.occupations import occupation_choices
from schools.phones import NotAPhoneNumber, read_phone

LINES = 4
LINE_LENGTH = 38
"""Of a postal address, as the post and SIECLE have it."""

YES_OR_NO = [(YES, _("Oui")), (NO, _("Non"))]


def _required(sentence: Any) -> dict[str, Any]:
    return {"required": sentence, "invalid_choice": sentence}


class ContactForm(forms.Form):
    """One's own coordinates. Phones are read in the territory of the person's school; fields are those of ContactField.

    The widgets' attributes say to browsers what each field is about.
    """

    address_lines = forms.CharField(
        label=_("Adresse"),
        help_text=_("Sans la commune, quatre lignes au plus. Par exemple : 12 rue des Lilas, bâtiment B."),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": LINES, "autocomplete": "street-address"}),
        error_messages=_required(_("Saisissez votre adresse.")),
    )
    postal_code = forms.CharField(
        label=_("Code postal"),
        max_length=12,
        required=False,
        help_text=_("Obligatoire en France, par exemple : 75011."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    town = forms.CharField(
        label=_("Commune"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
        error_messages=_required(_("Saisissez votre commune.")),
    )
    country = forms.ChoiceField(
        label=_("Pays"),
        choices=country_choices,
        help_text=_("« France » comprend l’outre-mer."),
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages=_required(_("Choisissez votre pays dans la liste.")),
    )
    mobile = forms.CharField(
        label=_("Téléphone portable"),
        max_length=30,
        required=False,
        help_text=_("Par exemple : 06 12 34 56 78. À l’étranger, commencez par + et l’indicatif du pays."),
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "mobile tel"}),
    )
    phone = forms.CharField(
        label=_("Téléphone personnel"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "home tel"}),
    )
    work_phone = forms.CharField(
        label=_("Téléphone professionnel"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "work tel"}),
    )
    accepts_sms = forms.ChoiceField(
        label=_("Acceptez-vous que l’établissement vous écrive par SMS ?"),
        choices=YES_OR_NO,
        required=False,
        widget=forms.RadioSelect,
        error_messages=_required(_("Répondez par oui ou par non.")),
    )
    occupation = forms.ChoiceField(
        label=_("Profession"),
        choices=occupation_choices,
        required=False,
        help_text=_("Catégorie socioprofessionnelle de l’Insee."),
        error_messages=_required(_("Choisissez une profession dans la liste.")),
    )
    shares_coordinates = forms.ChoiceField(
        label=_("Autorisez-vous la communication de vos coordonnées aux associations de parents d’élèves ?"),
        choices=YES_OR_NO,
        required=False,
        widget=forms.RadioSelect,
        error_messages=_required(_("Répondez par oui ou par non.")),
    )

    def __init__(self, *args: Any, school: School, kept_occupation: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.school = school
        occupation: Any = self.fields["occupation"]
        occupation.choices = occupation_choices(kept_occupation)
        for name, field in self.fields.items():
            if not isinstance(field.widget, forms.RadioSelect):
                kind = "fr-select" if isinstance(field.widget, forms.Select) else "fr-input"
                field.widget.attrs["class"] = f"{kind} {kind}--error" if name in self.errors else kind
            # the page's template writes errors and help under these names
            described = [f"id_{name}-aide"] if field.help_text else []
            if name in self.errors:
                described.append(f"id_{name}-erreur")
                field.widget.attrs["aria-invalid"] = "true"
            if described:
                field.widget.attrs["aria-describedby"] = " ".join(described)

    def clean_address_lines(self) -> str:
        lines = [" ".join(line.split()) for line in self.cleaned_data["address_lines"].splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > LINES:
            raise ValidationError(_("L’adresse a quatre lignes au plus, sans la commune."))
        for number, line in enumerate(lines, start=1):
            if len(line) > LINE_LENGTH:
                raise ValidationError(
                    _("La ligne %(number)s de l’adresse est trop longue : %(most)s caractères au plus.")
                    % {"number": number, "most": LINE_LENGTH}
                )
        return "\n".join(lines)

    def clean_phone(self) -> str:
        return self._clean_phone("phone")

    def clean_work_phone(self) -> str:
        return self._clean_phone("work_phone")

    def clean_mobile(self) -> str:
        return self._clean_phone("mobile")

    def _clean_phone(self, name: str) -> str:
        try:
            return read_phone(self.cleaned_data[name], self.school.time_zone)
        except NotAPhoneNumber:
            raise ValidationError(
                _(
                    "Ce numéro de téléphone n’existe pas. Saisissez-le en entier, par exemple : 06 12 34 56 78, ou "
                    "+32 2 123 45 67 pour un numéro étranger."
                )
            ) from None

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("country") == FRANCE and "postal_code" in data:
            data["postal_code"] = "".join(data["postal_code"].split())
            if not data["postal_code"]:
                self.add_error("postal_code", _("Saisissez votre code postal."))
            elif not is_french_postal_code(data["postal_code"]):
                self.add_error(
                    "postal_code", _("Ce code postal n’existe pas en France : cinq chiffres, par exemple 75011.")
                )
        if not any(data.get(name) for name in PHONES) and not any(name in self.errors for name in PHONES):
            self.add_error("mobile", _("Saisissez au moins un numéro de téléphone."))
        if data.get("accepts_sms") == YES and not data.get("mobile") and "mobile" not in self.errors:
            self.add_error("accepts_sms", _("Pour recevoir des SMS, saisissez un téléphone portable."))
        return data

    def values(self) -> dict[ContactField, str]:
        """Return what was typed, as `schools` keeps it."""
        return {ContactField(name): self.cleaned_data[name] for name in self.fields}


@dataclass(frozen=True)
class ToldField:
    """A field as the page shows it: where its changes stand, and what another of the person's schools has."""

    field: BoundField
    states: list[FieldState]
    others: list[tuple[School, str]]


def told_fields(form: ContactForm, data: OwnData) -> list[ToldField]:
    """Return the form's fields in their order."""
    return [ToldField(form[name], data.states[name], data.others[name]) for name in form.fields]


def initial_of(data: OwnData) -> dict[str, str]:
    """Return the person's own data as their form shows it: phones as they are written at their school's place."""
    school = data.records[0].school
    shown = dict(data.values)
    for field in PHONES:
        shown[field.value] = spoken_value(field, shown[field.value], school)
    return {**shown, "country": shown["country"] or FRANCE}
