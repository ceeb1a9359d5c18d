"""The service Orientation: campaigns, the catalogue, what families ask for."""

from orientation.models.campaign import Campaign, Phase, PhaseKind, PhaseState
from orientation.models.catalogue import Pathway, PathwayGroup, Speciality, SpecialityOffer
from orientation.models.choices import (
    NOTE_MAX_LENGTH,
    RANK_MAX,
    Choice,
    ChoiceSpeciality,
    Draft,
    DraftRevision,
    SetAside,
    Submission,
)

__all__ = [
    "NOTE_MAX_LENGTH",
    "RANK_MAX",
    "Campaign",
    "Choice",
    "ChoiceSpeciality",
    "Draft",
    "DraftRevision",
    "Pathway",
    "PathwayGroup",
    "Phase",
    "PhaseKind",
    "PhaseState",
    "SetAside",
    "Speciality",
    "SpecialityOffer",
    "Submission",
]
