"""What is erased once it is past its retention: each room registers its rules, a command and a task apply them.

The page on personal data reads the same rules, so that what it promises is what is done.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import PROTECT, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.deletion import Collector
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.models import Change, Reading, RetentionRun

logger = logging.getLogger(__name__)

BATCH = 100
"""Subjects erased in one transaction, with all that hangs on them."""

TRAIL_BATCH = 5_000
"""The same, of rows on which nothing hangs."""

PAGE = 10_000
"""Subjects that are looked for at once: looking reads whole tables, and a batch of them does not look again."""

PUBLIC_TASK = _("mission d’intérêt public (RGPD, article 6, paragraphe 1, point e)")
SECURITY = _("sécurité du traitement (RGPD, articles 5 et 32)")


@dataclass(frozen=True)
class Period:
    """How long something is kept."""

    years: int = 0
    days: int = 0

    def before(self, at: datetime) -> datetime:
        """Return the instant that was so long ago; 29 February has its years on 28 February."""
        past = at - timedelta(days=self.days)
        try:
            return past.replace(year=past.year - self.years)
        except ValueError:
            return past.replace(year=past.year - self.years, day=28)

    def __str__(self) -> str:
        if self.years:
            return ngettext("%(number)d an", "%(number)d ans", self.years) % {"number": self.years}
        return ngettext("%(number)d jour", "%(number)d jours", self.days) % {"number": self.days}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is erased, how long after which instant, and why it was kept until then.

    `past` returns the rows that are past their retention at an instant, one query's worth, never sliced; `with_them`
    the rows that go before some of these (by their keys), those that protect the others first. What the database
    cascades to goes by itself.
    """

    name: str
    what: Promise
    kept: Period
    since: Promise
    basis: Promise = PUBLIC_TASK
    past: Callable[[datetime], QuerySet[Any]]
    with_them: Callable[[Sequence[Any], datetime], Iterable[QuerySet[Any]]] = lambda keys, at: ()
    keeps_subjects: bool = False
    """Whether only what hangs on the rows is erased, not they."""
    prepare: Callable[[datetime], None] = lambda at: None
    """Note from when on something is kept, where no act says it."""
    cutoff: Callable[[datetime], datetime] | None = None
    batch: int = BATCH
    comes_last: bool = False
    """Whether it is about what the other rules set free."""

    def cutoff_at(self, at: datetime) -> datetime:
        """Return the instant before which things are past their retention; where schools differ, the mainland's."""
        return self.cutoff(at) if self.cutoff else self.kept.before(at)


@dataclass
class Outcome:
    """What one rule erased, or would: rows by table.

    `stuck` counts the subjects that it could not erase, `failure` is the class of the last error; without any stuck it
    stopped the rule as a whole.
    """

    rule: Rule
    cutoff: datetime
    rows: Counter[str] = field(default_factory=Counter)
    stuck: int = 0
    failure: str = ""

    @property
    def failed(self) -> int:
        """How many subjects could not be erased, the rule as a whole for one."""
        return self.stuck or int(bool(self.failure))


_rules: dict[str, Rule] = {}
_holds: list[Callable[[datetime], QuerySet[Any]]] = []


def register(*rules: Rule) -> None:
    """Make rules known; an app does it when it is ready."""
    _rules.update({rule.name: rule for rule in rules})


def register_hold(pupils: Callable[[datetime], QuerySet[Any]]) -> None:
    """Have the trail of these pupils (their keys, in one column) kept beyond its time: an appeal is pending."""
    if pupils not in _holds:
        _holds.append(pupils)


def rules() -> list[Rule]:
    """Return the rules in the order in which they are applied."""
    return sorted(_rules.values(), key=lambda rule: rule.comes_last)


def held(field_name: str, at: datetime) -> Q:
    """Return what concerns the pupils who are held, by the field that holds their key."""
    condition = Q(pk__in=())
    for pupils in _holds:
        condition |= Q(**{f"{field_name}__in": pupils(at)})
    return condition


def unreferenced(model: type[Model]) -> Q:
    """Return the rows of a model that no row which protects them names."""
    condition = Q()
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and getattr(relation, "on_delete", None) is PROTECT:
            related: Any = relation
            naming = related.related_model._base_manager.filter(**{related.field.name: OuterRef("pk")})
            condition &= Q(~Exists(naming))
    return condition


def apply_rules(*, at: datetime, dry_run: bool = False) -> list[Outcome]:
    """Erase what is past its retention at this aware instant, and return the counts, rule by rule.

    Each batch is a transaction of its own: interrupted, it goes on from there the next time. A row that somebody
    holds is left for the next time. What cannot be erased holds up nothing else, neither of its rule nor another one.
    What each rule did is noted (`RetentionRun`). `dry_run` does the very same in one transaction, and rolls it back.
    """
    if not dry_run:
        return [_noted(_apply(rule, at)) for rule in rules()]
    with transaction.atomic():
        outcomes = [_apply(rule, at) for rule in rules()]
        transaction.set_rollback(True)
    return outcomes


