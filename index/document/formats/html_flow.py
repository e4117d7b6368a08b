"""An HTML tree as pieces: blocks with their words, markers where they stand, each note on its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from index.document.formats.html_inlines import coalesced, plain, without_brackets
from index.document.formats.html_notes import BARE_NUMBER, LEADING, Links, is_label, number_notes
from index.document.formats.html_tables import holds_only, is_layout, rows_of
from index.document.formats.types import Inline, Note, Piece, Ref

BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html",
    "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
))  # fmt: skip
LISTS = frozenset(("dl", "menu", "ol", "ul"))
HEADINGS = {f"h{level}": level for level in range(1, 7)}
NO_TEXT = frozenset((
    "applet", "audio", "button", "canvas", "colgroup", "datalist", "embed", "frameset", "head", "iframe",
    "input", "link", "map", "meta", "noscript", "object", "script", "select", "style", "svg", "template",
    "textarea", "title", "video",
))  # fmt: skip
NO_TEXT_CLASS = re.compile(
    r"(?:^|\s)(?:mw-editsection|mw-cite-backlink|headerlink|footnote-backref|footnote-back|reversefootnote|"
    r"mw-empty-elt|secedit|editbutton_section|aui-icon)(?:\s|$)"
)
FURNITURE_CLASS = re.compile(
    r"(?:^|\s)(?:toc|toctree-wrapper|navbox|sidebar-nav|breadcrumbs?|catlinks|printfooter|mw-jump-link|sphinxsidebar|"
    r"navheader|navfooter|sharedaddy|post-navigation|site-footer|site-header|wiki-toc|toc-macro)(?:\s|$)"
)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
WHITE = re.compile(r"[ \t\r\n\f]+")
LONGEST_CODE = 1500  # characters of a code block that is quoted whole; a longer one is parted at its blank lines


@dataclass(slots=True)
class Flow:
    """The pieces so far, and the words of the block that is being read."""

    links: Links
    positions: dict[HtmlElement, int]
    pieces: list[Piece] = field(default_factory=list)
    inlines: list[Inline] = field(default_factory=list)
    kind: str = "paragraph"
    link: str | None = None
    core: HtmlElement | None = None  # what is not inside this is the site's furniture
    title: HtmlElement | None = None  # a heading outside it that is the page's
    lead: str = ""  # a list number, or a term, set before the next words
    lists: int = 0  # how many lists what is read stands in

    def flush(self, kind: str | None = None, level: int = 0) -> None:
        """End the block that is being read."""
        inlines, self.inlines = without_brackets(coalesced(self.inlines)), []
        if any(isinstance(inline, Ref) or inline.strip() for inline in inlines if isinstance(inline, str | Ref)):
            if self.lead:
                inlines.insert(0, self.lead)
                self.lead = ""
            kind = kind or self.kind
            level = max(self.lists - 1, 0) if kind == "item" else level
            self.pieces.append(Piece(kind, tuple(inlines), level, self.link))

    def read(self, element: HtmlElement) -> None:
        """What an element holds, its own tail left out."""
        tag = element.tag
        if not isinstance(tag, str) or self.is_left_out(element):
            return
        if element in self.links.refs:
            self.read_marker(element)
        elif tag in HEADINGS:
            self.read_heading(element, HEADINGS[tag])
        elif tag == "pre":
            self.read_code(element)
        elif tag == "table" and not is_layout(element):
            self.read_table(element)
        elif tag == "br":
            self.inlines.append("\n")
        elif tag in BLOCKS:
            self.read_block(element)
        else:
            if not self.inlines:
                self.see_link(element)
            self.read_content(element)

    def is_left_out(self, element: HtmlElement) -> bool:
        """Whether an element is no text of the page, or a note or a link back, which are read elsewhere."""
        if element.tag in NO_TEXT or element in self.positions or element in self.links.backs:
            return True
        if NO_TEXT_CLASS.search(element.get("class") or "") or "hidden" in element.attrib:
            return True
        return bool(HIDDEN.search(element.get("style") or ""))

    def read_content(self, element: HtmlElement) -> None:
        """The words and elements inside an element."""
        self.add(element.text)
        for child in element:
            self.read(child)
            self.add(child.tail)

    def add(self, words: str | None) -> None:
        """Add words to the block that is being read, with white space collapsed."""
        if words:
            self.inlines.append(WHITE.sub(" ", words))

    def see_link(self, element: HtmlElement) -> None:
        """Remember an element's id as the last that leads here."""
        if name := element.get("id"):
            self.link = f"#{name}"

    def read_marker(self, element: HtmlElement) -> None:
        """A marker: its label gives way to the note's number; words that are more than a label stay."""
        note = self.links.refs[element]
        if not is_label(element):
            self.read_content(element)
        self.inlines.append(Ref((self.positions[note],)))

    def read_heading(self, element: HtmlElement, level: int) -> None:
        """A heading, on its own."""
        self.flush()
        anchors = (descendant.get("id") for descendant in element.iter("*"))
        name = element.get("id") or next((anchor for anchor in anchors if anchor), None) or section_id(element)
        self.link = f"#{name}" if name else self.link
        self.read_content(element)
        self.flush("heading" if self.kind != "boilerplate" or element is self.title else None, level)

    def read_code(self, element: HtmlElement) -> None:
        """A code block, its lines as they stand; a long one is parted at blank lines."""
        self.flush()
        self.see_link(element)
        kind = "code" if self.kind != "boilerplate" else self.kind
        words = "".join(element.itertext()).expandtabs(4).strip("\n")
        parts = re.split(r"\n\s*\n", words) if len(words) > LONGEST_CODE else [words]
        self.pieces += [Piece(kind, (part.rstrip(),), 0, self.link) for part in parts if part.strip()]

    def read_table(self, element: HtmlElement) -> None:
        """A table's caption, then each row with the table's headers; nothing where its rows are notes."""
        self.flush()
        if holds_only(element, self.positions):
            return
        self.see_link(element)
        for caption in element.iterchildren("caption"):
            self.read_block(caption)
        for row, heads in rows_of(element, self.cell, self.positions):
            self.inlines = list(row)
            self.flush("row" if self.kind != "boilerplate" else None, int(heads))

    def cell(self, element: HtmlElement) -> list[Inline]:
        """The words and markers of a cell, its blocks on lines of their own."""
        inner = Flow(self.links, self.positions, link=self.link)
        inner.read_content(element)
        inner.flush()
        words: list[Inline] = []
        for piece in inner.pieces:
            words += ["\n", *piece.inlines] if words else list(piece.inlines)
        return words

    def read_block(self, element: HtmlElement) -> None:
        """A block: what was read before it ends here."""
        self.flush()
        if element.tag == "dt" and element.getnext() in self.positions:
            return  # a note's label
        self.see_link(element)
        before, lists = self.kind, self.lists
        self.lists += element.tag in LISTS
        if before != "boilerplate" and self.is_furniture(element):
            self.kind = "boilerplate"
        elif before != "boilerplate" and element.tag in ("li", "dd", "dt"):
            self.kind = "item"
        self.lead = list_number(element) or (self.lead if element.tag in ("dd", "p", "div") else "")
        self.read_content(element)
        if element.tag == "dt" and (words := plain(self.inlines)) is not None and has_definition(element):
            self.lead, self.inlines = f"{words.rstrip(':')}: ", []
        self.flush()
        self.kind, self.lists = before, lists

    def is_furniture(self, element: HtmlElement) -> bool:
        """Whether an element is of the site around the text."""
        if element.tag == "nav" or element.get("role") in ("navigation", "banner", "contentinfo", "search"):
            return True
        if element.get("id") == "toc" or FURNITURE_CLASS.search(element.get("class") or ""):
            return is_of_links(element)
        if self.core is None or element is self.core or element in self.core.iterancestors():
            return False
        return self.core not in element.iterancestors()


