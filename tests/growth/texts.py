"""Real, different text of a machine: its documentation as passages, each paragraph once."""

import gzip
import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

SUFFIXES = {".html", ".htm", ".xhtml", ".txt", ".rst", ".md", ".gz"}
LEFT_OUT = re.compile(r"changelog|copyright", re.I)
UNSEEN = re.compile(r"<(script|style|nav|header|footer|head)\b.*?</\1>", re.I | re.S)
BREAK = re.compile(
    r"</?(?:p|div|li|dd|dt|tr|h[1-6]|pre|table|section|br\s*/?|blockquote|ul|ol|dl|article)\b[^>]*>", re.I
)
TAG = re.compile(r"<[^>]+>")
FEWEST, FILLED, MOST = 60, 200, 700  # characters of a paragraph, of short ones together, of a passage
IN_A_DOCUMENT = 100  # passages


def find_passages(folders: Sequence[Path]) -> Iterator[str]:
    """Passages out of the files in some folders, in order."""
    seen: set[bytes] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES and not LEFT_OUT.search(path.name) and path.is_file():
                yield from cut(fresh(read_paragraphs(path), seen))


def read_paragraphs(path: Path) -> list[str]:
    """The paragraphs of a file that are mostly words; none of one that cannot be read."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, gzip.BadGzipFile):
        return []
    text = "" if b"\0" in data[:4096] else data.decode("utf-8", "replace")
    if "html" in path.suffix or path.suffix == ".htm":
        text = html.unescape(TAG.sub("", BREAK.sub("\n\n", UNSEEN.sub(" ", text))))
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    return [
        paragraph
        for paragraph in paragraphs
        if len(paragraph) >= FEWEST and sum(map(str.isalpha, paragraph)) > 0.6 * len(paragraph)
    ]


def fresh(paragraphs: Sequence[str], seen: set[bytes]) -> Iterator[str]:
    """Paragraphs that were not seen before."""
    for paragraph in paragraphs:
        key = hashlib.blake2b(paragraph.encode(), digest_size=8).digest()
        if key not in seen:
            seen.add(key)
            yield paragraph


def cut(paragraphs: Iterator[str]) -> Iterator[str]:
    """Paragraphs as passages: long ones cut at a space, short ones together."""
    run = ""
    for paragraph in paragraphs:
        rest = paragraph
        while len(rest) > MOST:
            at = rest.rfind(" ", FILLED, MOST)
            at = at if at > 0 else MOST
            yield rest[:at]
            rest = rest[at:].strip()
        run = f"{run} {rest}".strip()
        if len(run) >= FILLED:
            yield run
            run = ""
    if len(run) >= FILLED / 2:
        yield run


def write_documents(passages: Iterator[str], folder: Path, count: int) -> int:
    """Write the first passages as text files of a hundred paragraphs; returns how many passages there were."""
    written = 0
    while group := list(islice(passages, min(IN_A_DOCUMENT, count - written))):
        path = folder / f"part{written // 10_000:03}" / f"document{written // IN_A_DOCUMENT:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(group) + "\n", encoding="utf-8")
        written += len(group)
    return written
