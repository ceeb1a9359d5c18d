"""What a family types to write to the school of its child."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actors import StudentFile
from portal.models import ContactSubject

MESSAGE_MAX_LENGTH = 2_000


class _Text(forms.CharField):
    """Lines as they are counted on the page: browsers send each break as two characters."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class ContactForm(forms.Form):
    """A message to the school of one of these children."""

    key = forms.UUIDField()
    child = forms.ChoiceField(
        label=gettext_lazy("Pour quel enfant ?"),
        error_messages={
            "required": gettext_lazy("Choisissez l’enfant dont l’établissement est à contacter."),
            "invalid_choice": gettext_lazy("Choisissez l’enfant dont l’établissement est à contacter."),
        },
    )
    subject = forms.ChoiceField(
        label=gettext_lazy("Sujet"),
        choices=[("", gettext_lazy("Choisissez un sujet")), *ContactSubject.choices],
        error_messages={
            "required": gettext_lazy("Choisissez un sujet."),
            "invalid_choice": gettext_lazy("Choisissez un sujet."),
        },
    )
    message = _Text(
        label=gettext_lazy("Message"),
        max_length=MESSAGE_MAX_LENGTH,
        error_messages={
            "required": gettext_lazy("Écrivez votre message."),
            "max_length": gettext_lazy("Ce message est trop long : %(limit_value)d caractères au plus."),
        },
    )
    wants_answer = forms.BooleanField(label=gettext_lazy("Répondre à mon adresse"), required=False)

    def __init__(self, data: Any = None, *, files: Sequence[StudentFile], initial: Any = None) -> None:
        self.reached = {str(file.student.public_id): file for file in files}
        first = next(iter(self.reached), "") if len(self.reached) == 1 else ""
        super().__init__(data, initial={"key": uuid.uuid4(), "child": first, **(initial or {})})
        child: Any = self.fields["child"]
        choices = [(key, f"{file.student.full_name} — {file.student.school}") for key, file in self.reached.items()]
        child.choices = choices if len(choices) == 1 else [("", _("Choisissez un enfant")), *choices]

    @property
    def file(self) -> StudentFile:
        """The child of a valid form."""
        return self.reached[self.cleaned_data["child"]]

    @property
    def answer_address(self) -> str:
        """The person's own address, to which an answer can be asked for; the same in each of their schools."""
        guardians = (file.guardian for file in self.reached.values() if file.guardian)
        return next((guardian.usable_email for guardian in guardians if guardian.usable_email), "")
