"""Rows of what families and councils did, written directly: the services have their own tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.urls import reverse

from accounts.models import User
from orientation.models import (
    Acknowledgement,
    Campaign,
    Choice,
    ChoiceSpeciality,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DecisionKind,
    DivisionPublication,
    Draft,
    FamilyAnswer,
    Pathway,
    Phase,
    PhaseKind,
    Speciality,
    Submission,
    Verdict,
)
from schools.models import Division, Guardian, Relationship, School, Student
from tests.factories import NOW, Family, account, guardian, student

Wish = dict[str, object]

WISH: Wish = {"pathway": "stmg", "specialities": [], "note": ""}


def divisions_of(family: Family) -> list[Division]:
    return [family.emma.division] if family.emma.division else []


def phase_of(campaign: Campaign, kind: PhaseKind) -> Phase:
    return campaign.phases.select_related("campaign__school").get(kind=kind)


def open_only(campaign: Campaign, kind: PhaseKind, at: datetime = NOW) -> Phase:
    """Make this phase the open one, those before it closed and those after it to come."""
    kinds = list(PhaseKind)
    for phase in campaign.phases.all():
        days = 30 * (kinds.index(phase.phase_kind) - kinds.index(kind))
        phase.opens_at, phase.closes_at = at + timedelta(days=days - 5), at + timedelta(days=days + 5)
        phase.save()
    return phase_of(campaign, kind)


def draft(of: Student, phase: Phase, wishes: Sequence[Wish] = (WISH,)) -> Draft:
    return Draft.objects.create(student=of, phase=phase, wishes=list(wishes), changed_at=NOW)


def submission(
    of: Student,
    phase: Phase,
    by: Guardian,
    choices: Sequence[tuple[str, Sequence[str]]] = (("stmg", ()),),
    *,
    at: datetime = NOW,
    elsewhere: Sequence[str] = (),
    note: str = "",
) -> Submission:
    """The next submission of this student, with these pathways and specialities by their codes."""
    made = Submission.objects.create(
        student=of,
        phase=phase,
        number=Submission.objects.filter(student=of, phase=phase).count() + 1,
        submitted_at=at,
        submitted_by=by.user or account("Compte", "Anonyme"),
        guardian=by,
        guardian_name=by.full_name,
    )
    for rank, (code, specialities) in enumerate(choices, start=1):
        pathway = Pathway.objects.get(code=code)
        choice = Choice.objects.create(
            submission=made, rank=rank, pathway=pathway, label=pathway.full_label, note=note if rank == 1 else ""
        )
        for position, speciality_code in enumerate(specialities, start=1):
            speciality = Speciality.objects.get(code=speciality_code)
            ChoiceSpeciality.objects.create(
                choice=choice,
                position=position,
                speciality=speciality,
                label=speciality.label,
                is_elsewhere=speciality_code in elsewhere,
            )
    return made


def sheet(
    of: Student, phase: Phase, by: User, verdicts: dict[str, Verdict], *, is_published: bool = True
) -> CouncilSheet:
    """The council's sheet of this student, one answer per pathway, told to the family or not."""
    publication = None
    if is_published:
        assert of.division is not None
        publication = DivisionPublication.objects.create(
            phase=phase, division=of.division, published_at=NOW, published_by=by
        )
    made = CouncilSheet.objects.create(
        student=of, phase=phase, publication=publication, version=1, changed_at=NOW, changed_by=by
    )
    for rank, (code, verdict) in enumerate(verdicts.items(), start=1):
        pathway = Pathway.objects.get(code=code)
        CouncilAnswer.objects.create(sheet=made, pathway=pathway, rank=rank, label=pathway.full_label, verdict=verdict)
    return made


def acknowledge(made: CouncilSheet, by: Guardian) -> Acknowledgement:
    assert by.user is not None
    return Acknowledgement.objects.create(
        sheet=made, acknowledged_at=NOW, acknowledged_by=by.user, guardian=by, guardian_name=by.full_name
    )


