"""The matrix of docs/security.md, from the tables that the tests try."""

from __future__ import annotations

from schools.models import Role
from schools.policies import may
from tests import test_addresses, test_staff_addresses
from tests.rights.acts import ACTS, CALLER_CHECKS, OWN_ACCOUNT
from tests.rights.world import Person

BEGIN, END = "<!-- written by make rights: begin -->", "<!-- written by make rights: end -->"

COLUMNS = {
    Role.HEAD: "head",
    Role.DEPUTY: "deputy",
    Role.OFFICE: "office",
    Role.FORM_TEACHER: "form teacher",
    Role.COUNSELLOR: "counsellor",
}
SAID = {200: "✔", 302: "→", 403: "403", 404: "404", 405: "POST"}


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def of_acts() -> str:
    """Acts by person: what tests/rights/test_acts.py tries."""
    return _table(
        ["act", *Person],
        [[f"`{name}`", *("✔" if person in act.may else "–" for person in Person)] for name, act in ACTS.items()],
    )


def of_unchecked_acts() -> str:
    return _table(["act", "why"], [[f"`{name}`", why] for name, why in {**OWN_ACCOUNT, **CALLER_CHECKS}.items()])


def of_families_addresses() -> str:
    """Addresses of families by person: what tests/test_addresses.py tries."""
    return _table(
        ["address", *test_addresses.ROLES],
        [
            [f"`{name}`", *(SAID[status] for status in answers)]
            for name, answers in test_addresses.TABLE.items()
            if answers is not None
        ],
    )


def of_staff_addresses() -> str:
    """Addresses of the school's side by role: what tests/test_staff_addresses.py tries."""
    return _table(
        ["address", *COLUMNS.values(), "form teacher of another class"],
        [
            [
                f"`admin:{name}`",
                *("✔" if may(role, act) else "403" for role in COLUMNS),
                "404" if name in test_staff_addresses.OF_A_CLASS else "✔" if may(Role.FORM_TEACHER, act) else "403",
            ]
            for name, act in test_staff_addresses.ACTS.items()
        ],
    )


def matrix() -> str:
    return f"""
### Acts

✔ does it, – is refused and nothing is written. Each is one function of the services, tried by
`tests/rights/test_acts.py`.

{of_acts()}
These ask no right themselves:

{of_unchecked_acts()}
### Addresses of families

What GET answers: ✔ the page, → elsewhere (nobody: to the sign-in), POST only by a form. Tried by
`tests/test_addresses.py`.

{of_families_addresses()}
### Addresses of the school

By role in the school; to nobody and to families they lead to the sign-in, to staff of another school and to operators
they do not exist (404). Tried by `tests/test_staff_addresses.py`.

{of_staff_addresses()}"""


def written(text: str) -> str:
    """Return the document with the matrix of today."""
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{matrix()}\n{END}{after}"
