"""What the ministry's provider says of its staff (domain.md, part B, section 3: the FIM's claims)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.oidc.claims import subject, text, texts

HEAD_FUNCTION = "DIR"
"""`FrEduFonctAdm` of a head of school; `ADF`, `ENS` and the others give no right here."""

NOT_RESPONSIBLE = "X"
"""`FrEduRneResp` of who heads no school."""


@dataclass(frozen=True)
class AgentsClaims:
    """The claims of one agent, typed. `headed` are the UAI of the schools that this person heads."""

    subject: str
    given_name: str
    family_name: str
    email: str
    headed: frozenset[str]

    @classmethod
    def from_userinfo(cls, claims: dict[str, Any]) -> AgentsClaims:
        """Read the claims. An address that the provider itself calls unverified is not taken."""
        is_head = HEAD_FUNCTION in texts(claims, "FrEduFonctAdm")
        responsible = texts(claims, "FrEduRneResp") if is_head else ()
        return cls(
            subject=subject(claims),
            given_name=text(claims, "given_name"),
            family_name=text(claims, "family_name"),
            email="" if claims.get("email_verified", True) is not True else text(claims, "email").lower(),
            headed=frozenset(filter(None, map(_uai, responsible))),
        )


def _uai(value: str) -> str:
    """Return the UAI of `UAI$…`: what stands before the first `$`."""
    uai = value.partition("$")[0].strip().upper()
    return "" if uai == NOT_RESPONSIBLE else uai
