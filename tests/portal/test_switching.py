"""Several children: going from one file to another's, to the same place where there is one."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Profile
from orientation.models import Phase, PhaseKind
from schools.models import Student
from tests.factories import Family, campaign, guardian, school, sign_in, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


@pytest.fixture
def noe(dubois: Family) -> Student:
    """Emma's brother, in another school that has its own campaign."""
    other = school("0699902Y", name="Lycée du Parc")
    campaign(other)
    child = student(other, "Noé", "Dubois")
    guardian(other, "Sophie", "Bernard", child, user=dubois.sophie.user)
    return child


@pytest.fixture
def sophie(client: Client, dubois: Family, noe: Student) -> Client:
    return sign_in(client, dubois.sophie.user, Profile.GUARDIAN)


@pytest.mark.parametrize("kind", PhaseKind)
def test_the_same_phase_of_the_other_child_is_opened(sophie: Client, noe: Student, kind: PhaseKind) -> None:
    names = {PhaseKind.PROVISIONAL_OPINIONS: "orientation:opinions", PhaseKind.PROPOSALS: "orientation:proposals"}
    rest = [kind.slug] if kind.is_written_by_families else []
    expected = reverse(names.get(kind, "orientation:choices"), args=[noe.public_id, *rest])
    assert sophie.get(reverse("orientation:switch", args=[noe.public_id, kind]))["Location"] == expected


def test_the_page_of_choices_leads_there_and_the_home_leads_home(sophie: Client, dubois: Family, noe: Student) -> None:
    choices = sophie.get(reverse("orientation:choices", args=[dubois.emma.public_id, "choix-definitifs"]))
    assert reverse("orientation:switch", args=[noe.public_id, "choix-definitifs"]) in choices.content.decode()
    home = sophie.get(reverse("orientation:home", args=[dubois.emma.public_id])).content.decode()
    assert f'href="{reverse("orientation:home", args=[noe.public_id])}"' in home


def test_a_phase_that_the_other_campaign_lacks_leads_to_where_it_stands(sophie: Client, noe: Student) -> None:
    Phase.objects.filter(campaign__school=noe.school, kind=PhaseKind.FINAL_CHOICES).delete()
    answer = sophie.get(reverse("orientation:switch", args=[noe.public_id, "choix-definitifs"]))
    assert answer["Location"] == reverse("orientation:home", args=[noe.public_id])


def test_a_child_in_a_level_without_a_campaign_has_a_clear_page(sophie: Client, noe: Student) -> None:
    Student.objects.filter(pk=noe.pk).update(mef_code="20110019110")
    answer = sophie.get(reverse("orientation:switch", args=[noe.public_id, "choix-definitifs"]), follow=True)
    page = answer.content.decode()
    assert "Il n’y a pas de campagne d’orientation en ligne pour la classe de Noé Dubois" in page
    assert "Pas de campagne d’orientation pour cette classe." in page
    assert "Emma Dubois" in page


def test_another_s_child_is_not_opened(dubois: Family, noe: Student) -> None:
    marc = sign_in(Client(), dubois.marc.user, Profile.GUARDIAN)
    assert marc.get(reverse("orientation:switch", args=[noe.public_id, "choix-definitifs"])).status_code == 404
