"""What the confirmation says, word for word."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

CONTEXT = {
    "student": "Emma Dubois",
    "school": "Lycée Simone-Veil",
    "phase": "Choix définitifs",
    "number": 2,
    "by": "Marc Dubois",
    "entered_by": "",
    "at": "jeudi 20 mai 2027 à 22 h 40 (heure de Paris)",
    "until": "jeudi 20 mai 2027 à 23 h 59 (heure de Paris)",
    "url": "https://scolarite.example/demande/2/",
    "choices": [
        {
            "rank": 1,
            "label": "1re générale",
            "specialities": [
                {"label": "latin", "is_elsewhere": True},
                {"label": "mathématiques", "is_elsewhere": False},
            ],
            "note": "",
        },
        {"rank": 2, "label": "1re technologique : 1re STI2D", "specialities": [], "note": ""},
        {"rank": 3, "label": "Autre parcours : un accès à la voie professionnelle", "specialities": [], "note": "CAP"},
    ],
    "site_title": "Scolarité Services",
    "site_url": "https://scolarite.example",
    "is_demonstration": False,
    "versions": [{"language": "fr"}],
    "language": "fr",
    "subject": "Confirmation",
}


def test_the_recap_gives_every_rank_on_its_own_lines() -> None:
    text = render_to_string("orientation/mail/submission_validated.txt", CONTEXT)
    assert (
        """Nous souhaitons pour la rentrée prochaine :

Rang 1 : 1re générale
  - latin (hors établissement)
  - mathématiques

Rang 2 : 1re technologique : 1re STI2D

Rang 3 : Autre parcours : un accès à la voie professionnelle
  CAP

Vous pouvez modifier"""
        in text
    )


@pytest.mark.parametrize("template", ["submission_validated.txt", "submission_validated.html"])
def test_it_says_who_validated_when_until_when_and_where_to_read_it(template: str) -> None:
    text = render_to_string(f"orientation/mail/{template}", CONTEXT)
    for words in ("Marc Dubois", "22 h 40", "23 h 59", "https://scolarite.example/demande/2/", "Emma Dubois"):
        assert words in text


@pytest.mark.parametrize("template", ["submission_validated.txt", "submission_validated.html"])
def test_it_says_when_the_school_entered_it_and_in_whose_name(template: str) -> None:
    text = render_to_string(f"orientation/mail/{template}", {**CONTEXT, "entered_by": "Nadia Martin"})
    assert "saisis par l’établissement (Nadia Martin), au nom de Marc Dubois, le" in text
    assert "validés par" not in text
