"""Telephone numbers, postcodes and countries: of the mainland, of overseas, of elsewhere, and of nowhere."""

from __future__ import annotations

import pytest

from schools.contact_changes.fields import is_same
from schools.countries import country_choices, country_of, is_french_postal_code
from schools.models import ContactField, TimeZone
from schools.occupations import occupation_choices, occupation_name
from schools.phones import NotAPhoneNumber, dialled_phone, kept_phone, read_phone, spoken_phone

PARIS, REUNION, NOUMEA, TAHITI = (
    TimeZone.METROPOLE,
    TimeZone.REUNION,
    TimeZone.NOUVELLE_CALEDONIE,
    TimeZone.POLYNESIE,
)


@pytest.mark.parametrize(
    ("typed", "zone", "kept", "said"),
    [
        ("06 12 34 56 78", PARIS, "+33612345678", "06 12 34 56 78"),
        ("+33 (0)1.23.45.67.89", PARIS, "+33123456789", "01 23 45 67 89"),
        ("0692 12 34 56", REUNION, "+262692123456", "0692 12 34 56"),
        ("0692 12 34 56", PARIS, "+262692123456", "0692 12 34 56"),
        ("0690 12 34 56", REUNION, "+590690123456", "0690 12 34 56"),
        ("06 12 34 56 78", REUNION, "+33612345678", "06 12 34 56 78"),
        ("75 12 34", NOUMEA, "+687751234", "75.12.34"),
        ("87 12 34 56", TAHITI, "+68987123456", "87 12 34 56"),
        ("+687 75 12 34", PARIS, "+687751234", "+687 75.12.34"),
        ("+49 30 123456", PARIS, "+4930123456", "+49 30 123456"),
        ("0049 30 123456", PARIS, "+4930123456", "+49 30 123456"),
        ("+212 522 12 34 56", PARIS, "+212522123456", "+212 5 22 12 34 56"),
        ("06 39 98 01 02", PARIS, "+33639980102", "06 39 98 01 02"),
        ("   ", PARIS, "", ""),
    ],
)
def test_a_number_is_kept_in_one_form_and_said_as_in_the_school_s_territory(
    typed: str, zone: str, kept: str, said: str
) -> None:
    assert read_phone(typed, zone) == kept
    assert spoken_phone(kept, zone).replace("\u202f", " ") == said


@pytest.mark.parametrize(
    "typed", ["12 34", "06 12 34 56", "00 00 00 00 00", "0612CALLME", "+999 1234567", "à moi", "+"]
)
def test_what_is_no_number_is_refused_and_the_school_s_own_text_is_left_as_it_stands(typed: str) -> None:
    with pytest.raises(NotAPhoneNumber):
        read_phone(typed, PARIS)
    assert kept_phone(typed, PARIS) == typed
    assert spoken_phone(typed, PARIS) == typed


def test_a_foreign_number_is_dialled_without_the_sign_that_a_spreadsheet_would_run() -> None:
    assert dialled_phone("+4930123456", PARIS) == "0049 30 123456"
    assert dialled_phone("+33612345678", PARIS) == "06 12 34 56 78"
    assert dialled_phone("", PARIS) == ""


@pytest.mark.parametrize("code", ["75011", "20000", "01000", "95999", "97133", "97400", "97500", "98800", "98714"])
def test_postcodes_of_france_include_overseas(code: str) -> None:
    assert is_french_postal_code(code)


@pytest.mark.parametrize("code", ["7501", "750111", "00100", "96000", "98000", "97900", "99000", "7501A", "７5011", ""])
def test_what_is_no_postcode_of_france(code: str) -> None:
    assert not is_french_postal_code(code)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("FRANCE", "FR"),
        ("ALLEMAGNE", "DE"),
        ("COTE D'IVOIRE", "CI"),
        ("ETATS-UNIS", "US"),
        ("REUNION", "FR"),
        ("NOUVELLE-CALEDONIE", "FR"),
        ("ATLANTIDE", ""),
        ("", ""),
    ],
)
def test_the_country_that_siecle_names(label: str, code: str) -> None:
    assert country_of(label) == code


def test_countries_begin_with_france_which_includes_overseas() -> None:
    codes = [code for code, _name in country_choices()]
    assert codes[0] == "FR"
    assert len(codes) == len(set(codes))
    assert not {"RE", "GP", "NC", "PF"} & set(codes)


def test_an_occupation_that_is_not_of_the_list_is_kept_and_said_by_its_code() -> None:
    assert occupation_name("42") == "Professeurs des écoles, instituteurs et assimilés"
    assert occupation_name("99") == "code 99 de SIECLE"
    assert ("99", "code 99 de SIECLE") in occupation_choices("99")
    assert len(occupation_choices("42")) == len(occupation_choices())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SAINT-ÉTIENNE", "saint etienne", True),
        ("12 RUE DE L ŒUVRE", "12 rue de l’œuvre", True),
        ("", "Αθήνα", False),
        ("Αθήνα", "ΑΘΗΝΑ", True),
        ("Αθήνα", "Πάτρα", False),
        ("12 rue الزهور", "12 rue النخيل", False),
        ("", "-", False),
        ("", "", True),
    ],
)
def test_a_town_written_in_another_script_is_no_empty_one(one: str, other: str, same: bool) -> None:
    assert is_same(ContactField.TOWN, one, other) is is_same(ContactField.TOWN, other, one) is same
