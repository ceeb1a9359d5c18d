"""Staff sign in through the ministry's provider for its agents: heads by its word, others by invitation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Identity, User
from accounts.oidc.agents import AgentsClaims
from accounts.refusals import ProviderLied
from schools.models import Guardian, MembershipSource, Role, School, StaffMembership
from tests import factories
from tests.accounts.conftest import Browser, _configure
from tests.accounts.provider import Provider, Server
from tests.accounts.staff import CODE, INDEX, SETUP, SIGN_IN, code, member, telephone, text_of
from tests.accounts.test_lying_provider import (
    CALL_FAULTS,
    DISCOVERY_FAULTS,
    ID_TOKEN_FAULTS,
    LIED,
    SLOW,
    USERINFO_FAULTS,
)

pytestmark = pytest.mark.django_db
EMAIL = "helene.vasseur@ac-paris.example"
UAI, OTHER_UAI = "0759901X", "0699902Y"
NOT_INVITED = "Aucun établissement ne vous a invité ici"


@pytest.fixture
def here(db: None) -> School:
    return factories.school(UAI)


@pytest.fixture
def there(db: None) -> School:
    return factories.school(OTHER_UAI)


@pytest.fixture
def agents(provider_server: Server, settings: Any) -> Provider:
    """The agents' provider, through which a head of a Paris school comes."""
    provider = provider_server.provider()
    provider.claims = {
        "sub": "helene-at-agents",
        "given_name": "Hélène",
        "family_name": "Vasseur",
        "email": "Helene.Vasseur@ac-paris.example",
        "rne": UAI,
        "FrEduRne": [f"{UAI}$UAJ$PU$N$T3$LYC$302"],
        "FrEduRneResp": [f"{UAI}$UAJ$PU$N$T3$LYC$302"],
        "FrEduFonctAdm": "DIR",
    }
    _configure(settings, "agents", provider)
    return provider


@pytest.fixture
def teacher(agents: Provider) -> Provider:
    agents.claims |= {"FrEduFonctAdm": "ENS", "FrEduRneResp": ["X"]}
    return agents


def go(browser: Browser, provider: Provider, **query: str) -> str:
    """Return the path to which the provider sends back."""
    response = browser.get("/connexion/agents/", query)
    assert response.status_code == 302, response.content.decode()
    return provider.authorize(response["Location"])


def come(browser: Browser, provider: Provider, **query: str) -> Any:
    """Go to the provider and back, and return our answer."""
    return browser.get(go(browser, provider, **query))


def headships(user: User) -> list[tuple[str, str]]:
    found = StaffMembership.objects.filter(user=user, role=Role.HEAD).order_by("school__uai")
    return [(each.school.uai, each.source) for each in found]


def the_user() -> User:
    return Identity.objects.get(provider="agents").user


# --- Heads ------------------------------------------------------------------------------------------------------------


def test_a_head_whom_nobody_invited_gets_in_by_the_provider_s_word_and_then_by_a_code(
    browser: Browser, agents: Provider, here: School
) -> None:
    assert come(browser, agents)["Location"] == SIGN_IN
    user = the_user()
    assert (user.username, user.first_name, user.last_name, user.is_staff) == (EMAIL, "Hélène", "Vasseur", True)
    assert not user.has_usable_password()
    assert headships(user) == [(UAI, MembershipSource.AGENTS)]
    assert browser.get(SIGN_IN)["Location"] == SETUP
    assert browser.get(INDEX).status_code == 302
    telephone(user)
    assert browser.get(SIGN_IN)["Location"] == CODE
    browser.post(CODE, {"code": code()})
    assert browser.get(INDEX).status_code == 200


def test_the_page_asked_for_is_kept_across_the_provider_and_the_code(
    browser: Browser, agents: Provider, here: School
) -> None:
    telephone(member(here, email=EMAIL))
    asked = reverse("admin:orientation_campaign_changelist")
    answer = come(browser, agents, next=asked)
    while "code" not in answer["Location"]:
        answer = browser.get(answer["Location"])
    page = text_of(browser.get(answer["Location"]))
    assert f'name="next" value="{asked}"' in page
    assert browser.post(CODE, {"code": code(), "next": asked})["Location"] == asked


