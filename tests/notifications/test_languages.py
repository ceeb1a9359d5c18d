"""In which language a message speaks: that of its reader's account, with the French text below."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.languages import choose_language
from notifications.languages import in_french, worded
from notifications.models import OutboxMessage
from notifications.rendering import build_email
from orientation.models import PhaseKind
from schools.models.school import School, TimeZone
from schools.times import spoken_instant_lazy
from tests.factories import Family
from tests.orientation.test_services import Hand

pytestmark = pytest.mark.django_db

INSTANT = datetime(2026, 6, 5, 16, 0, tzinfo=UTC)
PARIS = School(time_zone=TimeZone.METROPOLE)


def message(language: str) -> OutboxMessage:
    context = {"changed": spoken_instant_lazy(INSTANT, PARIS)}
    return OutboxMessage(
        kind="schools.email_changed", address="a@b.example", language=language, context=worded(context, language)
    )


def body(email) -> tuple[str, str]:
    return email.body, email.alternatives[0].content


def test_a_french_message_says_it_once():
    for text in body(build_email(message("fr"))):
        assert text.count("vendredi 5 juin 2026") == 1


def test_an_english_message_has_its_text_first_then_the_french_one():
    with translation.override("en"):
        of_its_own = build_email(message("fr"))
    email = build_email(message("en"))

    assert of_its_own.subject == "Votre adresse électronique a été remplacée"
    for text in body(email):
        english, french = text.index("Friday 5 June 2026"), text.index("vendredi 5 juin 2026")
        assert english < french
        assert text.count("Friday 5 June 2026") == text.count("vendredi 5 juin 2026") == 1
    closing = "merci de ne pas y répondre"
    for text in (*body(email), *body(build_email(message("fr")))):
        assert text.count(closing) == 1
    plain, html = body(email)
    assert plain.index("Friday") < plain.index("____") < plain.index("vendredi") < plain.index("\n-- \n")
    assert html.index('lang="en"') < html.index("Friday") < html.index('lang="fr"') < html.index("vendredi")


def test_what_a_message_keeps_are_french_words_and_beside_them_those_that_differ():
    context = {
        "name": "Emma",
        "phase": PhaseKind.INTENTIONS.label,
        "on": spoken_instant_lazy(INSTANT, PARIS),
    }

    with translation.override("en"):
        assert worded(context, "fr")["on"].startswith("vendredi 5 juin 2026")
        kept = worded(context, "en")
    assert kept["on"].startswith("vendredi 5 juin 2026")
    assert kept["translated"]["on"].startswith("Friday 5 June 2026")
    assert "name" not in kept["translated"]


def test_what_is_kept_is_french_whoever_asks():
    @in_french
    def kept() -> str:
        return str(_("Yes"))  # Django's own word

    with translation.override("en"):
        assert kept() == "Oui"
        assert str(_("Yes")) == "Yes"


@pytest.mark.usefixtures("last_evening")
def test_each_guardian_reads_their_own_language_in_what_one_act_owes(dubois: Family):
    assert dubois.marc.user
    choose_language(language="en", by=dubois.marc.user)
    sophie = Hand(dubois, dubois.sophie)
    sophie.add("stmg")
    with translation.override("en"):  # who acts reads English: the other does not
        sophie.validate()

    languages = dict(OutboxMessage.objects.values_list("address", "language"))
    assert languages == {dubois.sophie.usable_email: "fr", dubois.marc.usable_email: "en"}
    french = OutboxMessage.objects.get(address=dubois.sophie.usable_email)
    assert "à" in french.context["until"]
    assert "translated" not in french.context
