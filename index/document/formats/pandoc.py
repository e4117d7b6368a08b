"""DOCX, ODT, reStructuredText and LaTeX, by pandoc: a process in its own sandbox, bounded in memory."""

import re
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from lxml.html import HtmlElement

from index.document.formats.archive import Archive
from index.document.formats.bounds import LARGEST_TEXT, SECONDS, check_size
from index.document.formats.html import parse_html, read_root
from index.document.formats.text import decode_text
from index.document.formats.types import Read
from index.document.types import Metadata
from index.errors import SourceError, StoppedError

READERS = {".docx": "docx", ".odt": "odt", ".rst": "rst", ".tex": "latex", ".latex": "latex"}
PACKED = (".docx", ".odt")
HEAP = "-M2g"
LONGEST_REASON = 160
EXTRA = "Install Quoth with its extra for it: pip install 'quoth[formats]'"
SHORT_FORM = re.compile(r"\W*(?:ibid|idem|id\b|op\.? ?cit|loc\.? ?cit|see|supra)", re.IGNORECASE)


def read_by_pandoc(path: Path, data: bytes) -> Read:
    """Read what pandoc reads; raises SourceError if pandoc is not installed, or cannot read the file."""
    kind = READERS[path.suffix.lower()]
    if path.suffix.lower() in PACKED:
        Archive(path, data).check_all()
    else:
        check_size(path, len(data), LARGEST_TEXT)
        data = decode_text(path, data)[0].encode("utf-8")
    page = run_pandoc(path, kind, data)
    root = parse_html(path, page)
    if kind == "rst":
        merge_repeated(root)
    metadata = metadata_of(root)
    for title in root.findall(".//head/title"):
        title.text = None  # pandoc names a page without a title after its input
    read = read_root(path, root, metadata)
    return replace(read, blocks=tuple(replace(block, link=None) for block in read.blocks))  # its ids are pandoc's own


def run_pandoc(path: Path, kind: str, data: bytes) -> str:
    """The file as an HTML page of pandoc's."""
    try:
        import pypandoc

        program = pypandoc.get_pandoc_path()
    except (ImportError, OSError) as error:
        raise SourceError(f"{path} needs pandoc. {EXTRA}.") from error
    options = ["--sandbox", "--standalone", "--wrap=none", "--mathml", f"--from={kind}", "--to=html5", "--quiet"]
    with tempfile.TemporaryDirectory(prefix="quoth-") as folder:
        try:
            done = subprocess.run(
                [program, "+RTS", HEAP, "-RTS", *options],
                input=data, capture_output=True, timeout=SECONDS, cwd=folder, env={"HOME": folder, "LC_ALL": "C.UTF-8"},
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise StoppedError(
                f"{path} takes pandoc more than {SECONDS} seconds, and is not read. Split it."
            ) from error
    if done.returncode:
        reason = " ".join(done.stderr.decode("utf-8", "replace").split())[:LONGEST_REASON]
        raise SourceError(
            f"{path} cannot be read by pandoc ({reason or f'exit code {done.returncode}'}). Get it again."
        )
    return done.stdout.decode("utf-8", "replace")


def merge_repeated(root: HtmlElement) -> None:
    """Lead markers of one note to one: where a note is marked twice, pandoc gives it twice.

    Notes that say "Ibid." and the like mean something else each time, and stay apart.
    """
    first: dict[str, str] = {}
    same: dict[str, str] = {}
    for note in root.xpath("//section[@role='doc-endnotes']/ol/li"):
        words = " ".join(note.text_content().split())
        name = note.get("id") or ""
        if not SHORT_FORM.match(words) and first.setdefault(words, name) != name:
            same[name] = first[words]
            note.getparent().remove(note)
    for link in root.iter("a"):
        target = (link.get("href") or "").removeprefix("#")
        if target in same:
            link.set("href", f"#{same[target]}")


def metadata_of(root: HtmlElement) -> Metadata:
    """Title, author and date as pandoc's page shows them."""
    values: dict[str, str] = {}
    for header in root.xpath("//header[@id='title-block-header']"):
        for name in ("title", "author", "date"):
            words = [
                " ".join(element.text_content().split())
                for element in header.xpath(f".//p[@class='{name}']|.//h1[@class='{name}']")
            ]
            if any(words):
                values[name] = ", ".join(filter(None, words))
    return Metadata(**values)
