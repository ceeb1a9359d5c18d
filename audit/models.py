"""The school's trail: who changed what, and which member of staff read which file.

Written by the database's own triggers (`audit.operations.Audited`) and by `audit.services.note_reading`; never
changed afterwards, which migration 0001 holds. It names rows of other tables by number, without a foreign key: it
outlives them.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

NAME_MAX_LENGTH = 80
"""Characters of the name of a table, an origin or a page."""


UNTOLD = "sql"
"""The origin of what was written without saying by what way: by hand, in the database."""


class Operation(models.TextChoices):
    INSERT = "insert", _("création")
    UPDATE = "update", _("modification")
    DELETE = "delete", _("suppression")


class Change(models.Model):
    """One row that was created, changed or deleted (modification, au journal).

    `content` is `{column: [before, after]}` of what changed for an update, else the row as `{column: value}`; of a
    column kept secret it only says that it changed, by None. `actor_id` is the account that acted, None where nobody
    was signed in; `origin` says by what way. A row that concerns several schools has one change in the trail of each.
    """

    at = models.DateTimeField(_("instant"))
    table = models.CharField(_("table"), max_length=NAME_MAX_LENGTH)
    object_pk = models.CharField(_("objet"), max_length=40)
    operation = models.CharField(_("opération"), max_length=10, choices=Operation.choices)
    content = models.JSONField(_("contenu"))
    school_id = models.BigIntegerField(_("établissement"), null=True)
    student_id = models.BigIntegerField(_("élève"), null=True)
    actor_id = models.BigIntegerField(_("compte"), null=True)
    origin = models.CharField(_("origine"), max_length=NAME_MAX_LENGTH)
    transaction_id = models.BigIntegerField(_("transaction"))

    class Meta:
        verbose_name = _("modification")
        verbose_name_plural = _("modifications")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["school_id", "-at", "-id"], name="change_of_school"),
            models.Index(fields=["table", "object_pk", "-at", "-id"], name="change_of_object"),
            models.Index(
                fields=["student_id", "-at"], name="change_of_student", condition=models.Q(student_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.table} {self.object_pk}"


class RetentionRun(models.Model):
    """What the last run of one rule of `audit.retention` did (passage d’une règle de conservation).

    `failed` counts the subjects that it could not erase, and a rule that stopped as a whole; nobody is named.
    """

    rule = models.CharField(_("règle"), max_length=NAME_MAX_LENGTH, unique=True)
    ran_at = models.DateTimeField(_("passée le"))
    rows = models.PositiveIntegerField(_("lignes effacées"))
    failed = models.PositiveIntegerField(_("échecs"))

    class Meta:
        verbose_name = _("passage d’une règle de conservation")
        verbose_name_plural = _("passages des règles de conservation")

    def __str__(self) -> str:
        return self.rule


class Reading(models.Model):
    """That a member of staff opened a page that shows a family's file (consultation).

    One row per person, object, page and quarter of an hour: `quarter` is the beginning of that quarter.
    """

    at = models.DateTimeField(_("instant"))
    quarter = models.DateTimeField(_("quart d’heure"))
    user_id = models.BigIntegerField(_("compte"))
    school_id = models.BigIntegerField(_("établissement"))
    table = models.CharField(_("table"), max_length=NAME_MAX_LENGTH)
    object_pk = models.CharField(_("objet"), max_length=40)
    student_id = models.BigIntegerField(_("élève"), null=True)
    page = models.CharField(_("page"), max_length=NAME_MAX_LENGTH)

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "table", "object_pk", "page", "quarter"], name="reading_once_per_quarter"
            ),
        ]
        indexes = [
            models.Index(fields=["school_id", "-at", "-id"], name="reading_of_school"),
            models.Index(fields=["table", "object_pk", "-at", "-id"], name="reading_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.object_pk} ({self.page})"