def read_tree(root: HtmlElement, links: Links, core: HtmlElement | None = None) -> tuple[list[Piece], list[Note]]:
    """The pieces and notes of a tree; what stands outside `core`, where it is given, is the site's."""
    positions = {note: position for position, note in enumerate(links.notes)}
    flow = Flow(links, positions, core=core, title=find_title(root, core))
    flow.read(root)
    flow.flush()
    numbers = number_notes(links)
    return flow.pieces, [read_note(note, numbers[note], links, positions) for note in links.notes]


def find_title(root: HtmlElement, core: HtmlElement | None) -> HtmlElement | None:
    """The page's only first-rank heading where it stands outside the core, as in a header above it."""
    tops = list(root.iterdescendants("h1"))
    return tops[0] if core is not None and len(tops) == 1 and core not in tops[0].iterancestors() else None


def read_note(element: HtmlElement, number: int, links: Links, positions: dict[HtmlElement, int]) -> Note:
    """A note's paragraphs, without label and links back."""
    flow = Flow(links, positions)
    flow.read_content(element)
    flow.flush()
    paragraphs = [piece.inlines for piece in flow.pieces]
    while paragraphs and (first := paragraphs[0]) and isinstance(first[0], str):
        words, rest = without_label(first[0], number), first[1:]
        if words.strip() or (rest and not isinstance(rest[0], str)):
            paragraphs[0] = (words, *rest)
            break
        paragraphs[:1] = [rest] if rest else []
    named = element.get("id") or next(
        (descendant.get("id") for descendant in element.iter("*") if descendant.get("id")), None
    )
    return Note(number, tuple(paragraphs), f"#{named}" if named else None)


def without_label(words: str, number: int) -> str:
    """The beginning of a note without its label."""
    label = LEADING.match(words) or BARE_NUMBER.match(words)
    if label is None or (label.re is BARE_NUMBER and int(label[0]) != number):
        return words
    return words[label.end() :]


def is_of_links(element: HtmlElement) -> bool:
    """Whether most words of an element are links, as in a table of contents."""
    linked = sum(len(link.text_content()) for link in element.iter("a"))
    return 2 * linked >= len("".join(element.text_content().split()))


def has_definition(term: HtmlElement) -> bool:
    """Whether a definition follows a term."""
    following = term.getnext()
    return following is not None and following.tag == "dd"


def list_number(element: HtmlElement) -> str:
    """`3. ` for the third item of a numbered list."""
    parent = element.getparent()
    if element.tag != "li" or parent is None or parent.tag != "ol":
        return ""
    start = number_of(parent.get("start"), 1)
    before = sum(1 for item in element.itersiblings("li", preceding=True))
    return f"{number_of(element.get('value'), start + before)}. "


def number_of(text: str | None, otherwise: int) -> int:
    """A small number in an attribute."""
    return int(text) if text and re.fullmatch(r"\d{1,6}", text.strip()) else otherwise


def section_id(heading: HtmlElement) -> str | None:
    """The id of the section that a heading opens."""
    parent = heading.getparent()
    while parent is not None and parent.tag in ("section", "div", "header", "hgroup", "span"):
        if parent.get("id"):
            return str(parent.get("id"))
        if parent.index(next(iter(parent))) != 0:
            return None
        parent = parent.getparent()
    return None


def words_of(root: HtmlElement) -> Iterator[str]:
    """The words of a tree that are shown."""
    for element in root.iter("*"):
        if element.tag not in NO_TEXT:
            yield element.text or ""
        yield element.tail or ""
