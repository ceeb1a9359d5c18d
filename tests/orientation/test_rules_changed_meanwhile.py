"""The head changes the campaign between a family's page and its write: what counts is what holds under the lock."""

from __future__ import annotations

import pytest

from orientation import services
from orientation.errors import NotAllowed, OfferNotDeclared, WishRefused
from orientation.models import Campaign, Draft, Submission
from orientation.rules import Wish
from schools.models import Guardian, Guardianship
from tests.factories import NOW, Family

pytestmark = pytest.mark.django_db

THREE = Wish("generale", ("mathematiques", "nsi", "svt"))


def save(family: Family, person: Guardian, phase: object, wish: Wish = THREE) -> Draft:
    assert person.user is not None
    file = family.file_of(person)
    return services.save_choice(file=file, phase=phase, wish=wish, version=0, by=person.user, at=NOW)  # type: ignore[arg-type]


def test_an_offer_withdrawn_since_the_page_shuts_the_phase(dubois: Family) -> None:
    phase = dubois.phase
    Campaign.objects.update(offer_declared_at=None)
    with pytest.raises(OfferNotDeclared):
        save(dubois, dubois.sophie, phase)
    assert not Draft.objects.exists()


def test_an_offer_declared_since_the_page_opens_it(dubois: Family) -> None:
    Campaign.objects.update(offer_declared_at=None)
    phase = dubois.phase
    Campaign.objects.update(offer_declared_at=NOW)
    assert save(dubois, dubois.sophie, phase).version == 1


def test_a_single_writer_set_since_the_page_is_the_only_one(dubois: Family) -> None:
    Guardianship.objects.filter(guardian=dubois.marc).update(is_designated=True)
    phase = dubois.phase
    Campaign.objects.update(single_writer=True)
    with pytest.raises(NotAllowed):
        save(dubois, dubois.sophie, phase)


def test_pupils_whom_the_campaign_no_longer_takes_write_nothing(dubois: Family) -> None:
    phase = dubois.phase
    Campaign.objects.update(mef_prefixes=["241"])
    with pytest.raises(NotAllowed):
        save(dubois, dubois.sophie, phase)


def test_a_number_of_specialities_changed_since_the_page_is_the_one_asked(dubois: Family) -> None:
    phase = dubois.phase
    Campaign.objects.update(final_specialities=2)
    with pytest.raises(WishRefused):
        save(dubois, dubois.sophie, phase)


def test_nothing_is_validated_by_the_number_of_before(dubois: Family) -> None:
    phase = dubois.phase
    draft = save(dubois, dubois.sophie, phase)
    Campaign.objects.update(final_specialities=2)
    assert dubois.sophie.user is not None
    with pytest.raises(WishRefused):
        services.validate_draft(
            file=dubois.file_of(dubois.sophie), phase=phase, version=draft.version, by=dubois.sophie.user, at=NOW
        )
    assert not Submission.objects.exists()
