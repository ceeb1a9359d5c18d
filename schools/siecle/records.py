"""From raw records to typed ones: each is either clean, or refused alone with its line and the reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from schools.countries import country_of
from schools.models import Division, Guardian, Relationship, ResponsibilityLevel, Student
from schools.phones import kept_phone
from schools.siecle.reader import Raw


class RecordError(Exception):
    """This record alone cannot be taken; the message is the reason, without personal data."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something to tell about one line of one file: why it was refused, or what was left out of it."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class StudentRecord:
    """A pupil (ELEVE). `former_ine` is the national number of before, when the file gives both."""

    line: int
    siecle_id: str
    ine: str
    former_ine: str
    family_name: str
    usual_name: str
    given_name: str
    birth_date: date
    mef_code: str
    leaves_on: date | None
    division: str = ""

    def is_adult_on(self, day: date) -> bool:
        """Whether the pupil has turned eighteen by this day (decision 3)."""
        born = self.birth_date
        return (day.year - born.year, day.month, day.day) >= (18, born.month, born.day)


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """Where a person lives (ADRESSE). `country` is a code of ISO 3166."""

    lines: str = ""
    postal_code: str = ""
    town: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person of the pupils' files (PERSONNE)."""

    line: int
    person_id: str
    civility: str
    family_name: str
    usual_name: str
    given_name: str
    phone: str
    work_phone: str
    mobile: str
    email: str
    accepts_sms: bool | None
    occupation: str
    shares_coordinates: bool | None
    address: AddressRecord | None
    """None when the file holds no addresses at all (ResponsablesSansAdresses): what is known then stays."""


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """What ties a person to a pupil (RESPONSABLE_ELEVE)."""

    line: int
    siecle_id: str
    person_id: str
    relationship: str
    level: int


_INE = re.compile(r"[0-9]{9}[0-9A-Z][A-Z]")
"""Ten digits and a letter (ID_NATIONAL), or nine digits and two letters (INE_RNIE)."""

_MEF = re.compile(r"[0-9]{11}")
_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_FIRST_YEAR = 1900
_LEVELS = {str(level.value): level for level in ResponsibilityLevel}
_OLD_LEVELS = {"1": ResponsibilityLevel.LEGAL, "2": ResponsibilityLevel.LEGAL, "0": ResponsibilityLevel.CONTACT}
_RELATIONSHIPS = set(Relationship.values)
_YES_OR_NO = {"1": True, "0": False, "O": True, "N": False}
_IN_TOWN = ("postal_code", "town")


def student_from(raw: Raw, *, on: date) -> StudentRecord:
    """Return the clean pupil. `on` is the day of the export. Raises RecordError."""
    ine, former_ine = _ine(raw.fields)
    family_name, usual_name = _names(raw.fields, Student)
    return StudentRecord(
        line=raw.line,
        siecle_id=_identifier(raw.attributes.get("ELEVE_ID", ""), "ELEVE_ID"),
        ine=ine,
        former_ine=former_ine,
        family_name=family_name,
        usual_name=usual_name,
        given_name=_required(raw.fields.get("PRENOM", ""), _("prénom"), _longest(Student, "given_name")),
        birth_date=_birth_date(raw.fields.get("DATE_NAISS", ""), on),
        mef_code=_mef(raw.fields.get("CODE_MEF", "")),
        leaves_on=_leaving_date(raw.fields.get("DATE_SORTIE", "")),
    )


