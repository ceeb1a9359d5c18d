"""Who may do what in orientation: pure functions, one per act (design, rights table)."""

from __future__ import annotations

from accounts.actors import StudentFile
from orientation.models.campaign import Campaign


def can_read_draft(file: StudentFile) -> bool:
    """Only the student's legal guardians: a student never reads a draft (decision 3)."""
    return file.guardian is not None


def can_write_choices(file: StudentFile, campaign: Campaign, *, designated_guardian_id: int | None) -> bool:
    """Any legal guardian; only the designated one where the campaign says so (decision 2).

    A campaign with a single writer and nobody designated lets each guardian write: nobody is shut out by an omission.
    """
    if file.guardian is None:
        return False
    if not campaign.single_writer or designated_guardian_id is None:
        return True
    return file.guardian.pk == designated_guardian_id


def can_answer_council(file: StudentFile) -> bool:
    """Any legal guardian acknowledges avis and answers propositions (decisions 10 and 12); a student only reads."""
    return file.guardian is not None
