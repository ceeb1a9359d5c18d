"""Two providers, and browsers that sign in through them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from schools.models import Guardian
from tests.accounts import people
from tests.accounts.provider import CLIENT_ID, CLIENT_SECRET, Provider, Server, serving

SERVICES = "/mes-services/"
PROOF = "/connexion/verification/"


@pytest.fixture(scope="session")
def provider_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def short_settings(settings: Any) -> None:
    settings.OIDC_TIMEOUT = 30  # a provider that is only slow, on a busy machine, is no fault
    settings.LOGIN_REDIRECT_URL = SERVICES


def _configure(settings: Any, name: str, provider: Provider) -> None:
    providers = copy.deepcopy(settings.OIDC_PROVIDERS)
    providers[name] |= {
        "OIDC_OP_ISSUER": provider.issuer,
        "OIDC_RP_CLIENT_ID": CLIENT_ID,
        "OIDC_RP_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_RP_SIGN_ALGO": provider.algorithm,
    }
    settings.OIDC_PROVIDERS = providers


@pytest.fixture
def educonnect(provider_server: Server, settings: Any) -> Provider:
    """ÉduConnect, through which Claire comes."""
    provider = provider_server.provider()
    provider.claims = {
        "sub": "claire-at-educonnect",
        "family_name": "Martin",
        "given_name": "Claire",
        "FrEduCtPersonAffiliation": ["resp2d"],
        "FrEduCtRefId": ["{AAF}paris|x|100001"],
    }
    _configure(settings, "educonnect", provider)
    return provider


@pytest.fixture
def as_student(educonnect: Provider) -> Provider:
    """ÉduConnect, through which Léa comes."""
    educonnect.claims = {
        "sub": "lea-at-educonnect",
        "family_name": "Martin",
        "given_name": "Léa",
        "FrEduCtPersonAffiliation": ["eleve2d"],
        "FrEduCtEleveINE": "070000001AA",
    }
    return educonnect


@pytest.fixture
def franceconnect(provider_server: Server, settings: Any) -> Provider:
    """FranceConnect, through which Claire comes."""
    provider = provider_server.provider(
        algorithm="ES256", is_franceconnect=True, auth_methods=["client_secret_post"], challenge_methods=[]
    )
    provider.claims = {
        "sub": "claire-at-franceconnect",
        "family_name": "MARTIN",
        "given_name": "Claire Marie",
        "given_name_array": ["Claire", "Marie"],
    }
    _configure(settings, "franceconnect", provider)
    return provider


@pytest.fixture
def claire(db: None) -> Guardian:
    """The school's record of Claire, mother of Léa."""
    return people.guardian(people.student(people.school()), siecle_person_id="100001")


class Browser(Client):
    """A browser that knows how to go to a provider and back."""

    def go_to_educonnect(self, provider: Provider, profile: str = "representant", **query: str) -> str:
        """Return the path to which ÉduConnect sends back."""
        response = self.get("/connexion/educonnect/", {"profil": profile} | query)
        assert response.status_code == 302, response.content.decode()
        return provider.authorize(response["Location"])

    def go_to_franceconnect(self, provider: Provider, **query: str) -> str:
        response = self.get("/connexion/franceconnect/", query)
        assert response.status_code == 302, response.content.decode()
        return provider.authorize(response["Location"])

    def sign_in(self, provider: Provider, profile: str = "representant", **query: str) -> Any:
        """Go to the provider and back, and return our answer."""
        if provider.is_franceconnect:
            return self.get(self.go_to_franceconnect(provider, **query))
        return self.get(self.go_to_educonnect(provider, profile, **query))

    def prove(self, *dates: str) -> Any:
        """Answer the question of decision 19."""
        data = {"children": str(max(len(dates), 1))}
        for number, date in enumerate(dates, start=1):
            data |= typed_date(number, date)
        return self.post("/connexion/verification/", data)

    @property
    def user(self) -> User | None:
        """Who is signed in, as the server knows it."""
        key = self.session.get("_auth_user_id")
        return User.objects.get(pk=key) if key else None


def typed_date(number: int, date: str) -> dict[str, str]:
    """Return the three fields in which a child's birth date is typed; `date` is `2011-05-14`, or empty."""
    year, month, day = date.split("-") if date else ("", "", "")
    name = f"birth_date_{number}"
    return {f"{name}_jour": day, f"{name}_mois": month, f"{name}_annee": year}


@pytest.fixture
def browser(db: None) -> Browser:
    return Browser()