def person_from(
    raw: Raw, *, time_zone: str, addresses: Mapping[str, Raw] | None = None
) -> tuple[PersonRecord, list[str]]:
    """Return the clean person and what was left out of them. Raises RecordError.

    `addresses` are the file's, by ADRESSE_ID; none when it holds none. Phones are read in the school's zone.
    """
    left_out: list[str] = []
    family_name, usual_name = _names(raw.fields, Guardian)
    home = _optional(raw.fields, "TEL_PERSONNEL", _("Le téléphone"), _longest(Guardian, "phone"), left_out)
    work = _optional(
        raw.fields, "TEL_PROFESSIONNEL", _("Le téléphone professionnel"), _longest(Guardian, "work_phone"), left_out
    )
    mobile = _optional(raw.fields, "TEL_PORTABLE", _("Le portable"), _longest(Guardian, "mobile"), left_out)
    record = PersonRecord(
        line=raw.line,
        person_id=_identifier(raw.attributes.get("PERSONNE_ID", ""), "PERSONNE_ID"),
        civility=_optional(raw.fields, "LC_CIVILITE", _("La civilité"), _longest(Guardian, "civility"), left_out),
        family_name=family_name,
        usual_name=usual_name,
        given_name=_text(raw.fields.get("PRENOM", ""), _("prénom"), _longest(Guardian, "given_name")),
        phone=kept_phone(home, time_zone),
        work_phone=kept_phone(work, time_zone),
        mobile=kept_phone(mobile, time_zone),
        email=_email(raw.fields.get("MEL", ""), left_out),
        accepts_sms=_YES_OR_NO.get(raw.fields.get("ACCEPTE_SMS", "")),
        occupation=_optional(
            raw.fields, "CODE_PROFESSION", _("La profession"), _longest(Guardian, "occupation"), left_out
        ),
        shares_coordinates=_YES_OR_NO.get(raw.fields.get("COMMUNICATION_ADRESSE", "")),
        address=None if addresses is None else _address(raw.fields.get("ADRESSE_ID", ""), addresses, left_out),
    )
    return record, left_out


def _address(key: str, addresses: Mapping[str, Raw], left_out: list[str]) -> AddressRecord:
    """Return where the person lives; an empty address for who has none."""
    if not key:
        return AddressRecord()
    if key not in addresses:
        left_out.append(_("L’adresse n’est pas dans le fichier : laissée vide."))
        return AddressRecord()
    fields = addresses[key].fields
    lines = [text for number in range(1, 5) if (text := fields.get(f"LIGNE{number}_ADRESSE", ""))]
    whole = {
        "lines": "\n".join(lines),
        "postal_code": fields.get("CODE_POSTAL", ""),
        "town": fields.get("LIBELLE_POSTAL", "") or fields.get("COMMUNE_ETRANGERE", ""),
    }
    longest = {"lines": _longest(Guardian, "address_lines"), **{name: _longest(Guardian, name) for name in _IN_TOWN}}
    if any(len(text) > longest[name] or _has_controls(text.replace("\n", "")) for name, text in whole.items()):
        left_out.append(_("L’adresse n’est pas utilisable : laissée vide."))
        return AddressRecord()
    label = fields.get("LL_PAYS", "")
    country = country_of(label)
    if label and not country:
        left_out.append(_("Le pays de l’adresse est inconnu : laissé vide."))
    return AddressRecord(country=country, **whole)


def link_from(raw: Raw) -> tuple[LinkRecord, list[str]]:
    """Return the clean link and what was left out of it. Raises RecordError."""
    left_out = []
    code = raw.fields.get("CODE_PARENTE", "")
    if code not in _RELATIONSHIPS:
        left_out.append(_("Le lien de parenté est inconnu : noté « autre lien »."))
        code = Relationship.OTHER.value
    return (
        LinkRecord(
            line=raw.line,
            siecle_id=_identifier(raw.fields.get("ELEVE_ID", ""), "ELEVE_ID"),
            person_id=_identifier(raw.fields.get("PERSONNE_ID", ""), "PERSONNE_ID"),
            relationship=code,
            level=_level(raw.fields),
        ),
        left_out,
    )


def is_own_guardian(link: LinkRecord) -> bool:
    """Tell whether the link says that the pupil is their own legal guardian (decision 3)."""
    return link.level == ResponsibilityLevel.LEGAL and link.relationship == Relationship.SELF


def division_code(raw: Raw) -> str:
    """Return the class that a structure names, or an empty string for a group. Raises RecordError."""
    if raw.fields.get("TYPE_STRUCTURE", "") != "D":
        return ""
    return _required(raw.fields.get("CODE_STRUCTURE", ""), _("code de la classe"), _longest(Division, "code"))


def in_division(record: StudentRecord, codes: Iterable[str]) -> StudentRecord:
    """Return the pupil in their class, if they have one. Raises RecordError when they have two."""
    distinct = set(codes)
    if len(distinct) > 1:
        raise RecordError(_("L’élève est dans deux classes."))
    return replace(record, division=distinct.pop()) if distinct else record


