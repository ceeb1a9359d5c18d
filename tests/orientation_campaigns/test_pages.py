"""The pages by which a school steers its campaigns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Profile, User
from audit.models import Change, Operation
from orientation.models import Campaign, PhaseKind, Speciality, SpecialityOffer
from schools.models import Division, Role, School
from tests.factories import CLOSES_AT, NOW, Family, campaign, school, sign_in, staff, student
from tests.orientation_campaigns.people import (
    council_has_begun,
    council_is_published,
    prepare,
    seen,
    stands,
    validate,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

FINAL, PROPOSALS = PhaseKind.FINAL_CHOICES, PhaseKind.PROPOSALS

READ: dict[str, list[object]] = {"campaign": [], "campaign_year": [2026]}
STEER: dict[str, list[object]] = {
    "campaign_new": [],
    "campaign_message": [],
    "campaign_dates": [2026],
    "campaign_offer": [2026],
    "campaign_setting": [2026, "specialites-demandees"],
    "campaign_open": [2026, PROPOSALS],
    "campaign_close": [2026, FINAL],
    "campaign_keep_open": [2026, FINAL],
}


def address(of: School, name: str, *rest: object) -> str:
    return reverse(f"admin:{name}", args=[of.uai, *(rest or {**READ, **STEER}[name])])


@pytest.fixture
def client(dubois: Family, head: User) -> Client:
    """The head's."""
    return sign_in(Client(), head, None)


