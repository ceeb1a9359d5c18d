"""`python -m demo.code LOGIN`: the code that this person's telephone shows at this moment.

The key of each telephone of the demonstration is made from the login; a code changes every thirty seconds, serves
once, and the one before or after is taken too.
"""

from __future__ import annotations

import argparse
import sys
import time

from django_otp.oath import TOTP

from demo.people import STAFF, agent

STEP = 30


def code_of(login: str, *, at: float) -> str:
    """Return the six digits at an instant (epoch seconds). Raises KeyError."""
    totp = TOTP(bytes.fromhex(agent(login).totp_key), step=STEP)
    totp.time = at
    return f"{totp.token():06}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.code", description=__doc__)
    parser.add_argument("login", choices=[someone.login for someone in STAFF if someone.needs_code])
    print(code_of(parser.parse_args(arguments).login, at=time.time()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
