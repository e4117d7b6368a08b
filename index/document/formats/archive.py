"""Archives (DOCX, ODT, EPUB) opened with bounds: nothing is written to disk, no member is larger than it may be."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath

from index.document.formats.bounds import (
    LARGEST_FILE,
    LARGEST_MEMBER,
    LARGEST_RATIO,
    LARGEST_UNPACKED,
    MEBIBYTE,
    MOST_MEMBERS,
    check_size,
)
from index.errors import SourceError

STEP = MEBIBYTE
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, KeyError)


class Archive:
    """A zip file's members, read one at a time; all of them together are bounded."""

    def __init__(self, path: Path, data: bytes) -> None:
        """Raises SourceError if it is no archive, broken off, encrypted, or has members that lead out of it."""
        check_size(path, len(data), LARGEST_FILE)
        self.path, self.packed, self.unpacked = path, len(data), 0
        with self.reading():
            self.zip = zipfile.ZipFile(BytesIO(data))
        members = self.zip.infolist()
        if len(members) > MOST_MEMBERS:
            raise SourceError(f"{path} holds {len(members):,} files; at most {MOST_MEMBERS:,} are read.")
        if any(member.flag_bits & 1 for member in members):
            raise SourceError(f"{path} is encrypted. Save it without a password.")
        if climbing := next((member.filename for member in members if climbs(member.filename)), None):
            raise SourceError(f"{path} holds a file that leads out of it ({climbing[:80]!r}), and is not read.")
        self.names = frozenset(member.filename for member in members)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise SourceError for an archive that is broken."""
        try:
            yield
        except BROKEN as error:
            raise SourceError(
                f"{self.path} is broken, or no {self.path.suffix.lower()} file ({str(error)[:80]}). Get it again."
            ) from error

    def read(self, name: str) -> bytes:
        """A member's bytes; raises SourceError if it is missing, broken, or larger than it may be."""
        parts: list[bytes] = []
        size = 0
        with self.reading(), self.zip.open(name) as member:
            while part := member.read(STEP):
                size += len(part)
                self.unpacked += len(part)
                self.check(size)
                parts.append(part)
        return b"".join(parts)

    def check(self, size: int) -> None:
        """Raise SourceError if what was unpacked is more than an honest file holds."""
        unpacked, packed = self.unpacked / MEBIBYTE, self.packed / MEBIBYTE
        swollen = self.unpacked > LARGEST_RATIO * max(self.packed, STEP)
        if size > LARGEST_MEMBER or self.unpacked > LARGEST_UNPACKED or swollen:
            raise SourceError(
                f"{self.path} unpacks to more than {unpacked:,.0f} MB from {packed:,.1f} MB "
                "and is not read. If it is no trap, save it without its pictures."
            )

    def check_all(self) -> None:
        """Raise SourceError if a member is broken or all of them are too large; nothing of them is kept."""
        for name in sorted(self.names):
            self.read(name)


def climbs(name: str) -> bool:
    """Whether a member's name leads out of the archive."""
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or (len(name) > 1 and name[1] == ":")
