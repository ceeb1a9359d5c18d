"""Names put into French sentences."""

from __future__ import annotations

import pytest

from schools.names import of_person


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Agnès Carpentier", "d’Agnès Carpentier"),
        ("Élise Roche", "d’Élise Roche"),
        ("Œuvrard Zoé", "d’Œuvrard Zoé"),
        ("Yanis Benali", "de Yanis Benali"),
        ("Hugo Roche", "de Hugo Roche"),
        ("Sophie Bernard", "de Sophie Bernard"),
    ],
)
def test_de_is_elided_before_a_vowel(name: str, said: str) -> None:
    assert of_person(name) == said
