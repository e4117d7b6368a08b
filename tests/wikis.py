"""Real wikis for tests and screenshots: set up by their scripts, served by Debian's nginx and PHP, Quoth beside them."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
QUOTH = Path(sys.executable).with_name("quoth")


class MissingPackages(Exception):
    """Packages of Debian that this is not allowed to install."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of wiki is used: its administrator, the page to ask on, its addresses, its forms' fields."""

    name: str
    user: str
    ask: str
    page: str
    sign_in: str
    sign_in_fields: tuple[str, str]
    sign_in_button: str
    edit: str
    edit_field: str
    save: str


KINDS: Mapping[str, Kind] = {
    "mediawiki": Kind(
        name="mediawiki",
        user="Admin",
        ask="Ask",
        page="/index.php/{}",
        sign_in="/index.php?title=Special:UserLogin",
        sign_in_fields=("#wpName1", "#wpPassword1"),
        sign_in_button="#wpLoginAttempt",
        edit="/index.php?title={}&action=edit",
        edit_field="#wpTextbox1",
        save="#wpSave",
    ),
    "dokuwiki": Kind(
        name="dokuwiki",
        user="admin",
        ask="ask",
        page="/doku.php?id={}",
        sign_in="/doku.php?do=login",
        sign_in_fields=("#dw__login input[name=u]", "#dw__login input[name=p]"),
        sign_in_button="#dw__login button[type=submit]",
        edit="/doku.php?id={}&do=edit",
        edit_field="#wiki__text",
        save="#edbtn__save",
    ),
}


@dataclass(frozen=True, slots=True)
class Wiki:
    """A wiki that is served at `url`, and Quoth that is served under its /quoth/."""

    kind: Kind
    folder: Path
    url: str
    quoth_log: Path

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text().strip()

    @property
    def secrets(self) -> dict[str, str]:
        """What the environment of the Quoth beside it has."""
        return secrets(self.folder)

    def open(self, page: "Page", name: str) -> None:
        page.goto(self.url + self.kind.page.format(name))

    def sign_in(self, page: "Page") -> None:
        page.goto(self.url + self.kind.sign_in)
        for field, value in zip(self.kind.sign_in_fields, (self.kind.user, self.password), strict=True):
            page.locator(field).fill(value)
        page.locator(self.kind.sign_in_button).click()
        page.wait_for_load_state()

    def write(self, page: "Page", name: str, text: str) -> None:
        """Edit a page in the browser, as who is signed in there."""
        page.goto(self.url + self.kind.edit.format(name))
        page.locator(self.kind.edit_field).fill(text)
        with page.expect_navigation():  # it is saved by then
            page.locator(self.kind.save).click()

    def delete(self, page: "Page", name: str) -> None:
        """Delete a page in the browser; DokuWiki's are emptied for that."""
        if self.kind.name == "dokuwiki":
            self.write(page, name, "")
        else:
            page.goto(f"{self.url}/index.php?title={name}&action=delete")
            with page.expect_navigation():
                page.locator("#wpConfirmB, #wpConfirmB button").first.click()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def secrets(folder: Path) -> dict[str, str]:
    """The variables that a wiki's setup says to set."""
    file = folder / "quoth-password"
    return {"WIKI_PASSWORD": file.read_text().strip()} if file.exists() else {}


@contextmanager
def running(
    command: list[str | Path], ready: str, log: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """A server while it is needed: there once `ready` answers."""
    environment = {**os.environ, **variables}
    with log.open("w") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 300  # a busy machine is no failure
        while True:
            assert process.poll() is None, f"{command[0]} ended: {log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"{ready} does not answer: {log.read_text()[-2000:]}"
            try:
                if httpx.get(ready).status_code < 500:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def served_wiki(kind: Kind, prepare: Callable[[Path], None] = lambda folder: None) -> Iterator[Wiki]:
    """A new wiki with Quoth, as setup.sh makes it and says to start it; `prepare` changes its folder before that."""
    port, quoth_port = free_port(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="quoth-wiki-", dir="/tmp"))
    setup = [DEPLOY / kind.name / "setup.sh", folder, str(port), str(quoth_port)]
    try:
        done = subprocess.run([str(word) for word in setup], capture_output=True, text=True)
        if done.returncode == 2 and "Packages are missing" in done.stderr:
            raise MissingPackages(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        prepare(folder)
        said = next(line.split() for line in done.stdout.splitlines() if line.strip().startswith("quoth serve"))
        kept = ["--feedback", folder / "feedback.sqlite", "--tokens", folder / "tokens.json", "--sync-seconds", "5"]
        url, log = f"http://localhost:{port}", folder / "quoth.log"
        with (
            running([DEPLOY / "serve.sh", folder], url, folder / "serve.log"),
            running([QUOTH, *said[1:], *kept], f"http://127.0.0.1:{quoth_port}/healthz", log, secrets(folder)),
        ):
            yield Wiki(kind, folder, url, log)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
