"""Opening what somebody gave as a SIECLE export: XML, or a zip holding one XML. What it declares is not trusted."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from django.utils.translation import gettext as _

from schools.siecle.errors import HostileFile, UnreadableFile

SiecleFile = str | Path | BinaryIO
"""A path, or an open binary file that can seek (an upload)."""

MAX_BYTES = 100 * 1024 * 1024
"""Of one XML once decompressed: some four times what a school of 5,000 pupils weighs."""

MAX_MEMBERS = 10
MAX_DIRECTORY = 16 * 1024
"""Bytes of the table of contents of an archive: checked before the library builds one object per entry."""

CHUNK = 64 * 1024
_ENCRYPTED = 0x1
_END_OF_DIRECTORY = b"PK\x05\x06"
_LARGE_ARCHIVE = b"PK\x06\x07"
_END_LENGTH = 22
_LONGEST_COMMENT = 0xFFFF
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def display_name(file: SiecleFile) -> str:
    """Return the name under which the report speaks of the file."""
    name = str(file) if isinstance(file, str | Path) else str(getattr(file, "name", "") or _("fichier"))
    return os.path.basename(name.replace("\\", "/"))


def chunks(file: SiecleFile) -> Iterator[bytes]:
    """Yield the bytes of the XML, at most MAX_BYTES of them. Raises UnreadableFile, HostileFile."""
    name = display_name(file)
    with _opened(file, name) as stream:
        stream.seek(0)
        is_zip = stream.read(4).startswith(b"PK")
        stream.seek(0)
        if is_zip:
            yield from _unzipped(stream, name)
        else:
            yield from _limited(stream, name)


@contextmanager
def _opened(file: SiecleFile, name: str) -> Iterator[IO[bytes]]:
    if not isinstance(file, str | Path):
        yield file
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 (closed below; only the opening is guarded)
    except OSError as error:
        raise UnreadableFile(_("Le fichier « %(file)s » ne peut pas être ouvert.") % {"file": name}) from error
    with stream:
        yield stream


def _limited(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Count what is really read: the sizes that an archive declares are not believed."""
    total = 0
    while chunk := stream.read(CHUNK):
        total += len(chunk)
        if total > MAX_BYTES:
            raise HostileFile(
                _("Le fichier « %(file)s » dépasse %(limit)s Mo une fois décompressé.")
                % {"file": name, "limit": MAX_BYTES // (1024 * 1024)}
            )
        yield chunk


def _unzipped(stream: IO[bytes], name: str) -> Iterator[bytes]:
    _check_directory(stream, name)
    try:
        with zipfile.ZipFile(stream) as archive, archive.open(_only_member(archive, name)) as member:
            yield from _limited(member, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnreadableFile(
            _("L’archive « %(file)s » est abîmée ou incomplète. Refaites l’export.") % {"file": name}
        ) from error


def _check_directory(stream: IO[bytes], name: str) -> None:
    """Refuse an archive of very many members by what its last bytes say, which is also what the library goes by."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_LENGTH - _LONGEST_COMMENT))
    tail = stream.read(_END_LENGTH + _LONGEST_COMMENT)
    stream.seek(0)
    end = tail[tail.find(_END_OF_DIRECTORY) :]
    if tail.count(_END_OF_DIRECTORY) != 1 or len(end) < _END_LENGTH:
        raise UnreadableFile(_("L’archive « %(file)s » est abîmée ou incomplète. Refaites l’export.") % {"file": name})
    if _LARGE_ARCHIVE in tail or int.from_bytes(end[12:16], "little") > MAX_DIRECTORY:
        raise HostileFile(_("L’archive « %(file)s » contient trop de fichiers.") % {"file": name})


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise HostileFile(_("L’archive « %(file)s » contient trop de fichiers.") % {"file": name})
    members = [info for info in infos if not info.is_dir()]
    if len(members) != 1:
        raise UnreadableFile(_("L’archive « %(file)s » doit contenir un seul fichier XML.") % {"file": name})
    if members[0].flag_bits & _ENCRYPTED:
        raise UnreadableFile(_("L’archive « %(file)s » est protégée par un mot de passe.") % {"file": name})
    if members[0].compress_type not in _METHODS:
        raise UnreadableFile(_("L’archive « %(file)s » utilise une compression inconnue.") % {"file": name})
    return members[0]
