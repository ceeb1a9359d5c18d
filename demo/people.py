"""The demonstration's people: who they are, and how they sign in. The school's side of them is in `demo/siecle/`.

Everybody here is invented. One password opens every account.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

PASSWORD = "scolarite-2026"

PARIS = "0759901X"
LYON = "0699902Y"
REUNION = "9749903Z"
MARSEILLE = "0139904W"
BORDEAUX = "0339905V"
ACADEMIES = {
    PARIS: "paris",
    LYON: "lyon",
    REUNION: "reunion",
    MARSEILLE: "aix-marseille",
    BORDEAUX: "bordeaux",
}


@dataclass(frozen=True)
class Person:
    """An account of the demonstration.

    `guardian_of` and `student_of` give, per school (UAI), the SIECLE person id or the INE that ÉduConnect knows.
    `children_births` are the birth dates (ISO) that FranceConnect's proof of decision 19 asks for.
    """

    login: str
    given_name: str
    family_name: str
    shows: str
    birth_date: str
    gender: str = "female"
    email: str = ""
    guardian_of: dict[str, str] = field(default_factory=dict)
    student_of: dict[str, str] = field(default_factory=dict)
    children_births: tuple[str, ...] = ()
    has_franceconnect: bool = False
    other_given_names: tuple[str, ...] = ()
    """FranceConnect gives all the given names of the civil registry; schools usually hold the first."""
    usual_name: str = ""
    birth_place: str = "75112"
    """Code of the commune (INSEE); empty for somebody born abroad, as in FranceConnect."""
    birth_country: str = "99100"

    @property
    def is_student(self) -> bool:
        return bool(self.student_of)


PEOPLE = [
    Person(
        "claire.martin",
        "Claire",
        "Martin",
        "mère de deux enfants dans deux lycées (Paris et Lyon)",
        "1980-03-12",
        email="claire.martin@familles.example",
        guardian_of={PARIS: "100001", LYON: "200001"},
        children_births=("2011-05-14", "2011-11-02"),
        has_franceconnect=True,
        other_given_names=("Marie", "Louise"),
    ),
    Person(
        "sophie.bernard",
        "Sophie",
        "Bernard",
        "mère séparée d’Emma ; l’autre parent est Marc Dubois",
        "1979-07-01",
        email="sophie.bernard@familles.example",
        guardian_of={PARIS: "100003"},
        children_births=("2011-02-20",),
        has_franceconnect=True,
    ),
    Person(
        "marc.dubois",
        "Marc",
        "Dubois",
        "père séparé d’Emma ; l’autre parent est Sophie Bernard",
        "1977-12-24",
        gender="male",
        email="marc.dubois@familles.example",
        guardian_of={PARIS: "100004"},
        children_births=("2011-02-20",),
        has_franceconnect=True,
    ),
    Person(
        "fatou.diallo",
        "Fatou",
        "Diallo",
        "seule représentante légale de Moussa",
        "1985-09-09",
        email="fatou.diallo@familles.example",
        guardian_of={PARIS: "100006"},
        children_births=("2011-08-30",),
        has_franceconnect=True,
    ),
    Person(
        "ewa.kowalski",
        "Ewa",
        "Kowalski",
        "mère de Nina ; sa boîte aux lettres refuse les messages",
        "1981-05-30",
        email="refusee.kowalski@familles.example",
        guardian_of={PARIS: "100028"},
        children_births=("2011-03-15",),
    ),
    Person(
        "jean.lefevre",
        "Jean",
        "Lefèvre",
        "tuteur d’Inès Moreau",
        "1968-01-05",
        gender="male",
        email="jean.lefevre@familles.example",
        guardian_of={PARIS: "100007"},
        children_births=("2010-12-11",),
    ),
    Person(
        "anne.garnier",
        "Anne",
        "Garnier",
        "mère de Tom ; aucun des deux parents n’a d’adresse électronique",
        "1975-04-18",
        guardian_of={PARIS: "100009"},
        children_births=("2011-03-03",),
    ),
    Person(
        "nadia.benali",
        "Nadia",
        "Benali",
        "mère de Yanis, et professeure principale au lycée de Paris",
        "1982-10-10",
        email="nadia.benali@familles.example",
        guardian_of={PARIS: "100011"},
        children_births=("2011-06-21",),
        has_franceconnect=True,
    ),
    Person(
        "marie.hoarau",
        "Marie",
        "Hoarau",
        "mère de Noé, dans un lycée de La Réunion",
        "1983-02-28",
        email="marie.hoarau@familles.example",
        guardian_of={REUNION: "300001"},
        children_births=("2011-09-17",),
        has_franceconnect=True,
    ),
    Person(
        "samira.haddad",
        "Samira",
        "Haddad",
        "mère de Lina, à Marseille : les propositions du conseil de classe sont publiées",
        "1982-06-15",
        email="samira.haddad@familles.example",
        guardian_of={MARSEILLE: "4000001"},
        children_births=("2011-04-09",),
        has_franceconnect=True,
    ),
    Person(
        "karim.haddad",
        "Karim",
        "Haddad",
        "père de Lina, à Marseille",
        "1980-02-03",
        gender="male",
        email="karim.haddad@familles.example",
        guardian_of={MARSEILLE: "4000002"},
        children_births=("2011-04-09",),
    ),
    Person(
        "christelle.benoit",
        "Christelle",
        "Benoît",
        "mère de Sofia, à Marseille : le conseil de classe refuse ses deux choix",
        "1981-01-29",
        email="christelle.benoit.45@familles.example",
        guardian_of={MARSEILLE: "4000190"},
        children_births=("2011-04-08",),
    ),
    Person(
        "isabelle.roche",
        "Isabelle",
        "Roche",
        "mère de Hugo, à Bordeaux : l’établissement n’a encore rien importé",
        "1981-08-22",
        email="isabelle.roche@familles.example",
        guardian_of={BORDEAUX: "5000001"},
        children_births=("2011-10-05",),
    ),
    Person(
        "nathalie.masson",
        "Nathalie",
        "Masson",
        "mère d’Amina, à Bordeaux, dans la même classe que Hugo",
        "1983-11-19",
        email="nathalie.masson.3@familles.example",
        guardian_of={BORDEAUX: "5000106"},
        children_births=("2011-06-28",),
    ),
    Person(
        "lina.haddad",
        "Lina",
        "Haddad",
        "élève, fille de Samira et Karim Haddad",
        "2011-04-09",
        student_of={MARSEILLE: "074000001HH"},
    ),
    Person(
        "lucas.petit",
        "Lucas",
        "Petit",
        "élève majeur, son propre représentant légal (profil Élève)",
        "2008-01-15",
        gender="male",
        email="lucas.petit@familles.example",
        student_of={PARIS: "070000006FF"},
    ),
    Person(
        "lea.martin",
        "Léa",
        "Martin",
        "élève, fille de Claire Martin : consulte seulement",
        "2011-05-14",
        student_of={PARIS: "070000001AA"},
    ),
    Person(
        "emma.dubois",
        "Emma",
        "Dubois",
        "élève, fille de Sophie Bernard et Marc Dubois",
        "2011-02-20",
        student_of={PARIS: "070000002BB"},
    ),
    Person(
        "michel.roux",
        "Michel",
        "Roux",
        "grand-père d’Emma : personne à contacter, pas représentant légal",
        "1950-06-06",
        gender="male",
        guardian_of={PARIS: "100005"},
        children_births=("2011-02-20",),
    ),
    Person(
        "paul.inconnu",
        "Paul",
        "Inconnu",
        "compte sans enfant dans les établissements de la démonstration",
        "1981-11-11",
        gender="male",
        guardian_of={PARIS: "199999"},
        has_franceconnect=True,
    ),
]


def person(login: str) -> Person:
    """Return the person of this login. Raises KeyError."""
    return {someone.login: someone for someone in PEOPLE}[login]


@dataclass(frozen=True)
class Agent:
    """Somebody of the schools' staff, or the platform's operator, who is of no school.

    `role` is a value of `schools.models.Role`. `function` is the `FrEduFonctAdm` of their academic account, empty for
    who has none. Who was not `invited` has no account on the portal.
    """

    login: str
    given_name: str
    family_name: str
    shows: str
    uai: str = ""
    role: str = ""
    classes: tuple[str, ...] = ()
    function: str = ""
    invited: bool = True

    @property
    def email(self) -> str:
        return f"{self.login}@ac-{ACADEMIES.get(self.uai, 'exploitation')}.example"

    @property
    def needs_code(self) -> bool:
        """Whether they enter only with a code of their telephone: heads, deputies, operators."""
        return self.role in ("head", "deputy") or not self.uai

    @property
    def totp_key(self) -> str:
        """What their telephone holds, in hexadecimal digits: always the same, so that a command can stand in for it."""
        return hashlib.sha256(f"demonstration:{self.login}".encode()).hexdigest()[:40]


STAFF = [
    Agent(
        "proviseur.paris",
        "Hélène",
        "Vasseur",
        "cheffe d’établissement du lycée de Paris",
        PARIS,
        "head",
        function="DIR",
    ),
    Agent("adjoint.paris", "Bruno", "Chevalier", "adjoint au lycée de Paris", PARIS, "deputy", function="ADF"),
    Agent("secretariat.paris", "Odile", "Marchand", "secrétariat du lycée de Paris", PARIS, "office", function="ADF"),
    Agent(
        "nadia.benali",
        "Nadia",
        "Benali",
        "professeure principale au lycée de Paris : sa classe seulement",
        PARIS,
        "form_teacher",
        classes=("2DE1",),
        function="ENS",
    ),
    Agent(
        "psyen.paris", "Simon", "Caron", "psychologue de l’Éducation nationale au lycée de Paris", PARIS, "counsellor"
    ),
    Agent(
        "proviseur.lyon", "Karima", "Lacoste", "cheffe d’établissement du lycée de Lyon", LYON, "head", function="DIR"
    ),
    Agent(
        "proviseur.reunion",
        "Marie-Josée",
        "Payet",
        "cheffe d’établissement du lycée de La Réunion (UTC+4)",
        REUNION,
        "head",
        function="DIR",
    ),
    Agent(
        "proviseur.marseille",
        "Sandrine",
        "Ricard",
        "cheffe d’établissement du lycée de Marseille : des classes dans tous les états",
        MARSEILLE,
        "head",
        function="DIR",
    ),
    Agent(
        "proviseur.bordeaux",
        "Claude",
        "Larrieu",
        "cheffe d’établissement du lycée de Bordeaux : toute l’année reste à faire",
        BORDEAUX,
        "head",
        function="DIR",
    ),
    Agent("operateur", "", "", "exploitant de la plateforme : ne lit le dossier d’aucune famille"),
    Agent(
        "remplacant.paris",
        "Yves",
        "Nouveau",
        "compte académique seulement : l’établissement ne l’a pas invité",
        PARIS,
        function="ENS",
        invited=False,
    ),
]
"""Accounts of the administration: `load_demo` makes those who were invited. Same password."""


def agent(login: str) -> Agent:
    """Return the member of staff of this login. Raises KeyError."""
    return {someone.login: someone for someone in STAFF}[login]
