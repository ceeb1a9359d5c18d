"""Names of phases in addresses; importing this module makes `<writing_phase:…>` and `<phase:…>` known."""

from __future__ import annotations

from django.urls import register_converter

from orientation.models import PhaseKind


class WritingPhaseConverter:
    """The phases in which families rank choices, as they stand in addresses."""

    regex = "intentions|choix-definitifs"

    def to_python(self, value: str) -> PhaseKind:
        return PhaseKind.from_slug(value)

    def to_url(self, value: PhaseKind | str) -> str:
        return value.slug if isinstance(value, PhaseKind) else value


class PhaseConverter(WritingPhaseConverter):
    """Each of the four phases."""

    regex = "|".join(kind.slug for kind in PhaseKind)


register_converter(WritingPhaseConverter, "writing_phase")
register_converter(PhaseConverter, "phase")