def french_date(text: str) -> date | None:
    """Return a JJ/MM/AAAA, or None for what is not a date."""
    parts = _DATE.fullmatch(text)
    if parts is None:
        return None
    try:
        return date(int(parts[3]), int(parts[2]), int(parts[1]))
    except ValueError:
        return None


def french_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the aware instant of a “JJ/MM/AAAA HH:MM:SS” or, at midnight, of a “JJ/MM/AAAA”, or None."""
    if " " in text:
        try:
            return datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=zone)
        except ValueError:
            return None
    day = french_date(text)
    return datetime.combine(day, time.min, tzinfo=zone) if day else None


def _ine(fields: dict[str, str]) -> tuple[str, str]:
    new = fields.get("INE_RNIE", "").upper()
    old = fields.get("ID_NATIONAL", "").upper()
    ine = new or old
    if not ine:
        raise RecordError(_("L’INE manque."))
    if not _INE.fullmatch(ine):
        raise RecordError(_("L’INE est mal formé : dix chiffres et une lettre, ou neuf chiffres et deux lettres."))
    return ine, old if old != ine and _INE.fullmatch(old) else ""


def _names(fields: dict[str, str], model: type[Student | Guardian]) -> tuple[str, str]:
    """Return the family name (NOM before 2016) and the usual name where it differs."""
    usual_name = _text(fields.get("NOM_USAGE", ""), _("nom d’usage"), _longest(model, "usual_name"))
    family_name = fields.get("NOM_DE_FAMILLE") or fields.get("NOM") or usual_name
    family_name = _required(family_name, _("nom de famille"), _longest(model, "family_name"))
    return family_name, "" if usual_name == family_name else usual_name


def _birth_date(text: str, on: date) -> date:
    if not text:
        raise RecordError(_("La date de naissance manque."))
    birth_date = french_date(text)
    if birth_date is None or birth_date.year < _FIRST_YEAR or birth_date > on:
        raise RecordError(_("La date de naissance est impossible."))
    return birth_date


def _leaving_date(text: str) -> date | None:
    if not text:
        return None
    leaves_on = french_date(text)
    if leaves_on is None:
        raise RecordError(_("La date de sortie est impossible."))
    return leaves_on


def _mef(text: str) -> str:
    if not _MEF.fullmatch(text):
        raise RecordError(_("Le niveau (CODE_MEF) manque ou n’a pas onze chiffres."))
    return text


def _level(fields: dict[str, str]) -> int:
    """NIVEAU_RESPONSABILITE, or RESP_LEGAL in the exports of before 2018 (decision 17)."""
    if text := fields.get("NIVEAU_RESPONSABILITE", ""):
        level = _LEVELS.get(text)
    else:
        level = _OLD_LEVELS.get(fields.get("RESP_LEGAL", ""))
    if level is None:
        raise RecordError(_("Le niveau de responsabilité manque ou est inconnu."))
    return level.value


def _email(text: str, left_out: list[str]) -> str:
    if not text:
        return ""
    try:
        if len(text) > _longest(Guardian, "school_email"):
            raise ValidationError("too long")
        validate_email(text)
    except ValidationError:
        left_out.append(_("L’adresse électronique n’est pas valide : laissée vide."))
        return ""
    return text


def _optional(fields: dict[str, str], name: str, label: str, longest: int, left_out: list[str]) -> str:
    text = fields.get(name, "")
    if len(text) > longest or _has_controls(text):
        left_out.append(_("%(what)s n’est pas utilisable : non repris.") % {"what": label})
        return ""
    return text


def _identifier(text: str, name: str) -> str:
    text = text.strip()
    if not text:
        raise RecordError(_("L’identifiant %(name)s manque.") % {"name": name})
    return _text(text, name, _longest(Student, "siecle_id"))


def _required(text: str, label: str, longest: int) -> str:
    if not text:
        raise RecordError(_("Il manque : %(what)s.") % {"what": label})
    return _text(text, label, longest)


def _text(text: str, label: str, longest: int) -> str:
    if len(text) > longest:
        raise RecordError(
            _("Trop long (plus de %(longest)s caractères) : %(what)s.") % {"longest": longest, "what": label}
        )
    if _has_controls(text):
        raise RecordError(_("Caractère illisible : %(what)s.") % {"what": label})
    return text


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"} for character in text)


def _longest(model: type[Student | Guardian | Division], name: str) -> int:
    return getattr(model._meta.get_field(name), "max_length", None) or 0
