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
from orientation.models.council import (
    COMMENT_MAX_LENGTH,
    Acknowledgement,
    CouncilAnswer,
    CouncilSheet,
    DivisionPublication,
    FamilyAnswer,
    Reminder,
    SheetReading,
    Verdict,
)
from orientation.models.decisions import (
    REASONS_MAX_LENGTH,
    Decision,
    DecisionKind,
    DecisionReading,
    DialogueStep,
    InterviewOutcome,
    StepKind,
)

__all__ = [
    "COMMENT_MAX_LENGTH",
    "NOTE_MAX_LENGTH",
    "RANK_MAX",
    "REASONS_MAX_LENGTH",
    "Acknowledgement",
    "Campaign",
    "Choice",
    "ChoiceSpeciality",
    "CouncilAnswer",
    "CouncilSheet",
    "Decision",
    "DecisionKind",
    "DecisionReading",
    "DialogueStep",
    "DivisionPublication",
    "Draft",
    "DraftRevision",
    "FamilyAnswer",
    "InterviewOutcome",
    "Pathway",
    "PathwayGroup",
    "Phase",
    "PhaseKind",
    "PhaseState",
    "Reminder",
    "SetAside",
    "SheetReading",
    "Speciality",
    "SpecialityOffer",
    "StepKind",
    "Submission",
    "Verdict",
]
