"""Espace famille: what one learns of one's children, of the others, and of one's own connections."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.connections import connections_of, device_of
from accounts.models import Profile, SignedInSession
from notifications.models import MessageState, OutboxMessage
from notifications.services import enqueue
from orientation.models import Submission
from tests.factories import NOW, Family, guardian, school, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

CONNECTIONS = "/espace-famille/connexions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def sophie(client: Client, dubois: Family) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


def submit(dubois: Family) -> None:
    client = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    where = [dubois.emma.public_id, "choix-definitifs"]
    values = {"version": 0, "group": "technologique", "series": "stmg"}
    assert client.post(reverse("orientation:add_choice", args=where), values).status_code == 302
    assert client.post(reverse("orientation:validate_choices", args=where), {"version": 1}).status_code == 302


def test_the_other_guardian_is_a_name_and_a_link_and_nothing_more(sophie: Client, dubois: Family) -> None:
    dubois.marc.phone = "0199001122"
    dubois.marc.save()
    guardian(dubois.school, "Michel", "Roux", dubois.emma, level=3)
    page = sophie.get("/espace-famille/").content.decode()
    assert "Marc Dubois (père)" in page
    for forbidden in ("marc.dubois@", "0199001122", "Michel Roux", "Sophie Bernard (mère)"):
        assert forbidden not in page


def test_a_pupil_reads_the_names_of_their_guardians_and_no_address(client: Client, dubois: Family) -> None:
    page = sign_in(client, dubois.emma.user, Profile.STUDENT).get("/espace-famille/").content.decode()
    assert "Sophie Bernard (mère)" in page
    assert "Marc Dubois (père)" in page
    assert "@familles.example" not in page


def test_each_child_says_what_waits_for_it(sophie: Client, dubois: Family) -> None:
    other = school("0699902Y", name="Lycée du Parc")
    noe = student(other, "Noé", "Dubois")
    guardian(other, "Sophie", "Bernard", noe, user=dubois.sophie.user)
    where = [dubois.emma.public_id, "choix-definitifs"]
    values = {"version": 0, "group": "technologique", "series": "stmg"}
    sophie.post(reverse("orientation:add_choice", args=where), values)
    emma, noe_page = sophie.get("/espace-famille/").context["children"]
    assert len(emma.notices) == 1
    assert noe_page.notices == []


def test_what_the_other_guardian_did_stands_in_the_history_of_both_and_of_the_pupil(
    sophie: Client, dubois: Family
) -> None:
    submit(dubois)
    for client in (sophie, sign_in(Client(), dubois.emma.user, Profile.STUDENT)):
        page = client.get("/espace-famille/historique/").content.decode()
        assert "Choix définitifs validés, demande n°" in page
        assert "par Marc Dubois" in page


def test_another_family_s_acts_do_not_stand_in_it(dubois: Family) -> None:
    submit(dubois)
    other = guardian(dubois.school, "Paule", "Autre", student(dubois.school, "Ana", "Autre"), user=staff(dubois.school))
    page = sign_in(Client(), other.user, Profile.GUARDIAN).get("/espace-famille/historique/").content.decode()
    assert "Marc Dubois" not in page
    assert Submission.objects.exists()


def test_one_reads_one_s_own_mails_and_their_state_only(sophie: Client, dubois: Family) -> None:
    submit(dubois)
    OutboxMessage.objects.filter(recipient=f"guardian:{dubois.sophie.pk}").update(state=MessageState.BOUNCED)
    page = sophie.get("/espace-famille/courriels/").content.decode()
    assert "sophie.bernard@familles.example" in page
    assert "Refusé par la messagerie" in page
    assert "marc.dubois@familles.example" not in page


def test_a_mail_of_a_service_that_is_gone_is_still_listed(sophie: Client, dubois: Family) -> None:
    submit(dubois)
    OutboxMessage.objects.update(kind="ancien.modele")
    assert sophie.get("/espace-famille/courriels/").status_code == 200


def test_what_one_wrote_to_the_school_is_listed_with_its_number(sophie: Client, dubois: Family) -> None:
    dubois.school.email = "secretariat@veil.example"
    dubois.school.save()
    values = {"key": dubois.emma.public_id, "child": dubois.emma.public_id, "subject": "other", "message": "Bonjour"}
    sophie.post("/contact/message/", values)
    number = str(dubois.emma.public_id)[:8].upper()
    assert f"{number[:4]}-{number[4:]}" in sophie.get("/espace-famille/courriels/").content.decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (FIREFOX, "Firefox, Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, Mac"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_told_in_words(header: str, expected: str) -> None:
    assert device_of(header) == expected


def test_a_session_closed_from_elsewhere_is_dead_at_its_next_request(sophie: Client, dubois: Family) -> None:
    lost = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
    mine = sophie.session.session_key
    other = SignedInSession.objects.exclude(session_id=mine).get()
    assert sophie.post(f"{CONNECTIONS}{other.public_id}/fermer/").status_code == 302
    assert lost.get("/mes-services/").status_code == 302
    assert sophie.get("/mes-services/").status_code == 200
    assert sophie.post(f"{CONNECTIONS}{other.public_id}/fermer/").status_code == 302


def test_nobody_closes_another_s_session(sophie: Client, dubois: Family) -> None:
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    his = SignedInSession.objects.get(user=dubois.marc.user)
    sophie.post(f"{CONNECTIONS}{his.public_id}/fermer/")
    assert marc.get("/mes-services/").status_code == 200


def test_everywhere_is_everywhere(sophie: Client, dubois: Family) -> None:
    others = [sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN) for _number in range(2)]
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    assert sophie.post(f"{CONNECTIONS}tout-fermer/").status_code == 302
    assert {client.get("/mes-services/").status_code for client in (sophie, *others)} == {302}
    assert marc.get("/mes-services/").status_code == 200
    assert not SignedInSession.objects.filter(user=dubois.sophie.user).exists()


def test_closing_one_s_own_connection_is_signing_out(sophie: Client, dubois: Family) -> None:
    own = SignedInSession.objects.get()
    assert sophie.post(f"{CONNECTIONS}{own.public_id}/fermer/").status_code == 302
    assert sophie.get("/mes-services/").status_code == 302


def test_signing_out_leaves_no_connection_behind(sophie: Client) -> None:
    assert SignedInSession.objects.count() == 1
    sophie.post("/deconnexion/")
    assert not SignedInSession.objects.exists()


def test_a_connection_is_renewed_with_its_session_and_forgotten_with_it(
    sophie: Client, dubois: Family, last_evening: time_machine.Traveller
) -> None:
    last_evening.move_to(NOW + timedelta(seconds=30))
    sophie.get("/mes-services/")
    assert SignedInSession.objects.get().last_seen_at == NOW
    last_evening.move_to(NOW + timedelta(seconds=90))
    sophie.get("/mes-services/", headers={"user-agent": FIREFOX})
    assert SignedInSession.objects.get().last_seen_at == NOW + timedelta(seconds=90)
    later = NOW + timedelta(minutes=33)
    assert dubois.sophie.user is not None
    assert list(connections_of(dubois.sophie.user, at=later)) == []
    Session.objects.filter(expire_date__lt=later).delete()  # as clearsessions does
    assert not SignedInSession.objects.exists()


def test_a_session_of_before_this_table_is_listed_once_it_is_used(
    sophie: Client, dubois: Family, last_evening: time_machine.Traveller
) -> None:
    SignedInSession.objects.all().delete()
    last_evening.move_to(NOW + timedelta(minutes=2))
    page = sophie.get(CONNECTIONS, headers={"user-agent": FIREFOX}).content.decode()
    assert "Firefox, Windows" in page
    assert "cet appareil" in page


def test_neither_the_address_nor_the_browser_s_words_are_kept(dubois: Family) -> None:
    columns = {field.name for field in SignedInSession._meta.concrete_fields}
    assert columns == {"id", "public_id", "session", "user", "signed_in_at", "last_seen_at", "device"}


@pytest.mark.parametrize("children", [1, 4])
def test_each_page_makes_its_number_of_queries(sophie: Client, dubois: Family, children: int) -> None:
    submit(dubois)
    for number in range(children - 1):
        child = student(dubois.school, f"Enfant{number}", "Dubois")
        guardian(dubois.school, "Sophie", "Bernard", child, user=dubois.sophie.user)
        guardian(dubois.school, "Marc", "Dubois", child)
        enqueue(
            kind="orientation.reminder",
            address="a@familles.example",
            recipient=f"guardian:{dubois.sophie.pk}",
            context={},
            deduplication_key=str(number),
            at=NOW,
        )
    pages = ["", "historique/", "courriels/", "connexions/"]
    made = []
    for page in pages:
        with CaptureQueriesContext(connection) as queries:
            assert sophie.get(f"/espace-famille/{page}").status_code == 200
        made.append(len(queries))
    assert made == [8, 7, 5, 4]
