"""What a caller may read: the one place that decides, for every surface.

A document is closed by the settings, which name the groups that may read a file or a folder, or by the wiki that it
came from, which is asked as the caller. Whatever is in doubt may not be read. `Documents.read_by` asks here, and every
surface answers from what that gives: the documents that a caller may not read are not there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote

from assistant.server.auth import Caller
from index.document.formats import FORMATS, SAVE_AS
from index.errors import QuothError
from index.tables import Entry


class PageRights(Protocol):
    """Knows which documents are pages of a wiki, and which of those a caller may read."""

    def pages(self, documents: Iterable[Entry]) -> Mapping[str, str]:
        """Those documents that are its pages: by their ids the wiki's own names for them, empty where unknown."""
        ...

    def readable(self, caller: Caller, pages: Mapping[str, str]) -> frozenset[str]:
        """The ids of such documents that the wiki lets a caller read; none that it has not said so of."""
        ...


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may read what: `groups` by files and folders, and the rights of wikis' pages."""

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wikis: Sequence[PageRights] = ()

    @property
    def everything(self) -> bool:
        """Whether everybody may read everything."""
        return not self.groups and not self.wikis

    def readable(self, caller: Caller, documents: Iterable[Entry]) -> frozenset[str]:
        """The ids of the documents that a caller may read: the one function that decides."""
        allowed = {document.id: document for document in documents if self.lets_in(caller, document)}
        closed: set[str] = set()
        for wiki in self.wikis:
            pages = wiki.pages(allowed.values())
            closed |= pages.keys() - wiki.readable(caller, pages)
        return frozenset(allowed.keys() - closed)

    def lets_in(self, caller: Caller, document: Entry) -> bool:
        """Whether a caller is in a group of each entry that names a document, or a folder it lies in."""
        return all(
            any(spelling in caller.groups for group in named for spelling in spellings(group))
            for pattern, named in self.groups.items()
            if names(pattern, document)
        )

    def check(self, documents: Iterable[Entry], source: Path) -> None:
        """Raise QuothError where an entry names nothing that there is: what was meant would be open to all."""
        known = list(documents) if self.groups else []
        for pattern in self.groups:
            if not any(names(pattern, document) for document in known) and not is_there(pattern, source):
                raise QuothError(
                    f"--groups: nothing in {source} is named {pattern!r}. Write a file or a folder as it is there, "
                    "such as hr/salaries.md or hr."
                )


def spellings(group: str) -> tuple[str, str]:
    """A group as a header may name it: as it is, or percent-encoded.

    >>> spellings("Ärzte")
    ('Ärzte', '%C3%84rzte')
    """
    return group, quote(group, safe="")


def names(pattern: str, document: Entry) -> bool:
    """Whether a pattern such as "hr", "hr/salaries.md" or "*/drafts" names a document, or a folder that it lies in."""
    path = path_of(document)
    bare = without_suffix(path)
    folders = [str(folder) for folder in PurePosixPath(path).parents][:-1]
    places = {path: pattern, bare: pattern} | dict.fromkeys(folders, pattern)
    if bare == path:  # the index has forgotten the suffix
        places[path] = without_suffix(pattern)
    return any(place == form or fnmatchcase(place, form) for place, form in places.items())


def is_there(pattern: str, source: Path) -> bool:
    """Whether a pattern names a file or a folder, be it an empty one."""
    try:
        return source.is_dir() and next(source.glob(pattern), None) is not None
    except (ValueError, NotImplementedError):  # what pathlib takes for no pattern
        return False


def path_of(document: Entry) -> str:
    """Where a document lies among the sources, without the suffix of its file unless two files differ in that alone."""
    if document.collection is None:
        return document.id
    return f"{document.collection}/{document.id[len(document.collection) + 1 :]}"


def without_suffix(path: str) -> str:
    """A path less the suffix of a format that is read."""
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix) if suffix.lower() in (*FORMATS, *SAVE_AS) else path