def answer(made: CouncilSheet, by: Guardian, *, agrees: bool = True, rank: int = 1) -> FamilyAnswer:
    assert by.user is not None
    proposal = made.answers.get(rank=rank)
    return FamilyAnswer.objects.create(
        answer=proposal,
        number=proposal.family_answers.count() + 1,
        agrees=agrees,
        answered_at=NOW,
        answered_by=by.user,
        guardian=by,
        guardian_name=by.full_name,
    )


def address(name: str, of: School, *args: object, **query: object) -> str:
    found = reverse(f"admin:{name}", args=[of.uai, *args])
    return found + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def many_families(campaign: Campaign, classes: int, pupils: int, seed: int, by: User) -> None:
    """Families in every state, at random but the same each time."""
    chance = random.Random(seed)
    place = campaign.school
    kinds = {kind: phase_of(campaign, kind) for kind in PhaseKind}
    for number in range(classes):
        division = Division.objects.create(school=place, school_year=2026, code=f"2DE{number + 10:02}")
        for _ in range(pupils):
            _random_family(chance, place, division if chance.random() < 0.95 else None, kinds, by)


def _random_family(
    chance: random.Random, place: School, division: Division | None, kinds: dict[PhaseKind, Phase], by: User
) -> None:
    pupil = student(
        place,
        chance.choice(["Léa", "Noé", "Inès"]),
        chance.choice(["Martin", "Nuñez", "Œuvrard"]),
        division=division,
        mef_code=chance.choice(["20010019110"] * 9 + ["24720009110"]),
        left_on=chance.choice([None] * 9 + ["2027-01-05"]),
        birth_date=chance.choice(["2011-01-01", "2009-05-20", "2009-05-21"]),
        user=account() if chance.random() < 0.3 else None,
    )
    people = [
        guardian(
            place,
            "Camille",
            f"Nom{chance.random()}",
            pupil,
            user=account() if chance.random() < 0.5 else None,
            school_email=chance.choice(["", "a@familles.example"]),
            school_email_refused_at=chance.choice([None, NOW]),
            own_email=chance.choice(["", "b@familles.example"]),
            own_email_refused_at=chance.choice([None, NOW]),
            level=chance.choice([1, 1, 1, 2]),
            relationship=chance.choice([Relationship.MOTHER, Relationship.FATHER, Relationship.SELF]),
        )
        for _ in range(chance.randrange(3))
    ]
    if chance.random() < 0.5:
        draft(pupil, kinds[PhaseKind.FINAL_CHOICES], chance.choice([(), (WISH,)]))
    if people and chance.random() < 0.4:
        for _ in range(chance.randrange(1, 3)):
            submission(pupil, kinds[PhaseKind.FINAL_CHOICES], people[0])
    if division is not None and chance.random() < 0.6:
        verdicts = {code: chance.choice([Verdict.YES, Verdict.NO]) for code in ("stmg", "sti2d")}
        told = sheet(pupil, kinds[PhaseKind.PROPOSALS], by, verdicts, is_published=chance.random() < 0.8)
        if people and people[0].user:
            for rank in (1, 2):
                if chance.random() < 0.5:
                    answer(told, people[0], rank=rank)
    if division is not None and chance.random() < 0.6:
        avis = sheet(pupil, kinds[PhaseKind.PROVISIONAL_OPINIONS], by, {"stmg": Verdict.FAVOURABLE})
        if people and people[0].user and chance.random() < 0.5:
            acknowledge(avis, people[0])


def decide(of: Student, phase: Phase, by: User, *, at: datetime = NOW) -> Decision:
    """The head decides by themself, after a disagreement."""
    return Decision.objects.create(
        student=of,
        phase=phase,
        number=1,
        kind=DecisionKind.REASONED,
        pathway=Pathway.objects.get(code="stmg"),
        label="1re STMG",
        is_conform=False,
        reasons="Motifs.",
        issued_at=at,
        issued_by=by,
        issuer_name="La proviseure",
    )
