"""`python -m demo`: start everything, print the addresses and the accounts, stop everything on Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from demo.people import PASSWORD, PEOPLE, STAFF, Agent
from demo.processes import DemoFailed
from demo.stack import FOLDER, Stack

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asks to stop."""


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; return the exit code: 0 when told, 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--port", type=int, default=_default_port(), help="of the site; by default PORT, else 8000")
    parser.add_argument("--state", type=Path, help="write the addresses into this JSON file when all is ready")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for the logs")
    options = parser.parse_args(arguments)
    for number in STOPPING:
        signal.signal(number, _stop)
    stack = Stack(port=options.port, folder=options.folder.resolve(), say=_say)
    try:
        stack.start()
        if options.state:
            stack.write_state(options.state)
        _say(welcome(stack))
        stack.watch()
    except DemoFailed as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except Stopped:
        return 0
    finally:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        _say("Arrêt en cours…")
        stack.stop()
        if options.state:
            options.state.unlink(missing_ok=True)
        _say("Tout est arrêté.")
    return 0


def _default_port() -> int:
    return int(os.environ.get("PORT") or 8000)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)  # once is enough; a second one must not break the stopping
    raise Stopped


def _say(message: str) -> None:
    print(message, flush=True)


def welcome(stack: Stack) -> str:
    """Return what the person who typed the command reads when all is ready."""
    addresses = stack.addresses
    rows = [(person.login, _means(person.is_student, person.has_franceconnect), person.shows) for person in PEOPLE]
    lines = [
        "",
        f"Scolarité Services est prêt ({stack.timings['all']:.1f} s).",
        "",
        f"  Site               {addresses.site}",
        f"  Administration     {addresses.admin}",
        f"  Boîte aux lettres  {addresses.mailbox}",
        f"  ÉduConnect         {addresses.educonnect}/",
        f"  FranceConnect      {addresses.franceconnect.removesuffix('/api/v2')}/",
        f"  Compte académique  {addresses.agents}/",
        f"  Journaux           {Path(addresses.folder) / 'logs'}",
        "",
        f"Mot de passe de tous les comptes : {PASSWORD}",
        "",
        "Familles (chaque établissement à son heure) :",
        *_table(rows),
        "",
        "Administration :",
        *_table([(agent.login, _second_step(agent), agent.shows) for agent in STAFF]),
        "",
        "Code à six chiffres du téléphone, à l’instant où la commande est tapée :",
        f"  {_command()} {STAFF[0].login}",
        "",
        f"Exports SIECLE à importer au lycée de Bordeaux : {stack.exports}",
        "",
        "Ctrl-C arrête tout.",
    ]
    return "\n".join(lines)


def _second_step(agent: Agent) -> str:
    if not agent.invited:
        return "compte académique"
    means = "mot de passe et code" if agent.needs_code else "mot de passe"
    return f"{means}, ou compte académique" if agent.function else means


def _command() -> str:
    """Return how to ask for a code, from the folder where this one was typed."""
    python = Path(sys.executable)
    here = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    return f"{here} -m demo.code"


def _means(is_student: bool, has_franceconnect: bool) -> str:
    profile = "élève" if is_student else "représentant"
    return f"{profile}, ÉduConnect ou FranceConnect" if has_franceconnect else f"{profile}, ÉduConnect"


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows]


if __name__ == "__main__":
    sys.exit(main())
