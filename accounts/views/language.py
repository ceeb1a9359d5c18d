"""Choosing the language of the pages and of one's e-mails."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.kept_forms import AUTHOR_FIELD, keep_form
from accounts.languages import LANGUAGES, choose_language


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Keep the choice in this browser, and on the account of who is signed in; then show the same page again.

    A form that came along half filled is kept for that page (`typed_form` of includes/languages.html).
    """
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in LANGUAGES:
        choose_language(language=chosen, by=request.user)
    if AUTHOR_FIELD in request.POST:
        keep_form(request, path=urlsplit(request.GET.get("next", "")).path)
    return set_language(request)
