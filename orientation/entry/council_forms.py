"""What a family signed on paper about the council's word, as staff type it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from orientation.dialogue.records import Line
from orientation.dialogue.services import GivenAnswer
from schools.models import Guardian, Guardianship


class GuardianForm(forms.Form):
    """In whose name."""

    guardian = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, links: Sequence[Guardianship], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.links = links
        field = self.fields["guardian"]
        field.label = _("Qui a signé ?")
        field.error_messages["required"] = _("Dites quel représentant légal a signé.")
        field.choices = [  # type: ignore[attr-defined]
            (link.guardian_id, f"{link.guardian} ({link.get_relationship_display()})") for link in links
        ]

    @property
    def signatory(self) -> Guardian:
        """The guardian chosen; the form is valid."""
        return next(link.guardian for link in self.links if link.guardian_id == self.cleaned_data["guardian"])


class AnswersForm(GuardianForm):
    """*D’accord* or *pas d’accord* for each proposition that can still be answered; `answers`, once valid."""

    def __init__(self, *args: Any, lines: Sequence[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        self.answers: list[GivenAnswer] = []
        for line in lines:
            newest = line.family_answer
            self.fields[f"answer_{line.code}"] = forms.ChoiceField(
                required=False,
                widget=forms.RadioSelect,
                label=f"{line.label} — {line.answer.get_verdict_display()}" if line.answer else line.label,
                choices=[
                    ("oui", _("d’accord")),
                    ("non", _("pas d’accord")),
                    ("", _("rien sur le papier")),
                ],
            )
            self.fields[f"seen_{line.code}"] = forms.IntegerField(
                required=False,
                min_value=0,
                widget=forms.HiddenInput,
                initial=newest.number if newest else 0,
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.answers = [
            GivenAnswer(
                pathway=line.code,
                agrees=data[f"answer_{line.code}"] == "oui",
                seen_number=data.get(f"seen_{line.code}") or 0,
            )
            for line in self.lines
            if data.get(f"answer_{line.code}")
        ]
        if not self.answers and not self.errors:
            raise forms.ValidationError(_("Reportez au moins une réponse du papier."))
        return data
