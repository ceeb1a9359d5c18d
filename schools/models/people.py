"""Students, their guardians, and what ties them."""

from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from schools.models.school import Division, School
from schools.names import FOLDED_NAME_MAX_LENGTH, Folded


class StudentQuerySet(models.QuerySet["Student"]):
    def in_school(self) -> StudentQuerySet:
        """Those who have not left the school."""
        return self.filter(left_on__isnull=True)

    def of_guardian_account(self, user_id: int) -> StudentQuerySet:
        """Those whose legal guardian this account is, at this moment (decision 17)."""
        return self.filter(
            pk__in=Guardianship.objects.legal()
            .exclude(relationship=Relationship.SELF)
            .filter(guardian__user_id=user_id)
            .values("student_id")
        )

    def of_student_account(self, user_id: int) -> StudentQuerySet:
        """The student's own files, one per school."""
        return self.filter(user_id=user_id)


class Student(models.Model):
    """A student (élève) of one school, as SIECLE knows them. Matched by INE; never deleted by an import."""

    public_id = models.UUIDField(_("identifiant public"), default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="students", verbose_name=_("établissement")
    )
    division = models.ForeignKey(
        Division,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="students",
        verbose_name=_("classe"),
    )
    ine = models.CharField(_("INE"), max_length=11)
    siecle_id = models.CharField(_("identifiant SIECLE"), max_length=20, blank=True)
    """`ELEVE_ID` of the latest import: safe within one export only, and used by `FrEduVecteur`."""
    family_name = models.CharField(_("nom de famille"), max_length=100)
    usual_name = models.CharField(_("nom d’usage"), max_length=100, blank=True)
    given_name = models.CharField(_("prénom"), max_length=100)
    folded_names = models.GeneratedField(
        expression=Folded("family_name", "usual_name", "given_name"), output_field=models.TextField(), db_persist=True
    )
    """What the school's search compares with (`schools.names.fold`); written by PostgreSQL."""
    birth_date = models.DateField(_("date de naissance"))
    mef_code = models.CharField(_("code MEF"), max_length=11, blank=True)
    left_on = models.DateField(_("parti le"), null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="student_files",
        verbose_name=_("compte"),
    )

    objects = StudentQuerySet.as_manager()

    class Meta:
        verbose_name = _("élève")
        verbose_name_plural = _("élèves")
        ordering = ["family_name", "given_name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["school", "ine"], name="student_unique_ine"),
        ]
        indexes = [
            models.Index(fields=["ine"]),
            models.Index(fields=["school", "siecle_id"]),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.usual_name or self.family_name}"

    def is_adult_on(self, day: date) -> bool:
        """Whether the student has turned eighteen by this day, in the school's own calendar (decision 3)."""
        born = self.birth_date
        return (day.year - born.year, day.month, day.day) >= (18, born.month, born.day)


class EmailState(models.TextChoices):
    """What we know of an e-mail address (decision 15)."""

    FROM_SCHOOL = "from_school", _("fournie par l’établissement")
    TO_CONFIRM = "to_confirm", _("à confirmer")
    CONFIRMED = "confirmed", _("confirmée")
    REFUSED = "refused", _("refusée par le destinataire")


