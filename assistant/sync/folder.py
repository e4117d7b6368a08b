"""A folder kept in step with a wiki: a page is an HTML file with what is known of it in the TOML file beside.

    handbook/
        .pages.json         which version of each page is there, and when the wiki was listed
        12.html  12.toml    a page: its rendered HTML; title, address and revision

What is read of it, and again when it changes, is the index's affair, as with any folder.
"""

import hashlib
import html
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from assistant.sync.types import ListedPage, Page, Wiki, WikiSettings
from index.document.formats.html import read_html
from index.errors import SourceError, WikiError

STATE = ".pages.json"
OVERLAP = 600  # seconds that recent changes are looked at again, for clocks that differ
SHARE = 20  # a complete listing may take one in so many seconds; until it is due again, recent changes are asked
FAILURES = 3  # pages in a row that cannot be fetched, after which the wiki is left for this time
SAVED_EVERY = 100  # pages
MAX_NAME_LENGTH = 100  # characters of a file's name
UNSAFE = re.compile(r"[^\w.-]|^\.")
TAG = re.compile(r"<[^>]*>")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Synced:
    """What was done for a wiki: pages it has here, how many were fetched and removed; sentences on what failed."""

    wiki: str
    pages: int
    fetched: int
    removed: int
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class State:
    """What is known of a wiki's pages: by id the version that was fetched and its file, None where it has no text.

    `of` tells the wiki; times are in seconds, 0 where there was none yet.
    """

    of: str
    pages: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    asked: float = 0
    listed: float = 0
    listing: float = 0


def sync_folder(
    settings: WikiSettings, wiki: Wiki, folder: Path, complete: bool = False, say: Say = lambda message: None
) -> Synced:
    """Bring a folder in step with a wiki: fetch what has changed; after a complete listing remove what is gone.

    With `complete` the whole wiki is listed, else where that is due. Raises WikiError where nothing could be listed;
    then nothing is removed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            state = read_state(settings, folder)
            if state.of != identity(settings):  # their numbers mean other pages here, with other rights
                state = State(identity(settings))
                for path in list(folder.rglob("*.html")):
                    remove_page(path)
            return Sync(settings, wiki, folder, state, say).run(complete)
    except Timeout:
        raise WikiError(f"The wiki {settings.name!r} is being read by another process. Wait for that.") from None
    except OSError as error:
        raise WikiError(
            f"The folder {folder} cannot be written ({error.strerror or error}). Name another with --index-dir."
        ) from error


@dataclass(slots=True)
class Sync:
    """One time that a folder is brought in step."""

    settings: WikiSettings
    wiki: Wiki
    folder: Path
    state: State
    say: Say
    fetched: int = 0
    problems: list[str] = field(default_factory=list)

    def run(self, complete: bool) -> Synced:
        """List, fetch, remove, and remember that."""
        began = time.time()
        complete = complete or not self.state.asked or began - self.state.listed >= SHARE * self.state.listing
        listed = self.wiki.list_pages() if complete else self.wiki.list_changed(since(self.state))
        took = time.time() - began
        try:
            finished = self.fetch_all(changed(listed, self.state, self.folder))
            removed = self.remove_all(listed) if complete else 0
            if complete:
                self.state.listed, self.state.listing = began, took
            if finished:
                self.state.asked = began
        finally:
            write_state(self.state, self.folder)
        pages = sum(file is not None for _, file in self.state.pages.values())
        return Synced(self.settings.name, pages, self.fetched, removed, tuple(self.problems))

    def fetch_all(self, pages: list[ListedPage]) -> bool:
        """Fetch pages, and return whether all could be; one that failed stays as it was until the next time."""
        if len(pages) > SAVED_EVERY:
            self.say(f"The wiki {self.settings.name!r}: reading {len(pages):,} pages.")
        failed = in_a_row = 0
        for number, page in enumerate(pages, 1):
            try:
                self.keep(page, self.wiki.fetch(page))
                in_a_row = 0
            except WikiError as error:
                self.problems.append(str(error))
                failed, in_a_row = failed + 1, in_a_row + 1
                if in_a_row == FAILURES:
                    break
            if number % SAVED_EVERY == 0:
                write_state(self.state, self.folder)
        return not failed

    def keep(self, listed: ListedPage, page: Page | None) -> None:
        """Write a page's files, or remove them where there is nothing to read."""
        before = self.state.pages.get(listed.id, ("", None))[1]
        name = None if page is None or not TAG.sub("", page.html).strip() else file_name(listed.id)
        if page and name:
            path, data = self.folder / name, to_html(page)
            try:
                read_html(path, data)
                write_page(path, data, to_toml(page))
                self.fetched += 1
            except SourceError as error:
                self.problems.append(f"The page {page.title!r} of the wiki {self.settings.name!r} is left out: {error}")
                name = None
        if before and not name:
            remove_page(self.folder / before)
        self.state.pages[listed.id] = (listed.version, name)

    def remove_all(self, listed: Mapping[str, ListedPage]) -> int:
        """Remove the pages that a complete listing does not have, and stray files; return how many pages."""
        gone = [name for name in self.state.pages if name not in listed]
        for name in gone:
            del self.state.pages[name]
        kept = {self.folder / file for _, file in self.state.pages.values() if file}
        for path in [path for path in self.folder.rglob("*.html") if path not in kept]:
            remove_page(path)
        return len(gone)


