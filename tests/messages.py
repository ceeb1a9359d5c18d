"""The catalogue of texts: `make messages` takes new texts into `locale/`, and compiles what is translated.

Texts are gathered by Django's makemessages, which needs GNU gettext; the compiled catalogue is committed beside its
source, so that nothing else does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

BASE = Path(__file__).resolve().parents[1]
CATALOGUE = BASE / "locale" / "en" / "LC_MESSAGES" / "django.po"
APT_LINE = "apt-get install -y gettext"
KINDS = {".py", ".html", ".txt"}
UNWRAPPED = 100_000
HEADER = {
    "Project-Id-Version": "Scolarité Services",
    "Language": "en",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}
_GATHER = """\
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages
import django
settings.configure()
django.setup()
class Command(makemessages.Command):
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]
call_command(Command(), locale=["en"], add_location="file", no_obsolete=True, no_wrap=True)
"""


def gathered(catalogue: Path = CATALOGUE) -> tuple[polib.POFile, str]:
    """Return a catalogue with the texts that the sources hold now, and what makemessages warned about."""
    with tempfile.TemporaryDirectory(prefix="scolarite-messages-") as name:
        folder = Path(name)
        for room in ["scolarite", "templates", *sorted(path.parent.name for path in BASE.glob("*/apps.py"))]:
            shutil.copytree(BASE / room, folder / room, ignore=_others)
        made = folder / "locale" / "en" / "LC_MESSAGES" / "django.po"
        made.parent.mkdir(parents=True)
        if catalogue.exists():
            shutil.copy(catalogue, made)
        done = subprocess.run([sys.executable, "-c", _GATHER], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        found = polib.pofile(str(made), wrapwidth=UNWRAPPED)
    found.metadata, found.metadata_is_fuzzy, found.header = dict(HEADER), False, ""
    return found, "\n".join(line for line in done.stdout.splitlines() if line != "processing locale en")


def _others(folder: str, names: list[str]) -> list[str]:
    """Return what holds no text: neither folders nor files of these kinds."""
    return [name for name in names if name == "__pycache__" or ("." in name and Path(name).suffix not in KINDS)]


def content(catalogue: polib.POFile) -> dict[tuple[str, str, str], tuple[str, tuple[str, ...]]]:
    """Return what a catalogue says: by text, plural and context, what it is translated into. Not where it stands."""
    return {
        (entry.msgid, entry.msgid_plural, entry.msgctxt or ""): (
            entry.msgstr,
            tuple(entry.msgstr_plural[number] for number in sorted(entry.msgstr_plural)),
        )
        for entry in catalogue
        if not entry.obsolete
    }


def install() -> bool:
    """Make sure that GNU gettext is there; return whether it is."""
    if not shutil.which("xgettext") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run([*APT_LINE.split(), "-qq"], check=False)
    return shutil.which("xgettext") is not None


def main() -> None:
    """Take in new texts, drop those that are gone, compile."""
    found, warnings = gathered()
    found.save(str(CATALOGUE))
    found.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))
    missing = [entry.msgid for entry in found if not entry.translated()]
    print(warnings, f"{len(found)} texts, {len(missing)} to translate:", *missing, sep="\n  ")  # noqa: T201


if __name__ == "__main__":
    if not install():
        sys.exit(f"GNU gettext could not be installed. On Debian: {APT_LINE}")
    if "--install" not in sys.argv:
        main()
