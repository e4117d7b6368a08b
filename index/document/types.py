"""What a document is made of: plain, frozen, comparable.

All offsets are Unicode code points into `Document.text`: a text file read as UTF-8 with its line endings untouched, or
what was read of another format. What holds everywhere: `document.text[span.start:span.end] == span.text`.
"""

from bisect import bisect_right
from dataclasses import dataclass
from urllib.parse import quote

FRAGMENT = "/?:@!$&'()*+,;=~"  # what may stand in an address behind its #, besides letters and digits


@dataclass(frozen=True, slots=True)
class Span:
    """A verbatim slice of a document."""

    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end or len(self.text) != self.end - self.start:
            raise ValueError(f"not a span: {self.start}:{self.end} {self.text!r}")


@dataclass(frozen=True, slots=True)
class Sentence(Span):
    """One sentence, ending before its closing marker. The row of a table and a block of code are one each.

    `plain` is its text without markers, page furniture and line breaks, mended where lines broke words: for matching
    and encoding, never for showing. `notes` are positions in `Document.footnotes`, in the order of the markers;
    `markers` where those and the page furniture begin and end that stand inside it, `closed` what else `plain` leaves
    out without a space (the hyphen of a broken word), `cells` the words that are read before each cell of a row.
    `context` are the sentences that it is read behind: a list's lead-in, the question that it answers.
    """

    plain: str
    notes: tuple[int, ...] = ()
    markers: tuple[tuple[int, int], ...] = ()
    closed: tuple[tuple[int, int], ...] = ()
    cells: tuple[tuple[int, str], ...] = ()
    context: tuple["Sentence", ...] = ()

    @property
    def asks(self) -> bool:
        """Whether it is a question of its own, and so no answer; one in a list that a sentence leads in may be one."""
        return self.plain.rstrip("”\"’')]»」』* ").endswith(("?", "？", "؟")) and not self.context

    @property
    def in_context(self) -> str:
        """What is matched and encoded: the plain words of its context and its own."""
        return " ".join([*(sentence.plain for sentence in self.context), self.plain])


@dataclass(frozen=True, slots=True)
class Paragraph(Span):
    """A paragraph with its sentences; `number` counts through the body from 1 (0 for the byline).

    `kind` is `paragraph`, `item` (of a list), `row` (of a table) or `code`; `level` how deep an item stands, from 0.
    """

    number: int
    sentences: tuple[Sentence, ...]
    kind: str = "paragraph"
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section(Span):
    """A heading and what stands under it, up to the next heading; the opening section has none.

    `heading` is its words, `heading_line` the line as it stands, with any `#`, underline or marker: a sentence that
    can be quoted as any other.
    """

    heading: str | None
    heading_line: Sentence | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class WorkParts:
    """Where a citation names its work's authors, title, what it appeared in, and its date; None where it does not."""

    authors: Span | None = None
    title: Span | None = None
    container: Span | None = None
    date: Span | None = None


@dataclass(frozen=True, slots=True)
class Source(Span):
    """A work that a note names, as it stands in the note numbered `number`, with its parts."""

    number: int
    parts: WorkParts = WorkParts()


@dataclass(frozen=True, slots=True)
class Footnote(Span):
    """A numbered note. `text` leaves out its label; `label` is the `[4]` before it.

    `sources` are the works it leads to once "Ibid." and short forms are followed, `via` the numbers of
    the notes between, `unfollowed` the references that lead nowhere.
    """

    number: int
    label: Span
    sentences: tuple[Sentence, ...]
    anchors: tuple[Span, ...] = ()
    sources: tuple[Source, ...] = ()
    via: tuple[int, ...] = ()
    unfollowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Oddity(Span):
    """Something in the notes that did not fit, and why."""

    kind: str
    number: int
    message: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What `NAME.toml` beside a document tells of it; unknown where it is None.

    Of a wiki's page: `url` is where its `revision` is read, `page` the wiki's own name or number for it.
    """

    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None
    revision: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table's row: where the header that is repeated before it begins, its own words begin, and it ends."""

    column: int
    start: int
    words: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """What the original says of a piece of the text: what it is, and where it stands there.

    `kind` is `heading` (of `level` 1 to 6), `paragraph`, `item` (of a list, `level` 0 outside all others), `row` (of a
    table, `level` 1 if it heads the columns of those below; with its `cells`), `code`, `note`, or `boilerplate` (a
    site's menus). `link` leads to it in the original: `#element`, or `file.xhtml#element` in an EPUB.
    """

    start: int
    end: int
    kind: str
    level: int = 0
    link: str | None = None
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: every character is in one of its parts, or is white space between them.

    `blocks` and `pages` (where each page begins, and its number from 1) are what the original tells of its text, in the
    order of the text; a text file tells nothing. `collection` is the sub-folder it lies in.
    """

    id: str
    title: str
    text: str
    sha256: str
    metadata: Metadata
    sections: tuple[Section, ...]
    footnotes: tuple[Footnote, ...]
    byline: Paragraph | None
    boilerplate: tuple[Span, ...]
    odd: tuple[Oddity, ...]
    blocks: tuple[Block, ...] = ()
    pages: tuple[tuple[int, int], ...] = ()
    collection: str | None = None

    def page_at(self, offset: int) -> int | None:
        """The page of the original that a character stands on."""
        at = bisect_right(self.pages, offset, key=lambda page: page[0])
        return self.pages[at - 1][1] if at else None

    def link_at(self, offset: int) -> str | None:
        """What leads to a character in the original: the element it stands in or below."""
        at = bisect_right(self.blocks, offset, key=lambda block: block.start)
        return self.blocks[at - 1].link if at else None

    def url_at(self, offset: int) -> str | None:
        """Return where a character is read on the web: the document's address with the element, or None."""
        url, link = self.metadata.url or "", self.link_at(offset) or ""
        if not url.startswith(("http://", "https://")):
            return None
        return f"{url}#{quote(link[1:], safe=FRAGMENT)}" if link.startswith("#") and "#" not in url else url

    def headings_at(self, offset: int) -> tuple[str, ...]:
        """The headings that a character stands under, the outermost first; none where the original has no levels."""
        path: list[str] = []
        above = 7
        for block in reversed(self.blocks[: bisect_right(self.blocks, offset, key=lambda block: block.start)]):
            if block.kind == "heading" and block.level < above:
                path.append(self.text[block.start : block.end])
                above = block.level
        return tuple(reversed(path))

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The body's paragraphs, in order."""
        return tuple(paragraph for section in self.sections for paragraph in section.paragraphs)
