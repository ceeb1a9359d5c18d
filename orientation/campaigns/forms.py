"""The forms of a campaign: dates are read in the school's own zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orientation.campaigns.calendar import Period, Timetable
from orientation.campaigns.errors import DateProblem
from orientation.campaigns.queries import by_family
from orientation.models import Campaign, PhaseKind, Speciality
from schools.form_fields import DayField, HourField
from schools.models import School
from schools.times import LocalTimeRefused, local_instant

_MEF = re.compile(r"\d{3,11}")


class _InstantsForm(forms.Form):
    """A form of days and hours, which it makes into instants of the school's zone, within the school year."""

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def add_instant(self, name: str, label: str, *, stands: datetime | None, required: bool) -> None:
        """Add the two fields of an instant: `<name>_on` and `<name>_time`."""
        local = stands.astimezone(self.campaign.school.zone) if stands else None
        self.fields[f"{name}_on"] = DayField(
            label=_("%(what)s : jour") % {"what": label}, required=required, initial=local and local.date()
        )
        self.fields[f"{name}_time"] = HourField(
            label=_("%(what)s : heure") % {"what": label}, required=required, initial=local and local.time()
        )

    def instant(self, name: str) -> datetime | None:
        """Return the instant of these two fields, or None after an error on one of them."""
        day, hour = self.cleaned_data.get(f"{name}_on"), self.cleaned_data.get(f"{name}_time")
        if not isinstance(day, date) or not isinstance(hour, time):
            return None
        year = self.campaign.school_year
        if day.year not in (year, year + 1):
            self.add_error(
                f"{name}_on",
                _("Cette date est hors de l’année scolaire %(first)d-%(second)d.")
                % {"first": year, "second": year + 1},
            )
            return None
        try:
            return local_instant(day, hour, self.campaign.school.zone)
        except LocalTimeRefused as refusal:
            self.add_error(f"{name}_time", str(refusal))
            return None


class DatesForm(_InstantsForm):
    """The dates of the four phases at once. A phase that has none yet may be left empty."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, stands: Timetable, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stands = stands
        for kind in PhaseKind:
            period = stands.get(kind)
            names = {"phase": kind.label}
            self.add_instant(
                f"{kind.slug}-opens",
                _("%(phase)s, ouverture") % names,
                stands=period.opens_at if period else None,
                required=period is not None,
            )
            self.add_instant(
                f"{kind.slug}-closes",
                _("%(phase)s, fermeture") % names,
                stands=period.closes_at if period else None,
                required=period is not None,
            )

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.timetable: dict[PhaseKind, Period] = {}
        for kind in PhaseKind:
            if kind not in self.stands and not self._require_all_or_none(kind):
                continue
            opens_at, closes_at = self.instant(f"{kind.slug}-opens"), self.instant(f"{kind.slug}-closes")
            if opens_at and closes_at:
                self.timetable[kind] = Period(opens_at, closes_at)
        return self.cleaned_data

    def _require_all_or_none(self, kind: PhaseKind) -> bool:
        """Tell whether anything was typed for a phase that has no dates; if so, all of it is asked for."""
        names = self._names(kind)
        if not any(self[name].value() for name in names):
            return False
        for name in names:
            if name not in self.errors and self.cleaned_data.get(name) is None:
                self.add_error(name, ValidationError(self.fields[name].error_messages["required"], code="required"))
        return True

    def show(self, problems: Iterable[DateProblem]) -> None:
        """Put what the service refused beside its field."""
        for problem in problems:
            self.add_error(f"{problem.kind.slug}-{problem.field}", problem.message)

    def phases(self) -> list[tuple[PhaseKind, list[BoundField]]]:
        """Return the four fields of each phase, in order."""
        return [(kind, [self[name] for name in self._names(kind)]) for kind in PhaseKind]

    def _names(self, kind: PhaseKind) -> list[str]:
        return [f"{kind.slug}-{end}_{part}" for end in ("opens", "closes") for part in ("on", "time")]


class ClosingForm(_InstantsForm):
    """Until when a phase is prolonged or reopened."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_instant("closes", _("Nouvelle fermeture"), stands=None, required=True)

    def clean(self) -> dict[str, Any]:
        super().clean()
        return {**self.cleaned_data, "closes_at": self.instant("closes")}


