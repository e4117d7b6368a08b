"""PDF: pages, headings and notes from where its characters stand.

A raised number in the text and a note at the foot of the page that begins with it belong together. What is raised and
leads to no note stays as it stands, and is told.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import pypdfium2 as pdfium

from index.document.formats.bounds import LARGEST_FILE, MOST_PAGES, check_size
from index.document.formats.pdf_blocks import BULLET, LineBlock, Outline, blocks_of
from index.document.formats.pdf_lines import Line, lines_of
from index.document.formats.pdf_notes import FootNote, part_end_notes, part_notes
from index.document.formats.pdf_pages import body_height, part_furniture
from index.document.formats.pdf_tables import find_columns, with_edges
from index.document.formats.types import Inline, Note, Page, Piece, Read, Ref
from index.document.formats.writing import write
from index.document.types import Metadata
from index.errors import SourceError

PASSWORD = "password"
READING = Lock()  # pdfium is one for the whole process
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
UNTITLED = re.compile(r"^(?:untitled|microsoft word|document\d*$|.*\.(?:docx?|pdf|tex|indd|qxd|dvi)$)", re.IGNORECASE)
MOST_EMPTY = 0.5  # of the pages, from which a PDF is said to be partly scanned


def read_pdf(path: Path, data: bytes) -> Read:
    """Read a PDF. Raises SourceError if it is broken, encrypted, too large, or holds no text."""
    check_size(path, len(data), LARGEST_FILE)
    with READING:
        pages, outline, metadata = read_pages(path, data)
    if not any(pages):
        raise SourceError(
            f"{path} holds no text: its pages are pictures (scanned). Run text recognition (OCR) on it first."
        )
    height = body_height(pages)
    whole, apart = part_furniture(pages)
    body, feet = part_notes(whole, height)
    if not pair(body, feet):  # small print, not notes
        body, feet = whole, []
    blocks, ends = part_end_notes(blocks_of(body, height, outline))
    find_columns(blocks)
    return write_pdf(pages, body, apart, [*feet, *ends], blocks, metadata)


def read_pages(path: Path, data: bytes) -> tuple[list[list[Line]], Outline, Metadata]:
    """The lines of every page, the outline, and what the file says of itself."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if PASSWORD in str(error).lower():
            raise SourceError(f"{path} is encrypted. Save it without a password.") from error
        raise SourceError(f"{path} is broken, or no PDF ({str(error)[:80]}). Get it again.") from error
    try:
        if len(document) > MOST_PAGES:
            raise SourceError(f"{path} has {len(document):,} pages; at most {MOST_PAGES:,} are read. Split it.")
        pages = []
        for number in range(len(document)):
            page = document[number]
            pages.append(lines_of(page, number + 1))
            page.close()
        return pages, outline_of(document), metadata_of(document)
    except pdfium.PdfiumError as error:
        raise SourceError(f"{path} is broken ({str(error)[:80]}). Get it again.") from error
    finally:
        document.close()


def outline_of(document: pdfium.PdfDocument) -> Outline:
    """The titles of a PDF's own table of contents, by page."""
    titles: dict[int, list[tuple[str, int]]] = {}
    for item in document.get_toc(max_depth=6):
        target = item.get_dest()
        page = target.get_index() if target else None
        if page is not None and item.get_title():
            titles.setdefault(page + 1, []).append((item.get_title(), item.level + 1))
    return Outline(titles)


def metadata_of(document: pdfium.PdfDocument) -> Metadata:
    """Title and author, where they are no program's."""
    metadata = {name: " ".join(document.get_metadata_value(name).split()) for name in ("Title", "Author")}
    title = "" if UNTITLED.match(metadata["Title"]) else metadata["Title"]
    return Metadata(title=title or None, author=metadata["Author"] or None)


def write_pdf(
    pages: Sequence[Sequence[Line]],
    body: Sequence[Sequence[Line]],
    apart: Sequence[Sequence[Line]],
    feet: Sequence[FootNote],
    blocks: Sequence[LineBlock],
    metadata: Metadata,
) -> Read:
    """The text of a PDF: its blocks, its furniture as boilerplate, its notes."""
    words = Counter(word.casefold() for page in pages for line in page for word in WORD.findall(line.text))
    places = pair(body, feet)
    pieces = [make_piece(block, words, places) for block in blocks]
    texts = [tuple(joined(foot.lines, words, {})) for foot in feet]
    notes = []
    if places:
        notes = [Note(number, (text,)) for number, text in zip(number_feet(feet), texts, strict=True)]
    else:
        pieces += [Piece("paragraph", (f"{foot.label} ", *text)) for foot, text in zip(feet, texts, strict=True)]
    pieces += furniture_pieces(apart)
    return write(pieces, notes, metadata, tell(pages, body, feet, places))


