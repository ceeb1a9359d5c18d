"""What is said at once of a file that somebody gives: before it is stored, without reading it whole."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from schools.models import ImportFile
from schools.siecle.errors import SiecleError
from schools.siecle.reader import Kind
from schools.siecle.sources import chunks, display_name

_ROOT = re.compile(rb"<(BEE_[A-Z_]+)")
_LONGEST_NAME = 100


class UnfitFile(SiecleError):
    """This file alone, or with the other, cannot be an export of pupils or of guardians."""


@dataclass(frozen=True)
class Upload:
    """One file as it is kept until its import ends."""

    name: str
    size: int
    sha256: str
    kind: Kind
    packed: bytes

    @property
    def described(self) -> dict[str, Any]:
        return {"name": self.name, "size": self.size, "sha256": self.sha256}


def take(file: UploadedFile) -> Upload:
    """Check the size and the first bytes of a file, and pack it. Raises SiecleError."""
    limit = settings.SIECLE_UPLOAD_MAX_BYTES
    if (file.size or 0) > limit:
        raise UnfitFile(
            _("Ce fichier dépasse %(limit)s Mo. Donnez l’archive zip telle que SIECLE l’a faite.")
            % {"limit": limit // (1024 * 1024)}
        )
    kind = _kind_of(file)
    file.seek(0)
    content = file.read()
    return Upload(
        name=display_name(file.name or "")[-_LONGEST_NAME:],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        kind=kind,
        packed=zlib.compress(content),
    )


def check_pair(uploads: Sequence[Upload]) -> None:
    """Refuse the same file twice, and two files of the same kind. Raises UnfitFile."""
    first, second = uploads
    if first.sha256 == second.sha256:
        raise UnfitFile(_("Le même fichier est donné deux fois : donnez celui des élèves et celui des responsables."))
    if first.kind == second.kind == Kind.STUDENTS:
        raise UnfitFile(_("Les deux fichiers sont des exports d’élèves : il manque celui des responsables."))
    if first.kind == second.kind:
        raise UnfitFile(_("Les deux fichiers sont des exports de responsables : il manque celui des élèves."))


class _Watched(io.BytesIO):
    """The bytes of a file; says each time that some are read."""

    def __init__(self, content: bytes, name: str, on_read: Callable[[], None]) -> None:
        super().__init__(content)
        self.name = name
        self._on_read = on_read

    def read(self, size: int | None = -1, /) -> bytes:
        self._on_read()
        return super().read(size)


def opened(file: ImportFile, *, on_read: Callable[[], None]) -> io.BytesIO:
    """Return a stored file as the reader of exports takes it, under the name it came with."""
    return _Watched(zlib.decompress(bytes(file.content)), file.name, on_read)


def _kind_of(file: UploadedFile) -> Kind:
    root = _ROOT.search(next(chunks(file), b""))  # type: ignore[arg-type]
    names = {kind.value.encode(): kind for kind in Kind}
    if root is None or root[1] not in names:
        raise UnfitFile(
            _(
                "Ce fichier n’est pas un export SIECLE des élèves ou des responsables. "
                "Donnez le fichier XML, ou l’archive zip, de « Exports XML génériques »."
            )
        )
    return names[root[1]]
