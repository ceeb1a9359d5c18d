"""What FranceConnect says of a person (domain.md, part B, section 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.oidc.claims import subject, text, texts
from accounts.refusals import ProviderLied


@dataclass(frozen=True)
class FranceConnectClaims:
    """The claims of one person, typed. `given_name` is the first of their given names."""

    subject: str
    family_name: str
    given_name: str
    usual_name: str

    @classmethod
    def from_userinfo(cls, claims: dict[str, Any]) -> FranceConnectClaims:
        """Read the claims. Raises ProviderLied where the names are missing: every identity carries them."""
        family_name = text(claims, "family_name")
        given_name = (*texts(claims, "given_name_array"), text(claims, "given_name"))[0]
        if not family_name or not given_name:
            raise ProviderLied
        return cls(
            subject=subject(claims),
            family_name=family_name,
            given_name=given_name,
            usual_name=text(claims, "preferred_username"),
        )