Places = dict[tuple[int, int], int]  # id of a line and a place in it -> the position of the note


def pair(body: Sequence[Sequence[Line]], feet: Sequence[FootNote]) -> Places:
    """Which note each raised number means: that of its page or the next, else the next at a chapter's end."""
    feet_of: dict[str, list[int]] = {}
    for position, foot in enumerate(feet):
        feet_of.setdefault(foot.label, []).append(position)
    places: Places = {}
    for line in (line for page in body for line in page):
        for start, end in line.raised:
            behind = [
                position for position in feet_of.get(line.text[start:end], ()) if feet[position].page >= line.page
            ]
            near = [position for position in behind if feet[position].at_end or feet[position].page <= line.page + 1]
            if near and line not in feet[near[0]].lines:
                places[id(line), start] = near[0]
    return places


def number_feet(feet: Sequence[FootNote]) -> list[int]:
    """The notes' numbers; signs are numbered behind the largest."""
    following = max((int(foot.label) for foot in feet if foot.label.isdecimal()), default=0)
    numbers = []
    for foot in feet:
        if foot.label.isdecimal():
            numbers.append(int(foot.label))
        else:
            following += 1
            numbers.append(following)
    return numbers


def make_piece(block: LineBlock, words: Counter[str], places: Places) -> Piece:
    """A block as a piece."""
    if block.kind == "code":
        left = min(line.left for line in block.lines)
        width = max(block.lines[0].height * 0.6, 1.0)
        lines = [" " * round((line.left - left) / width) + line.text for line in block.lines]
        return Piece("code", (Page(block.lines[0].page), "\n".join(lines)))
    inlines = joined(block.lines, words, places)
    if block.kind == "row":
        inlines = with_edges(inlines, block.columns)
    if block.kind == "item":
        first = next(i for i, inline in enumerate(inlines) if isinstance(inline, str))
        inlines[first] = BULLET.sub("", str(inlines[first]), count=1)
    return Piece(block.kind, tuple(inlines), block.level)


def joined(lines: Sequence[Line], words: Counter[str], places: Places) -> list[Inline]:
    """The words of some lines as one, the hyphens at line ends mended, markers where they stand."""
    inlines: list[Inline] = []
    page = 0
    for line, following in zip(lines, [*lines[1:], None]):
        if line.page != page:
            page = line.page
            inlines.append(Page(page))
        text, at = line.text, 0
        for start, end in line.raised:
            if (position := places.get((id(line), start))) is not None:
                inlines += [text[at:start], Ref((position,))]
                at = end
        rest = text[at:]
        inlines.append(mended(rest, following, words) if following else rest)
    return inlines


def mended(text: str, following: Line, words: Counter[str]) -> str:
    """A line's words as the next line goes on with them: a word that a hyphen parts is made whole."""
    if not text.endswith("-") or not following.text[:1].islower():
        return text + " "
    before = re.search(r"[^\W\d_]+(?:-[^\W\d_]+)*-$", text)
    behind = WORD.match(following.text)
    if before is None or behind is None:
        return text
    hyphened = f"{before[0]}{behind[0]}".casefold()
    whole = f"{before[0][:-1]}{behind[0]}".casefold()
    return text if words[hyphened] > words[whole] else text[:-1]


def furniture_pieces(apart: Sequence[Sequence[Line]]) -> list[Piece]:
    """Running heads, page numbers and tables of contents, each once, in the order of the pages."""
    seen = dict.fromkeys(" ".join(line.text.split()) for page in apart for line in page)
    return [Piece("boilerplate", (text,)) for text in seen]


def tell(
    pages: Sequence[Sequence[Line]], body: Sequence[Sequence[Line]], feet: Sequence[FootNote], places: Places
) -> list[str]:
    """Sentences on pages without text, and on raised numbers and notes that could not be joined."""
    odd = []
    empty = [number for number, page in enumerate(pages, 1) if not page]
    if len(empty) > MOST_EMPTY * len(pages):
        odd.append(
            f"{len(empty)} of {len(pages)} pages hold no text; they may be scanned. Run text recognition (OCR) on it."
        )
    lone = [
        f"{line.text[s:e]} on page {line.page}"
        for page in body
        for line in page
        for s, e in line.raised
        if (id(line), s) not in places
    ]
    unmarked = [
        f"{foot.label} on page {foot.page}" for position, foot in enumerate(feet) if position not in places.values()
    ]
    if lone:
        odd.append(
            f"{len(lone)} raised numbers lead to no note ({listed(lone)}); if they are markers, it was not found."
        )
    if unmarked:
        odd.append(f"{len(unmarked)} notes at a page's foot have no marker ({listed(unmarked)}).")
    return odd


def listed(places: Sequence[str]) -> str:
    """The first of some places."""
    return ", ".join(places[:5]) + (" …" if len(places) > 5 else "")