def _noted(outcome: Outcome) -> Outcome:
    values = {"ran_at": timezone.now(), "rows": sum(outcome.rows.values()), "failed": outcome.failed}
    try:
        RetentionRun.objects.update_or_create(rule=outcome.rule.name, defaults=values)
    except DatabaseError:
        logger.exception("retention: rule=%s could not be noted", outcome.rule.name)
    return outcome


def _apply(rule: Rule, at: datetime) -> Outcome:
    outcome = Outcome(rule, rule.cutoff_at(at))
    try:
        with transaction.atomic():
            rule.prepare(at)
        for keys in _batches(rule, at):
            _erase_what_can_be(outcome, keys, at)
    except DatabaseError as error:
        logger.exception("retention: rule=%s failed", rule.name)
        outcome.failure = type(error).__name__
    if outcome.stuck:
        logger.error("retention: rule=%s stuck=%d", rule.name, outcome.stuck)
    return outcome


def _batches(rule: Rule, at: datetime) -> Iterator[list[Any]]:
    """Yield the keys of a rule's subjects in batches, those before being erased: a page of them is read at a time."""
    after: Any = None
    while True:
        found = rule.past(at).order_by("pk")
        if after is not None:
            found = found.filter(pk__gt=after)
        page = list(found.values_list("pk", flat=True)[:PAGE])
        for start in range(0, len(page), rule.batch):
            yield page[start : start + rule.batch]
        if len(page) < PAGE:
            return
        after = page[-1]


def _erase_what_can_be(outcome: Outcome, keys: list[Any], at: datetime) -> None:
    """Erase these subjects in one transaction; where one of them cannot go, half by half, so that the others do."""
    try:
        outcome.rows += _erase_batch(outcome.rule, keys, at)
        return
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        if len(keys) == 1:
            logger.exception("retention: rule=%s cannot erase one of its subjects", outcome.rule.name)
            outcome.stuck, outcome.failure = outcome.stuck + 1, type(error).__name__
            return
    middle = len(keys) // 2
    _erase_what_can_be(outcome, keys[:middle], at)
    _erase_what_can_be(outcome, keys[middle:], at)


@transaction.atomic
def _erase_batch(rule: Rule, keys: list[Any], at: datetime) -> Counter[str]:
    """Erase those of these subjects that are still past their retention, and that nobody holds."""
    found = rule.past(at).filter(pk__in=keys).order_by("pk")
    locked = list(found.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    if not locked:
        return Counter()
    with purging():
        erased = _erase_subjects(rule, found.model, locked, at)
    connection.check_constraints()  # a dry run says what a real one would meet when it commits
    return erased


def _erase_subjects(rule: Rule, model: type[Model], keys: Sequence[Any], at: datetime) -> Counter[str]:
    erased: Counter[str] = Counter()
    for rows in rule.with_them(keys, at):
        erased += erase(rows)
    if not rule.keeps_subjects:
        erased += erase(model._base_manager.filter(pk__in=keys))
    return erased


@contextmanager
def purging() -> Iterator[None]:
    """Have the transaction's deletions and updates noted without what the rows held; the trail itself may be erased."""
    _set_purge("on")
    yield
    _set_purge("")  # after a failure, the transaction or its savepoint takes the setting away


def _set_purge(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('audit.purge', %s, true)", [value])


def erase(rows: QuerySet[Any]) -> Counter[str]:
    """Delete rows, what cascades from them, and what the trail holds of all these; return the counts by table.

    Within `purging()`, in a transaction.
    """
    collector = Collector(using=rows.db)
    collector.collect(rows.order_by())
    keys = [(model, [each.pk for each in found]) for model, found in collector.data.items()]
    fast = [each for each in collector.fast_deletes if each.model not in (Change, Reading)]
    keys += [(each.model, list(each.values_list("pk", flat=True))) for each in fast]
    forgotten = sum(forget_changes(model, of_model) for model, of_model in keys)
    _total, by_label = collector.delete()
    counts = Counter({apps.get_model(label)._meta.db_table: count for label, count in by_label.items()})
    return +(counts + Counter({Change._meta.db_table: forgotten}))


def forget_changes(model: type[Model], keys: Sequence[Any]) -> int:
    """Delete what the trail says of these objects, within `purging()`, and return how many entries."""
    tables = [model._meta.db_table, *(str(each.m2m_db_table()) for each in model._meta.local_many_to_many)]
    return Change.objects.filter(table__in=tables, object_pk__in=[str(key) for key in keys]).delete()[0]
