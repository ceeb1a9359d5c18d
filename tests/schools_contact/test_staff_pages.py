"""The school's page of changed coordinates: who opens it, what stands in it, its file, what is settled from it."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Profile
from schools.models import ContactChange, ContactOutcome, Guardian, Role, School
from tests.factories import NOW, Family, guardian, school, sign_in, staff, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

TELLING = {"town": "Lille", "mobile": "+33612345678", "work_phone": "+4930123456", "address_lines": "=1+1\n2 rue B"}


def address(of: School, rest: str = "") -> str:
    return f"/admin/etablissements/{of.uai}/coordonnees/{rest}"


def tell(person: Guardian, **values: str) -> list[ContactChange]:
    return [
        ContactChange.objects.create(guardian=person, field=field, before="", after=after, changed_at=NOW)
        for field, after in values.items()
    ]


@pytest.fixture
def office(client: Client, dubois: Family) -> Client:
    return sign_in(client, staff(dubois.school, Role.OFFICE), None)


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_the_page_says_what_each_guardian_changed(office: Client, dubois: Family) -> None:
    Guardian.objects.filter(pk=dubois.sophie.pk).update(town="PARIS")
    tell(dubois.sophie, **TELLING)
    page = office.get(address(dubois.school)).content.decode()
    for shown in ("Sophie Bernard", "Emma Dubois (2DE3)", "Lille", "06 12 34 56 78", "+49 30 123456", "=1+1, 2 rue B"):
        assert shown in page
    assert "changé depuis dans SIECLE" in page  # PARIS, where the change was made over nothing
    assert "Marc" not in page
    assert "jeudi 20 mai 2027 à 22\u00a0h\u00a040 (heure de Paris)" in page


def test_nothing_to_take_is_said(office: Client, dubois: Family) -> None:
    page = office.get(address(dubois.school)).content.decode()
    assert "Rien n’est à reprendre" in page
    assert "Exporter" not in page


def test_the_file_has_one_line_per_guardian_and_runs_nothing(office: Client, dubois: Family) -> None:
    Guardian.objects.filter(pk=dubois.sophie.pk).update(
        civility="MME", postal_code="59000", country="FR", occupation="42"
    )
    tell(dubois.sophie, **TELLING, accepts_sms="0")
    tell(dubois.marc, email="marc@example.org")
    answer = office.post(address(dubois.school, "export.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        answer["Content-Disposition"] == f'attachment; filename="{dubois.school.uai}_coordonnees_2027-05-20_22h40.csv"'
    )
    sophie, marc = rows_of(answer.content)
    assert sophie == {
        "PERSONNE_ID": dubois.sophie.siecle_person_id,
        "LC_CIVILITE": "MME",
        "NOM_DE_FAMILLE": "Bernard",
        "NOM_USAGE": "",
        "PRENOM": "Sophie",
        "LIGNE1_ADRESSE": "'=1+1",
        "LIGNE2_ADRESSE": "2 rue B",
        "LIGNE3_ADRESSE": "",
        "LIGNE4_ADRESSE": "",
        "CODE_POSTAL": "59000",
        "LIBELLE_POSTAL": "Lille",
        "LL_PAYS": "FRANCE",
        "TEL_PERSONNEL": "",
        "TEL_PROFESSIONNEL": "0049 30 123456",
        "TEL_PORTABLE": "06 12 34 56 78",
        "ACCEPTE_SMS": "0",
        "CODE_PROFESSION": "42",
        "COMMUNICATION_ADRESSE": "",
        "MEL": "sophie.bernard@familles.example",
        "RUBRIQUES_MODIFIEES": "commune, téléphone portable, téléphone professionnel, adresse, accepte les SMS",
        "MODIFIE_LE": "jeudi 20 mai 2027 à 22\u00a0h\u00a040 (heure de Paris)",
    }
    assert (marc["PRENOM"], marc["MEL"]) == ("Marc", "marc@example.org")
    assert ContactChange.objects.filter(exported_at=NOW).count() == 6
    assert "Exporté le jeudi 20 mai 2027" in office.get(address(dubois.school)).content.decode()


def test_a_change_is_settled_from_the_page(office: Client, dubois: Family) -> None:
    town, mobile = tell(dubois.sophie, town="Lille", mobile="+33612345678")
    assert office.post(address(dubois.school, f"{town.pk}/reprise/")).status_code == 302
    for nothing in (" ", "\x00"):
        without = office.post(address(dubois.school, f"{mobile.pk}/ne-pas-reprendre/"), {"reason": nothing})
        assert without.status_code == 422
        assert "Indiquez pourquoi" in without.content.decode()
    assert office.post(address(dubois.school, f"{mobile.pk}/ne-pas-reprendre/"), {"reason": "Faux"}).status_code == 302
    assert dict(ContactChange.objects.values_list("field", "outcome")) == {
        "town": ContactOutcome.TAKEN,
        "mobile": ContactOutcome.REFUSED,
    }
    again = office.post(address(dubois.school, f"{mobile.pk}/reprise/"))
    assert again.status_code == 409
    assert "n’est plus à reprendre" in again.content.decode()


def test_changes_of_another_school_do_not_exist_here(office: Client, dubois: Family) -> None:
    elsewhere = school("0699902Y")
    [other] = tell(guardian(elsewhere, "Paule", "Autre", student(elsewhere)), town="Brest")
    assert "Brest" not in office.get(address(dubois.school)).content.decode()
    assert office.post(address(dubois.school, f"{other.pk}/reprise/")).status_code == 404
    assert office.post(address(elsewhere, f"{other.pk}/reprise/")).status_code == 404
    assert rows_of(office.post(address(dubois.school, "export.csv")).content) == []
    other.refresh_from_db()
    assert (other.outcome, other.exported_at) == (ContactOutcome.WAITING, None)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.HEAD, 200),
        (Role.DEPUTY, 200),
        (Role.OFFICE, 200),
        (Role.COUNSELLOR, 403),
        (Role.FORM_TEACHER, 403),
    ],
)
def test_each_role_opens_what_its_acts_allow(client: Client, dubois: Family, role: Role, status: int) -> None:
    [town] = tell(dubois.sophie, town="Lille")
    sign_in(client, staff(dubois.school, role), None)
    assert client.get(address(dubois.school)).status_code == status
    assert client.post(address(dubois.school, "export.csv")).status_code == status
    settled = client.post(address(dubois.school, f"{town.pk}/reprise/")).status_code
    assert settled == (302 if status == 200 else 403)


def test_nobody_and_families_are_led_to_the_sign_in_and_strangers_find_nothing(client: Client, dubois: Family) -> None:
    assert client.get(address(dubois.school)).status_code == 302
    assert sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN).get(address(dubois.school)).status_code == 302
    stranger = sign_in(Client(), staff(school("0699902Y")), None)
    assert stranger.get(address(dubois.school)).status_code == 404
    assert stranger.post(address(dubois.school, "export.csv")).status_code == 404


def test_the_page_costs_the_same_with_many_guardians(office: Client, dubois: Family) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(address(dubois.school)).status_code == 200
        return len(queries)

    tell(dubois.sophie, town="Lille")
    one = cost()
    for number in range(30):
        tell(guardian(dubois.school, f"G{number}", "Nom", student(dubois.school, f"E{number}")), town="Lyon", phone="1")
    assert cost() == one <= 20
    assert "Page 1 sur 2" in office.get(address(dubois.school)).content.decode()


def test_the_guardian_s_own_page_of_the_admin_tells_their_changes(office: Client, dubois: Family) -> None:
    Guardian.objects.filter(pk=dubois.sophie.pk).update(town="PARIS", mobile="+33612345678", accepts_sms=True)
    tell(dubois.sophie, town="<b>Lille</b>")
    page = office.get(f"/admin/schools/guardian/{dubois.sophie.pk}/change/").content.decode()
    assert "Commune\u00a0: PARIS" in page
    assert "Téléphone portable\u00a0: 06 12 34 56 78" in page
    assert "Commune\u00a0: &lt;b&gt;Lille&lt;/b&gt; (à reprendre dans SIECLE, jeudi 20 mai 2027" in page
