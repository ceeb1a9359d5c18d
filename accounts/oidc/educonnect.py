"""What ÉduConnect says of a person (domain.md, part B, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Profile
from accounts.oidc.claims import subject, text, texts
from accounts.refusals import UnknownAffiliation

PROFILES = {
    "resp1d": Profile.GUARDIAN,
    "resp2d": Profile.GUARDIAN,
    "eleve1d": Profile.STUDENT,
    "eleve2d": Profile.STUDENT,
}
GUARDIAN_VECTORS = ("1", "2")


@dataclass(frozen=True)
class Vector:
    """One value of `FrEduVecteur` that speaks of a guardian: who they are, and one child in one school."""

    family_name: str
    given_name: str
    siecle_student_id: str
    uai: str


@dataclass(frozen=True)
class EduConnectClaims:
    """The claims of one account, typed. `person_ids` are SIECLE's; `ine` stands for students only."""

    subject: str
    profile: Profile
    family_name: str
    given_name: str
    ine: str
    person_ids: tuple[str, ...]
    vectors: tuple[Vector, ...]

    @classmethod
    def from_userinfo(cls, claims: dict[str, Any]) -> EduConnectClaims:
        """Read the claims. Raises UnknownAffiliation for an account that is neither a guardian's nor a student's."""
        return cls(
            subject=subject(claims),
            profile=_profile(texts(claims, "FrEduCtPersonAffiliation")),
            family_name=text(claims, "family_name"),
            given_name=text(claims, "given_name"),
            ine=text(claims, "FrEduCtEleveINE").upper(),
            person_ids=tuple(filter(None, map(siecle_person_id, texts(claims, "FrEduCtRefId")))),
            vectors=tuple(filter(None, map(_guardian_vector, texts(claims, "FrEduVecteur")))),
        )


def siecle_person_id(ref_id: str) -> str:
    """Return the SIECLE person id in a value of `FrEduCtRefId`, or an empty string.

    Assumption (decision 18): the value is `{AAF}academy|…|id` and the third field is PERSONNE_ID. The public sources
    show the form and not the meaning of the id; should it be another number, this function is the only one to change.
    """
    fields = ref_id.split("|")
    return fields[2].strip() if len(fields) == 3 else ""


def _profile(affiliations: tuple[str, ...]) -> Profile:
    profiles = {PROFILES.get(affiliation) for affiliation in affiliations}
    profile = profiles.pop() if len(profiles) == 1 else None
    if profile is None:
        raise UnknownAffiliation
    return profile


def _guardian_vector(value: str) -> Vector | None:
    """`profil|nom|prénom|idEleve|UAI`; profiles 3 and 4 are students."""
    fields = [field.strip() for field in value.split("|")]
    if len(fields) != 5 or fields[0] not in GUARDIAN_VECTORS or not all(fields):
        return None
    return Vector(family_name=fields[1], given_name=fields[2], siecle_student_id=fields[3], uai=fields[4].upper())
