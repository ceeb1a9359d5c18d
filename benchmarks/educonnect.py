"""The simulated ÉduConnect with the guardians of the data set: `DEMO=1 python -m benchmarks.educonnect FILE --port N`.

FILE holds them as JSON, as `benchmarks.closing` prints them; they have the password of everybody in the demonstration.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from demo import people
from demo.people import Person
from demo.providers import educonnect
from demo.providers.__main__ import main as serve
from demo.providers.state import SignIn


class OfTheDataSet(educonnect.EduConnect):
    """Knows each person by the `sub` that `load_scale` has written."""

    def subject(self, sign_in: SignIn) -> str:
        return f"scale-{sign_in.person.login}"


def main(file: Path, arguments: list[str]) -> int:
    families = json.loads(file.read_text())["families"]
    people.ACADEMIES.update({each["uai"]: "essai" for each in families})
    people.PEOPLE[:] = [
        Person(
            each["login"],
            each["given_name"],
            each["family_name"],
            "responsable du jeu d’essai",
            "1980-01-01",
            guardian_of={each["uai"]: each["login"]},
        )
        for each in families
    ]
    educonnect.EduConnect = OfTheDataSet  # type: ignore[misc]
    return serve(["educonnect", *arguments])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
