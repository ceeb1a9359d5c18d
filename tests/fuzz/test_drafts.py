"""What a family's forms never send: always answered; the list keeps the rules, and what was validated stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from hypothesis import event, example, given
from hypothesis import strategies as st

from accounts.models import Profile
from orientation import services
from orientation.errors import DraftChangedByOther
from orientation.models import Choice, Draft, SetAside
from orientation.queries import wishes_of
from orientation.rules import Catalogue, Wish, problems_of_list
from tests.factories import NOW, Family, sign_in
from tests.fuzz import bounded, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

ANSWERS = {200, 302, 303, 400, 403, 404, 405, 409, 413, 422}
VALIDATED = (
    Wish("generale", ("nsi", "svt", "ses")),
    Wish("stl", ("stl-spcl",)),
    Wish("autre-parcours", note="CAP Menuisier en alternance"),
)
ONE_MORE = Wish("s2tmd", ("s2tmd-danse",))

ACTS = ["ajouter", "{}/modifier", "{}/supprimer", "{}/deplacer", "annuler", "valider", "partir-des-intentions"]
CODES = [
    *("generale", "technologique", "metiers-musique", "autre-parcours", "stl", "s2tmd", "sti2d"),
    *("nsi", "svt", "ses", "hggsp", "arts-cirque", "danse", "stl-spcl", "s2tmd-danse"),
]
NAMES = [
    *("version", "group", "series", "note", "rank", "confirmed", "mine", "theirs", "another", "typed_by"),
    *(f"speciality_{which}" for which in ("1", "2", "3", "4", "stl", "s2tmd")),
]
TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=iso-8859-1",
    "application/x-www-form-urlencoded; charset=hex",
    "multipart/form-data; boundary=bound",
    "multipart/form-data; boundary=bound; charset=utf-16",
    "multipart/form-data; boundary=bound; charset=utf-7",
    "multipart/form-data; boundary=bound; charset=unicode_escape",
    "multipart/form-data; boundary=bound; charset=hex",
    "multipart/form-data; boundary=bound; charset=undefined",
    "multipart/form-data; boundary=other",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=hex",
    "",
]

versions = st.sampled_from(
    [b"0", b"1", b"2", b"3", b"4", b"-1", b"1.0", b"1e3", b" 4 ", "٤".encode(), b"9" * 30, b"9" * 5_000]
)
odd = st.one_of(
    st.binary(max_size=12),
    st.text(st.characters(codec="utf-8"), max_size=12).map(str.encode),
    st.sampled_from(
        [b"\x00", b"a\x00b", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"+2AA-", b"x" * 501, b"x" * 20_000, b""]
    ),
)
values = st.one_of(st.sampled_from(CODES).map(str.encode), versions, odd)


def nearly(right: dict[str, st.SearchStrategy[bytes]]) -> st.SearchStrategy[list[tuple[str, bytes]]]:
    """A form of this act, of which a field may be missing, repeated or another's, and values may be anything."""
    own = st.fixed_dictionaries({}, optional={name: value | odd for name, value in right.items()}).map(
        lambda fields: list(fields.items())
    )
    whole = st.fixed_dictionaries(right).map(lambda fields: list(fields.items()))
    others = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), values), max_size=4)
    return st.tuples(own | whole, others).map(lambda both: [*both[0], *both[1]])


codes = st.sampled_from(CODES).map(str.encode)
forms = st.one_of(
    nearly({"version": versions}),
    nearly({"version": versions, "rank": versions}),
    nearly({"version": versions, "group": codes, "series": codes, "speciality_stl": codes, "note": odd}),
    nearly({"version": versions, "group": st.just(b"technologique"), "series": st.sampled_from([b"sti2d", b"stmg"])}),
    nearly({"version": versions, "group": st.just(b"generale"), **{f"speciality_{n}": codes for n in (1, 2, 3)}}),
    nearly({"version": versions, "group": st.just(b"autre-parcours"), "note": odd}),
    st.just([(f"f{number}", b"x") for number in range(501)]),
    st.just([("version", b"4"), ("note", b"x" * 1_000_001)]),
)


@dataclass(frozen=True)
class Post:
    """One form as it leaves a browser, or somebody who plays one."""

    act: str = "ajouter"
    pathway: str = "stl"
    phase: str = "choix-definitifs"
    form: list[tuple[str, bytes]] = field(default_factory=list)
    content_type: str = TYPES[0]
    query: str = ""
    htmx: bool = False

    def send(self, client: Client, family: Family, set_aside: SetAside) -> int:
        act = self.act.format(self.pathway) if self.act != "conflit" else f"conflit/{set_aside.public_id}"
        path = f"/mes-services/orientation/{family.emma.public_id}/{self.phase}/{act}/"
        headers = {"HX-Request": "true", "HX-Target": "choix"} if self.htmx else {}
        body = self.multipart() if self.content_type.startswith("multipart") else self.urlencoded()
        answer = client.generic("POST", path, body, self.content_type, QUERY_STRING=self.query, headers=headers)
        return answer.status_code

    def urlencoded(self) -> bytes:
        return "&".join(f"{quote_from_bytes(n.encode())}={quote_from_bytes(v)}" for n, v in self.form).encode()

    def multipart(self) -> bytes:
        pieces = [
            b'--bound\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value + b"\r\n"
            for name, value in self.form
        ]
        return b"".join([*pieces, b"--bound--\r\n"])


