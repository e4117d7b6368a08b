"""A PDF's characters as lines: their words, where they stand, and which numbers in them are raised."""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

SMALL = 0.87  # a raised character's height to its line's, at most
RAISED = 0.08  # how far above the line's baseline it stands, in its height, at least
SAME_LINE = 0.55  # how far apart baselines of one line may be, in heights
WIDE_GAP = 2.0  # between two cells of a table, in heights
CELLS = " | "
SIGN_PART = re.compile(r"[^\s,]+")  # of the raised signs that stand together, as "7, 8"
BOLD_WEIGHT = 600
BOLD_NAME = re.compile(r"bold|black|heavy|semibold|-bd|\bcmbx|sfbx", re.IGNORECASE)
MONO_NAME = re.compile(r"mono|courier|consol|typewriter|\bcmtt|sftt|nimbusmon|inconsolata|menlo", re.IGNORECASE)
SIGN = re.compile(r"[*†‡§¶‖]{1,3}|\d{1,4}(?:\s?[,–-]\s?\d{1,4})*")
HYPHENS = {0x02: "-", 0xFFFE: "-", 0xAD: "-"}


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character with its box: left, right, baseline and height, in points."""

    text: str
    left: float
    right: float
    base: float
    height: float
    index: int


@dataclass(slots=True)
class Line:
    """A line of a page; `raised` are the places in `text` of raised numbers or signs."""

    page: int
    text: str
    left: float
    right: float
    base: float
    height: float
    bold: bool = False
    mono: bool = False
    raised: tuple[tuple[int, int], ...] = ()
    page_height: float = 0.0
    cells: tuple[float, ...] = ()  # where the cells of a table's row begin, if it has several

    @property
    def words(self) -> str:
        """The text without the raised numbers."""
        parts, at = [], 0
        for start, end in self.raised:
            parts.append(self.text[at:start])
            at = end
        return "".join([*parts, self.text[at:]])


def is_on(line: list[Glyph], tallest: Glyph, glyph: Glyph) -> bool:
    """Whether a character goes on with a line: near the baseline of its tallest, and not far back to the left."""
    height = max(tallest.height, glyph.height)
    return abs(glyph.base - tallest.base) <= SAME_LINE * height and glyph.left > line[-1].right - 2 * height


def lines_of(page: pdfium.PdfPage, number: int) -> list[Line]:
    """The lines of a page, in the order in which the file draws them."""
    text_page = page.get_textpage()
    try:
        height = page.get_height()
        lines: list[list[Glyph]] = []
        tallest: Glyph | None = None
        for glyph in glyphs_of(text_page):
            if glyph.text == " ":
                lines[-1].append(glyph)
            elif tallest and is_on(lines[-1], tallest, glyph):
                lines[-1].append(glyph)
                tallest = max(tallest, glyph, key=height_of)
            else:
                lines.append([glyph])
                tallest = glyph
        return with_lone_marks([line for glyphs in lines if (line := make_line(text_page, number, glyphs, height))])
    finally:
        text_page.close()


def with_lone_marks(lines: list[Line]) -> list[Line]:
    """Lines, each with the raised number that was wrapped to a line of its own behind it."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        is_lone_mark = SIGN.fullmatch(line.text) and last and line.height < SMALL * last.height and not last.mono
        if last and is_lone_mark and -0.5 < (last.base - line.base) / last.height < 1.3:
            start = len(last.text)
            last.raised = (*last.raised, (start, start + len(line.text)))
            last.text += line.text
        else:
            joined.append(line)
    return joined


def height_of(glyph: Glyph) -> float:
    """A character's height, to compare by."""
    return glyph.height


def glyphs_of(text_page: pdfium.PdfTextPage) -> Iterator[Glyph]:
    """The characters of a page; a space stands where the one before it ends."""
    handle = text_page.raw
    box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    last: Glyph | None = None
    for index in range(raw.FPDFText_CountChars(handle)):
        code = raw.FPDFText_GetUnicode(handle, index)
        text = HYPHENS.get(code) or (chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "�")
        if text.isspace() or code == 0:
            if last and last.text != " ":
                last = Glyph(" ", last.right, last.right, last.base, last.height, index)
                yield last
            continue
        if not raw.FPDFText_GetLooseCharBox(handle, index, box) or not raw.FPDFText_GetCharOrigin(handle, index, x, y):
            continue
        last = Glyph(text, box.left, box.right, y.value, max(box.top - box.bottom, 0.1), index)
        yield last


def make_line(text_page: pdfium.PdfTextPage, page: int, glyphs: list[Glyph], page_height: float) -> Line | None:
    """A line of its characters; None if they are all white."""
    while glyphs and glyphs[-1].text == " ":
        glyphs.pop()
    visible = [glyph for glyph in glyphs if glyph.text != " "]
    if not visible:
        return None
    height = Counter(round(glyph.height, 1) for glyph in visible).most_common(1)[0][0]
    tallest = max(glyph.height for glyph in visible)
    if height < SMALL * tallest and sum(glyph.height > SMALL * tallest for glyph in visible) > len(visible) / 4:
        height = tallest
    bases = sorted(glyph.base for glyph in visible if glyph.height >= SMALL * height) or [visible[0].base]
    base = bases[len(bases) // 2]
    text, raised, cells = write_glyphs(glyphs, base, height)
    bold, mono = style(text_page, visible)
    left, right = min(glyph.left for glyph in visible), max(glyph.right for glyph in visible)
    return Line(page, text, left, right, base, height, bold, mono, raised, page_height, cells)


def write_glyphs(
    glyphs: list[Glyph], base: float, height: float
) -> tuple[str, tuple[tuple[int, int], ...], tuple[float, ...]]:
    """A line's text, the places of raised numbers in it, and where its cells begin, if it has several."""
    text, raised, start, cells = "", [], -1, [glyphs[0].left]
    for previous, glyph in zip([None, *glyphs], glyphs):
        if previous and glyph.left - previous.right > WIDE_GAP * height and glyph.text != " ":
            text = text.rstrip() + CELLS
            cells.append(glyph.left)
        is_above = glyph.height < SMALL * height and glyph.base > base + RAISED * height
        is_raised = is_above and (glyph.text != " " or start >= 0)
        if is_raised and start < 0:
            start = len(text)
        elif not is_raised and start >= 0:
            raised.append((start, len(text.rstrip())))
            start = -1
        text += glyph.text
    if start >= 0:
        raised.append((start, len(text.rstrip())))
    parts = [match.span() for start, end in raised for match in SIGN_PART.finditer(text, start, end)]
    signs = tuple((start, end) for start, end in parts if SIGN.fullmatch(text[start:end]))
    return text, signs, tuple(cells) if len(cells) > 1 else ()


def style(text_page: pdfium.PdfTextPage, visible: list[Glyph]) -> tuple[bool, bool]:
    """Whether a line is set in bold, and whether in letters of one width, by five of its characters."""
    names = [font_of(text_page, visible[at].index) for at in {(len(visible) - 1) * i // 4 for i in range(5)}]
    bold = all(weight >= BOLD_WEIGHT or BOLD_NAME.search(name) for name, weight in names)
    return bold, all(MONO_NAME.search(name) for name, _ in names)


def font_of(text_page: pdfium.PdfTextPage, index: int) -> tuple[str, int]:
    """The name and weight of a character's font."""
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(text_page.raw, index, buffer, 128, flags)
    return buffer.value.decode("utf-8", "replace"), raw.FPDFText_GetFontWeight(text_page.raw, index)
