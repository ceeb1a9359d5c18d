"""What no text can be made of, over the application that gunicorn serves."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import encode_multipart

from scolarite.wsgi import application

TOKEN = "x" * 32
BODIES = {
    "application/x-www-form-urlencoded": f"csrfmiddlewaretoken={TOKEN}".encode(),
    "multipart/form-data; boundary=x": encode_multipart("x", {"csrfmiddlewaretoken": TOKEN}),
}
WRONG = [
    *("utf-16", "utf-7", "latin-1", "utf-8-sig", "utf8", "no-such", "", "é", "x" * 70_000, "a\x00b", "\x00"),
    *("hex", "rot13", "base64", "quopri", "zip", "undefined", "idna", "punycode", "unicode_escape"),
]
NOT_READ, READ = 403, 405
"""The page takes no POST; whoever has the form read is told so, after its token."""


def status_of(content_type: str = "", *, method: str = "POST", path: str = "/contact/", cookie: str = "") -> int:
    """Ask for a page as a server does, with a form and a query that is not in UTF-8; return the answer's status."""
    body = next((body for of, body in BODIES.items() if content_type.startswith(of)), b"{}")
    environ = RequestFactory().generic(method, path, body, QUERY_STRING="voie=%E9&suite=1").environ
    environ |= {"CONTENT_TYPE": content_type, "HTTP_COOKIE": cookie or f"{settings.CSRF_COOKIE_NAME}={TOKEN}"}
    answer = application(environ, lambda _status, _headers: None)  # type: ignore[arg-type]
    assert isinstance(answer, HttpResponse)
    answer.close()
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("charset", WRONG, ids=lambda value: ascii(value[:20]))
@pytest.mark.parametrize("content_type", [*BODIES, "text/plain", "application/json", ""])
def test_what_names_another_encoding_is_answered_and_no_form_is_read_from_it(content_type: str, charset: str) -> None:
    for said in (f"charset={charset}", f'charset="{charset}"', f"charset*=utf-8''{charset}"):
        assert status_of(f"{content_type}; {said}", method="GET") == 200
        assert status_of(f"{content_type}; {said}") == NOT_READ


@pytest.mark.django_db
@pytest.mark.parametrize("spoilt", ["charset*=hex''%41", "charset*=no-such''a", "x*=no-such''%41", "x*=undefined''%41"])
@pytest.mark.parametrize("content_type", BODIES)
def test_a_parameter_in_an_unknown_encoding_is_answered(content_type: str, spoilt: str) -> None:
    assert status_of(f"{content_type}; {spoilt}", method="GET") == 200
    assert status_of(f"{content_type}; {spoilt}") in {NOT_READ, READ}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said", ["", "; charset=utf-8", "; charset=UTF-8", '; charset="utf-8"', "; charset*=utf-8''utf-8"]
)
@pytest.mark.parametrize("content_type", BODIES)
def test_a_form_in_utf_8_is_read(content_type: str, said: str) -> None:
    assert status_of(content_type + said) == READ


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_cookie_that_no_session_has_is_none() -> None:
    for value in (r"\000" * 40, r"\355\240\200" * 12, r"\377" * 32, "x" * 5_000):
        cookie = f'{settings.SESSION_COOKIE_NAME}="{value}"'
        assert status_of(method="GET", path="/mes-services/", cookie=cookie) == 302
