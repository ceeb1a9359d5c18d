"""Start one simulated provider: `DEMO=1 python -m demo.providers educonnect --port 8100`."""

from __future__ import annotations

import argparse
import sys

from demo.providers import agents, educonnect, franceconnect
from demo.providers.state import NotADemonstrationError, Registration, refuse_outside_demo
from demo.web import serve

PROVIDERS = {
    "agents": (agents.create_app, "http://127.0.0.1:{port}"),
    "educonnect": (educonnect.create_app, "http://127.0.0.1:{port}"),
    "franceconnect": (franceconnect.create_app, f"http://127.0.0.1:{{port}}{franceconnect.BASE}"),
}


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.providers", description=__doc__)
    parser.add_argument("provider", choices=sorted(PROVIDERS))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--issuer", default="", help="as the portal knows it; by default the address it listens on")
    options = parser.parse_args(arguments)
    create_app, default_issuer = PROVIDERS[options.provider]
    try:
        refuse_outside_demo()
        registration = Registration.from_environment(options.provider)
    except NotADemonstrationError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"{error.args[0]} is missing from the environment", file=sys.stderr)
        return 2
    issuer = options.issuer or default_issuer.format(port=options.port)
    serve(create_app(registration, issuer=issuer), port=options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
