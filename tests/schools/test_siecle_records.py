"""What refuses one record alone, with its line, while the rest of the pair is written."""

from datetime import date

import pytest

from schools.models import Guardian, Guardianship, ResponsibilityLevel, Student
from schools.siecle import read_pair
from tests.schools.exports import YEAR, Pair, Pupil, Someone, Tie


def with_another(pupil: Pupil) -> Pair:
    """Léa, who is right, and after her a pupil who may not be, each with a guardian."""
    return Pair(
        pupils=[Pupil(), pupil],
        people=[Someone(), Someone(key="100002", given="Ève")],
        ties=[Tie(), Tie(pupil=pupil.key, person="100002")],
    )


BAD_PUPILS = {
    "no INE": (Pupil(key="2", ine=""), "L’INE manque."),
    "INE too short": (Pupil(key="2", ine="07000001AA"), "L’INE est mal formé"),
    "INE with three letters": (Pupil(key="2", ine="07000001AAA"), "L’INE est mal formé"),
    "INE in other digits": (Pupil(key="2", ine="٠٧٠٠٠٠٠٠١AA"), "L’INE est mal formé"),
    "no family name": (Pupil(key="2", ine="070000002BB", family=""), "Il manque : nom de famille."),
    "no given name": (Pupil(key="2", ine="070000002BB", given=""), "Il manque : prénom."),
    "no birth date": (Pupil(key="2", ine="070000002BB", born=""), "La date de naissance manque."),
    "30 February": (Pupil(key="2", ine="070000002BB", born="30/02/2011"), "La date de naissance est impossible."),
    "year 0000": (Pupil(key="2", ine="070000002BB", born="01/01/0000"), "La date de naissance est impossible."),
    "born tomorrow": (Pupil(key="2", ine="070000002BB", born="24/11/2026"), "La date de naissance est impossible."),
    "born long ago": (Pupil(key="2", ine="070000002BB", born="01/01/1811"), "La date de naissance est impossible."),
    "ISO date": (Pupil(key="2", ine="070000002BB", born="2011-01-02"), "La date de naissance est impossible."),
    "no level": (Pupil(key="2", ine="070000002BB", mef=""), "Le niveau (CODE_MEF) manque"),
    "level of ten digits": (Pupil(key="2", ine="070000002BB", mef="2001001911"), "Le niveau (CODE_MEF) manque"),
    "leaving on no date": (Pupil(key="2", ine="070000002BB", leaves="32/01/2026"), "La date de sortie est impossible."),
    "two classes": (Pupil(key="2", ine="070000002BB", divisions=("2DE1", "2DE2")), "L’élève est dans deux classes."),
    "long name": (Pupil(key="2", ine="070000002BB", family="x" * 101), "Trop long (plus de 100 caractères)"),
    "endless name": (Pupil(key="2", ine="070000002BB", given="x" * 90_000), "Trop long (plus de 100 caractères)"),
    "control character": (Pupil(key="2", ine="070000002BB", given="L\x91Ève"), "Caractère illisible : prénom."),
}


@pytest.mark.parametrize("what", BAD_PUPILS)
def test_a_bad_pupil_alone_is_refused_with_their_line_and_the_reason(what, take):
    pupil, reason = BAD_PUPILS[what]
    pair = with_another(pupil)
    pair.encoding = "UTF-8"
    text = pair.students().decode()

    report = take(pair)

    refused = [note for note in report.refused if note.file == "ElevesAvecAdresses.xml"]
    assert [note.line for note in refused] == [text[: text.index('<ELEVE ELEVE_ID="2"')].count("\n") + 1]
    assert refused[0].reason.startswith(reason)
    assert [note.reason for note in report.refused if note not in refused] == ["Ce lien est avec un élève refusé."]
    assert list(Student.objects.values_list("given_name", flat=True)) == ["Léa"]
    assert list(Guardian.objects.values_list("given_name", flat=True)) == ["Claire"]


@pytest.mark.parametrize("key", ["", " "])
def test_a_pupil_without_an_identifier_is_refused(key, take):
    report = take(Pair(pupils=[Pupil(), Pupil(key=key, ine="070000002BB")]))

    assert [note.reason for note in report.refused if "ELEVE_ID" in note.reason]
    assert Student.objects.count() == 1