def test_a_headship_said_by_the_provider_is_lost_when_it_no_longer_says_so(
    browser: Browser, agents: Provider, here: School, there: School
) -> None:
    come(browser, agents)
    user = the_user()
    agents.claims |= {"FrEduRneResp": [f"{OTHER_UAI}$UAJ"]}
    come(browser, agents)
    assert headships(user) == [(OTHER_UAI, MembershipSource.AGENTS)]
    agents.claims |= {"FrEduRneResp": "X"}
    answer = come(browser, agents)
    assert answer.status_code == 403
    assert NOT_INVITED in text_of(answer)
    assert headships(user) == []
    user.refresh_from_db()
    assert not user.is_staff
    assert browser.get(INDEX).status_code == 302


def test_who_heads_again_is_staff_again(browser: Browser, agents: Provider, here: School) -> None:
    come(browser, agents)
    agents.claims |= {"FrEduFonctAdm": "ENS"}
    come(browser, agents)
    agents.claims |= {"FrEduFonctAdm": ["ADM", "DIR"]}
    assert come(browser, agents)["Location"] == SIGN_IN
    assert the_user().is_staff
    assert User.objects.count() == 1


def test_a_headship_entered_here_is_neither_doubled_nor_taken(browser: Browser, agents: Provider, here: School) -> None:
    user = member(here, email=EMAIL)
    come(browser, agents)
    assert the_user() == user
    assert headships(user) == [(UAI, MembershipSource.MANUAL)]
    agents.claims |= {"FrEduRneResp": ["X"]}
    assert come(browser, agents)["Location"] == SIGN_IN
    assert headships(user) == [(UAI, MembershipSource.MANUAL)]


def test_other_roles_are_never_touched(browser: Browser, agents: Provider, here: School, there: School) -> None:
    user = member(there, Role.OFFICE, email=EMAIL)
    come(browser, agents)
    agents.claims |= {"FrEduRneResp": ["X"]}
    come(browser, agents)
    assert [(each.school, each.role) for each in user.memberships.all()] == [(there, Role.OFFICE)]


@pytest.mark.parametrize(
    "claims",
    [
        {"FrEduFonctAdm": "ADF"},
        {"FrEduFonctAdm": None},
        {"FrEduRneResp": ["0000000A$UAJ"]},
        {"FrEduRneResp": [f"X${UAI}"]},
        {"FrEduRneResp": None},
    ],
)
def test_who_heads_none_of_our_schools_and_was_not_invited_does_not_enter(
    browser: Browser, agents: Provider, here: School, claims: dict[str, Any]
) -> None:
    agents.claims |= claims
    answer = come(browser, agents)
    assert answer.status_code == 403
    assert NOT_INVITED in text_of(answer)
    assert f'href="{SIGN_IN}"' in text_of(answer)
    assert "Changer de profil" not in text_of(answer)
    assert "Se déconnecter du compte académique" in text_of(answer)
    assert not User.objects.exists()


def test_an_account_name_that_is_taken_is_not_taken_over(browser: Browser, agents: Provider, here: School) -> None:
    parent = User.objects.create(username=EMAIL)
    come(browser, agents)
    assert the_user() != parent
    parent.refresh_from_db()
    assert not parent.is_staff


# --- The others -------------------------------------------------------------------------------------------------------


def test_who_was_invited_is_found_once_by_the_address_then_by_the_sub(
    browser: Browser, teacher: Provider, here: School
) -> None:
    user = member(here, Role.FORM_TEACHER, email=EMAIL.upper())
    come(browser, teacher)
    assert the_user() == user
    assert browser.get(INDEX).status_code == 200
    teacher.claims |= {"email": "helene.mariee@ac-paris.example"}
    come(Browser(), teacher)
    assert the_user() == user


def test_an_address_that_has_served_never_ties_another_sub(browser: Browser, teacher: Provider, here: School) -> None:
    user = member(here, Role.FORM_TEACHER, email=EMAIL)
    come(browser, teacher)
    teacher.claims |= {"sub": "somebody-given-the-same-address"}
    assert NOT_INVITED in text_of(come(Browser(), teacher))
    assert [each.subject for each in user.identities.all()] == ["helene-at-agents"]


