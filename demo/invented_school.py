"""A whole invented school as SIECLE would export it: classes, pupils, guardians; the same at each run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from xml.sax.saxutils import escape

from schools.names import fold

FAMILY_NAMES = [
    "Aubert",
    "Barbier",
    "Baron",
    "Benoît",
    "Besson",
    "Blanc",
    "Boyer",
    "Brun",
    "Carpentier",
    "Caron",
    "Chevalier",
    "Clément",
    "Colin",
    "Da-Silva",
    "Delmas",
    "Diaz",
    "Duval",
    "Fabre",
    "Faure",
    "Ferrand",
    "Fleury",
    "Gaillard",
    "Gauthier",
    "Giraud",
    "Guérin",
    "Haddou",
    "Henry",
    "Huet",
    "Jacquet",
    "Joly",
    "Keita",
    "Lambert",
    "Laurent",
    "Leclerc",
    "Lemoine",
    "Leroux",
    "Lopez",
    "Maillard",
    "Mallet",
    "Marchal",
    "Masson",
    "Mercier",
    "Meunier",
    "Meyer",
    "Nguyen",
    "Noël",
    "Ollivier",
    "Pascal",
    "Perret",
    "Philippe",
    "Picard",
    "Poirier",
    "Prévost",
    "Renaud",
    "Rey",
    "Rivière",
    "Robin",
    "Rolland",
    "Roussel",
    "Saïdi",
    "Sanchez",
    "Schmitt",
    "Simon",
    "Tessier",
    "Traoré",
    "Vasseur",
    "Vidal",
    "Weber",
    "Yilmaz",
    "Zimmermann",
]
GIRLS = [
    "Adèle",
    "Alice",
    "Amina",
    "Anaïs",
    "Anna",
    "Camille",
    "Chloé",
    "Clara",
    "Élise",
    "Eva",
    "Gabrielle",
    "Inaya",
    "Jade",
    "Juliette",
    "Lina",
    "Lola",
    "Louise",
    "Lucie",
    "Maïa",
    "Manon",
    "Margaux",
    "Mila",
    "Nour",
    "Romane",
    "Rose",
    "Salomé",
    "Sarah",
    "Sofia",
    "Yasmine",
    "Zoé",
]
BOYS = [
    "Adam",
    "Adrien",
    "Amadou",
    "Arthur",
    "Axel",
    "Baptiste",
    "Clément",
    "Élie",
    "Ethan",
    "Gabriel",
    "Hugo",
    "Ismaël",
    "Jules",
    "Kylian",
    "Léo",
    "Liam",
    "Louis",
    "Malo",
    "Marius",
    "Mathis",
    "Milan",
    "Nathan",
    "Nolan",
    "Oscar",
    "Paul",
    "Raphaël",
    "Sacha",
    "Samy",
    "Théo",
    "Victor",
]
MOTHERS = [
    "Agnès",
    "Aïcha",
    "Céline",
    "Christelle",
    "Delphine",
    "Fanny",
    "Hélène",
    "Karima",
    "Laure",
    "Maud",
    "Nathalie",
    "Sabrina",
    "Sandrine",
    "Virginie",
]
FATHERS = [
    "Alain",
    "Arnaud",
    "Bruno",
    "Cédric",
    "Éric",
    "Farid",
    "Franck",
    "Jérôme",
    "Laurent",
    "Mehdi",
    "Olivier",
    "Pascal",
    "Stéphane",
    "Xavier",
]

MEF_SECOND_GT = "20010019110"


@dataclass(frozen=True)
class InventedGuardian:
    """A legal guardian; `relationship` is SIECLE's CODE_PARENTE."""

    person_id: str
    given_name: str
    family_name: str
    relationship: str
    email: str = ""


@dataclass(frozen=True)
class InventedPupil:
    ine: str
    given_name: str
    family_name: str
    birth_date: str
    """JJ/MM/AAAA."""
    is_girl: bool
    division: str
    guardians: tuple[InventedGuardian, ...]


def invented_pupils(*, prefix: int, classes: dict[str, int]) -> Iterator[InventedPupil]:
    """Yield so many pupils for each class; `prefix` (two digits) keeps INE and person ids apart between schools.

    One guardian in nine has no address, one in thirty an address that refuses (`refusee…` in the demonstration).
    """
    draw = Random(prefix)  # noqa: S311 - invented people
    count = 0
    for division, size in classes.items():
        for _ in range(size):
            count += 1
            family, is_girl = draw.choice(FAMILY_NAMES), draw.random() < 0.5
            yield InventedPupil(
                ine=f"07{prefix}{count:05}ZZ",
                given_name=draw.choice(GIRLS if is_girl else BOYS),
                family_name=family,
                birth_date=f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/2011",
                is_girl=is_girl,
                division=division,
                guardians=tuple(_guardians(draw, prefix, count, family)),
            )


