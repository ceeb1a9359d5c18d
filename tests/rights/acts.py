"""Every public function that writes for somebody, with who may do it; the others, each with its reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Collection, Iterator

from tests.rights import campaign, dialogue, families, office
from tests.rights.act import Act

ROOMS = ("accounts", "schools", "orientation", "portal", "notifications", "audit")

ACTS: dict[str, Act] = {**families.ACTS, **dialogue.ACTS, **campaign.ACTS, **office.ACTS, **families.OWN}

OWN_ACCOUNT = {
    "accounts.connections.end_all_connections": "takes nothing but the account that asks",
    "accounts.languages.choose_language": "takes nothing but the account that asks",
}

CALLER_CHECKS = {
    "orientation.council.services.note_sheet_read": "the page has found the file among the account's own",
    "orientation.decisions.services.note_decisions_read": "the page has found the file among the account's own",
    "portal.contact.write_to_school": "the page has found the file among the account's own",
    "notifications.services.retry_now": "an action of the administration, which the operator alone opens",
    "audit.services.note_reading": "notes who was shown a page, after the page's own check",
    "schools.imports.services.import_at_once": "the operator's command",
    "schools.siecle.write.apply_import": "the worker, after confirm_import; the operator's command",
}
"""What asks no right itself; the addresses that lead there are tried in tests/test_addresses.py and the staff's."""

PARTS = {
    "schools.contact_changes.recording.record_changes",
    "orientation.dialogue.services.record_acknowledgement",
    "orientation.dialogue.services.record_answer",
    "orientation.dialogue.services.lock_sheet",
    "orientation.submitting.acts",
    "orientation.submitting.lock_writing",
    "orientation.submitting.write_draft",
    "orientation.submitting.submit",
}
"""Parts of the acts above, called under their locks and after their checks."""

KNOWN: Collection[str] = {*ACTS, *OWN_ACCOUNT, *CALLER_CHECKS, *PARTS}


def written_for_somebody() -> Iterator[str]:
    """Yield each public function of the product that takes an account as `by`."""
    for room in ROOMS:
        for found in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if ".migrations" in found.name or ".management" in found.name:
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if not inspect.isfunction(value) or value.__module__ != found.name or name.startswith("_"):
                    continue
                if "by" in inspect.signature(value).parameters:
                    yield f"{found.name}.{name}"
