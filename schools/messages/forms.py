"""What is typed to write to families; days and hours are read in the school's own zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schools.form_fields import DayField, HourField
from schools.messages.queries import Level
from schools.messages.services import MessageContent
from schools.models import Audience, Division, School, SchoolMessage
from schools.models.messages import BODY_MAX_LENGTH
from schools.times import LocalTimeRefused, local_instant

_SHOWN_FOR = timedelta(days=14)
_LAST_MINUTE = time(23, 59)

SIGNS = gettext_lazy(
    "Une ligne vide sépare deux paragraphes. **gras**, *italique*, une ligne qui commence par « - » fait une liste, "
    "[texte du lien](https://adresse) fait un lien. Pas de nom d’élève : toutes les familles choisies le liraient."
)


class MessageForm(forms.Form):
    """A message: what it says, when, and to whom."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=gettext_lazy("Titre"),
        max_length=120,
        error_messages={"required": gettext_lazy("Donnez un titre au message.")},
    )
    body = forms.CharField(
        label=gettext_lazy("Texte"),
        max_length=BODY_MAX_LENGTH,
        help_text=SIGNS,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages={"required": gettext_lazy("Écrivez le texte du message.")},
    )
    shown_from_on = DayField(label=gettext_lazy("Affiché à partir du : jour"))
    shown_from_time = HourField(label=gettext_lazy("Affiché à partir du : heure"))
    shown_until_on = DayField(label=gettext_lazy("Affiché jusqu’au : jour"))
    shown_until_time = HourField(label=gettext_lazy("Affiché jusqu’au : heure"))
    audience = forms.ChoiceField(
        label=gettext_lazy("Pour qui ?"), choices=Audience.choices, widget=forms.RadioSelect, initial=Audience.SCHOOL
    )
    mef_prefix = forms.ChoiceField(label=gettext_lazy("Niveau"), required=False)
    divisions = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Classes"),
        queryset=Division.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, data: Any = None, *, school: School, levels: Sequence[Level], divisions: Any, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.school = school
        fields: dict[str, Any] = self.fields
        known = [(level.prefix, level.label) for level in levels]
        kept = str(self.initial.get("mef_prefix") or "")
        if kept and kept not in dict(known):
            known.append((kept, f"MEF {kept}…"))
        fields["mef_prefix"].choices = [("", _("Choisissez un niveau")), *known]
        fields["divisions"].queryset = divisions

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._require_audience()
        shown_from, shown_until = self._instant("shown_from"), self._instant("shown_until")
        if shown_from and shown_until:
            if shown_until <= shown_from:
                self.add_error("shown_until_on", _("La fin de l’affichage doit venir après son début."))
            self.period = (shown_from, shown_until)
        return self.cleaned_data

    def _require_audience(self) -> None:
        audience = self.cleaned_data.get("audience")
        if audience == Audience.LEVEL and not self.cleaned_data.get("mef_prefix") and "mef_prefix" not in self.errors:
            self.add_error("mef_prefix", _("Choisissez le niveau auquel ce message s’adresse."))
        if audience == Audience.DIVISIONS and not self.cleaned_data.get("divisions") and "divisions" not in self.errors:
            self.add_error("divisions", _("Choisissez au moins une classe."))

    def _instant(self, name: str) -> datetime | None:
        day, hour = self.cleaned_data.get(f"{name}_on"), self.cleaned_data.get(f"{name}_time")
        if not isinstance(day, date) or not isinstance(hour, time):
            return None
        try:
            return local_instant(day, hour, self.school.zone)
        except (LocalTimeRefused, OverflowError) as refusal:
            self.add_error(f"{name}_time", str(refusal))
            return None

    @property
    def content(self) -> MessageContent:
        """What a valid form says."""
        values = self.cleaned_data
        return MessageContent(
            title=values["title"],
            body=values["body"],
            shown_from=self.period[0],
            shown_until=self.period[1],
            audience=Audience(values["audience"]),
            mef_prefix=values["mef_prefix"],
            divisions=list(values["divisions"]),
        )


def new_values(key: object, school: School, at: datetime) -> dict[str, Any]:
    """Return what the form of a new message proposes: from now on, for two weeks."""
    local = at.astimezone(school.zone)
    return {
        "key": key,
        "audience": Audience.SCHOOL,
        "shown_from_on": local.date(),
        "shown_from_time": local.time().replace(second=0, microsecond=0),
        "shown_until_on": local.date() + _SHOWN_FOR,
        "shown_until_time": _LAST_MINUTE,
    }


def values_of(message: SchoolMessage) -> dict[str, Any]:
    """Return what the form of a written message begins with; `divisions` are prefetched."""
    opens, closes = (each.astimezone(message.school.zone) for each in (message.shown_from, message.shown_until))
    return {
        "key": message.key,
        "seen": message.changed_at.isoformat(),
        "title": message.title,
        "body": message.body,
        "shown_from_on": opens.date(),
        "shown_from_time": opens.time(),
        "shown_until_on": closes.date(),
        "shown_until_time": closes.time(),
        "audience": message.audience,
        "mef_prefix": message.mef_prefix,
        "divisions": list(message.divisions.all()),
    }
