"""A file that is uploaded in the page: read in the queue, then asked by this page alone."""

import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr

from assistant.assistant import Assistant
from assistant.page.asking import OpenPages, Patch, in_words
from assistant.page.documents import contents_html
from assistant.page.html import render
from assistant.server.documents import Documents
from assistant.server.problems import Refusal
from assistant.server.queue import Pending, Queue, Stage
from assistant.server.uploads import Owner, Uploads, owner_of
from index.building import Given, index_in_memory
from index.document.apart import ReadingProcess, too_long
from index.document.formats import FORMATS
from index.document.sources import FoundFile
from index.document.types import Document, Metadata
from index.errors import QuothError, SourceError
from index.store import nothing_to_quote

SECONDS = 60  # to read a file and make its index


@dataclass(frozen=True, slots=True)
class Uploading:
    """What takes an upload, and what removes it."""

    documents: Documents
    queue: Queue
    open_pages: OpenPages
    uploads: Uploads

    async def take(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Patch]:
        """A patch of the page while a file is read, then one with what the page holds, or what is wrong."""
        sent = event._data if isinstance(event._data, dict) else {}
        owner, id = owner_of(request), ""
        try:
            id, name, data = self.uploads.claim(owner, sent.get("key"), sent.get("name"))
            pending = Pending(self.queue, lambda say: read_upload(self.documents.quoth, id, name, data))
            with self.open_pages.waiting(request, id, pending):
                async for step in pending:
                    if isinstance(step, Stage):
                        yield said(f"{in_words(step) or f'Reading {name}'} …")
                    else:
                        self.uploads.hold(owner, id, step)
            yield said(f"{name} is read. Ask it.") | uploads_patch(self.uploads, owner) | {"chosen": id}
        except (QuothError, Refusal) as error:
            yield said(str(error), wrong=True)
        finally:
            self.uploads.remove_unread(owner, id)

    async def remove(self, event: gr.EventData, request: gr.Request) -> Patch:
        """Forget a file; the page shows what is left."""
        sent = event._data if isinstance(event._data, dict) else {}
        owner = owner_of(request)
        self.uploads.remove(owner, sent.get("id"))
        return said("The file is removed.") | uploads_patch(self.uploads, owner)

    async def leave(self, request: gr.Request) -> None:
        """Forget the files of a page that was closed."""
        self.uploads.leave(str(request.session_hash))


def read_upload(quoth: Assistant, id: str, name: str, data: bytes) -> Assistant:
    """What answers from a file alone, with the models of another assistant; raises SourceError."""
    deadline = time.monotonic() + SECONDS
    document = read_apart(name, data, SECONDS, id)

    def hurry(done: int, total: int) -> None:
        if time.monotonic() > deadline:
            raise SourceError(too_long(name, SECONDS))

    given = [Given(document, len(data))]
    index = index_in_memory(given, len(data), quoth.index.encoder, quoth.config.index, hurry, sentences_later=True)
    if index is None:
        raise SourceError(nothing_to_quote(name))
    return Assistant(index, replace(quoth.config, contact={}), quoth.reader)


def read_apart(name: str, data: bytes, seconds: float, id: str = "") -> Document:
    """The document that a file of this name and these bytes holds, which are in no file; raises SourceError."""
    found = FoundFile(id, Path(name), hashlib.sha256(data).hexdigest(), Metadata(), size=len(data), data=data)
    with ReadingProcess(seconds) as process:
        return process.read(found)


def said(words: str, wrong: bool = False) -> Patch:
    """A patch that says something about uploads."""
    return {"uploading": words, "wrong": wrong, "made": time.monotonic_ns()}


def uploads_patch(uploads: Uploads, owner: Owner) -> Patch:
    """What a page holds: the choice of what is asked, and the limits."""
    held = uploads.documents(owner)
    names = {id: upload.name for id, upload in uploads.of(owner).items() if id in held}
    return {
        "uploads": render("uploads.html", names=names),
        "uploaded": contents_html(held) if held else "",
        "uploaded_versions": {id: document.sha256 for id, document in held.items()},
        "largest": uploads.settings.upload_size,
        "formats": ",".join(FORMATS),
    }