class NewCampaignForm(forms.Form):
    """The year of a new campaign, and what it begins with."""

    school_year = forms.TypedChoiceField(label=gettext_lazy("Année scolaire"), coerce=int)
    source = forms.TypedChoiceField(
        label=gettext_lazy("Point de départ"), coerce=int, required=False, empty_value=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, years: Iterable[int], last: Campaign | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school_year"].choices = [(year, f"{year}-{year + 1}") for year in years]  # type: ignore[attr-defined]
        sources = [("", _("Des dates usuelles, à vérifier"))]
        if last:
            said = _(
                "La campagne %(first)d-%(second)d : mêmes réglages, mêmes jours de la semaine, "
                "même offre à déclarer de nouveau"
            )
            sources.insert(0, (str(last.pk), said % {"first": last.school_year, "second": last.school_year + 1}))
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


class OfferForm(forms.Form):
    """What the school teaches in 1re générale, by families of the catalogue."""

    specialities = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Spécialités enseignées dans l’établissement"), coerce=int, required=False
    )
    is_complete = forms.BooleanField(
        label=gettext_lazy("Cette offre est complète"),
        required=False,
        help_text=gettext_lazy(
            "À cocher même si l’établissement n’enseigne aucune spécialité : sans cela, aucune saisie n’ouvre."
        ),
    )

    def __init__(self, *args: Any, specialities: Sequence[Speciality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.families = by_family(specialities)
        self.fields["specialities"].choices = [(each.pk, each.label) for each in specialities]  # type: ignore[attr-defined]

    def groups(self) -> list[tuple[str, list[tuple[Speciality, bool]]]]:
        """Return each family with its specialities and whether each is ticked."""
        ticked = {str(each) for each in self["specialities"].value() or []}
        return [(name, [(each, str(each.pk) in ticked) for each in members]) for name, members in self.families]


class CountsForm(forms.ModelForm):
    """How many specialities are asked in each writing phase (decision 5)."""

    class Meta:
        model = Campaign
        fields = ["intention_specialities", "final_specialities"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.validators += [MinValueValidator(1), MaxValueValidator(6)]
            field.widget.attrs |= {"min": 1, "max": 6}
            field.help_text = _("De 1 à 6.")


class WriterForm(forms.ModelForm):
    """Whether one guardian writes alone (decision 2)."""

    class Meta:
        model = Campaign
        fields = ["single_writer"]
        help_texts = {
            "single_writer": gettext_lazy(
                "Si coché, seul le représentant légal désigné saisit ; les autres suivent. Un élève pour qui personne "
                "n’est désigné garde la règle commune : chacun de ses représentants légaux peut saisir."
            )
        }


class ReminderForm(forms.ModelForm):
    """How long a family is left in peace between two reminders."""

    class Meta:
        model = Campaign
        fields = ["reminder_delay_days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reminder_delay_days"]
        field.validators += [MinValueValidator(1), MaxValueValidator(30)]
        field.widget.attrs |= {"min": 1, "max": 30}
        field.help_text = _("De 1 à 30 jours. Une famille n’est jamais relancée deux fois dans ce délai.")


class NoticeForm(forms.ModelForm):
    """How long before a closing those who have not done what the phase asks are reminded by themselves."""

    class Meta:
        model = Campaign
        fields = ["notice_days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["notice_days"]
        field.validators += [MinValueValidator(1), MaxValueValidator(30)]
        field.widget.attrs |= {"min": 1, "max": 30}
        field.help_text = _(
            "De 1 à 30 jours. Un brouillon laissé sans validation est aussi rappelé la veille de la fermeture. "
            "Les familles qui ne souhaitent pas de rappel n’en reçoivent pas."
        )


class MefForm(forms.ModelForm):
    """Which pupils the campaign takes (decision 26)."""

    mef_prefixes = forms.CharField(
        label=gettext_lazy("Codes MEF concernés"),
        help_text=gettext_lazy(
            "Débuts de codes MEF, de 3 à 11 chiffres, séparés par des virgules. 20010 : 2de générale et technologique."
        ),
    )

    class Meta:
        model = Campaign
        fields = ["mef_prefixes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["mef_prefixes"] = ", ".join(self.instance.mef_prefixes)

    def clean_mef_prefixes(self) -> list[str]:
        prefixes = list(dict.fromkeys(re.split(r"[\s,;]+", self.cleaned_data["mef_prefixes"].strip(" ,;"))))
        wrong = [each for each in prefixes if not _MEF.fullmatch(each)]
        if wrong:
            raise ValidationError(_("« %(code)s » n’est pas le début d’un code MEF."), params={"code": wrong[0]})
        return prefixes


class MessageForm(forms.ModelForm):
    """What families read on their page."""

    class Meta:
        model = School
        fields = ["welcome_message"]
        help_texts = {
            "welcome_message": gettext_lazy("Affiché aux familles dès l’enregistrement, 2 000 caractères au plus.")
        }
        widgets = {"welcome_message": forms.Textarea(attrs={"rows": 5, "maxlength": 2000})}

    def clean_welcome_message(self) -> str:
        message: str = self.cleaned_data["welcome_message"]
        if len(message) > 2000:
            raise ValidationError(
                _("Le message a %(count)d caractères : 2 000 au plus."), params={"count": len(message)}
            )
        return message
