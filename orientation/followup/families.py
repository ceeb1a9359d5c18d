"""Where each family stands in a phase: the one source of the home, the lists, the reminders and the exports."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orientation.council.queries import campaign_at, pupils_of
from orientation.models import (
    Acknowledgement,
    Campaign,
    CouncilAnswer,
    CouncilSheet,
    Decision,
    DecisionKind,
    Draft,
    FamilyAnswer,
    Phase,
    PhaseKind,
    Submission,
    Verdict,
)
from orientation.queries import PhaseSet
from schools.models import Guardianship, Relationship, School, Student

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Standing(TypedDict):
        """What `state_of_families` annotates."""

        has_signed_in: bool
        reachability: str
        has_draft: bool
        is_validated: bool
        is_published: bool
        is_acknowledged: bool
        is_answered: bool
        is_decided: bool
        state: str

    Family = WithAnnotations[Student, Standing]


class FamilyState(TextChoices):
    """What a family has done in a phase; the values stand in addresses. Which of them apply follows from the phase."""

    NOTHING = "rien", _("rien de saisi")
    DRAFT = "brouillon", _("brouillon seul")
    VALIDATED = "validee", _("choix validés")
    UNPUBLISHED = "non-publie", _("pas encore publié")
    TO_ACKNOWLEDGE = "a-accuser", _("sans accusé de réception")
    ACKNOWLEDGED = "accuse", _("accusé de réception donné")
    TO_ANSWER = "a-repondre", _("réponse attendue")
    NOTHING_TO_ANSWER = "rien-a-repondre", _("aucune réponse attendue")
    ANSWERED = "repondu", _("réponse donnée")


STATES_OF_PHASE: dict[PhaseKind, tuple[FamilyState, ...]] = {
    PhaseKind.INTENTIONS: (FamilyState.VALIDATED, FamilyState.DRAFT, FamilyState.NOTHING),
    PhaseKind.PROVISIONAL_OPINIONS: (FamilyState.ACKNOWLEDGED, FamilyState.TO_ACKNOWLEDGE, FamilyState.UNPUBLISHED),
    PhaseKind.FINAL_CHOICES: (FamilyState.VALIDATED, FamilyState.DRAFT, FamilyState.NOTHING),
    PhaseKind.PROPOSALS: (
        FamilyState.ANSWERED,
        FamilyState.NOTHING_TO_ANSWER,
        FamilyState.TO_ANSWER,
        FamilyState.UNPUBLISHED,
    ),
}
"""The states in which a phase can leave a family, what is done first: the order of charts and filters."""

AWAITED_STATES = frozenset({FamilyState.NOTHING, FamilyState.DRAFT, FamilyState.TO_ACKNOWLEDGE, FamilyState.TO_ANSWER})
"""Something is asked of the family: those who can be reminded."""


class Reachability(TextChoices):
    """Whether the school can write to a family; the values stand in addresses."""

    BY_EMAIL = "courriel", _("joignable par courriel")
    NO_ADDRESS = "sans-adresse", _("aucune adresse électronique")
    REFUSED = "refusee", _("adresse refusée")


USABLE_EMAIL = (~Q(guardian__own_email="") & Q(guardian__own_email_refused_at=None)) | (
    ~Q(guardian__school_email="") & Q(guardian__school_email_refused_at=None)
)
"""`Guardian.usable_email` is not empty, as SQL says it of a guardianship."""

_KNOWN_EMAIL = ~Q(guardian__own_email="") | ~Q(guardian__school_email="")


def campaign_of(school: School, at: datetime) -> Campaign | None:
    """Return the campaign to look at (`campaign_at`), with its phases and its school: two queries."""
    campaign = campaign_at(school, at)
    if campaign is not None:
        campaign.school = school
    return campaign


def period_of(kind: PhaseKind) -> tuple[PhaseKind, PhaseKind]:
    """Return the phase in which families rank choices, and the one in which the council answers them."""
    if kind in (PhaseKind.INTENTIONS, PhaseKind.PROVISIONAL_OPINIONS):
        return PhaseKind.INTENTIONS, PhaseKind.PROVISIONAL_OPINIONS
    return PhaseKind.FINAL_CHOICES, PhaseKind.PROPOSALS


def last_birth_date_of_adults(today: date) -> date:
    """Return the birth date of the youngest adults of a day (`Student.is_adult_on`).

    >>> last_birth_date_of_adults(date(2028, 2, 29))
    datetime.date(2010, 2, 28)
    """
    is_leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year - 18, day=28 if is_leap_day else today.day)


def acting_guardianships(campaign: Campaign, at: datetime) -> QuerySet[Guardianship]:
    """Return the ties of those who act for their student, an adult for themselves (decisions 3 and 17)."""
    adult = Q(student__birth_date__lte=last_birth_date_of_adults(timezone.localdate(at, campaign.school.zone)))
    return Guardianship.objects.legal().filter(~Q(relationship=Relationship.SELF) | adult)


def students_taken(campaign: Campaign, students: QuerySet[Student]) -> QuerySet[Student]:
    """Return those of these students that the campaign takes and that are in school, in its classes or in none yet."""
    in_year = Q(division__school_year=campaign.school_year) | Q(division=None)
    return pupils_of(campaign).filter(in_year, pk__in=students.values("pk"))


def state_of_families(
    campaign: Campaign, phase: Phase, *, students: QuerySet[Student], at: datetime
) -> QuerySet[Family]:
    """Return those of these students whom the campaign takes, each with where the family stands.

    Annotates `has_signed_in`, `reachability`, `has_draft` and `is_validated` in the period's writing phase,
    `is_published`, `is_acknowledged`, `is_answered` and `is_decided` in its council phase, and `state` in the phase
    asked about.
    """
    phases = PhaseSet(campaign.phases.all())
    writing, council = (phases.get(kind) for kind in period_of(phase.phase_kind))
    annotated: Any = (
        students_taken(campaign, students)
        .annotate(**_contact(campaign, at), **_written(writing), **_told(council))
        .annotate(
            is_answered=ExpressionWrapper(Q(is_published=True, has_proposal=True, has_unanswered=False), BooleanField())
        )
        .annotate(state=_state(phase.phase_kind))
    )
    found: QuerySet[Family] = annotated
    return found


def _contact(campaign: Campaign, at: datetime) -> dict[str, Exists | Case | ExpressionWrapper]:
    acting = acting_guardianships(campaign, at).filter(student=OuterRef("pk"))
    others = acting.exclude(relationship=Relationship.SELF).filter(guardian__user__isnull=False)
    own = acting.filter(relationship=Relationship.SELF, student__user__isnull=False)
    return {
        "has_signed_in": ExpressionWrapper(Q(Exists(others)) | Q(Exists(own)), BooleanField()),
        "reachability": Case(
            When(Exists(acting.filter(USABLE_EMAIL)), then=Value(Reachability.BY_EMAIL.value)),
            When(Exists(acting.filter(_KNOWN_EMAIL)), then=Value(Reachability.REFUSED.value)),
            default=Value(Reachability.NO_ADDRESS.value),
            output_field=CharField(),
        ),
    }


def _written(writing: Phase | None) -> dict[str, Exists]:
    within = {"student": OuterRef("pk"), "phase": writing.pk if writing else 0}
    return {
        "has_draft": Exists(Draft.objects.filter(**within).exclude(wishes=[])),
        "is_validated": Exists(Submission.objects.filter(**within)),
    }


def _told(council: Phase | None) -> dict[str, Exists]:
    published = {"publication__isnull": False, "publication__withdrawn_at": None}
    sheet = {"student": OuterRef("pk"), "phase": council.pk if council else 0, **published}
    of_sheet = {f"sheet__{name}": value for name, value in sheet.items()}
    proposals = CouncilAnswer.objects.filter(**of_sheet, verdict=Verdict.YES)
    unanswered = proposals.filter(~Exists(FamilyAnswer.objects.filter(answer=OuterRef("pk"))))
    return {
        "is_published": Exists(CouncilSheet.objects.filter(**sheet)),
        "is_acknowledged": Exists(Acknowledgement.objects.filter(**of_sheet)),
        "has_proposal": Exists(proposals),
        "has_unanswered": Exists(unanswered),
        "is_decided": Exists(_by_the_head().filter(student=OuterRef("pk"), phase=council.pk if council else 0)),
    }


def _by_the_head() -> QuerySet[Decision]:
    """The decisions of the head by themself, after which nothing is answered any more (decision 21)."""
    return Decision.objects.exclude(kind=DecisionKind.AGREEMENT)


def _state(kind: PhaseKind) -> Case:
    whens: dict[PhaseKind, list[tuple[Q, FamilyState]]] = {
        PhaseKind.PROVISIONAL_OPINIONS: [
            (Q(is_acknowledged=True), FamilyState.ACKNOWLEDGED),
            (Q(is_published=True), FamilyState.TO_ACKNOWLEDGE),
        ],
        PhaseKind.PROPOSALS: [
            (Q(is_answered=True), FamilyState.ANSWERED),
            (Q(has_unanswered=True, is_decided=False), FamilyState.TO_ANSWER),
            (Q(is_published=True), FamilyState.NOTHING_TO_ANSWER),
        ],
    }
    written = [(Q(is_validated=True), FamilyState.VALIDATED), (Q(has_draft=True), FamilyState.DRAFT)]
    return Case(
        *[When(condition, then=Value(state.value)) for condition, state in whens.get(kind, written)],
        default=Value(FamilyState.NOTHING if kind.is_written_by_families else FamilyState.UNPUBLISHED),
        output_field=CharField(),
    )