class Guardian(models.Model):
    """A person in a student's file (responsable), as one school's SIECLE knows them.

    Whether they are a *legal* guardian is said by their guardianships. The same person has one record per school.
    Coordinates are SIECLE's; what the guardian says instead is a ContactChange. Three e-mail addresses may stand here:
    the school's, the one the guardian gave and confirmed, and one waiting to be confirmed; `usable_email` says which
    is written to.
    """

    school = models.ForeignKey(
        School, on_delete=models.PROTECT, related_name="guardians", verbose_name=_("établissement")
    )
    siecle_person_id = models.CharField(_("identifiant SIECLE"), max_length=20)
    civility = models.CharField(_("civilité"), max_length=10, blank=True)
    family_name = models.CharField(_("nom de famille"), max_length=100)
    usual_name = models.CharField(_("nom d’usage"), max_length=100, blank=True)
    given_name = models.CharField(_("prénom"), max_length=100, blank=True)
    folded_name = models.CharField(_("nom replié"), max_length=FOLDED_NAME_MAX_LENGTH, editable=False)
    """`schools.names.fold` of family name and first given name, by which FranceConnect finds candidates."""
    address_lines = models.TextField(_("adresse"), max_length=400, blank=True)
    """Up to four lines, without the town."""
    postal_code = models.CharField(_("code postal"), max_length=12, blank=True)
    town = models.CharField(_("commune"), max_length=100, blank=True)
    country = models.CharField(_("pays"), max_length=2, blank=True)
    """ISO 3166; France includes its territories overseas (`schools.countries`)."""
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    """As the two others: E.164, or what SIECLE wrote when it is no number (`schools.phones`)."""
    work_phone = models.CharField(_("téléphone professionnel"), max_length=30, blank=True)
    mobile = models.CharField(_("téléphone portable"), max_length=30, blank=True)
    accepts_sms = models.BooleanField(_("accepte les SMS"), null=True, blank=True)
    occupation = models.CharField(_("profession"), max_length=4, blank=True)
    """A position of the PCS (`schools.occupations`)."""
    shares_coordinates = models.BooleanField(
        _("coordonnées communiquées aux associations de parents d’élèves"), null=True, blank=True
    )
    school_email = models.EmailField(_("adresse fournie par l’établissement"), blank=True)
    school_email_refused_at = models.DateTimeField(_("adresse de l’établissement refusée le"), null=True, blank=True)
    own_email = models.EmailField(_("adresse confirmée"), blank=True)
    own_email_refused_at = models.DateTimeField(_("adresse confirmée refusée le"), null=True, blank=True)
    pending_email = models.EmailField(_("adresse à confirmer"), blank=True)
    pending_email_at = models.DateTimeField(_("adresse à confirmer donnée le"), null=True, blank=True)
    mutes_reminders = models.BooleanField(
        _("ne souhaite pas de rappel"),
        default=False,
        help_text=_("Les confirmations, publications, réponses et décisions lui sont toujours envoyées."),
    )
    without_pupil_since = models.DateTimeField(_("sans élève depuis le"), null=True, blank=True, editable=False)
    """When it was first seen that no tie is left: their retention begins (`schools.retention`)."""
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="guardian_files",
        verbose_name=_("compte"),
    )
    students: models.ManyToManyField[Student, Guardianship] = models.ManyToManyField(
        Student, through="Guardianship", related_name="guardians"
    )

    class Meta:
        verbose_name = _("responsable")
        verbose_name_plural = _("responsables")
        ordering = ["family_name", "given_name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["school", "siecle_person_id"], name="guardian_unique_person"),
        ]
        indexes = [
            models.Index(fields=["siecle_person_id"]),
            models.Index(fields=["folded_name"]),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.usual_name or self.family_name}".strip()

    @property
    def language(self) -> str:
        """The language of the e-mails to this person: that of their account, if they chose one, else French."""
        return (self.user.language if self.user else "") or settings.LANGUAGE_CODE

    @property
    def usable_email(self) -> str:
        """The address to write to, or an empty string: the confirmed one, else the school's, unless refused."""
        if self.own_email and not self.own_email_refused_at:
            return self.own_email
        if self.school_email and not self.school_email_refused_at:
            return self.school_email
        return ""


class Relationship(models.TextChoices):
    """SIECLE's CODE_PARENTE."""

    MOTHER = "10", _("mère")
    FATHER = "20", _("père")
    SIBLING = "37", _("fratrie")
    ASCENDANT = "38", _("ascendant")
    OTHER_FAMILY = "39", _("autre membre de la famille")
    EDUCATOR = "41", _("éducateur")
    FOSTER_CARER = "42", _("assistant familial")
    TUTOR = "50", _("tuteur")
    CHILD_WELFARE = "51", _("aide sociale à l’enfance")
    SELF = "70", _("élève lui-même")
    OTHER = "90", _("autre lien")


class ResponsibilityLevel(models.IntegerChoices):
    """SIECLE's NIVEAU_RESPONSABILITE: only level 1 is a legal guardian (decision 17)."""

    LEGAL = 1, _("représentant légal")
    IN_CHARGE = 2, _("personne en charge de l’élève")
    CONTACT = 3, _("personne à contacter")


class GuardianshipQuerySet(models.QuerySet["Guardianship"]):
    def legal(self) -> GuardianshipQuerySet:
        return self.filter(level=ResponsibilityLevel.LEGAL)


class Guardianship(models.Model):
    """What ties a guardian to a student (lien de responsabilité)."""

    guardian = models.ForeignKey(
        Guardian, on_delete=models.CASCADE, related_name="guardianships", verbose_name=_("responsable")
    )
    student = models.ForeignKey(
        Student, on_delete=models.CASCADE, related_name="guardianships", verbose_name=_("élève")
    )
    relationship = models.CharField(_("lien"), max_length=2, choices=Relationship.choices, default=Relationship.OTHER)
    level = models.PositiveSmallIntegerField(_("niveau de responsabilité"), choices=ResponsibilityLevel.choices)
    is_designated = models.BooleanField(
        _("désigné pour saisir"),
        default=False,
        help_text=_("Ne compte que si la campagne réserve la saisie à un seul représentant légal."),
    )

    objects = GuardianshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("lien de responsabilité")
        verbose_name_plural = _("liens de responsabilité")
        constraints = [
            models.UniqueConstraint(fields=["guardian", "student"], name="guardianship_unique"),
            models.UniqueConstraint(
                fields=["student"], condition=Q(is_designated=True), name="guardianship_one_designated"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian}, {self.get_relationship_display()}"
