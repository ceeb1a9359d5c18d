"""The next thing to do, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orientation.decisions.rules import DialogueState
from orientation.followup.countdown import countdown, in_days
from orientation.followup.next_step import CouncilProgress, Situation, next_step
from orientation.models import Phase, PhaseKind, PhaseState
from schools.models import School
from schools.policies import StaffAct
from tests.factories import CLOSES_AT, NOW

WRITING = Situation(
    has_pupils=True,
    has_campaign=True,
    taken=35,
    kind=PhaseKind.FINAL_CHOICES,
    state=PhaseState.OPEN,
    days=3,
    offer_declared=True,
    awaited=12,
)
COUNCIL = replace(
    WRITING,
    kind=PhaseKind.PROPOSALS,
    awaited=0,
    council=CouncilProgress(entry_began=True, incomplete=0, ready_classes=0),
)


def council(**values: int | bool) -> CouncilProgress:
    assert COUNCIL.council is not None
    return replace(COUNCIL.council, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("situation", "url_name", "words"),
    [
        (Situation(has_pupils=False), "imports", "importez les fichiers de SIECLE"),
        (Situation(has_pupils=True), "campaign", "créez celle de l’année"),
        (Situation(has_pupils=True, has_campaign=True), "campaign", "fixez celles de ses phases"),
        (replace(WRITING, taken=0), "campaign", "codes MEF"),
        (replace(WRITING, offer_declared=False), "campaign", "offre de spécialités"),
        (replace(WRITING, state=PhaseState.UPCOMING, days=8), "", "ouvre dans 8 jours"),
        (WRITING, "followup", "12 familles n’ont pas encore validé, et la phase ferme dans 3 jours"),
        (replace(WRITING, awaited=1, days=1), "followup", "1 famille n’a pas encore validé, et la phase ferme demain"),
        (replace(WRITING, awaited=0), "", "Toutes les familles ont validé"),
        (replace(WRITING, state=PhaseState.CLOSED), "campaign", "fixez les dates de la phase suivante"),
        (
            replace(COUNCIL, state=PhaseState.UPCOMING, council=council(entry_began=False, incomplete=4)),
            "",
            "n’est pas terminée",
        ),
        (replace(COUNCIL, state=PhaseState.UPCOMING, council=council(incomplete=4)), "councils", "il reste 4 élèves"),
        (replace(COUNCIL, state=PhaseState.UPCOMING, council=council(ready_classes=2)), "", "pourrez publier"),
        (
            replace(COUNCIL, may_publish=True, council=council(ready_classes=2, incomplete=4)),
            "councils",
            "2 classes sont complètes : publiez-les",
        ),
        # who does not publish is told to enter first, then who does
        (replace(COUNCIL, council=council(ready_classes=2, incomplete=4)), "councils", "il reste 4 élèves"),
        (replace(COUNCIL, council=council(ready_classes=2)), "", "la direction peut les publier"),
        (replace(COUNCIL, council=council(silent_classes=1)), "councils", "1 classe n’est pas publiée"),
        (replace(COUNCIL, awaited=5, council=council(silent_classes=1)), "followup", "5 familles n’ont pas encore"),
        (replace(COUNCIL, council=council(incomplete=1)), "councils", "il reste 1 élève."),
        (replace(COUNCIL, state=PhaseState.CLOSED, council=council(ready_classes=1)), "campaign", "prolongez la phase"),
        (replace(COUNCIL, awaited=5), "followup", "5 familles n’ont pas encore répondu"),
        (replace(COUNCIL, awaited=5, state=PhaseState.CLOSED), "followup", "5 familles n’ont pas répondu"),
        (
            replace(COUNCIL, awaited=5, kind=PhaseKind.PROVISIONAL_OPINIONS),
            "followup",
            "5 familles n’ont pas accusé réception",
        ),
        (
            replace(COUNCIL, awaited=5, kind=PhaseKind.PROVISIONAL_OPINIONS, state=PhaseState.CLOSED),
            "",
            "La phase est terminée",
        ),
        (COUNCIL, "", "chaque famille a répondu"),
        (replace(COUNCIL, kind=PhaseKind.PROVISIONAL_OPINIONS), "", "chaque famille a accusé réception"),
    ],
)
def test_the_next_thing_to_do_follows_from_where_the_school_stands(
    situation: Situation, url_name: str, words: str
) -> None:
    step = next_step(situation)
    assert words in step.sentence
    assert step.url_name == url_name
    assert bool(step.button) == bool(url_name)


@pytest.mark.parametrize(
    ("dialogues", "words"),
    [
        ({DialogueState.TO_NOTIFY: 1}, "Décisions\u00a0: 1 accord à notifier."),
        ({DialogueState.TO_NOTIFY: 3, DialogueState.NOTIFIED: 9}, "Décisions\u00a0: 3 accords à notifier."),
        (
            {DialogueState.DISAGREEMENT: 1, DialogueState.INTERVIEWED: 1, DialogueState.NOTHING_PROPOSED: 1},
            "Décisions\u00a0: 3 dialogues sans décision.",
        ),
        (
            {DialogueState.REASONED: 2, DialogueState.APPEAL_RUNNING: 1, DialogueState.APPEALED: 1},
            "Décisions\u00a0: 2 réceptions à noter, 1 délai d’appel en cours, jusqu’au mardi, "
            "1 appel devant la commission.",
        ),
    ],
)
def test_what_is_left_of_the_decisions_is_said_with_the_page_where_it_is_done(
    dialogues: dict[DialogueState, int], words: str
) -> None:
    closed = replace(COUNCIL, state=PhaseState.CLOSED, dialogues=dialogues, appeal_until="mardi")
    step = next_step(closed)
    assert step.sentence.endswith(words)
    assert (step.url_name, step.button) == ("decisions", "Aller aux décisions")
    waiting = next_step(replace(closed, awaited=5))
    assert waiting.sentence.endswith(words)
    assert waiting.url_name == "followup"


def test_when_all_is_decided_nothing_is_left() -> None:
    done = {DialogueState.NOTIFIED: 30, DialogueState.COMMISSION: 1, DialogueState.MAINTAINED: 1}
    assert "Décisions" not in next_step(replace(COUNCIL, state=PhaseState.CLOSED, dialogues=done)).sentence


def test_publishing_is_for_those_who_steer_and_entry_for_those_who_enter() -> None:
    assert next_step(replace(COUNCIL, may_publish=True, council=council(ready_classes=2))).act is StaffAct.STEER
    assert next_step(replace(COUNCIL, council=council(incomplete=2))).act is StaffAct.ENTER_COUNCIL


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "ferme aujourd’hui, le jeudi 20 mai 2027 à 23\u00a0h\u00a059 (heure de Paris)"),
        # 23:30 in Paris on the eve is still the eve, whatever the clock of the server says
        (datetime(2027, 5, 19, 21, 30, tzinfo=UTC), "ferme demain, le jeudi 20 mai"),
        (NOW - timedelta(days=3), "ferme dans 3 jours, le jeudi 20 mai"),
        (NOW - timedelta(days=20), "ouvre dans 6 jours, le jeudi 6 mai"),
        (CLOSES_AT, "a fermé aujourd’hui, le jeudi 20 mai"),
        (CLOSES_AT + timedelta(days=2), "a fermé il y a 2 jours, le jeudi 20 mai"),
    ],
)
def test_the_countdown_counts_the_days_of_the_school(at: datetime, words: str) -> None:
    phase = Phase(kind=PhaseKind.FINAL_CHOICES, opens_at=NOW - timedelta(days=14), closes_at=CLOSES_AT)
    assert words in countdown(phase, at=at, school=School(time_zone="Europe/Paris"))


def test_one_day_ago_is_yesterday() -> None:
    assert in_days(-1) == "hier"


def test_only_who_may_remind_is_told_to() -> None:
    assert next_step(replace(WRITING, may_remind=True)).sentence.endswith("dans 3 jours. Relancez-les.")
    assert next_step(replace(WRITING, awaited=1, may_remind=True)).sentence.endswith("Relancez-la.")
    assert "Relancez" not in next_step(WRITING).sentence
