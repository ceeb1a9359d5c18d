"""Claire Martin, who has a record in each of two schools and an account; Marc Dubois, who has none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from accounts.models import User
from schools.models import Guardian
from tests import factories


@dataclass
class Claire:
    """One person, two records; `tokens` are those of the links she was sent, in their order."""

    user: User
    paris: Guardian
    lyon: Guardian
    tokens: list[str] = field(default_factory=list)

    def confirm_url(self, token: str) -> str:
        self.tokens.append(token)
        return f"https://scolarite.example/courriel/confirmation/{token}/"

    def refresh(self) -> Claire:
        self.paris.refresh_from_db()
        self.lyon.refresh_from_db()
        return self

    @property
    def usable(self) -> tuple[str, str]:
        self.refresh()
        return self.paris.usable_email, self.lyon.usable_email


@pytest.fixture
def claire(db: None) -> Claire:
    user = factories.account("Claire", "Martin")
    schools = factories.school("0759901X"), factories.school("0699901X")
    paris, lyon = (
        factories.guardian(school, "Claire", "Martin", user=user, school_email="claire@siecle.example")
        for school in schools
    )
    return Claire(user, paris, lyon)


@pytest.fixture
def marc(claire: Claire) -> Guardian:
    """The other parent, at the same school; his address is the family's old one, which Claire's record has too."""
    return factories.guardian(claire.paris.school, "Marc", "Dubois", school_email="claire@siecle.example")
