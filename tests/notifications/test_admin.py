"""The outbox in Django admin: for superusers, read-only, with neither addresses nor contents."""

from __future__ import annotations

import pytest
from django.urls import reverse

from notifications.models import MessageState, OutboxMessage
from tests.factories import sign_in
from tests.notifications.conftest import states

LIST = reverse("admin:notifications_outboxmessage_changelist")


@pytest.fixture
def row(db, owe) -> OutboxMessage:
    return owe()


def test_an_operator_sees_states_and_no_address(row, admin_client):
    page = reverse("admin:notifications_outboxmessage_change", args=[row.pk])
    for response in (
        admin_client.get(LIST),
        admin_client.get(LIST, {"state__exact": "queued"}),
        admin_client.get(page),
    ):
        assert response.status_code == 200
        text = response.content.decode()
        assert "guardian:1" in text
        assert "famille-1" not in text
        assert "Léa" not in text


@pytest.mark.parametrize(
    "condition",
    [
        {"address__startswith": "famille-1"},
        {"address": "famille-1@example.org"},
        {"context__who__startswith": "L"},
        {"context__has_key": "who"},
        {"deduplication_key__startswith": "note"},
        {"last_error__contains": "@"},
        {"_to_field": "address"},
    ],
)
def test_an_operator_spells_out_no_mailbox_by_asking_for_it(condition, row, admin_client):
    assert admin_client.get(LIST, condition).status_code == 400
    page = reverse("admin:notifications_outboxmessage_change", args=["famille-1@example.org"])
    assert admin_client.get(page).status_code == 302, "a message is found by its id alone"


def test_what_the_list_offers_to_filter_by_still_filters(row, admin_client):
    for condition, count in (
        ({"state__exact": "queued"}, 1),
        ({"state__exact": "sent"}, 0),
        ({"kind": "tests.note"}, 1),
        ({"kind": "tests.other", "o": "-1", "p": "1", "all": ""}, 0),
        ({"_facets": "True"}, 1),
    ):
        assert admin_client.get(LIST, condition).context["cl"].result_count == count


def test_nothing_can_be_added_changed_or_deleted(row, admin_client):
    page = reverse("admin:notifications_outboxmessage_change", args=[row.pk])
    assert admin_client.post(page, {"state": "sent"}).status_code == 403
    assert admin_client.get(reverse("admin:notifications_outboxmessage_add")).status_code == 403
    delete = reverse("admin:notifications_outboxmessage_delete", args=[row.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    assert states() == {"note:1": "queued"}


def test_a_member_of_staff_does_not_see_it(row, client, django_user_model):
    member = django_user_model.objects.create(is_staff=True)
    sign_in(client, member, None)
    assert client.get(LIST).status_code == 403


def test_only_failed_messages_are_tried_again(admin_client, owe):
    failed, sent = owe(), owe()
    OutboxMessage.objects.filter(pk=failed.pk).update(state=MessageState.FAILED)
    OutboxMessage.objects.filter(pk=sent.pk).update(state=MessageState.SENT)
    response = admin_client.post(
        LIST, {"action": "retry_failed", "_selected_action": [str(failed.pk), str(sent.pk)]}, follow=True
    )
    assert "1 courriel va être réessayé" in response.content.decode()
    assert states() == {"note:1": "retrying", "note:2": "sent"}


def test_the_list_counts_no_further_than_its_limit(owe, admin_client, monkeypatch):
    from notifications.admin import BoundedPaginator

    monkeypatch.setattr(BoundedPaginator, "LIMIT", 2)
    for _ in range(3):
        owe()
    assert admin_client.get(LIST).context["cl"].result_count == 2