def _guardians(draw: Random, prefix: int, count: int, family: str) -> Iterator[InventedGuardian]:
    for place in range(draw.choice((1, 2, 2, 2))):
        given = draw.choice(FATHERS if place else MOTHERS)
        # one separated family in five: the second parent has another name
        name = draw.choice(FAMILY_NAMES) if place and draw.random() < 0.2 else family
        turn = (2 * count + place) % 30
        box = fold(given).lower() + "." + fold(name).lower().replace(" ", "-") + f".{count}"
        email = "" if turn % 9 == 4 else f"{'refusee.' if turn == 7 else ''}{box}@familles.example"
        yield InventedGuardian(f"{prefix}{100 + 2 * count + place:05}", given, name, "20" if place else "10", email)


def siecle_students(pupils: list[InventedPupil], *, uai: str, school_year: int, day: str) -> str:
    """Return the text of `ElevesAvecAdresses.xml`. `day` is JJ/MM/AAAA."""
    rows = "".join(
        f'<ELEVE ELEVE_ID="{number}" ELENOET="{number}">'
        + _tags(
            INE_RNIE=pupil.ine,
            NOM_DE_FAMILLE=pupil.family_name,
            PRENOM=pupil.given_name,
            DATE_NAISS=pupil.birth_date,
            CODE_SEXE="2" if pupil.is_girl else "1",
            CODE_STATUT="ST",
            CODE_MEF=MEF_SECOND_GT,
        )
        + "</ELEVE>\n"
        for number, pupil in enumerate(pupils, start=1)
    )
    classes = "".join(
        f'<STRUCTURES_ELEVE ELEVE_ID="{number}" ELENOET="{number}"><STRUCTURE>'
        + _tags(CODE_STRUCTURE=pupil.division, TYPE_STRUCTURE="D")
        + "</STRUCTURE></STRUCTURES_ELEVE>\n"
        for number, pupil in enumerate(pupils, start=1)
    )
    inside = f"<ELEVES>\n{rows}</ELEVES>\n<STRUCTURES>\n{classes}</STRUCTURES>"
    return _file("BEE_ELEVES", inside, uai=uai, school_year=school_year, day=day)


def siecle_guardians(pupils: list[InventedPupil], *, uai: str, school_year: int, day: str) -> str:
    """Return the text of `ResponsablesAvecAdresses.xml`."""
    people = {guardian.person_id: guardian for pupil in pupils for guardian in pupil.guardians}
    rows = "".join(
        f'<PERSONNE PERSONNE_ID="{guardian.person_id}">'
        + _tags(
            NOM_DE_FAMILLE=guardian.family_name,
            PRENOM=guardian.given_name,
            LC_CIVILITE="M." if guardian.relationship == "20" else "MME",
            TEL_PORTABLE=f"06 39 98 {int(guardian.person_id) % 100:02} {int(guardian.person_id) // 100 % 100:02}",
            MEL=guardian.email,
            ACCEPTE_SMS="1",
            ADRESSE_ID=guardian.person_id,
            CODE_PROFESSION=("42", "54", "33", "63")[int(guardian.person_id) % 4],
            COMMUNICATION_ADRESSE="0",
        )
        + "</PERSONNE>\n"
        for guardian in people.values()
    )
    postal_code, town = ("33000", "BORDEAUX") if uai.startswith("033") else ("13001", "MARSEILLE")
    addresses = "".join(
        f'<ADRESSE ADRESSE_ID="{person_id}">'
        + _tags(
            LIGNE1_ADRESSE=f"{int(person_id) % 90 + 1} RUE DES LILAS",
            CODE_POSTAL=postal_code,
            LIBELLE_POSTAL=town,
            LL_PAYS="FRANCE",
        )
        + "</ADRESSE>\n"
        for person_id in people
    )
    ties = "".join(
        "<RESPONSABLE_ELEVE>"
        + _tags(
            ELEVE_ID=str(number),
            PERSONNE_ID=guardian.person_id,
            CODE_PARENTE=guardian.relationship,
            NIVEAU_RESPONSABILITE="1",
        )
        + "</RESPONSABLE_ELEVE>\n"
        for number, pupil in enumerate(pupils, start=1)
        for guardian in pupil.guardians
    )
    inside = (
        f"<PERSONNES>\n{rows}</PERSONNES>\n<RESPONSABLES>\n{ties}</RESPONSABLES>\n<ADRESSES>\n{addresses}</ADRESSES>"
    )
    return _file("BEE_RESPONSABLES", inside, uai=uai, school_year=school_year, day=day)


def _tags(**values: str) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value)


def _file(root: str, inside: str, *, uai: str, school_year: int, day: str) -> str:
    head = _tags(UAJ=uai, ANNEE_SCOLAIRE=str(school_year), DATE_EXPORT=day, HORODATAGE=f"{day} 07:30:00")
    return (
        f'<?xml version="1.0" encoding="ISO-8859-15"?>\n<{root} VERSION="3.0">\n<PARAMETRES>{head}</PARAMETRES>\n'
        f"<DONNEES>\n{inside}\n</DONNEES>\n</{root}>\n"
    )
