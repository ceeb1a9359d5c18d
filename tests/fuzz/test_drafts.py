"""What a family's forms never send: always answered; the list keeps the rules, and what was validated stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
from tests.fuzz.posting import ANSWERS, TYPES, Form, content_types, nearly, odd, overfull, post, queries, whole_numbers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("last_evening")]

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
codes = st.sampled_from(CODES).map(str.encode)
anything = codes | whole_numbers | odd


def form_of(**right: st.SearchStrategy[bytes]) -> st.SearchStrategy[Form]:
    return nearly({"version": whole_numbers, **right}, names=NAMES, values=anything)


forms = st.one_of(
    form_of(),
    form_of(rank=whole_numbers),
    form_of(group=codes, series=codes, speciality_stl=codes, note=odd),
    form_of(group=st.just(b"technologique"), series=st.sampled_from([b"sti2d", b"stmg"])),
    form_of(group=st.just(b"generale"), speciality_1=codes, speciality_2=codes, speciality_3=codes),
    form_of(group=st.just(b"autre-parcours"), note=odd),
    overfull,
)


@dataclass(frozen=True)
class Post:
    """One form as it leaves a browser, or somebody who plays one."""

    act: str = "ajouter"
    pathway: str = "stl"
    phase: str = "choix-definitifs"
    form: Form = field(default_factory=list)
    content_type: str = TYPES[0]
    query: str = ""
    htmx: bool = False

    def send(self, client: Client, family: Family, set_aside: SetAside) -> int:
        act = self.act.format(self.pathway) if self.act != "conflit" else f"conflit/{set_aside.public_id}"
        path = f"/mes-services/orientation/{family.emma.public_id}/{self.phase}/{act}/"
        headers = {"HX-Request": "true", "HX-Target": "choix"} if self.htmx else {}
        return post(client, path, self.form, self.content_type, self.query, **headers).status_code


posts = st.builds(
    Post,
    act=st.sampled_from([*ACTS, "conflit", "ajouter", "{}/modifier"]),
    pathway=st.sampled_from(["stl", "generale", "autre-parcours", "s2tmd", "sti2d", "inconnue", "-", "x" * 300]),
    phase=st.sampled_from(["choix-definitifs", "choix-definitifs", "choix-definitifs", "intentions"]),
    form=forms,
    content_type=content_types,
    query=queries,
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
        for is_sophie, each in sent:
            before, stood = drafts(), validated()
            status = each.send(clients[is_sophie], dubois, set_aside)
            event(f"{each.act}: {status}")
            assert status in ANSWERS
            assert validated()[: len(stood)] == stood
            assert status < 400 or drafts() == before
            assert all(keeps_the_rules(draft, dubois) for draft in Draft.objects.all())
            draft = Draft.objects.get(phase=dubois.phase)
            newest = draft.revisions.order_by("-version").first()
            assert newest is not None
            assert (newest.version, newest.wishes) == (draft.version, draft.wishes)


@bounded(15)
@given(sent=posts, profile=st.sampled_from([None, Profile.STUDENT]))
def test_whoever_may_not_write_is_answered_and_changes_nothing(
    dubois: Family, set_aside: SetAside, sent: Post, profile: Profile | None
) -> None:
    with undone():
        client = sign_in(Client(), dubois.emma.user, profile) if profile else Client()
        before, stood = drafts(), validated()
        assert sent.send(client, dubois, set_aside) in ANSWERS
        assert (drafts(), validated()) == (before, stood)