@pytest.mark.parametrize(
    "claims", [{"email": None}, {"email": ""}, {"email_verified": False}, {"email_verified": "false"}]
)
def test_an_address_that_the_provider_does_not_assert_ties_nothing(
    browser: Browser, teacher: Provider, here: School, claims: dict[str, Any]
) -> None:
    member(here, Role.FORM_TEACHER, email=EMAIL)
    User.objects.create(username="sans-adresse", is_staff=True).memberships.create(school=here, role=Role.OFFICE)
    teacher.claims |= claims
    assert NOT_INVITED in text_of(come(browser, teacher))
    assert not Identity.objects.exists()


def test_an_address_of_two_members_ties_neither(browser: Browser, teacher: Provider, here: School) -> None:
    member(here, Role.FORM_TEACHER, "une", email=EMAIL)
    member(here, Role.OFFICE, "deux", email=EMAIL)
    assert NOT_INVITED in text_of(come(browser, teacher))


def test_the_address_finds_no_operator_no_family_and_no_former_member(
    browser: Browser, teacher: Provider, here: School
) -> None:
    operator = member(None, username="operateur", is_superuser=True, email=EMAIL)
    StaffMembership.objects.create(user=operator, school=here, role=Role.OFFICE)
    User.objects.create(username="parent", email=EMAIL)
    member(None, username="partie", email=EMAIL)
    assert NOT_INVITED in text_of(come(browser, teacher))


def test_a_guardian_is_not_found_by_the_agents_provider(browser: Browser, teacher: Provider, claire: Guardian) -> None:
    Guardian.objects.filter(pk=claire.pk).update(school_email=EMAIL, own_email=EMAIL)
    assert NOT_INVITED in text_of(come(browser, teacher))
    claire.refresh_from_db()
    assert claire.user is None


def test_who_was_removed_does_not_come_back_by_their_sub(browser: Browser, teacher: Provider, here: School) -> None:
    user = member(here, Role.FORM_TEACHER, email=EMAIL)
    come(browser, teacher)
    StaffMembership.objects.filter(user=user).delete()
    assert NOT_INVITED in text_of(come(Browser(), teacher))
    user.refresh_from_db()
    assert not user.is_staff


def test_a_deactivated_account_stays_out(browser: Browser, teacher: Provider, here: School) -> None:
    user = member(here, Role.FORM_TEACHER, email=EMAIL)
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = come(browser, teacher)
    assert answer.status_code == 403
    assert "Votre compte est désactivé" in text_of(answer)
    assert not Identity.objects.exists()


def test_the_code_is_asked_all_the_same_of_who_turned_it_on(browser: Browser, teacher: Provider, here: School) -> None:
    telephone(member(here, Role.FORM_TEACHER, email=EMAIL))
    come(browser, teacher)
    assert browser.get(INDEX).status_code == 302
    assert browser.get(SIGN_IN)["Location"] == CODE


def test_signing_out_of_the_administration_ends_the_provider_s_session_too(
    browser: Browser, teacher: Provider, here: School
) -> None:
    member(here, Role.FORM_TEACHER, email=EMAIL)
    come(browser, teacher)
    answer = browser.post(reverse("admin:logout"))
    assert answer["Location"].startswith(f"{teacher.issuer}/session/end?id_token_hint=")
    assert browser.user is None


def test_a_second_click_on_the_return_leads_to_the_administration(
    browser: Browser, teacher: Provider, here: School
) -> None:
    member(here, Role.FORM_TEACHER, email=EMAIL)
    back = go(browser, teacher)
    browser.get(back)
    assert browser.get(back)["Location"] == SIGN_IN


def test_a_family_s_session_in_the_same_browser_leaves_nothing(
    browser: Browser, educonnect: Provider, teacher: Provider, claire: Guardian
) -> None:
    member(claire.school, Role.OFFICE, email=EMAIL)
    browser.sign_in(educonnect)
    assert browser.session["profile"]
    come(browser, teacher)
    assert "profile" not in browser.session
    assert browser.get(INDEX).status_code == 200


# --- The page, and what is wrong --------------------------------------------------------------------------------------


def test_the_sign_in_page_offers_the_provider_where_it_is_on(browser: Browser, agents: Provider) -> None:
    page = text_of(browser.get(SIGN_IN, {"next": INDEX}))
    link = re.search(r'href="(/connexion/agents/[^"]*)"', page)
    assert link
    assert "Se connecter avec le compte académique" in page
    assert agents.issuer in browser.get(link[1])["Location"]


