"""What families and councils have done, for the tests of the acts that touch them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from orientation import services as families
from orientation.campaigns.calendar import Period, fingerprint
from orientation.campaigns.errors import NeedsConfirmation, signature
from orientation.campaigns.queries import timetable_of
from orientation.models import Campaign, CouncilSheet, DivisionPublication, Draft, PhaseKind, Submission
from orientation.rules import Wish
from tests.factories import NOW, Family


def stands(campaign: Campaign) -> dict[PhaseKind, Period]:
    return timetable_of(campaign.phases.all())


def seen(campaign: Campaign) -> str:
    return fingerprint(stands(campaign))


def prepare(family: Family, *series: str, at: datetime = NOW) -> Draft:
    """Sophie adds these series to the list of *choix définitifs*."""
    file, phase = family.file_of(family.sophie), family.phase
    for each in series:
        held = Draft.objects.filter(phase=phase).first()
        version = held.version if held else 0
        assert family.sophie.user is not None
        draft = families.save_choice(
            file=file, phase=phase, wish=Wish(each), version=version, by=family.sophie.user, at=at
        )
    return draft


def validate(family: Family, at: datetime = NOW) -> Submission:
    assert family.sophie.user is not None
    draft = Draft.objects.get(phase=family.phase)
    return families.validate_draft(
        file=family.file_of(family.sophie), phase=family.phase, version=draft.version, by=family.sophie.user, at=at
    )


def council_has_begun(family: Family, kind: PhaseKind = PhaseKind.PROPOSALS) -> CouncilSheet:
    phase = family.campaign.phases.get(kind=kind)
    author = family.sophie.user
    assert author is not None
    return CouncilSheet.objects.create(student=family.emma, phase=phase, version=1, changed_at=NOW, changed_by=author)


def council_is_published(family: Family, kind: PhaseKind = PhaseKind.PROPOSALS) -> DivisionPublication:
    division, author = family.emma.division, family.sophie.user
    assert division is not None
    assert author is not None
    phase = family.campaign.phases.get(kind=kind)
    return DivisionPublication.objects.create(phase=phase, division=division, published_at=NOW, published_by=author)


def having_read(act: Callable[..., object]) -> list[str]:
    """Do an act that asks first, having read its cautions, and return them."""
    try:
        act()
    except NeedsConfirmation as asked:
        act(confirmed=signature(asked.cautions))
        return [each.text for each in asked.cautions]
    return []
