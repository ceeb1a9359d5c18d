"""The families of the faults, written into the running product's database: `python -m tests.faults.world 100 out.json`.

Each has one child at one school, whose *choix définitifs* are open, two guardians with an address each, and a session
of the first one. One more, at a school of its own, is the shared one: both guardians and the head have many sessions,
and its child's avis are ready to be published.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import django

SESSIONS = 20
"""Of each guardian of the shared family; the head has half as many."""


def build(count: int) -> dict[str, object]:
    """Write everything; return what the clients need to know."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import Profile
    from demo.people import LYON, PARIS
    from orientation.models import Phase, PhaseKind
    from schools.models import Role
    from tests import factories

    now = timezone.now()
    days = {
        PhaseKind.INTENTIONS: (-120, -100),
        PhaseKind.PROVISIONAL_OPINIONS: (-90, 30),
        PhaseKind.FINAL_CHOICES: (-14, 9),
        PhaseKind.PROPOSALS: (40, 60),
    }
    with transaction.atomic():
        school, other = factories.school(PARIS), factories.school(LYON)
        campaigns = [factories.campaign(each, now=now) for each in (school, other)]
        for kind, (opens, closes) in days.items():
            dates = {"opens_at": now + timedelta(days=opens), "closes_at": now + timedelta(days=closes)}
            Phase.objects.filter(kind=kind).update(**dates)
        families = []
        for number in range(count):
            child = factories.student(school, f"Enfant{number}", f"Famille{number}")
            # the first one is sophie.bernard at ÉduConnect
            names = ("Alix", f"Famille{number}") if number else ("Sophie", "Bernard")
            key = str(900_000 + number) if number else "100003"
            user = factories.account(*names)
            guardians = [
                factories.guardian(school, *names, child, user=user, siecle_person_id=key),
                factories.guardian(
                    school, "Dominique", f"Famille{number}", child, siecle_person_id=str(800_000 + number)
                ),
            ]
            families.append(
                {
                    "student": str(child.public_id),
                    "cookie": _cookie(user, Profile.GUARDIAN),
                    "guardians": [each.pk for each in guardians],
                }
            )
        head = factories.staff(other, Role.HEAD, username="proviseure")
        shared = _shared_family(other, campaigns[1], head, now)
    return {"families": families, "shared": shared}


def _cookie(user: object, profile: object) -> str:
    from django.conf import settings
    from django.test import Client

    from tests import factories

    client = factories.sign_in(Client(), user, profile)  # type: ignore[arg-type]
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _shared_family(school, campaign, head, now) -> dict[str, object]:
    from accounts.actors import StudentFile
    from accounts.models import Profile
    from orientation import services
    from orientation.council import services as council
    from orientation.council.rules import Answer
    from orientation.models import PhaseKind
    from orientation.rules import Wish
    from schools.models import Division
    from tests import factories

    division = Division.objects.create(school=school, school_year=2026, code="2DE9")
    emma = factories.student(school, "Emma", "Dubois", division=division)
    accounts = [factories.account("Sophie", "Dubois"), factories.account("Marc", "Dubois")]
    guardians = [
        factories.guardian(school, each.first_name, "Dubois", emma, user=each, siecle_person_id=f"70000{each.pk}")
        for each in accounts
    ]
    phases = {each.phase_kind: each for each in campaign.phases.select_related("campaign__school")}
    then = now - timedelta(days=110)
    writing = {"file": StudentFile(emma, guardians[0]), "phase": phases[PhaseKind.INTENTIONS], "by": accounts[0]}
    draft = services.save_choice(**writing, wish=Wish("autre-parcours"), version=0, at=then)
    submission = services.validate_draft(**writing, version=draft.version, at=then)
    council.save_sheet(
        student=emma,
        phase=phases[PhaseKind.PROVISIONAL_OPINIONS],
        answers=(Answer(submission.choices.get().pathway.code, "favourable"),),
        version=0,
        submission_id=submission.pk,
        by=head,
        at=now - timedelta(days=1),
    )
    return {
        "student": str(emma.public_id),
        "student_pk": emma.pk,
        "division": division.pk,
        "uai": school.uai,
        "year": campaign.school_year,
        "guardians": [each.pk for each in guardians],
        "parents": [[_cookie(each, Profile.GUARDIAN) for _ in range(SESSIONS)] for each in accounts],
        "head": [_cookie(head, None) for _ in range(SESSIONS // 2)],
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scolarite.settings")
    django.setup()
    Path(sys.argv[2]).write_text(json.dumps(build(int(sys.argv[1]))))
