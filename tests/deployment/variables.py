"""Which environment variables the product reads: settings tell when loaded, the rest is seen in the code."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import cache

from tests.deployment.files import BASE, tracked

RECORDER = """
import json
from environ.fileaware_mapping import FileAwareMapping

names = set()
read = FileAwareMapping.__getitem__
FileAwareMapping.__getitem__ = lambda self, name: (names.add(name), read(self, name))[1]
import scolarite.settings
print(json.dumps(sorted(names)))
"""
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "REDIS_URL": "redis://localhost",
    "DJANGO_SECRET_KEY": "only-for-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SITE_URL": "https://scolarite.example",
    "DEFAULT_FROM_EMAIL": "nobody@scolarite.example",
}
GUNICORN = {"WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"}
"""What gunicorn reads by itself."""

NOT_CONFIGURATION = {"DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR"}
ROOMS = (
    "scolarite",
    "operations",
    "audit",
    "notifications",
    "schools",
    "accounts",
    "orientation",
    "portal",
    "demo",
    "deploy",
    "manage.py",
)


def load_settings(environment: dict[str, str], program: str = "import scolarite.settings") -> tuple[int, str, str]:
    """Load the settings in a process with this environment and no other; return its code, its output and its errors."""
    system = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE, env=system | environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@cache
def read_by_settings() -> frozenset[str]:
    """Return the names that the settings ask for, whichever way it does."""
    code, output, errors = load_settings(ENVIRONMENT, RECORDER)
    assert code == 0, errors
    return frozenset(json.loads(output))


def read_by_code() -> set[str]:
    """Return the names that the product's code takes from `os.environ` or from a mapping called `environ`."""
    found: set[str] = set()
    for path in tracked(*ROOMS):
        if path.endswith(".py"):
            found |= _read_in(ast.parse((BASE / path).read_text()))
    return found - NOT_CONFIGURATION


def _read_in(module: ast.Module) -> set[str]:
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    keys = [key for node in ast.walk(module) for key in _keys(node)]
    named = [constants.get(key.id) if isinstance(key, ast.Name) else getattr(key, "value", None) for key in keys]
    return {name for name in named if isinstance(name, str) and name.isupper()}


def _keys(node: ast.AST) -> list[ast.expr]:
    """Return the expressions that choose a variable here."""
    match node:
        case ast.Subscript(value=mapping, slice=key) if _is_environment(mapping):
            return [key]
        case ast.Call(func=ast.Attribute(value=mapping), args=[key, *_]) if _is_environment(mapping):
            return [key]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="getenv"), args=[key, *_]):
            return [key]
        case ast.Compare(left=key, comparators=[mapping]) if _is_environment(mapping):
            return [key]
    return []


def _is_environment(mapping: ast.expr) -> bool:
    match mapping:
        case ast.Attribute(attr="environ") | ast.Name(id="environ"):
            return True
    return False
