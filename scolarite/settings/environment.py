"""Where settings come from: the environment (`env`), and the folder of the code (`BASE_DIR`)."""

from pathlib import Path

import environ
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parents[2]


class _Variables(FileAwareMapping):
    """The environment; the line break that most editors leave at the end of a file is no part of a secret."""

    def __getitem__(self, name: str) -> str:
        return str(super().__getitem__(name)).rstrip("\r\n")


class _Env(environ.FileAwareEnv):
    ENVIRON = _Variables()


env = _Env()
