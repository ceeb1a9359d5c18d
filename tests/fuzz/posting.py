"""Forms as no browser of ours sends them: fields missing, repeated, foreign or absurd, in bodies of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_from_bytes

from django.test import Client
from hypothesis import strategies as st

Form = list[tuple[str, bytes]]

ANSWERS = {200, 302, 303, 400, 403, 404, 405, 409, 413, 422, 429}

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
    "multipart/form-data; boundary=bound; x*=no-such''%41",
    "multipart/form-data; boundary=other",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=hex",
    "",
]
content_types = st.integers(0, 9).flatmap(lambda n: st.sampled_from(TYPES if n == 7 else TYPES[:1]))
queries = st.sampled_from(["", "", "voie=technologique&suite=1", "%00=%ff", "voie=%ed%a0%80"])

whole_numbers = st.sampled_from(
    [b"0", b"1", b"2", b"3", b"4", b"-1", b"1.0", b"1e3", b" 4 ", "٤".encode(), b"9" * 30, b"9" * 5_000]
)
odd = st.one_of(
    st.binary(max_size=12),
    st.text(st.characters(codec="utf-8"), max_size=12).map(str.encode),
    st.sampled_from(
        [b"\x00", b"a\x00b", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"+2AA-", b"x" * 501, b"x" * 20_000, b""]
    ),
)
overfull = st.sampled_from([[(f"f{number}", b"x") for number in range(501)], [("note", b"x" * 1_000_001)]])
"""More than Django is told to read."""


def nearly(
    right: dict[str, st.SearchStrategy[bytes]], *, names: Sequence[str], values: st.SearchStrategy[bytes] = odd
) -> st.SearchStrategy[Form]:
    """A form of one act, of which a field may be missing, repeated or another's (`names`), and values be anything."""
    own = st.fixed_dictionaries({}, optional={name: value | odd for name, value in right.items()}).map(
        lambda fields: list(fields.items())
    )
    whole = st.fixed_dictionaries(right).map(lambda fields: list(fields.items()))
    others = st.lists(st.tuples(st.sampled_from(names) | st.text(max_size=5), values), max_size=4)
    return st.tuples(own | whole, others).map(lambda both: [*both[0], *both[1]])


def post(client: Client, path: str, form: Form, content_type: str = TYPES[0], query: str = "", **headers: str) -> Any:
    """Send a form as this type says that it is written; return the answer."""
    body = _multipart(form) if content_type.startswith("multipart") else _urlencoded(form)
    return client.generic("POST", path, body, content_type, QUERY_STRING=query, headers=headers)


def _urlencoded(form: Form) -> bytes:
    return "&".join(f"{quote_from_bytes(n.encode())}={quote_from_bytes(v)}" for n, v in form).encode()


def _multipart(form: Form) -> bytes:
    pieces = [
        b'--bound\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value + b"\r\n"
        for name, value in form
    ]
    return b"".join([*pieces, b"--bound--\r\n"])