def test_pupils_who_share_an_ine_are_all_refused(take):
    report = take(with_another(Pupil(key="2", given="Zoé")))

    assert [note.reason for note in report.refused if "INE" in note.reason] == [
        "Cet INE est donné à plusieurs élèves."
    ] * 2
    assert not Student.objects.exists()


def test_pupils_who_share_an_identifier_are_all_refused(take):
    report = take(with_another(Pupil(key="1", ine="070000002BB")))

    assert [note.reason for note in report.refused if "ELEVE_ID" in note.reason] == [
        "Cet ELEVE_ID est donné à plusieurs élèves."
    ] * 2
    assert not Student.objects.exists()


def test_a_class_whose_code_is_too_long_refuses_its_pupil(take):
    report = take(with_another(Pupil(key="2", ine="070000002BB", divisions=("X" * 21,))))

    assert len(report.refused) == 3
    assert Student.objects.get().given_name == "Léa"


BAD_PEOPLE = {
    "no name": (Someone(key="100002", family=""), "Il manque : nom de famille."),
    "long name": (Someone(key="100002", usual="x" * 101), "Trop long (plus de 100 caractères)"),
    "long identifier": (Someone(key="1" * 21), "Trop long (plus de 20 caractères)"),
}


@pytest.mark.parametrize("what", BAD_PEOPLE)
def test_a_bad_person_alone_is_refused_and_their_links_with_them(what, take):
    someone, reason = BAD_PEOPLE[what]

    report = take(Pair(people=[Someone(), someone], ties=[Tie(), Tie(person=someone.key, code="20")]))

    assert len(report.refused) == 2
    assert report.refused[0].reason.startswith(reason)
    assert list(Guardianship.objects.values_list("guardian__given_name", flat=True)) == ["Claire"]


def test_people_who_share_an_identifier_are_all_refused(take):
    report = take(Pair(people=[Someone(), Someone(family="Autre")]))

    assert [note.reason for note in report.refused] == [
        "Ce PERSONNE_ID est donné à plusieurs personnes.",
        "Ce PERSONNE_ID est donné à plusieurs personnes.",
        "Ce lien est avec une personne refusée.",
    ]
    assert Student.objects.count() == 1


BAD_TIES = {
    "unknown pupil": (Tie(pupil="77"), "Ce lien est avec un élève qui n’est pas dans le fichier des élèves."),
    "unknown person": (Tie(person="77"), "Ce lien est avec une personne qui n’est pas dans le fichier."),
    "no pupil": (Tie(pupil=""), "L’identifiant ELEVE_ID manque."),
    "no person": (Tie(person=""), "L’identifiant PERSONNE_ID manque."),
    "no level": (Tie(person="100002", level=""), "Le niveau de responsabilité manque ou est inconnu."),
    "level 4": (Tie(person="100002", level="4"), "Le niveau de responsabilité manque ou est inconnu."),
    "level 01": (Tie(person="100002", level="01"), "Le niveau de responsabilité manque ou est inconnu."),
    "old level 3": (
        Tie(person="100002", level="", resp_legal="3"),
        "Le niveau de responsabilité manque ou est inconnu.",
    ),
}


@pytest.mark.parametrize("what", BAD_TIES)
def test_a_bad_link_alone_is_refused_with_its_line(what, take):
    tie, reason = BAD_TIES[what]
    pair = Pair(people=[Someone(), Someone(key="100002")], ties=[Tie(), tie])
    text = pair.guardians().decode("iso-8859-15")

    report = take(pair)

    line = text[: text.rindex("<RESPONSABLE_ELEVE>")].count("\n") + 1
    assert [(note.line, note.reason) for note in report.refused] == [(line, reason)]
    assert Guardianship.objects.get().guardian.siecle_person_id == "100001"


def test_a_link_given_twice_differently_is_refused_and_given_twice_alike_is_taken(take):
    report = take(Pair(ties=[Tie(), Tie(level="3")]))

    assert [note.reason for note in report.refused] == ["Ce lien est donné deux fois, différemment."] * 2
    assert not Guardianship.objects.exists()

    assert take(Pair(ties=[Tie(), Tie()])).refused == []
    assert Guardianship.objects.count() == 1


