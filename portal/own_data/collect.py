"""What is kept of a person, section by section: who they are, their account, e-mails, who read their file."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Identity, SignedInSession
from audit.models import Reading
from notifications.models import OutboxMessage
from portal.models import ContactMessage
from portal.own_data.acts import guardian_acts, student_acts
from portal.own_data.mails import mails
from portal.own_data.person import Person
from portal.own_data.sections import Entry, Section, entry, section
from schools.contact_changes.fields import spoken_value
from schools.contact_changes.queries import OWN_FIELDS, own_data
from schools.models import ContactChange, ContactField, Guardian, Guardianship, Student
from schools.staff_pages import title_of


def collect(person: Person) -> list[Section]:
    """Return all that is kept of a person; the number of queries grows with their records in schools only."""
    records = [each.pk for each in person.guardians]
    students = [each.pk for each in person.students]
    return [
        section("identity", _("Identité et coordonnées"), _identities(person)),
        section("links", _("Liens entre élèves et responsables"), _links(records, students)),
        section("account", _("Compte et connexions"), _account(person)),
        section("contact_changes", _("Modifications de coordonnées"), _contact_changes(records)),
        *guardian_acts(person.user, records),
        *student_acts(students),
        mails(person),
        section("messages", _("Messages écrits à l’établissement"), _messages(person)),
        section("readings", _("Consultations du dossier par le personnel"), _readings(records, students)),
    ]


def _identities(person: Person) -> Iterator[Entry]:
    for guardian in person.guardians:
        yield _guardian(guardian)
    for student in person.students:
        yield _student(student)


def _guardian(guardian: Guardian) -> Entry:
    values = own_data(guardian).values
    return entry(
        ("school", _("Établissement"), f"{guardian.school} ({guardian.school.uai})"),
        ("siecle_person_id", _("Identifiant SIECLE"), guardian.siecle_person_id),
        ("civility", _("Civilité"), guardian.civility),
        ("family_name", _("Nom de famille"), guardian.family_name),
        ("usual_name", _("Nom d’usage"), guardian.usual_name),
        ("given_name", _("Prénom"), guardian.given_name),
        *(
            (each.value, each.label, spoken_value(each, values.get(each.value, ""), guardian.school))
            for each in OWN_FIELDS
        ),
        ("school_email", _("Adresse électronique fournie par l’établissement"), guardian.school_email),
        ("own_email", _("Adresse électronique confirmée"), guardian.own_email),
        ("pending_email", _("Adresse électronique à confirmer"), guardian.pending_email),
        ("mutes_reminders", _("Ne souhaite pas de rappel"), guardian.mutes_reminders),
    )


def _student(student: Student) -> Entry:
    return entry(
        ("school", _("Établissement"), f"{student.school} ({student.school.uai})"),
        ("ine", _("INE"), student.ine),
        ("family_name", _("Nom de famille"), student.family_name),
        ("usual_name", _("Nom d’usage"), student.usual_name),
        ("given_name", _("Prénom"), student.given_name),
        ("birth_date", _("Date de naissance"), student.birth_date),
        ("division", _("Classe"), str(student.division or "")),
        ("mef_code", _("Code MEF"), student.mef_code),
        ("left_on", _("Parti le"), student.left_on),
    )


def _links(records: list[int], students: list[int]) -> Iterator[Entry]:
    """A guardian's children by their names, a pupil's guardians by theirs: never contact data (decision 16)."""
    links = Guardianship.objects.filter(Q(guardian__in=records) | Q(student__in=students))
    for link in links.select_related("guardian", "student").order_by("pk"):
        is_child = link.guardian_id in records
        yield entry(
            ("name", _("Nom"), (link.student if is_child else link.guardian).full_name),
            ("relationship", _("Lien du responsable"), link.get_relationship_display()),
            ("level", _("Niveau de responsabilité"), link.get_level_display()),
        )


def _account(person: Person) -> Iterator[Entry]:
    user = person.user
    if user is None:
        return
    yield entry(
        ("first_name", _("Prénom"), user.first_name),
        ("last_name", _("Nom"), user.last_name),
        ("email", _("Adresse électronique"), user.email),
        ("language", _("Langue"), user.get_language_display() if user.language else ""),
        ("date_joined", _("Compte créé le"), user.date_joined),
        ("last_login", _("Dernière connexion"), user.last_login),
    )
    for identity in Identity.objects.filter(user=user).order_by("pk"):
        yield entry(
            ("provider", _("Fournisseur d’identité"), identity.get_provider_display()),
            ("subject", _("Identifiant chez ce fournisseur"), identity.subject),
            ("created_at", _("Connu depuis le"), identity.created_at),
            ("last_sign_in_at", _("Dernière connexion"), identity.last_sign_in_at),
        )
    for session in SignedInSession.objects.filter(user=user).order_by("pk"):
        yield entry(
            ("device", _("Appareil"), session.device),
            ("signed_in_at", _("Connexion ouverte le"), session.signed_in_at),
            ("last_seen_at", _("Dernière activité"), session.last_seen_at),
        )


def _contact_changes(records: list[int]) -> Iterator[Entry]:
    for change in ContactChange.objects.filter(guardian__in=records).select_related("guardian__school"):
        field, school = ContactField(change.field), change.guardian.school
        yield entry(
            ("field", _("Rubrique"), field.label),
            ("before", _("Avant"), spoken_value(field, change.before, school)),
            ("after", _("Après"), spoken_value(field, change.after, school)),
            ("changed_at", _("Modifiée le"), change.changed_at),
            ("outcome", _("Suite donnée"), change.get_outcome_display()),
            ("closed_at", _("Close le"), change.closed_at),
            ("reason", _("Motif"), change.reason),
        )


def _messages(person: Person) -> Iterator[Entry]:
    if person.user is None:
        return
    sent = list(ContactMessage.objects.filter(sent_by=person.user).select_related("school").order_by("sent_at", "pk"))
    texts = OutboxMessage.objects.filter(deduplication_key__in=[each.outbox_key for each in sent])
    words = {mail.deduplication_key: mail.context.get("text", "") for mail in texts}
    for message in sent:
        yield entry(
            ("number", _("Numéro"), message.number),
            ("school", _("Établissement"), str(message.school)),
            ("subject", _("Sujet"), message.get_subject_display()),
            ("text", _("Texte"), words.get(message.outbox_key, "")),
            ("sent_at", _("Envoyé le"), message.sent_at),
        )


def _readings(records: list[int], students: list[int]) -> Iterator[Entry]:
    """When a member of staff opened which page about them; not who: colleagues have a right to theirs."""
    of_guardian = Q(table=Guardian._meta.db_table, object_pk__in=[str(pk) for pk in records])
    of_student = Q(table=Student._meta.db_table, object_pk__in=[str(pk) for pk in students])
    for reading in Reading.objects.filter(of_guardian | of_student).order_by("at", "pk"):
        yield entry(("page", _("Page"), title_of(reading.page)), ("at", _("Consultée le"), reading.at))