posts = st.builds(
    Post,
    act=st.sampled_from([*ACTS, "conflit", "ajouter", "{}/modifier"]),
    pathway=st.sampled_from(["stl", "generale", "autre-parcours", "s2tmd", "sti2d", "inconnue", "-", "x" * 300]),
    phase=st.sampled_from(["choix-definitifs", "choix-definitifs", "choix-definitifs", "intentions"]),
    form=forms,
    content_type=st.integers(0, 9).flatmap(lambda n: st.sampled_from(TYPES if n == 7 else TYPES[:1])),
    query=st.sampled_from(["", "", "voie=technologique&suite=1", "%00=%ff", "voie=%ed%a0%80"]),
    htmx=st.booleans(),
)


@pytest.fixture
def set_aside(dubois: Family) -> SetAside:
    """Sophie has validated three choices and added a fourth; what Marc did on his older page is set aside."""
    sophie, marc = dubois.sophie.user, dubois.marc.user
    assert sophie is not None
    assert marc is not None
    doing: dict[str, Any] = {"file": dubois.file_of(dubois.sophie), "phase": dubois.phase, "by": sophie, "at": NOW}
    for version, wish in enumerate(VALIDATED):
        services.save_choice(wish=wish, version=version, **doing)
    services.validate_draft(version=3, **doing)
    services.save_choice(wish=ONE_MORE, version=3, **doing)
    doing |= {"file": dubois.file_of(dubois.marc), "by": marc}
    with pytest.raises(DraftChangedByOther) as refusal:
        services.remove_choice(pathway="stl", version=3, **doing)
    return refusal.value.set_aside


def validated() -> list[tuple[Any, ...]]:
    """Every rank ever validated, oldest first."""
    ranks = Choice.objects.order_by("submission__number", "rank")
    return list(ranks.values_list("submission__number", "submission__submitted_at", "rank", "pathway__code", "note"))


def drafts() -> list[Any]:
    return list(Draft.objects.order_by("pk").values())


def keeps_the_rules(draft: Draft, family: Family) -> bool:
    problems = problems_of_list(
        wishes_of(draft), catalogue=Catalogue.load(), speciality_count=family.phase.speciality_count
    )
    return not any(problems)


@bounded(30)
@given(sent=st.lists(st.tuples(st.booleans(), posts), min_size=1, max_size=4))
@example(sent=[(True, Post(form=[("note", b"x")], content_type="multipart/form-data; boundary=bound; charset=hex"))])
@example(sent=[(True, Post(form=[("version", b"4"), ("speciality_1", b"\x00")]))])
@example(
    sent=[
        (
            True,
            Post(
                form=[("version", b"4"), ("group", b"autre-parcours"), ("note", b"\\ud800")],
                act="{}/modifier",
                pathway="autre-parcours",
                content_type="multipart/form-data; boundary=bound; charset=unicode_escape",
            ),
        )
    ]
)
def test_whatever_a_family_posts_is_answered_and_its_list_keeps_the_rules(
    dubois: Family, set_aside: SetAside, sent: list[tuple[bool, Post]]
) -> None:
    with undone():
        clients = {
            True: sign_in(Client(), dubois.sophie.user, Profile.GUARDIAN),
            False: sign_in(Client(), dubois.marc.user, Profile.GUARDIAN),
        }
        for is_sophie, post in sent:
            before, stood = drafts(), validated()
            status = post.send(clients[is_sophie], dubois, set_aside)
            event(f"{post.act}: {status}")
            assert status in ANSWERS
            assert validated()[: len(stood)] == stood
            assert status < 400 or drafts() == before
            assert all(keeps_the_rules(draft, dubois) for draft in Draft.objects.all())
            draft = Draft.objects.get(phase=dubois.phase)
            newest = draft.revisions.order_by("-version").first()
            assert newest is not None
            assert (newest.version, newest.wishes) == (draft.version, draft.wishes)


@bounded(15)
@given(post=posts, profile=st.sampled_from([None, Profile.STUDENT]))
def test_whoever_may_not_write_is_answered_and_changes_nothing(
    dubois: Family, set_aside: SetAside, post: Post, profile: Profile | None
) -> None:
    with undone():
        client = sign_in(Client(), dubois.emma.user, profile) if profile else Client()
        before, stood = drafts(), validated()
        assert post.send(client, dubois, set_aside) in ANSWERS
        assert (drafts(), validated()) == (before, stood)
