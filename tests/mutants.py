"""Break the checks one at a time, in memory, and see that a test fails: `make mutants`.

Each mutant takes one check away, or turns it round: a condition, one side of an *and* or an *or*, a comparison, an
element of a table, a call whose only effect is to refuse. What no test notices survives, and is printed. The score
stands in docs/security.md. mutmut leaves tables alone, and cosmic-ray would make a database for each mutant.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import pytest

from demo import embedded
from tests.embedded import TEST_ENVIRONMENT

ROOT = Path(__file__).resolve().parent.parent
TOKENS = ["tests/accounts/test_tokens.py", "tests/accounts/test_lying_provider.py"]
SIGN_IN = [
    *(f"tests/accounts/test_{name}.py" for name in ("backends", "lying_provider", "sign_in", "refusals", "students")),
    "tests/accounts/test_proof.py::test_the_next_sign_in_asks_nothing",
    "tests/accounts/test_proof.py::test_a_guardian_of_educonnect_proves_too_where_no_key_is_known",
]
TESTS = {
    "schools/policies.py": ["tests/rights/test_policies.py"],
    "orientation/policies.py": ["tests/rights/test_policies.py"],
    "accounts/oidc/tokens.py": TOKENS,
    "accounts/oidc/claims.py": ["tests/accounts/test_claims.py"],
    "accounts/oidc/backends.py": SIGN_IN,
}
"""What is broken, and the tests that must notice, the quickest first."""

LONGEST = 600
"""Seconds after which a run that does not end counts as noticed."""

OPTIONS = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "--reuse-db"]

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


@dataclass(frozen=True)
class Mutant:
    """One file with one check broken."""

    path: str
    line: int
    what: str
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def mutants_of(path: str) -> Iterator[Mutant]:
    """Yield every mutant of a file."""
    tree = ast.parse((ROOT / path).read_text())
    nodes = list(_code(tree))
    for number, node in enumerate(nodes):
        for what, change in _changes(node):
            broken = copy.deepcopy(tree)
            change(list(_code(broken))[number])
            yield Mutant(path, node.lineno, what, ast.unparse(ast.fix_missing_locations(broken)))


def _code(node: ast.AST) -> Iterator[Any]:
    """Walk what runs: neither annotations nor what is imported."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Import | ast.ImportFrom):
                if hasattr(child, "lineno"):
                    yield child
                yield from _code(child)


Change = Callable[[Any], object]


def _set(name: str, value: object) -> Change:
    return lambda found: setattr(found, name, value)


def _drop(name: str, index: int) -> Change:
    return lambda found: getattr(found, name).pop(index)


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:  # noqa: C901 - one case after the other
    """Yield what can be broken in a node: in words, and what breaks it."""
    if isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield f"`{ast.unparse(node.test)}` is {value}", _set("test", ast.Constant(value))
    elif isinstance(node, ast.BoolOp):
        for index, side in enumerate(node.values):
            yield f"without `{ast.unparse(side)}`", _drop("values", index)
    elif isinstance(node, ast.Compare):
        yield f"`{ast.unparse(node)}` turned round", _set("ops", [OPPOSITES[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Compare | ast.BoolOp):
        for value in (True, False):
            yield f"returns {value}", _set("value", ast.Constant(value))
    elif isinstance(node, ast.Tuple | ast.Set):
        for index, item in enumerate(node.elts):
            yield f"without `{ast.unparse(item)}`", _drop("elts", index)
    elif isinstance(node, ast.Dict):
        yield from _of_table(node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield f"without `{ast.unparse(node)}`", _set("value", ast.Constant(None))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        for place in ("right", "left"):
            said = ast.unparse(getattr(node, place))
            yield f"without `{said}`", _set(place, ast.parse("frozenset()", mode="eval").body)


def _of_table(node: ast.Dict) -> Iterator[tuple[str, Change]]:
    for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        said = ast.unparse(key) if key else "**"
        if said.startswith("StaffAct."):  # a right given to everybody, then to nobody
            for roles in ("frozenset(Role)", "frozenset()"):
                if ast.unparse(value) != roles:
                    new = ast.parse(roles, mode="eval").body
                    yield f"{said}: {roles}", _set("values", [*node.values[:index], new, *node.values[index + 1 :]])
        else:

            def drop(found: ast.Dict, index: int = index) -> None:
                del found.keys[index], found.values[index]

            yield f"without {said}: {ast.unparse(value)}", drop


def run(tests: list[str], log: Path, mutant: Mutant | None = None) -> int:
    """Run tests, with a mutant in the place of its module; return pytest's code.

    In a fork of this process, in which the product is loaded already: it takes a tenth of the time.
    """
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(LONGEST)
            with log.open("w") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            if mutant:
                put_in_place(mutant)
            os._exit(int(pytest.main([*OPTIONS, *tests])))
        except BaseException:  # noqa: BLE001 - a module that no longer loads; nothing of the parent's is unwound here
            traceback.print_exc()
            os._exit(pytest.ExitCode.TESTS_FAILED)
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(log.read_text()[-3000:])
    return code


def put_in_place(mutant: Mutant) -> None:
    """Load the broken source into its module, and give it to whoever has imported from there."""
    module = sys.modules[mutant.path.removesuffix(".py").replace("/", ".")]
    before = dict(vars(module))
    exec(compile(mutant.source, mutant.path, "exec"), vars(module))  # noqa: S102 - our own source
    changed = {name: (old, vars(module)[name]) for name, old in before.items() if vars(module)[name] is not old}
    for other in list(sys.modules.values()):
        for name, (old, new) in changed.items():
            if getattr(other, "__dict__", {}).get(name) is old and not name.startswith("__"):
                setattr(other, name, new)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=[], help="which of the files; all by default")
    parser.add_argument("--list", action="store_true", help="only say what would be broken")
    options = parser.parse_args()
    paths = options.paths or list(TESTS)
    found = [mutant for path in paths for mutant in mutants_of(path)]
    if options.list:
        print(*found, sep="\n")
        return 0
    survivors = []
    with tempfile.TemporaryDirectory() as folder, embedded.postgresql() as database, embedded.redis() as cache:
        os.environ.update(
            TEST_ENVIRONMENT
            | {"DATABASE_URL": database, "REDIS_URL": cache, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        )
        django.setup()
        importlib.import_module("scolarite.urls")
        log = Path(folder) / "pytest.log"
        if run(list(dict.fromkeys(test for path in paths for test in TESTS[path])), log):
            print("The tests fail before anything is broken.", log.read_text()[-3000:], sep="\n")
            return 1
        for number, mutant in enumerate(found, start=1):
            noticed = any(run([test], log, mutant) for test in TESTS[mutant.path])
            print(f"{number}/{len(found)} {'noticed' if noticed else 'SURVIVES'} {mutant}", flush=True)
            survivors += [] if noticed else [mutant]
    print(f"{len(found) - len(survivors)} of {len(found)} mutants noticed.", *survivors, sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
