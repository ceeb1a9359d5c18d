"""What the school does in orientation: each function is one act in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from orientation.models import Campaign, Speciality, SpecialityOffer


@transaction.atomic
def declare_offer(
    *, campaign: Campaign, specialities: Iterable[Speciality], is_complete: bool, at: datetime
) -> Campaign:
    """Say what the school teaches in the campaign's year; `is_complete` lets the writing phases open (decision 5)."""
    scope = {"school_id": campaign.school_id, "school_year": campaign.school_year}
    chosen = {speciality.pk for speciality in specialities}
    SpecialityOffer.objects.filter(**scope).exclude(speciality_id__in=chosen).delete()
    SpecialityOffer.objects.bulk_create(
        [SpecialityOffer(**scope, speciality_id=speciality_id) for speciality_id in chosen], ignore_conflicts=True
    )
    if not is_complete:
        campaign.offer_declared_at = None
    elif campaign.offer_declared_at is None:
        campaign.offer_declared_at = at
    campaign.save(update_fields=["offer_declared_at"])
    return campaign
