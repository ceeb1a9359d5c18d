"""What is typed on the pages of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from schools.imports.uploads import Upload, check_pair, take
from schools.models import School, SiecleImport
from schools.siecle import SiecleError, school_years_around

_FILE = forms.FileInput(attrs={"accept": ".xml,.zip"})


class UploadForm(forms.Form):
    """The two exports, in either field, and the school year where two are possible."""

    students = forms.FileField(
        label=_("Fichier des élèves"),
        help_text=_("« ElevesAvecAdresses » : le XML, ou l’archive zip telle que SIECLE l’a faite."),
        error_messages={"required": _("Donnez le fichier des élèves."), "empty": _("Ce fichier est vide.")},
        widget=_FILE,
    )
    guardians = forms.FileField(
        label=_("Fichier des responsables"),
        help_text=_("« ResponsablesAvecAdresses », exporté le même jour."),
        error_messages={"required": _("Donnez le fichier des responsables."), "empty": _("Ce fichier est vide.")},
        widget=_FILE,
    )
    school_year = forms.TypedChoiceField(label=_("Année scolaire des fichiers"), coerce=int)

    def __init__(self, *args: Any, school: School, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.years = school_years_around(at, school.time_zone)
        year: Any = self.fields["school_year"]
        year.choices = [(each, f"{each}-{each + 1}") for each in self.years]
        if len(self.years) == 1:
            year.widget = forms.HiddenInput()
            year.initial = self.years[0]

    def clean_students(self) -> Upload:
        return self._taken(self.cleaned_data["students"])

    def clean_guardians(self) -> Upload:
        return self._taken(self.cleaned_data["guardians"])

    def clean(self) -> dict[str, Any]:
        if "students" in self.cleaned_data and "guardians" in self.cleaned_data:
            try:
                check_pair(self.uploads)
            except SiecleError as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return self.cleaned_data

    @property
    def uploads(self) -> list[Upload]:
        return [self.cleaned_data["students"], self.cleaned_data["guardians"]]

    def _taken(self, file: UploadedFile) -> Upload:
        try:
            return take(file)
        except SiecleError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class ConfirmForm(forms.Form):
    """The plan that the page showed, and a tick for each of its cautions."""

    digest = forms.CharField(widget=forms.HiddenInput())

    def __init__(self, data: Any = None, *, siecle_import: SiecleImport) -> None:
        super().__init__(data, initial={"digest": siecle_import.digest})
        self.codes = [caution["code"] for caution in siecle_import.summary.get("cautions", [])]
        for caution in siecle_import.summary.get("cautions", []):
            self.fields[caution["code"]] = forms.BooleanField(
                label=caution["tick"],
                error_messages={"required": _("Cochez ce point pour confirmer l’import, ou annulez l’import.")},
            )

    @property
    def accepted(self) -> list[str]:
        return [code for code in self.codes if self.cleaned_data[code]]

    @property
    def ticks(self) -> list[forms.BoundField]:
        return [self[code] for code in self.codes]