@pytest.mark.parametrize("email", ["claire.martin", "a@b", "claire martin@familles.example", "x" * 250 + "@ex.example"])
def test_a_bad_address_is_left_empty_and_said_and_the_person_is_kept(email, take):
    pair = Pair(people=[Someone(email=email)])
    text = pair.guardians().decode("iso-8859-15")

    report = take(pair)

    line = text[: text.index("<PERSONNE ")].count("\n") + 1
    assert [(note.line, note.reason) for note in report.warnings] == [
        (line, "L’adresse électronique n’est pas valide : laissée vide.")
    ]
    assert email not in report.warnings[0].reason
    assert Guardian.objects.get().school_email == ""
    assert report.refused == []


def test_an_unusable_telephone_is_left_out_and_an_unknown_relationship_becomes_another(take):
    report = take(Pair(people=[Someone(mobile="0" * 31, phone="01 99 00 00 00")], ties=[Tie(code="99")]))

    assert sorted(note.reason for note in report.warnings) == [
        "Le lien de parenté est inconnu : noté « autre lien ».",
        "Le portable n’est pas utilisable : non repris.",
    ]
    assert (Guardian.objects.get().mobile, Guardian.objects.get().phone) == ("", "+33199000000")
    assert Guardianship.objects.get().relationship == "90"


@pytest.mark.parametrize(
    ("born", "level", "code", "warned"),
    [
        ("24/11/2008", "1", "70", True),
        ("23/11/2008", "1", "70", False),
        ("14/05/2011", "3", "70", False),
        ("14/05/2011", "1", "10", False),
    ],
)
def test_a_minor_who_is_said_to_be_their_own_guardian_is_taken_and_told(born, level, code, warned, take):
    pair = Pair(pupils=[Pupil(born=born)], ties=[Tie(code=code, level=level)])
    text = pair.guardians().decode("iso-8859-15")
    line = text[: text.index("<RESPONSABLE_ELEVE>")].count("\n") + 1
    reason = "Élève mineur noté comme son propre représentant légal : ce lien ne compte qu’à ses 18 ans."

    report = take(pair)

    said = [("ResponsablesAvecAdresses.xml", line, reason)] if warned else []
    assert [(note.file, note.line, note.reason) for note in report.warnings] == said
    assert Guardianship.objects.get().relationship == code


@pytest.mark.parametrize(
    ("ine", "old_ine", "kept"),
    [
        ("070000001AA", "", "070000001AA"),
        ("", "0700000011A", "0700000011A"),
        ("070000001AA", "0700000011A", "070000001AA"),
        ("070000001aa", "", "070000001AA"),
    ],
)
def test_the_new_ine_is_preferred_to_the_old_one(ine, old_ine, kept):
    (student,) = read_pair(Pair(pupils=[Pupil(ine=ine, old_ine=old_ine)]).files(), expected_year=YEAR).students

    assert student.ine == kept


def test_exports_of_before_2016_and_2018_are_read(take):
    ties = [Tie(person=key, level="", resp_legal=level) for key, level in (("1", "1"), ("2", "2"), ("3", "0"))]
    people = [Someone(key=key, family="Bernard", usual="Dubois", given=f"N{key}") for key in ("1", "2", "3")]

    report = take(Pair(people=people, ties=ties, old_format=True))

    assert report.refused == []
    assert list(Guardianship.objects.order_by("guardian__siecle_person_id").values_list("level", flat=True)) == [
        ResponsibilityLevel.LEGAL,
        ResponsibilityLevel.LEGAL,
        ResponsibilityLevel.CONTACT,
    ]
    assert {(g.family_name, g.usual_name) for g in Guardian.objects.all()} == {("Bernard", "Dubois")}
    assert Student.objects.get().family_name == "Martin"


def test_the_pupil_is_what_their_own_elements_say_not_what_last_years_school_does(take):
    take(Pair(pupils=[Pupil(usual="Martin", divisions=("2DE1", "2DE1"), groups=("ESPA", "LATIN"))]))

    student = Student.objects.get()
    assert student.mef_code == "20010019110"
    assert student.birth_date == date(2011, 5, 14)
    assert student.usual_name == ""
    assert str(student.division) == "2DE1"
    assert student.siecle_id == "1"
