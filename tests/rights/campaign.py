"""What those who lead the school do: its campaign, its news, who writes for a family."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from orientation.campaigns import services as campaigns
from orientation.campaigns.calendar import Period, fingerprint
from orientation.campaigns.queries import timetable_of
from orientation.models import PhaseKind
from schools import services as designation
from schools.messages import services as messages
from schools.models import Audience
from tests.factories import CLOSES_AT, NOW
from tests.orientation_campaigns.people import having_read
from tests.orientation_dialogue.conftest import PROPOSALS
from tests.rights.act import LEADS, Act
from tests.rights.world import World


def _set_dates(world: World) -> None:
    stands = timetable_of(world.family.campaign.phases.all())
    last = stands[PROPOSALS]
    having_read(
        lambda **given: campaigns.set_dates(
            campaign=world.family.campaign,
            timetable={PROPOSALS: Period(last.opens_at, last.closes_at + timedelta(days=1))},
            seen=fingerprint(stands),
            by=world.by,
            at=NOW,
            **given,
        )
    )


def _keep_open(world: World) -> None:
    having_read(
        lambda **given: campaigns.keep_open_until(
            campaign=world.family.campaign,
            kind=PhaseKind.FINAL_CHOICES,
            closes_at=CLOSES_AT + timedelta(days=1),
            by=world.by,
            at=NOW,
            **given,
        )
    )


def _declare_offer(world: World) -> None:
    having_read(
        lambda **given: campaigns.declare_offer(
            campaign=world.family.campaign, speciality_ids=[], is_complete=True, by=world.by, at=NOW, **given
        )
    )


def _of_campaign(world: World, kind: PhaseKind) -> dict[str, Any]:
    return {"campaign": world.family.campaign, "kind": kind, "by": world.by, "at": NOW}


def _content() -> messages.MessageContent:
    return messages.MessageContent(
        title="Portes ouvertes",
        body="Samedi.",
        shown_from=NOW,
        shown_until=NOW + timedelta(days=2),
        audience=Audience.SCHOOL,
    )


ACTS: dict[str, Act] = {
    "orientation.campaigns.services.create_campaign": Act(
        LEADS,
        lambda w: campaigns.create_campaign(
            school=w.family.school, school_year=2027, source=w.family.campaign, by=w.by, at=NOW
        ),
    ),
    "orientation.campaigns.services.set_dates": Act(LEADS, _set_dates),
    "orientation.campaigns.services.open_now": Act(
        LEADS,
        lambda w: campaigns.open_now(**{**_of_campaign(w, PROPOSALS), "at": CLOSES_AT + timedelta(hours=1)}),
    ),
    "orientation.campaigns.services.close_now": Act(
        LEADS, lambda w: campaigns.close_now(**_of_campaign(w, PhaseKind.FINAL_CHOICES))
    ),
    "orientation.campaigns.services.keep_open_until": Act(LEADS, _keep_open),
    "orientation.campaigns.services.declare_offer": Act(LEADS, _declare_offer),
    "orientation.campaigns.services.change_rules": Act(
        LEADS,
        lambda w: campaigns.change_rules(
            campaign=w.family.campaign, changes={"reminder_delay_days": 9}, by=w.by, at=NOW
        ),
    ),
    "orientation.campaigns.services.change_welcome_message": Act(
        LEADS,
        lambda w: campaigns.change_welcome_message(school=w.family.school, message="Bonjour", by=w.by, at=NOW),
    ),
    "schools.messages.services.write_message": Act(
        LEADS,
        lambda w: messages.write_message(school=w.family.school, key=uuid4(), content=_content(), by=w.by, at=NOW),
    ),
    "schools.messages.services.change_message": Act(
        LEADS,
        lambda w: messages.change_message(message=w.message, content=_content(), seen=NOW, by=w.by, at=NOW),
    ),
    "schools.messages.services.end_message": Act(
        LEADS, lambda w: messages.end_message(message=w.message, by=w.by, at=NOW + timedelta(hours=1))
    ),
    "schools.services.designate_guardian": Act(
        LEADS,
        lambda w: designation.designate_guardian(student=w.emma, guardian=w.family.sophie, by=w.by, at=NOW),
    ),
    "schools.services.withdraw_designation": Act(
        LEADS,
        lambda w: designation.withdraw_designation(student=w.emma, guardian=w.family.sophie, by=w.by),
        lambda w: designation.designate_guardian(student=w.emma, guardian=w.family.sophie, by=w.veil.head, at=NOW),
    ),
}
