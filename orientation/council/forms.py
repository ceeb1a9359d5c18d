"""A line of the council's page as it was typed; the rules themselves stand in `orientation.council.rules`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django import forms
from django.core.exceptions import BadRequest
from django.http import QueryDict

from orientation.council.rules import Answer, Answers


class SeenForm(forms.Form):
    """What the page showed: the version of the sheet, and the family's list, empty for who validated nothing."""

    version = forms.IntegerField(min_value=0)
    submission = forms.IntegerField(required=False)


@dataclass(frozen=True)
class TypedLine:
    """What was typed on one line: the pathways asked, then those that the council proposes unasked.

    `is_reshaped` says that the line on the page must be drawn anew: a proposition was added or taken away, or one of
    two versions was chosen.
    """

    version: int
    submission_id: int | None
    asked: Answers
    proposed: Answers
    is_reshaped: bool = False

    @classmethod
    def of(cls, data: QueryDict) -> TypedLine:
        """Read a posted line. Raises BadRequest for what no page of ours sends."""
        seen = SeenForm(data)
        if not seen.is_valid():
            raise BadRequest("a line without its version")
        removed, added = data.get("remove", ""), data.get("added", "") if "add" in data else ""
        proposed = tuple(_answer(data, code) for code in data.getlist("proposed") if code != removed)
        return cls(
            version=seen.cleaned_data["version"],
            submission_id=seen.cleaned_data["submission"],
            asked=tuple(_answer(data, code) for code in data.getlist("pathway")),
            proposed=(*proposed, Answer(added)) if added else proposed,
            is_reshaped="add" in data or "whole" in data or bool(removed),
        )

    @property
    def answers(self) -> Answers:
        return (*self.asked, *self.proposed)

    def still_asked(self, codes: Collection[str]) -> Answers:
        """Return what can stand on a list that the family changed: the answers to what it asks now, the proposed."""
        return (*(each for each in self.asked if each.pathway in codes), *self.proposed)


def _answer(data: QueryDict, code: str) -> Answer:
    return Answer(
        code,
        data.get(f"verdict-{code}", ""),
        data.get(f"comment-{code}", "").replace("\r\n", "\n").replace("\x00", "").strip(),
        frozenset(data.getlist(f"recommended-{code}")),
    )