def test_where_it_is_off_its_address_says_so(browser: Browser, db: None) -> None:
    answer = browser.get("/connexion/agents/")
    assert answer.status_code == 503
    assert "Ce moyen de connexion n’est pas disponible" in text_of(answer)
    assert f'href="{SIGN_IN}"' in text_of(answer)


def assert_refused(browser: Browser, answer: Any, title: str) -> None:
    assert title in text_of(answer)
    assert re.search(r"<strong>[0-9A-F]{4}-[0-9A-F]{4}</strong>", text_of(answer))
    assert f'href="{SIGN_IN}"' in text_of(answer)
    assert browser.user is None
    assert not User.objects.exists()
    assert not Identity.objects.exists()
    assert not StaffMembership.objects.exists()


@pytest.mark.parametrize("fault", ID_TOKEN_FAULTS | USERINFO_FAULTS)
def test_a_provider_that_lies_opens_nothing(browser: Browser, agents: Provider, here: School, fault: str) -> None:
    (ID_TOKEN_FAULTS | USERINFO_FAULTS)[fault](agents)
    assert_refused(browser, come(browser, agents), LIED)


@pytest.mark.parametrize("fault", [*CALL_FAULTS, *DISCOVERY_FAULTS])
def test_a_provider_that_fails_opens_nothing(
    browser: Browser, agents: Provider, here: School, settings: Any, fault: str
) -> None:
    break_it, title = (CALL_FAULTS | DISCOVERY_FAULTS)[fault]
    if title == SLOW:
        settings.OIDC_TIMEOUT = 0.4
    if fault in DISCOVERY_FAULTS:
        break_it(agents)
        answer = browser.get("/connexion/agents/")
    else:
        back = go(browser, agents)
        break_it(agents)
        answer = browser.get(back)
    assert_refused(browser, answer, title)


@pytest.mark.parametrize(
    ("claim", "value"),
    [("FrEduRneResp", 12), ("FrEduRneResp", [{"uai": UAI}]), ("FrEduFonctAdm", {"a": 1}), ("email", ["a" * 300])],
)
def test_claims_that_are_no_texts_are_a_lie(
    browser: Browser, agents: Provider, here: School, claim: str, value: Any
) -> None:
    agents.claims |= {claim: value}
    assert_refused(browser, come(browser, agents), LIED)


def test_another_provider_s_answer_is_not_taken(
    browser: Browser, agents: Provider, educonnect: Provider, here: School
) -> None:
    agents_back = go(browser, agents)
    educonnect_back = browser.go_to_educonnect(educonnect)
    swapped = educonnect_back.replace("/connexion/educonnect/", "/connexion/agents/")
    assert "Cette page de connexion n’est plus valable" in text_of(browser.get(swapped))
    swapped = agents_back.replace("/connexion/agents/", "/connexion/educonnect/")
    assert "Cette page de connexion n’est plus valable" in text_of(browser.get(swapped))
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ({"error": "access_denied"}, "Vous avez interrompu la connexion"),
        ({"error": "server_error"}, "Le service de connexion ne répond pas"),
        ({"error": "invalid_scope"}, LIED),
        ({}, LIED),
        ({"code": "x", "iss": "https://evil.example"}, LIED),
    ],
)
def test_an_answer_without_a_good_code_opens_nothing(
    browser: Browser, agents: Provider, here: School, query: dict[str, str], title: str
) -> None:
    state = re.search(r"state=([^&]+)", go(browser, agents))
    assert state
    assert_refused(browser, browser.get("/connexion/agents/retour/", {"state": state[1], **query}), title)


def test_a_state_of_another_browser_opens_nothing(browser: Browser, agents: Provider, here: School) -> None:
    assert_refused(Browser(), Browser().get(go(browser, agents)), "Cette page de connexion n’est plus valable")


def test_claims_are_read_as_text_or_list_and_the_uai_before_the_first_dollar() -> None:
    read = AgentsClaims.from_userinfo(
        {"sub": "s", "FrEduFonctAdm": ["DIR"], "FrEduRneResp": f"{UAI.lower()}$UAJ$PU", "email": ["A@B.example"]}
    )
    assert read.headed == {UAI}
    assert read.email == "a@b.example"
    with pytest.raises(ProviderLied):
        AgentsClaims.from_userinfo({"FrEduFonctAdm": "DIR"})