def text_of(answer: Any) -> str:
    """The page as it reads, without its tags, its spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("\u00a0", " "))


def signature_in(answer: Any) -> str:
    found = re.search(r'name="confirmed" value="(\w+)"', answer.content.decode())
    assert found, "the page asks for a confirmation"
    return found[1]


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*READ, *STEER])
def test_nobody_and_another_schools_staff_enter_no_page(dubois: Family, name: str) -> None:
    where = address(dubois.school, name)
    for method in ("get", "post"):
        answer = getattr(Client(), method)(where)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/admin/login/")
        stranger = sign_in(Client(), staff(school(f"06999{method[:1].upper()}".ljust(8, "0"))), None)
        assert getattr(stranger, method)(where).status_code in ((404, 405) if name in READ else (404,))
        family = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        assert getattr(family, method)(where).status_code == 302


@pytest.mark.parametrize("role", list(Role))
def test_all_roles_read_and_the_head_and_the_deputy_steer(dubois: Family, role: Role) -> None:
    division = dubois.emma.division
    assert division is not None
    client = sign_in(Client(), staff(dubois.school, role, division), None)
    for name in READ:
        assert client.get(address(dubois.school, name)).status_code == 200
    expected = 200 if role in (Role.HEAD, Role.DEPUTY) else 403
    for name in STEER:
        assert client.get(address(dubois.school, name)).status_code == expected, name
        if expected == 403:
            assert client.post(address(dubois.school, name)).status_code == 403, name
    page = client.get(address(dubois.school, "campaign")).content.decode()
    assert ("Changer les dates des phases" in page) is (expected == 200)


def test_a_campaign_a_phase_or_a_setting_that_is_not_there_answers_404(dubois: Family, client: Client) -> None:
    dubois.campaign.phases.filter(kind=PROPOSALS).delete()
    absent: list[tuple[str, list[object]]] = [
        ("campaign_year", [2025]),
        ("campaign_dates", [2025]),
        ("campaign_close", [2026, PROPOSALS]),
        ("campaign_setting", [2026, "autre"]),
    ]
    for name, rest in absent:
        assert client.get(address(dubois.school, name, *rest)).status_code == 404


# --- reading ---------------------------------------------------------------------------------------------------------


def test_the_page_says_where_each_phase_stands_in_the_schools_own_time(dubois: Family, client: Client) -> None:
    page = text_of(client.get(address(dubois.school, "campaign")))
    assert "heure de Paris" in page
    assert "Fermeture : jeudi 20 mai 2027 à 23 h 59 (heure de Paris)" in page
    assert "Les familles saisissent et valident leurs choix définitifs." in page
    assert "Aucune proposition ne peut être publiée avant l’ouverture." in page
    assert "Les familles n’accusent plus réception" in page
    for said in ("fermée", "ouverte", "à venir", "Intentions : 4. Choix définitifs : 3.", "Au moins 3 jours"):
        assert said in page
    School.objects.update(time_zone="Indian/Reunion")
    page = text_of(client.get(address(dubois.school, "campaign")))
    assert "Fermeture : vendredi 21 mai 2027 à 1 h 59 (heure de La Réunion)" in page


def test_the_page_says_that_writing_waits_for_the_offer(dubois: Family, client: Client) -> None:
    Campaign.objects.update(offer_declared_at=None)
    page = text_of(client.get(address(dubois.school, "campaign")))
    assert "Les familles ne pourront rien saisir, même à l’ouverture." in page
    assert "Les familles saisissent" not in page


def test_older_campaigns_are_listed_and_read(dubois: Family, client: Client) -> None:
    Campaign.objects.create(school=dubois.school, school_year=2027)
    page = text_of(client.get(address(dubois.school, "campaign")))
    assert "Campagne 2027-2028" in page
    assert "la campagne 2026-2027 a une phase ouverte" in page
    assert page.count("Aucune date n’est fixée") == 4
    assert "Fermeture : jeudi 20 mai 2027" in text_of(client.get(address(dubois.school, "campaign_year")))


def test_a_school_without_a_campaign_is_led_to_create_one(client: Client) -> None:
    bare = school("0699902Y")
    client = sign_in(Client(), staff(bare), None)
    assert "Créer la campagne" in text_of(client.get(address(bare, "campaign")))
    office = sign_in(Client(), staff(bare, Role.OFFICE), None)
    page = text_of(office.get(address(bare, "campaign")))
    assert "Le chef d’établissement ou son adjoint la crée." in page
    assert client.get(address(bare, "campaign_new")).status_code == 200


# --- a new campaign --------------------------------------------------------------------------------------------------


def test_the_year_proposed_is_that_of_the_import_or_the_next(dubois: Family, client: Client) -> None:
    form = client.get(address(dubois.school, "campaign_new")).context["form"]
    assert form.initial == {"school_year": 2027, "source": dubois.campaign.pk}
    Division.objects.create(school=dubois.school, school_year=2029, code="2DE1")
    form = client.get(address(dubois.school, "campaign_new")).context["form"]
    assert form.initial["school_year"] == 2029


def test_a_campaign_is_created_from_the_last_and_its_dates_are_shown(dubois: Family, client: Client) -> None:
    page = text_of(client.get(address(dubois.school, "campaign_new")))
    assert "jeudi 18 mai 2028 à 23 h 59 (heure de Paris)" in page, "a Thursday, as this year"
    values = {"school_year": 2027, "source": dubois.campaign.pk}
    answer = client.post(address(dubois.school, "campaign_new"), values, follow=True)
    assert answer.redirect_chain == [(address(dubois.school, "campaign_dates", 2027), 302)]
    assert "Vérifiez ses dates, puis déclarez l’offre." in text_of(answer)
    assert SpecialityOffer.objects.filter(school_year=2027).count() == 7


def test_a_second_campaign_of_the_same_year_is_refused_with_a_way_to_it(dubois: Family, client: Client) -> None:
    answer = client.post(address(dubois.school, "campaign_new"), {"school_year": 2026, "source": ""})
    assert answer.status_code == 409
    assert "La campagne 2026-2027 existe déjà : rien n’a été créé." in text_of(answer)
    assert address(dubois.school, "campaign_year") in answer.content.decode()
    assert Campaign.objects.count() == 1


def test_a_campaign_of_another_school_is_no_source(dubois: Family, client: Client) -> None:
    other = campaign(school("0699902Y"))
    answer = client.post(address(dubois.school, "campaign_new"), {"school_year": 2027, "source": other.pk})
    assert answer.status_code == 422
    assert not Campaign.objects.filter(school=dubois.school, school_year=2027).exists()


# --- dates -----------------------------------------------------------------------------------------------------------


def typed(of: Campaign, **changes: str) -> dict[str, str]:
    """The form of dates as it was shown, with these changes (`proposals__closes_on="…"`)."""
    values = {"seen": seen(of)}
    for kind, period in stands(of).items():
        for end, instant in (("opens", period.opens_at), ("closes", period.closes_at)):
            local = instant.astimezone(of.school.zone)
            values[f"{kind.slug}-{end}_on"] = f"{local:%d/%m/%Y}"
            values[f"{kind.slug}-{end}_time"] = f"{local:%H:%M}"
    for name, value in changes.items():
        kind_name, field = name.split("__")
        values[f"{PhaseKind(kind_name).slug}-{field}" if kind_name != "_" else field] = value
    return values


def post_dates(client: Client, of: Campaign, values: dict[str, Any]) -> Any:
    return client.post(address(of.school, "campaign_dates", of.school_year), values)


@pytest.mark.parametrize(
    ("day", "hour"),
    [("18/06/2027", "18:00"), ("2027-06-18", "18:00:00"), ("18/6/2027", "18h"), ("18/06/2027", "18 h 00")],
)
def test_dates_are_typed_as_people_or_browsers_write_them(dubois: Family, client: Client, day: str, hour: str) -> None:
    values = typed(dubois.campaign, proposals__closes_on=day, proposals__closes_time=hour)
    assert post_dates(client, dubois.campaign, values).status_code == 302
    assert stands(dubois.campaign)[PROPOSALS].closes_at == datetime(2027, 6, 18, 16, tzinfo=UTC)


def test_dates_are_read_in_the_schools_own_time() -> None:
    reunion = campaign(school("9749903Z", time_zone="Indian/Reunion"))
    client = sign_in(Client(), staff(reunion.school), None)
    page = client.get(address(reunion.school, "campaign_dates"))
    assert "heure de La Réunion" in page.content.decode()
    assert 'value="01:59"' in page.content.decode(), "23:59 in Paris"
    values = typed(reunion, proposals__closes_on="18/06/2027", proposals__closes_time="18:00")
    assert post_dates(client, reunion, values).status_code == 302
    assert stands(reunion)[PROPOSALS].closes_at == datetime(2027, 6, 18, 14, tzinfo=UTC)


def test_a_phase_that_ends_before_it_starts_is_refused_at_its_field_and_all_stays_typed(
    dubois: Family, client: Client
) -> None:
    before = stands(dubois.campaign)
    values = typed(
        dubois.campaign,
        final_choices__closes_on="01/04/2027",
        proposals__closes_on="17/06/2027",
        intentions__opens_time="9h",
    )
    answer = post_dates(client, dubois.campaign, values)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "La fermeture doit venir après l’ouverture." in text_of(answer)
    assert re.search(r'name="choix-definitifs-closes_on" value="01/04/2027"[^>]*aria-invalid="true"', page)
    for kept in ("17/06/2027", "9h"):
        assert f'value="{kept}"' in page
    assert stands(dubois.campaign) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"proposals__closes_on": "31/06/2027"}, "Écrivez une date comme 20/05/2027."),
        ({"proposals__closes_time": "25:00"}, "Écrivez une heure comme 23:59."),
        ({"proposals__closes_on": ""}, "Ce champ est obligatoire."),
        ({"proposals__closes_on": "18/06/2072"}, "Cette date est hors de l’année scolaire 2026-2027."),
        ({"proposals__closes_on": "01/01/0001"}, "Cette date est hors de l’année scolaire 2026-2027."),
        (
            {"intentions__closes_on": "28/03/2027", "intentions__closes_time": "02:30"},
            "Cette heure n’existe pas ce jour-là",
        ),
        (
            {"intentions__opens_on": "25/10/2026", "intentions__opens_time": "02:30"},
            "Cette heure existe deux fois ce jour-là",
        ),
        ({"proposals__opens_on": "20/05/2027"}, "ne peut pas ouvrir avant la fermeture de « Choix définitifs »"),
    ],
)
def test_what_no_date_can_be_is_said_in_french(
    dubois: Family, client: Client, changes: dict[str, str], message: str
) -> None:
    before = stands(dubois.campaign)
    answer = post_dates(client, dubois.campaign, typed(dubois.campaign, **changes))
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert stands(dubois.campaign) == before


def test_cautions_are_shown_once_then_confirmed_by_a_tick(dubois: Family, client: Client) -> None:
    before = stands(dubois.campaign)
    values = typed(dubois.campaign, proposals__closes_on="20/06/2027")
    asked = post_dates(client, dubois.campaign, values)
    assert asked.status_code == 409
    assert "« Propositions » ferme un jour chômé : dimanche 20 juin 2027" in text_of(asked)
    assert 'value="20/06/2027"' in asked.content.decode()
    assert stands(dubois.campaign) == before
    assert post_dates(client, dubois.campaign, {**values, "confirmed": "autre"}).status_code == 409
    assert post_dates(client, dubois.campaign, {**values, "confirmed": signature_in(asked)}).status_code == 302
    assert stands(dubois.campaign)[PROPOSALS].closes_at.day == 20


def test_dates_set_by_another_meanwhile_are_shown_beside_what_was_typed(dubois: Family, client: Client) -> None:
    values = typed(dubois.campaign, proposals__closes_on="17/06/2027")
    dubois.campaign.phases.filter(kind=PROPOSALS).update(closes_at=datetime(2027, 6, 16, 21, 59, tzinfo=UTC))
    answer = post_dates(client, dubois.campaign, values)
    assert answer.status_code == 409
    page = text_of(answer)
    assert "changées par quelqu’un d’autre" in page
    assert "mercredi 16 juin 2027 à 23 h 59 (heure de Paris)" in page
    again = {**values, "seen": re.search(r'name="seen" value="(\w+)"', answer.content.decode())[1]}  # type: ignore[index]
    assert post_dates(client, dubois.campaign, again).status_code == 302
    assert stands(dubois.campaign)[PROPOSALS].closes_at.day == 17


def test_a_wrong_field_does_not_make_one_have_seen_newer_dates(dubois: Family, client: Client) -> None:
    values = typed(dubois.campaign, proposals__closes_on="jeudi")
    dubois.campaign.phases.filter(kind=PROPOSALS).update(closes_at=datetime(2027, 6, 16, 21, 59, tzinfo=UTC))
    answer = post_dates(client, dubois.campaign, values)
    assert f'name="seen" value="{values["seen"]}"' in answer.content.decode()


def test_a_phase_without_dates_may_stay_so_or_be_given_all_of_them(dubois: Family, client: Client) -> None:
    dubois.campaign.phases.filter(kind=PROPOSALS).delete()
    values = typed(dubois.campaign)
    assert post_dates(client, dubois.campaign, values).status_code == 302
    answer = post_dates(client, dubois.campaign, {**values, "propositions-opens_on": "07/06/2027"})
    assert answer.status_code == 422
    assert text_of(answer).count("Ce champ est obligatoire.") == 6, "three fields, said in the summary and beside each"
    complete = {
        **values,
        "propositions-opens_on": "07/06/2027",
        "propositions-opens_time": "18:00",
        "propositions-closes_on": "18/06/2027",
        "propositions-closes_time": "23:59",
    }
    assert post_dates(client, dubois.campaign, complete).status_code == 302
    assert stands(dubois.campaign)[PROPOSALS].opens_at == datetime(2027, 6, 7, 16, tzinfo=UTC)


def test_dates_in_force_that_are_odd_are_said_on_the_page(dubois: Family, client: Client) -> None:
    dubois.campaign.phases.filter(kind=PROPOSALS).update(closes_at=datetime(2027, 6, 20, 21, 59, tzinfo=UTC))
    page = text_of(client.get(address(dubois.school, "campaign_dates")))
    assert "À vérifier dans les dates en vigueur" in page
    assert "« Propositions » ferme un jour chômé" in page


# --- open, close, prolong, reopen ------------------------------------------------------------------------------------


def test_closing_now_says_whom_it_touches_then_closes(dubois: Family, client: Client) -> None:
    prepare(dubois, "stmg")
    validate(dubois, NOW - timedelta(minutes=1))
    prepare(dubois, "sti2d")
    student(dubois.school, "Léo", "Martin")
    where = address(dubois.school, "campaign_close")
    page = text_of(client.get(where))
    figures = "Élèves de la campagne 2 Liste validée 1 Validée, puis modifiée sans nouvelle validation 1 "
    assert figures in page
    assert "Liste commencée, jamais validée 0 Aucun représentant légal ne s’est encore connecté 1" in page
    assert "1 élève a une liste modifiée depuis sa validation : c’est la liste validée qui compte." in page
    answer = client.post(where, follow=True)
    assert "« Choix définitifs » est fermée." in text_of(answer)
    assert dubois.phase.closes_at == NOW
    assert client.post(where).status_code == 302, "twice is harmless"
    assert "Rien à faire ici : la phase est fermée." in text_of(client.get(where))


def test_the_trail_says_who_closed_a_phase(dubois: Family, client: Client, head: User) -> None:
    client.post(address(dubois.school, "campaign_close"))
    [change] = Change.objects.filter(table="orientation_phase", operation=Operation.UPDATE)
    assert (change.actor_id, change.school_id, list(change.content)) == (head.pk, dubois.school.pk, ["closes_at"])


def test_an_offer_to_declare_is_linked_from_the_refusal_to_open(dubois: Family, client: Client) -> None:
    Campaign.objects.update(offer_declared_at=None)
    with time_machine.travel(dubois.phase.opens_at - timedelta(days=2), tick=False):
        answer = client.post(address(dubois.school, "campaign_open", 2026, FINAL))
    assert answer.status_code == 409
    assert "Déclarez d’abord l’offre." in text_of(answer)
    assert address(dubois.school, "campaign_offer") in answer.content.decode()


def test_opening_a_council_while_families_write_is_refused_with_a_way_to_the_dates(
    dubois: Family, client: Client
) -> None:
    answer = client.post(address(dubois.school, "campaign_open"))
    assert answer.status_code == 409
    assert "ne peut pas ouvrir avant la fermeture de « Choix définitifs »" in text_of(answer)
    assert address(dubois.school, "campaign_dates") in answer.content.decode()


def test_a_phase_opened_now_is_open_to_families_at_once(dubois: Family, client: Client) -> None:
    family = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    home = reverse("orientation:home", args=[dubois.emma.public_id])
    with time_machine.travel(dubois.phase.opens_at - timedelta(days=2), tick=False):
        assert "Je formule les choix définitifs" not in family.get(home).content.decode()
        assert "Saisie fermée pour le moment" in family.get(home).content.decode()
        assert client.post(address(dubois.school, "campaign_open", 2026, FINAL)).status_code == 302
        assert "Je formule les choix définitifs" in family.get(home).content.decode()
        assert "Saisie fermée pour le moment" not in family.get(home).content.decode()
        assert client.post(address(dubois.school, "campaign_close", 2026, FINAL)).status_code == 302
    with time_machine.travel(dubois.phase.opens_at + timedelta(minutes=1), tick=False):
        assert "Je formule les choix définitifs" not in family.get(home).content.decode()


def test_a_phase_is_prolonged_in_the_schools_own_time(dubois: Family, client: Client) -> None:
    where = address(dubois.school, "campaign_keep_open")
    assert "Prolonger : Choix définitifs" in text_of(client.get(where))
    answer = client.post(where, {"closes_on": "25/05/2027", "closes_time": "12:00"}, follow=True)
    assert "« Choix définitifs » a une nouvelle date de fermeture." in text_of(answer)
    assert dubois.phase.closes_at == datetime(2027, 5, 25, 10, tzinfo=UTC)


def test_a_reopening_that_touches_the_council_is_asked_with_all_that_was_typed(
    dubois: Family, client: Client, head: User
) -> None:
    council_has_begun(dubois)
    where = address(dubois.school, "campaign_keep_open")
    values = {"closes_on": "25/05/2027", "closes_time": "12h"}
    with time_machine.travel(CLOSES_AT + timedelta(hours=10), tick=False):
        client = sign_in(client, head, None)
        assert "Celles des élèves dont la famille valide de nouveau seront à revoir." in text_of(client.get(where))
        asked = client.post(where, values)
        assert asked.status_code == 409
        assert "Rouvrir : Choix définitifs" in text_of(asked)
        assert 'value="12h"' in asked.content.decode()
        assert client.post(where, {**values, "confirmed": signature_in(asked)}).status_code == 302
    assert dubois.phase.closes_at == datetime(2027, 5, 25, 10, tzinfo=UTC)


def test_a_reopening_under_a_published_council_is_refused_with_the_reason(
    dubois: Family, client: Client, head: User
) -> None:
    council_is_published(dubois)
    where = address(dubois.school, "campaign_keep_open")
    with time_machine.travel(CLOSES_AT + timedelta(hours=10), tick=False):
        client = sign_in(client, head, None)
        assert "tant que ces publications ne sont pas retirées" in text_of(client.get(where))
        answer = client.post(where, {"closes_on": "25/05/2027", "closes_time": "12:00"})
    assert answer.status_code == 409
    assert "déjà publié (2DE3). Retirez d’abord cette publication." in text_of(answer)
    assert dubois.phase.closes_at == CLOSES_AT


def test_a_closing_that_is_not_later_is_refused(dubois: Family, client: Client) -> None:
    where = address(dubois.school, "campaign_keep_open")
    answer = client.post(where, {"closes_on": "19/05/2027", "closes_time": "12:00"})
    assert (answer.status_code, "dans l’avenir" in text_of(answer)) == (409, True)
    assert client.post(where, {"closes_on": "", "closes_time": "midi"}).status_code == 422
    assert "à venir" in text_of(client.get(address(dubois.school, "campaign_keep_open", 2026, PROPOSALS)))


# --- the offer, the settings, the message ----------------------------------------------------------------------------


def test_the_offer_is_ticked_by_families_of_the_catalogue(dubois: Family, client: Client) -> None:
    where = address(dubois.school, "campaign_offer")
    page = client.get(where).content.decode()
    assert len(re.findall(r'name="specialities"[^>]* checked', page)) == 7
    assert re.search(r"<legend>[^<]*Arts", page)
    chosen = list(Speciality.objects.filter(code__in=["nsi", "svt"]).values_list("pk", flat=True))
    assert client.post(where, {"specialities": chosen, "is_complete": "on"}).status_code == 302
    assert set(SpecialityOffer.objects.values_list("speciality__code", flat=True)) == {"nsi", "svt"}


def test_a_school_may_teach_no_speciality_and_say_so(dubois: Family, client: Client) -> None:
    Campaign.objects.update(offer_declared_at=None)
    assert client.post(address(dubois.school, "campaign_offer"), {"is_complete": "on"}).status_code == 302
    dubois.campaign.refresh_from_db()
    assert (SpecialityOffer.objects.count(), dubois.campaign.offer_declared_at) == (0, NOW)


def test_an_offer_kept_but_not_declared_complete_says_what_it_holds_up(dubois: Family, client: Client) -> None:
    Campaign.objects.filter(pk=dubois.campaign.pk).update(offer_declared_at=None)
    page = client.post(address(dubois.school, "campaign_offer"), {}, follow=True).content.decode()
    assert "sans être déclarée complète : aucune saisie ne peut ouvrir avant." in page


def test_a_speciality_of_a_series_is_no_part_of_the_offer(dubois: Family, client: Client) -> None:
    foreign = Speciality.objects.get(code="stl-spcl")
    answer = client.post(address(dubois.school, "campaign_offer"), {"specialities": [foreign.pk], "is_complete": "on"})
    assert answer.status_code == 422
    assert SpecialityOffer.objects.count() == 7


def test_undeclaring_the_offer_while_families_write_is_asked_first(dubois: Family, client: Client) -> None:
    where = address(dubois.school, "campaign_offer")
    ids = list(SpecialityOffer.objects.values_list("speciality_id", flat=True))
    asked = client.post(where, {"specialities": ids})
    assert asked.status_code == 409
    assert len(re.findall(r'name="specialities"[^>]* checked', asked.content.decode())) == 7
    assert client.post(where, {"specialities": ids, "confirmed": signature_in(asked)}).status_code == 302
    dubois.campaign.refresh_from_db()
    assert dubois.campaign.offer_declared_at is None


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        (
            "specialites-demandees",
            {"intention_specialities": "5", "final_specialities": "2"},
            {"intention_specialities": 5, "final_specialities": 2},
        ),
        ("saisie", {"single_writer": "on"}, {"single_writer": True}),
        ("relances", {"reminder_delay_days": "10"}, {"reminder_delay_days": 10}),
        ("rappels", {"notice_days": "5"}, {"notice_days": 5}),
        ("eleves-concernes", {"mef_prefixes": "20010, 20110 ;2001 "}, {"mef_prefixes": ["20010", "20110", "2001"]}),
    ],
)
def test_each_setting_has_its_own_page(
    dubois: Family, client: Client, name: str, values: dict[str, str], expected: dict[str, Any]
) -> None:
    where = address(dubois.school, "campaign_setting", 2026, name)
    assert client.get(where).status_code == 200
    assert client.post(where, values).status_code == 302
    after = Campaign.objects.get()
    assert {key: getattr(after, key) for key in expected} == expected
    assert after.offer_declared_at == dubois.campaign.offer_declared_at


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        (
            "specialites-demandees",
            {"intention_specialities": "7", "final_specialities": "3"},
            "inférieure ou égale à 6",
        ),
        (
            "specialites-demandees",
            {"intention_specialities": "4", "final_specialities": "0"},
            "supérieure ou égale à 1",
        ),
        ("relances", {"reminder_delay_days": "31"}, "inférieure ou égale à 30"),
        ("relances", {"reminder_delay_days": "0"}, "supérieure ou égale à 1"),
        ("rappels", {"notice_days": "31"}, "inférieure ou égale à 30"),
        ("rappels", {"notice_days": "0"}, "supérieure ou égale à 1"),
        ("eleves-concernes", {"mef_prefixes": " , "}, "n’est pas le début d’un code MEF"),
        ("eleves-concernes", {"mef_prefixes": "20010, 2nde"}, "« 2nde » n’est pas le début d’un code MEF"),
    ],
)
def test_a_wrong_setting_is_refused_in_french(
    dubois: Family, client: Client, name: str, values: dict[str, str], message: str
) -> None:
    before = Campaign.objects.values().get()
    answer = client.post(address(dubois.school, "campaign_setting", 2026, name), values)
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert Campaign.objects.values().get() == before


def test_a_setting_that_touches_families_is_asked_first(dubois: Family, client: Client) -> None:
    prepare(dubois, "stmg")
    where = address(dubois.school, "campaign_setting")
    values = {"intention_specialities": "4", "final_specialities": "2"}
    asked = client.post(where, values)
    assert asked.status_code == 409
    assert client.post(where, {**values, "confirmed": signature_in(asked)}).status_code == 302
    assert Campaign.objects.get().final_specialities == 2


def test_the_message_is_read_by_families_at_once(dubois: Family, client: Client) -> None:
    where = address(dubois.school, "campaign_message")
    assert client.post(where, {"welcome_message": "Réunion mardi à 18 h."}).status_code == 302
    assert "Réunion mardi à 18 h." in text_of(client.get(address(dubois.school, "campaign")))
    family = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    assert "Réunion mardi à 18 h." in text_of(family.get(reverse("portal:services")))
    answer = client.post(where, {"welcome_message": "a" * 2001})
    assert (answer.status_code, "2 001" in text_of(answer) or "2001" in text_of(answer)) == (422, True)


# --- statements ------------------------------------------------------------------------------------------------------


def statements(client: Client, where: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(where).status_code == 200
    return len(queries)


@pytest.fixture
def many_classes() -> Callable[[Family], None]:
    """Forty classes of pupils, the phases of an older campaign, and councils published."""

    def fill(family: Family) -> None:
        for number in range(40):
            division = Division.objects.create(school=family.school, school_year=2026, code=f"2DE{number + 10}")
            pupil = student(family.school, "Léo", f"Martin{number}", division=division)
            phase = family.campaign.phases.get(kind=PROPOSALS)
            author = family.sophie.user
            assert author is not None
            phase.publications.create(division=division, published_at=timezone.now(), published_by=author)
            pupil.council_sheets.create(phase=phase, version=1, changed_at=timezone.now(), changed_by=author)
        for year in (2023, 2024, 2025):
            Campaign.objects.create(school=family.school, school_year=year)

    return fill


@pytest.mark.parametrize("name", [*READ, *STEER])
def test_pages_take_as_many_statements_with_forty_classes_as_with_one(
    dubois: Family, client: Client, many_classes: Callable[[Family], None], name: str
) -> None:
    where = address(dubois.school, name)
    client.get(where)
    before = statements(client, where)
    many_classes(dubois)
    assert statements(client, where) == before <= 16
