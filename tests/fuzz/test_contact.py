"""What families never type about themselves, or to their school: always answered, and nothing kept that has no form."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.validators import validate_email
from django.test import Client
from hypothesis import event, example, given
from hypothesis import strategies as st

from accounts.models import Profile
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from portal.contact_data_form import LINE_LENGTH, LINES
from portal.contact_forms import MESSAGE_MAX_LENGTH
from portal.models import ContactMessage
from schools.contact_changes.queries import own_data
from schools.countries import country_choices, is_french_postal_code
from schools.models import ContactChange, ContactField, ContactOutcome, Guardian, Role
from schools.occupations import occupation_choices
from schools.phones import read_phone
from tests.factories import Family, sign_in, staff
from tests.fuzz import bounded, undone
from tests.fuzz.posting import ANSWERS, TYPES, Form, content_types, nearly, odd, overfull, post, queries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

OWN = "/mes-services/fiche-renseignements/"
REMINDERS = f"{OWN}rappels/"
WRITE = "/contact/message/"

texts = st.text(st.characters(codec="utf-8"), max_size=45).map(str.encode)
lines = st.lists(texts, max_size=5).map(b"\r\n".join)
numbers = st.from_regex(r"(\+|00)?[0-9 .()-]{0,20}", fullmatch=True).map(str.encode)
phones = numbers | st.sampled_from(
    [b"06 12 34 56 78", b"", b"+32 470 12 34 56", "٠٦١٢٣٤٥٦٧٨".encode(), b"0612345678;ext=1", b"tel:+33612345678", b"+"]
)
postal_codes = st.sampled_from([b"75 011", b"75011", b"", b"1000", b"2A004", "７５０１１".encode(), b"98000"]) | texts
yes_or_no = st.sampled_from([b"0", b"1", b""])
coordinates = {
    "address_lines": st.just(b"12 rue des Lilas") | lines,
    "postal_code": postal_codes,
    "town": st.just(b"Paris") | texts,
    "country": st.sampled_from([b"FR", b"FR", b"BE", b"XX"]),
    "mobile": phones,
    "phone": phones,
    "work_phone": phones,
    "accepts_sms": yes_or_no,
    "occupation": st.sampled_from([b"42", b"", b"00"]),
    "shares_coordinates": yes_or_no,
}
ABROAD = {
    "address_lines": "Οδός Ερμού".encode(),
    "town": "Αθήνα".encode(),
    "country": b"GR",
    "mobile": b"+30 691 234 5678",
}
addresses = st.emails().map(str.encode) | st.sampled_from(
    [b"a@b.fr", b"a@b.fr\r\nBcc: c@d.fr", b'"a b"@c.fr', b"a@[1.2.3.4]", "é@exämple.fr".encode(), b"x" * 300 + b"@b.fr"]
)
SAID = {"pending_email", "pending_email_at", "mutes_reminders"}
NAMES = [*coordinates, "email", "wanted", "guardian", "school_email", "typed_by", "key", "child", "subject", "message"]


def form_of(right: dict[str, st.SearchStrategy[bytes]]) -> st.SearchStrategy[Form]:
    whole = st.fixed_dictionaries(right).map(lambda fields: list(fields.items()))
    return whole | nearly(right, names=NAMES)


profiles = st.sampled_from([*[Profile.GUARDIAN] * 4, Profile.STUDENT])
own_posts = st.tuples(
    st.sampled_from([OWN, OWN, OWN, REMINDERS]),
    form_of(coordinates)
    | form_of({"email": addresses})
    | form_of({"wanted": st.sampled_from([b"on", b""])})
    | overfull,
    content_types,
    queries,
)


def can_be_kept(field: str, value: str) -> bool:
    """Whether the form may let this value of a field through."""
    if not value:
        return True
    if field in {"mobile", "phone", "work_phone"}:
        return read_phone(value, "Europe/Paris") == value
    if field == "address_lines":
        kept = value.split("\n")
        return len(kept) <= LINES and all(line == line.strip() and 0 < len(line) <= LINE_LENGTH for line in kept)
    choices: dict[str, Any] = {
        "country": lambda: dict(country_choices()),
        "occupation": lambda: dict(occupation_choices()),
        "accepts_sms": lambda: {"0", "1"},
        "shares_coordinates": lambda: {"0", "1"},
    }
    return value in choices[field]() if field in choices else len(value) <= 100


def makes_sense(guardian: Guardian) -> bool:
    """Whether what the page now shows of a person who has changed anything is what its rules take."""
    shown = own_data(guardian).values
    return (
        bool(shown["address_lines"] and shown["town"] and shown["country"])
        and any(shown[name] for name in ("mobile", "phone", "work_phone"))
        and (shown["country"] != "FR" or is_french_postal_code(shown["postal_code"]))
        and (shown["accepts_sms"] != "1" or bool(shown["mobile"]))
    )


def changes() -> list[Any]:
    return list(ContactChange.objects.order_by("pk").values("pk", "guardian_id", "field", "after", "changed_by_id"))


def records() -> list[Any]:
    """The people, but for what they say of themselves at once: an address to confirm, a wish for reminders."""
    return [
        {name: value for name, value in row.items() if name not in SAID}
        for row in Guardian.objects.order_by("pk").values()
    ]


@bounded(30)
@given(
    all_posts=st.lists(own_posts, min_size=1, max_size=4),
    profile=profiles,
)
@example(all_posts=[(OWN, [*ABROAD.items()], TYPES[0], "")], profile=Profile.GUARDIAN)
def test_whatever_one_types_of_oneself_is_answered_and_kept_by_the_rules(
    dubois: Family, all_posts: list[tuple[str, Form, str, str]], profile: Profile
) -> None:
    person = dubois.sophie.user if profile is Profile.GUARDIAN else dubois.emma.user
    assert person is not None
    with undone():
        client, known = sign_in(Client(), person, profile), records()
        for path, form, content_type, query in all_posts:
            before, owed = changes(), OutboxMessage.objects.count()
            status = post(client, path, form, content_type, query).status_code
            event(f"{path}: {status}")
            assert status in ANSWERS
            new = changes()[len(before) :]
            assert changes()[: len(before)] == before
            assert all(can_be_kept(row["field"], row["after"]) for row in new)
            assert all((row["guardian_id"], row["changed_by_id"]) == (dubois.sophie.pk, person.pk) for row in new)
            assert not new or (status == 302 and profile is Profile.GUARDIAN and makes_sense(dubois.sophie))
            assert records() == known
            for mail in OutboxMessage.objects.order_by("pk")[owed:]:
                validate_email(mail.address)
                assert (mail.recipient, status) == (f"guardian:{dubois.sophie.pk}", 302)
                assert build_email(mail).message().as_bytes()
        assert client.get(OWN).status_code == 200


messages = form_of(
    {
        "key": st.sampled_from([str(uuid.UUID(int=number)).encode() for number in range(3)]),
        "child": st.just(b"emma"),
        "subject": st.sampled_from([b"file", b"other", b"?"]),
        "message": texts | st.just(b"x\r\n" * (MESSAGE_MAX_LENGTH // 2)),
        "wants_answer": st.sampled_from([b"on", b""]),
    }
)


@bounded(20)
@given(all_forms=st.lists(st.tuples(messages | overfull, content_types, queries), min_size=1, max_size=4))
def test_whatever_is_written_to_a_school_is_answered_and_sent_once(
    dubois: Family, all_forms: list[tuple[Form, str, str]]
) -> None:
    dubois.school.email = "secretariat@lycee.example"
    with undone():
        dubois.school.save()
        client = sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN)
        for form, content_type, query in all_forms:
            before = ContactMessage.objects.count()
            filled = [(name, value.replace(b"emma", str(dubois.emma.public_id).encode())) for name, value in form]
            status = post(client, WRITE, filled, content_type, query).status_code
            event(str(status))
            assert status in ANSWERS
            sent = ContactMessage.objects.count()
            assert sent - before <= (status == 302)
            assert OutboxMessage.objects.count() == sent
            assert all(mail.address == dubois.school.email for mail in OutboxMessage.objects.all())
            assert all(len(mail.context["text"]) <= MESSAGE_MAX_LENGTH for mail in OutboxMessage.objects.all())
            assert all(build_email(mail).message().as_bytes() for mail in OutboxMessage.objects.all())


settling = st.tuples(
    st.sampled_from(["reprise", "ne-pas-reprendre"]),
    st.sampled_from(["own", "own", "0", "9" * 30]),
    form_of({"reason": odd}) | overfull,
    content_types,
    queries,
)


@bounded(20)
@given(all_sent=st.lists(settling, min_size=1, max_size=3), role=st.sampled_from([Role.HEAD, *Role]))
@example(all_sent=[("ne-pas-reprendre", "own", [("reason", b"\x00")], TYPES[0], "")], role=Role.HEAD)
def test_whatever_the_school_says_of_a_change_is_answered_and_it_is_settled_once(
    dubois: Family, all_sent: list[tuple[str, str, Form, str, str]], role: Role
) -> None:
    with undone():
        change = ContactChange.objects.create(
            guardian=dubois.sophie, field=ContactField.TOWN, before="", after="Lyon", changed_at="2027-05-20T08:00Z"
        )
        client = sign_in(Client(), staff(dubois.school, role, *dubois.school.divisions.all()), None)
        for act, key, form, content_type, query in all_sent:
            before = ContactChange.objects.values().get()
            path = f"/admin/etablissements/{dubois.school.uai}/coordonnees/{change.pk if key == 'own' else key}/{act}/"
            status = post(client, path, form, content_type, query).status_code
            event(f"{act}: {status}")
            assert status in ANSWERS
            after = ContactChange.objects.values().get()
            assert after == before or (status == 302 and before["outcome"] == ContactOutcome.WAITING)
            assert (after["outcome"] == ContactOutcome.REFUSED) == bool(after["reason"])