def changed(listed: Mapping[str, ListedPage], state: State, folder: Path) -> list[ListedPage]:
    """Return the listed pages that are not here in that version."""
    pages = []
    for name, page in listed.items():
        version, file = state.pages.get(name, (None, None))
        if version != page.version or (
            file and not ((folder / file).exists() and metadata_path(folder / file).exists())
        ):
            pages.append(page)
    return pages


def since(state: State) -> datetime:
    """Return from when on changes are asked for."""
    return datetime.fromtimestamp(max(0, state.asked - OVERLAP), UTC)


def file_name(page: str) -> str:
    """Return a page's file, DokuWiki's namespaces as sub-folders; whatever an id holds, it lies in the folder."""
    parts = [UNSAFE.sub(lambda match: f"%{ord(match[0]):X}", part) or "%" for part in page.split(":")]
    if any(len(part.encode()) > MAX_NAME_LENGTH for part in parts) or len(parts) > 20:
        return hashlib.sha256(page.encode("utf-8", "surrogatepass")).hexdigest()[:40] + ".html"
    return "/".join(parts) + ".html"


def to_html(page: Page) -> bytes:
    """Return a page as a file of its own, under the heading that its wiki writes above it."""
    title = html.escape(page.title)
    heading = f'<h1 id="{html.escape(page.heading)}">{title}</h1>\n' if page.heading else ""
    head = f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}<body><main>\n{heading}{page.html}\n</main></body></html>\n".encode("utf-8", "replace")


def to_toml(page: Page) -> bytes:
    """Return what stands beside it."""
    fields = {"title": page.title, "url": page.url, "revision": page.revision, "page": page.id, "date": page.date}
    lines = [f"{key} = {json.dumps(printable(value), ensure_ascii=False)}\n" for key, value in fields.items() if value]
    return "".join(lines).encode("utf-8", "replace")


def printable(text: str) -> str:
    """Return a text on one line, without what TOML does not take."""
    return "".join(character if character.isprintable() else " " for character in text)


def write_page(path: Path, data: bytes, metadata: bytes) -> None:
    """Write a page's two files; at no moment does one revision's text stand beside another's address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (path.is_file() and path.read_bytes() == data):
        metadata_path(path).unlink(missing_ok=True)
        replace_file(path, data)
    if not (metadata_path(path).is_file() and metadata_path(path).read_bytes() == metadata):
        replace_file(metadata_path(path), metadata)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    os.replace(new, path)


def remove_page(path: Path) -> None:
    """Remove a page's files, and sub-folders that are empty then."""
    path.unlink(missing_ok=True)
    metadata_path(path).unlink(missing_ok=True)
    folder = path.parent
    while not (folder / STATE).exists() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def metadata_path(path: Path) -> Path:
    """Return the file that tells of a page."""
    return path.with_suffix(".toml")


def identity(settings: WikiSettings) -> str:
    """Return what tells whether pages that are here are of this wiki."""
    return json.dumps([settings.kind, settings.address, settings.public_address])


def read_state(settings: WikiSettings, folder: Path) -> State:
    """Return what is known of the folder; nothing where that is damaged: all is fetched again then."""
    try:
        saved: dict[str, Any] = json.loads((folder / STATE).read_bytes())
        pages = {str(name): (str(version), file) for name, (version, file) in saved["pages"].items()}
        state = State(saved["of"], pages, *(float(saved[key]) for key in ("asked", "listed", "listing")))
        safe = all(file is None or file == file_name(name) for name, (_, file) in pages.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return State(identity(settings))
    return state if safe else State(identity(settings))


def is_new(settings: WikiSettings, folder: Path) -> bool:
    """Return whether nothing of a wiki was ever read into its folder."""
    state = read_state(settings, folder)
    return not state.pages or state.of != identity(settings)


def write_state(state: State, folder: Path) -> None:
    """Keep what is known."""
    saved = {key: getattr(state, key) for key in ("of", "asked", "listed", "listing", "pages")}
    replace_file(folder / STATE, json.dumps(saved).encode())
