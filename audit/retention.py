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
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.models import Change, Reading

logger = logging.getLogger(__name__)

BATCH = 100
"""Subjects erased in one transaction, with all that hangs on them."""

TRAIL_BATCH = 5_000
"""The same, of rows on which nothing hangs."""

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
    """What one rule erased, or would: rows by table; `failure` is the class of the error that stopped it."""

    rule: Rule
    cutoff: datetime
    rows: Counter[str] = field(default_factory=Counter)
    failure: str = ""


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
    holds is left for the next time. A rule that fails holds up no other one. `dry_run` does the very same in one
    transaction, and rolls it back.
    """
    if not dry_run:
        return [_apply(rule, at) for rule in rules()]
    with transaction.atomic():
        outcomes = [_apply(rule, at) for rule in rules()]
        transaction.set_rollback(True)
    return outcomes


def _apply(rule: Rule, at: datetime) -> Outcome:
    outcome = Outcome(rule, rule.cutoff_at(at))
    try:
        with transaction.atomic():
            rule.prepare(at)
        for erased in _batches(rule, at):
            outcome.rows += erased
    except DatabaseError as error:
        logger.exception("retention: rule=%s failed", rule.name)
        outcome.failure = type(error).__name__
    return outcome


def _batches(rule: Rule, at: datetime) -> Iterator[Counter[str]]:
    after: Any = None
    while True:
        with transaction.atomic():
            found = rule.past(at).order_by("pk")
            if after is not None:
                found = found.filter(pk__gt=after)
            locked = found.select_for_update(skip_locked=True, of=("self",))
            keys = list(locked.values_list("pk", flat=True)[: rule.batch])
            if not keys:
                return
            after = keys[-1]
            with purging():
                erased = _erase_subjects(rule, found.model, keys, at)
            connection.check_constraints()  # a dry run says what a real one would meet when it commits
        yield erased


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
