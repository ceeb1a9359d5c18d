"""From the list of a class to its fiches de dialogue; labels shown as they are printed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from orientation.models import Pathway
from orientation.templatetags.orientation_tags import ordinals
from tests.factories import Family, sign_in, staff
from tests.orientation_followup.builders import address

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]


def test_a_class_leads_to_its_fiches_filled_and_blank_and_the_whole_school_does_not(dubois: Family) -> None:
    head = sign_in(Client(), staff(dubois.school), None)
    assert dubois.emma.division is not None
    fiches = reverse("admin:dialogue_forms", args=[dubois.school.uai, dubois.emma.division.pk])
    page = head.get(address("followup", dubois.school, classe=dubois.emma.division.pk)).content.decode()
    assert f'href="{fiches}"' in page
    assert f'href="{fiches}?vierge=1"' in page
    for query in ({}, {"classe": "aucune"}, {"classe": "999999"}):
        assert fiches not in head.get(address("followup", dubois.school, **query)).content.decode()


def test_guillemets_are_never_cut_from_their_words(dubois: Family) -> None:
    label = Pathway.objects.get(code="bt-metiers-musique").label
    shown = ordinals(label)
    assert "«\u00a0métiers de la musique\u00a0»" in shown
    assert "1<sup>re</sup>" in shown
    assert ordinals(shown.replace("<sup>re</sup>", "re")) == shown, "what is typed well stays so"
    assert ordinals("<b>« x »</b>") == "&lt;b&gt;«\u00a0x\u00a0»&lt;/b&gt;"
