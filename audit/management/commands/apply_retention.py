"""`manage.py apply_retention`: erase what is past its retention, or say what would be. A task does it every night."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from audit.commands import ActingCommand
from audit.retention import Outcome, apply_rules


class Command(ActingCommand):
    help = "Efface ce qui a dépassé sa durée de conservation, règle par règle, et en rend compte."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="dire ce qui serait effacé, sans rien effacer")
        parser.add_argument("--at", help="à cet instant, passé (ISO 8601 avec fuseau) ; maintenant par défaut")
        parser.add_argument("--json", action="store_true", help="rendre compte en JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        at, dry_run = _instant(options["at"], options["dry_run"]), options["dry_run"]
        outcomes = apply_rules(at=at, dry_run=dry_run)
        said = _as_json(outcomes, at, dry_run) if options["json"] else _as_text(outcomes, at, dry_run)
        self.stdout.write(said)
        if failed := [f"{each.rule.name} ({each.failed})" for each in outcomes if each.failed]:
            raise CommandError(_("Règles en échec : %(names)s.") % {"names": ", ".join(failed)})


def _instant(text: str | None, dry_run: bool) -> datetime:
    if not text:
        return timezone.now()
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        raise CommandError(_("--at attend un instant ISO 8601 avec son fuseau : 2026-11-23T04:00:00+01:00."))
    if at > timezone.now() and not dry_run:
        raise CommandError(_("Un instant à venir ne s’essaie qu’avec --dry-run."))
    return at


def _as_json(outcomes: list[Outcome], at: datetime, dry_run: bool) -> str:
    rules = [
        {
            "rule": each.rule.name,
            "what": str(each.rule.what),
            "kept": f"{each.rule.kept} {each.rule.since}",
            "basis": str(each.rule.basis),
            "cutoff": each.cutoff.isoformat(),
            "rows": dict(sorted(each.rows.items())),
            "failed": each.failed,
            "failure": each.failure,
        }
        for each in outcomes
    ]
    return json.dumps({"at": at.isoformat(), "dry_run": dry_run, "rules": rules}, ensure_ascii=False, indent=2)


def _as_text(outcomes: list[Outcome], at: datetime, dry_run: bool) -> str:
    verb = _("à effacer") if dry_run else _("effacées")
    lines = [_("Conservation appliquée au %(at)s") % {"at": at.isoformat()}]
    for each in outcomes:
        lines.append(f"{each.rule.name} — {each.rule.kept} {each.rule.since} — {each.cutoff.isoformat()}")
        lines += [f"  {table}  {count}" for table, count in sorted(each.rows.items())] or ["  –"]
        if each.failed:
            lines.append(_("  non effacés : %(count)d (%(failure)s)") % {"count": each.failed, "failure": each.failure})
    total = sum(sum(each.rows.values()) for each in outcomes)
    return "\n".join([*lines, _("Lignes %(verb)s : %(total)d") % {"verb": verb, "total": total}])
