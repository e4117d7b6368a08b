"""What a document is made of: plain, frozen, comparable.

All offsets are Unicode code points into `Document.text`, the file read as UTF-8 with its line endings
untouched. What holds everywhere: `document.text[span.start:span.end] == span.text`.
"""

from dataclasses import dataclass


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
    """One sentence, ending before its closing marker.

    `plain` is its text without markers and line breaks, for matching and encoding, never for showing.
    `notes` are positions in `Document.footnotes`, in the order of the markers; `markers` where those begin and
    end that stand inside it.
    """

    plain: str
    notes: tuple[int, ...] = ()
    markers: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph(Span):
    """A paragraph with its sentences; `number` counts through the body from 1 (0 for the byline)."""

    number: int
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Section(Span):
    """A heading and what stands under it, up to the next heading; the opening section has none.

    `heading` is its words, `heading_line` the line as it stands, with any `#`, underline or marker.
    """

    heading: str | None
    heading_line: Span | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Source(Span):
    """A work that a note names, as it stands in the note numbered `number`."""

    number: int


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
    """What `NAME.toml` beside a document tells of it; unknown where it is None."""

    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: every character is in one of its parts, or is white space between them."""

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

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The body's paragraphs, in order."""
        return tuple(paragraph for section in self.sections for paragraph in section.paragraphs)
