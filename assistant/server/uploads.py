"""Files that people upload to ask them: in memory alone, each for the open page that it came from."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from secrets import token_urlsafe
from typing import Any

from fastapi import APIRouter, Request

from assistant.assistant import Assistant
from assistant.server.auth import Caller, caller_of
from assistant.server.paths import UPLOAD
from assistant.server.problems import Refusal
from assistant.settings import Settings
from index.document.types import Document

UNCLAIMED_SECONDS = 60  # that a file waits for its page to name it
UNUSED_SECONDS = 3600  # that it is kept though nobody asks it, where the server did not see its page close
LONGEST_NAME = 200
GONE = "This file is no longer here. Upload it again."


@dataclass(frozen=True, slots=True)
class Owner:
    """An open page, by Gradio's name for its session, and who uses it."""

    page: str
    caller: str


@dataclass(slots=True)
class Upload:
    """A file of an open page; `quoth` answers questions about it, once it is read."""

    name: str
    used: float = field(default_factory=time.monotonic)
    quoth: Assistant | None = None


class Uploads:
    """What has been sent, by a key that only the sender knows, and what each page holds, by its id."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sent: dict[str, tuple[str, bytes, float]] = {}
        self._held: dict[tuple[Owner, str], Upload] = {}

    def put(self, caller: Caller, data: bytes) -> str:
        """Keep what somebody has sent until their page claims it by the key; raises Refusal where all is full."""
        self.forget_old()
        if len(self._sent) + len(self._held) >= self.settings.all_uploads:
            raise Refusal("busy", "As many files are uploaded as this server holds. Try again later.")
        key = token_urlsafe(16)
        self._sent[key] = (caller.key, data, time.monotonic())
        return key

    def claim(self, owner: Owner, key: object, name: object) -> tuple[str, str, bytes]:
        """A file that was sent now belongs to a page: its id, its name without folders, its bytes; raises Refusal."""
        caller, data, _ = self._sent.get(str(key), ("", b"", 0))
        if caller != owner.caller:
            raise Refusal("not_found", GONE)
        del self._sent[str(key)]
        if len(self.of(owner)) >= self.settings.page_uploads:
            raise Refusal(
                "busy", f"A page holds at most this many uploads: {self.settings.page_uploads}. Remove one first."
            )
        name = plain_name(name)
        id = f"uploaded:{token_urlsafe(6)}:{PurePath(name).stem}"
        self._held[owner, id] = Upload(name)
        return id, name, data

    def hold(self, owner: Owner, id: str, quoth: Assistant) -> None:
        """A file is read; not kept where its page has closed meanwhile."""
        if upload := self._held.get((owner, id)):
            upload.quoth = quoth

    def find(self, owner: Owner, id: object) -> Upload:
        """A page's file that can be asked; raises Refusal where it has none of this id."""
        self.forget_old()
        upload = self._held.get((owner, str(id)))
        if upload is None or upload.quoth is None:
            raise Refusal("not_found", GONE)
        upload.used = time.monotonic()
        return upload

    def of(self, owner: Owner) -> Mapping[str, Upload]:
        """The files of a page by their ids, those that are being read among them."""
        return {id: upload for (whose, id), upload in tuple(self._held.items()) if whose == owner}

    def documents(self, owner: Owner) -> dict[str, Document]:
        """The documents of a page that can be asked."""
        return {id: one.quoth.index.documents[id] for id, one in self.of(owner).items() if one.quoth}

    def remove(self, owner: Owner, id: object) -> None:
        """Forget a page's file."""
        self._held.pop((owner, str(id)), None)

    def remove_unread(self, owner: Owner, id: str) -> None:
        """Forget a page's file that could not be read."""
        if (upload := self._held.get((owner, id))) and upload.quoth is None:
            self.remove(owner, id)

    def leave(self, page: str) -> None:
        """Forget all files of a page that was closed."""
        self.forget(lambda owner, upload: owner.page == page)

    def forget_old(self) -> None:
        """Forget what nobody claims or asks any more."""
        now = time.monotonic()
        for key, (_, _, sent) in tuple(self._sent.items()):
            if now - sent > UNCLAIMED_SECONDS:
                self._sent.pop(key, None)
        self.forget(lambda owner, upload: now - upload.used > UNUSED_SECONDS)

    def forget(self, is_meant: Callable[[Owner, Upload], bool]) -> None:
        """Forget some files."""
        for (owner, id), upload in tuple(self._held.items()):
            if is_meant(owner, upload):
                self.remove(owner, id)


def owner_of(request: Any) -> Owner:
    """The page that an event or a call of one comes from, as Gradio gives it."""
    scope = (getattr(request, "request", None) or request).scope
    return Owner(str(scope.get("quoth.page") or request.session_hash), caller_of(request).key)


def plain_name(name: object) -> str:
    """A file's name as it can be shown, without folders."""
    last = str(name).replace("\\", "/").rpartition("/")[2][-LONGEST_NAME:]
    return "".join(char if char.isprintable() else " " for char in last).strip() or "file"


def make_uploads(uploads: Uploads) -> APIRouter:
    """The route that takes a file: its bytes, and nothing else."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(UPLOAD)
    async def upload(request: Request) -> dict[str, str]:
        return {"key": uploads.put(caller_of(request), await request.body())}

    return routes
