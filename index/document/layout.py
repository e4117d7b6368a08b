"""From lines to blocks: which line breaks separate blocks, and the kind of each block.

A text is either hard-wrapped or has one paragraph per line. In a hard-wrapped text a line break is deliberate if the
next line's first word would still have fitted.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.document.code import FENCE, base_indent, find_fenced, is_code
from index.document.furniture import find_furniture
from index.document.lines import BLANK, BULLET, CLOSERS, OPENERS, SENTENCE_END, Line, read_lines, split_groups
from index.document.quoting import unquote
from index.document.tables import LEADER, Row, find_tables, headers_of, read_cells
from index.document.types import Span

LABEL = re.compile(r"(?:[-*•]\s+)?\[(\d{1,4})\][:.]?")
# Labels of notes in other forms, at the beginning of a line.
OTHER_LABEL = re.compile(
    r"\[\^[^\]\s]{1,40}\]:|\[(?:nb|note|n|fn) ?\d{1,3}\]|\[[a-z]\](?!\w)|[¹²³⁰⁴-⁹]+(?=\s|[^\W\d_])"
    r"|\[Footnote [\w*]{1,4}:|[*†‡§‖¶]{1,3}(?=\s?[^\W\d_])|(?:\d{1,4}|[a-z])\.\s[\^↑]|(?:foot|end)?note \d{1,3}[.:]\s",
    re.IGNORECASE,
)
MARKS = re.compile(
    r"\[\d[\d ,;–-]*\]|\[\^[^\]\s]+\]|\[[a-z]{1,2}(?: ?\d{1,3})?\](?!\w)|[¹²³⁰⁴-⁹†‡]+"
    r"|(?<=\w)[*]+(?=$|\s)|(?<=[.!?])[*]+|(?<=[a-z][.!?])\d{1,3}$"
)
UNDERLINE = re.compile(r"(?:=+|-+|\*+|_+|~+|\^+)$")
LONGEST_NOTE_STEP = 5
LONGEST_DISPLAY = 3  # lines that are set in inside a sentence
FEWEST_VERSES = 3
FEWEST_WORDS = 6  # of a line that goes on in small letters though the text has no width
LISTED = re.compile(r"\d{1,3}\s")
# The last word of a line that goes on, wherever it is broken.
UNFINISHED = re.compile(r"\w\s(?:the|an?|and|or|of|in|at|by|with|from|to|that|which|who|their|its|his|her)$")
HANGING = 2  # columns, at least, that the further lines of a list item are indented
FULL_LINE = 0.6  # of the longest line; a line at least this long may continue on the next page


@dataclass(frozen=True, slots=True)
class TextBlock(Span):
    """A block of a text. `kind` is `paragraph`, `item` (of a list), `row` (of a table), or `code`.

    `joined`: there is no blank line before it. `gaps` are page furniture and table lines inside it; `cells` the words
    added before each cell of a row; `head` the start of its table's header row.
    """

    kind: str = "paragraph"
    indent: int = 0
    joined: bool = False
    gaps: tuple[tuple[int, int], ...] = ()
    cells: tuple[tuple[int, str], ...] = ()
    head: int | None = None


def split_blocks(text: str) -> tuple[list[TextBlock], list[Span]]:
    """Split a text into blocks; return them, and the page furniture between them."""
    unquoted = unquote(read_lines(text))
    lines = unquoted.lines
    furniture = find_furniture(lines)
    groups = split_code(join_over_pages([line for line in lines if line.start not in furniture], furniture))
    base = base_indent([group for group, _ in groups])
    prose = [
        part for group, kind in groups if kind == "text" for part in split_tables(group) if isinstance(part[0], Line)
    ]
    width = wrap_width([[line for line in part if isinstance(line, Line)] for part in prose])
    blocks: list[TextBlock] = []
    for (group, kind), (following, _) in zip(groups, [*groups[1:], ([], "")]):
        introduced = bool(blocks) and blocks[-1].text.endswith(":")
        inside = bool(blocks) and is_interrupted(blocks[-1], group, following)
        in_list = bool(blocks) and blocks[-1].kind == "item" and not introduced
        parts = split_tables(group)
        tabular = 2 * sum(len(part) for part in parts if isinstance(part[0], Row)) > len(group)
        if kind == "code" or (not in_list and not tabular and is_code(group, base, introduced, inside)):
            add_code(text, blocks, group)
            continue
        for part in parts:
            rows = [row for row in part if isinstance(row, Row)]
            blocks += (
                row_blocks(text, rows) if rows else join_wrapped(text, [x for x in part if isinstance(x, Line)], width)
            )
    outside = sorted([*(line for line in lines if line.start in furniture), *unquoted.empty], key=lambda line: line.start)
    return add_gaps(add_prefixes(text, blocks, unquoted.prefixes), outside)


def is_interrupted(before: TextBlock, group: Sequence[Line], following: Sequence[Line]) -> bool:
    """Whether a few lines are set in between the beginning and the end of a sentence."""
    return (
        before.kind == "paragraph"
        and len(group) <= LONGEST_DISPLAY
        and not ends_sentence(before)
        and bool(following)
        and continues_sentence(before, following[0])
    )


def join_over_pages(lines: list[Line], furniture: set[int]) -> list[list[Line]]:
    """Group lines by blank lines, joining groups that page furniture or a page break interrupts."""
    groups = split_groups(lines)
    longest = max((line.edge for line in lines), default=0)
    joined: list[list[Line]] = groups[:1]
    for before, group in pairwise(groups):
        last, first = before[-1], group[0]
        parted = last.page != first.page or any(last.end <= start < first.start for start in furniture)
        full = last.edge >= FULL_LINE * longest and not ends_sentence(last)
        if (
            parted
            and (full or continues_sentence(last, first))
            and not is_labelled(first)
            and last.text[-1] not in SENTENCE_END
        ):
            joined[-1] = [*joined[-1], replace(first, joined=True), *group[1:]]
        else:
            joined.append(group)
    return joined


def split_code(groups: list[list[Line]]) -> list[tuple[list[Line], str]]:
    """Split groups into (lines, kind), with each fenced block as one group of code."""
    lines = [line for group in groups for line in group]
    joined = {line.start for group in groups for line in group[1:]}
    fenced = dict(find_fenced(lines))
    result: list[tuple[list[Line], str]] = []
    i = 0
    open_group = False
    while i < len(lines):
        if i in fenced:
            result.append((list(lines[i : fenced[i] + 1]), "code"))
            i, open_group = fenced[i] + 1, False
            continue
        if open_group and lines[i].start in joined:
            result[-1][0].append(lines[i])
        else:
            result.append(([lines[i]], "text"))
        i, open_group = i + 1, True
    return result


def add_code(text: str, blocks: list[TextBlock], group: Sequence[Line]) -> None:
    """Add a group as a code block, or append it to an indented code block before it."""
    start, last = group[0].start, group[-1].end
    before = blocks[-1] if blocks else None
    if (
        before
        and before.kind == "code"
        and before.indent
        and group[0].indent >= before.indent
        and before.text[-1] not in "`~"
    ):
        blocks[-1] = TextBlock(before.start, last, text[before.start : last], "code", before.indent, before.joined)
    else:
        fences = tuple((line.start, line.end) for line in (group[0], group[-1]) if FENCE.match(line.text))
        blocks.append(TextBlock(start, last, text[start:last], "code", group[0].indent, group[0].joined, fences))


def split_tables(group: Sequence[Line]) -> list[list[Line] | list[Row]]:
    """Split a group into runs of lines and tables."""
    parts: list[list[Line] | list[Row]] = []
    i = 0
    for first, rows in find_tables(group):
        if first > i:
            parts.append(list(group[i:first]))
        parts.append(rows)
        i = first + len(rows)
    if i < len(group):
        parts.append(list(group[i:]))
    return parts


def row_blocks(text: str, rows: Sequence[Row]) -> Iterator[TextBlock]:
    """Make a block of each row of a table; rules belong to the row before, or to the first."""
    headers = headers_of(rows)
    number = 0
    while number < len(rows):
        first = number
        while number < len(rows) and not rows[number].cells:
            number += 1
        row = rows[number]
        number += 1
        while number < len(rows) and not rows[number].cells:
            number += 1
        block_rows = rows[first:number]
        rules = [(line_row.line.start, line_row.line.end) for line_row in block_rows if not line_row.cells]
        pipes = [(row.line.start + i, row.line.start + i + 1) for i, c in enumerate(row.line.text) if c == "|"]
        leaders = [(row.line.start + m.start(), row.line.start + m.end()) for m in LEADER.finditer(row.line.text)]
        start, end = block_rows[0].line.start, block_rows[-1].line.end
        yield TextBlock(
            start, end, text[start:end], "row", block_rows[0].line.indent, block_rows[0].line.joined,
            tuple(sorted(rules + pipes + leaders)), read_cells(row, headers), headers[0].line.start if headers else None,
        )  # fmt: skip


def add_gaps(blocks: list[TextBlock], furniture: list[Line]) -> tuple[list[TextBlock], list[Span]]:
    """Add furniture inside blocks to their gaps; return the blocks, and the other furniture."""
    inside: dict[int, list[tuple[int, int]]] = {}
    outside: list[Span] = []
    i = 0
    for line in furniture:
        while i < len(blocks) and blocks[i].end <= line.start:
            i += 1
        if i < len(blocks) and blocks[i].start <= line.start:
            inside.setdefault(blocks[i].start, []).append((line.start, line.end))
        else:
            outside.append(Span(line.start, line.end, line.text))
    with_gaps = [
        replace(b, gaps=tuple(sorted([*b.gaps, *inside[b.start]]))) if b.start in inside else b for b in blocks
    ]
    return with_gaps, outside


def add_prefixes(text: str, blocks: Sequence[TextBlock], prefixes: Mapping[int, int]) -> list[TextBlock]:
    """Add to blocks the prefixes of quoted lines, as gaps; `prefixes` maps the starts of lines to theirs."""
    starts = sorted(prefixes)
    result = []
    for block in blocks:
        inside = starts[bisect_left(starts, block.start) : bisect_left(starts, block.end)]
        start = prefixes.get(block.start, block.start)
        gaps = sorted([*block.gaps, *((prefixes[line], line) for line in inside)])
        result.append(replace(block, start=start, text=text[start : block.end], gaps=tuple(gaps)))
    return result


def wrap_width(groups: Sequence[Sequence[Line]]) -> int:
    """Estimate the width a text is hard-wrapped at, in columns; 0 if it has one paragraph per line.

    It is wrapped if at least a fifth of the line breaks inside groups, except before items and notes, continue a
    sentence. The width is the one that explains most of these breaks, and then most of those behind a line without an
    end: the line fits, and with the next word it would not.
    """
    breaks = [
        (line, following)
        for group in groups
        for line, following in pairwise(group)
        if not is_labelled(following) and not LISTED.match(following.text)
    ]
    wrapped = [(line, following) for line, following in breaks if continues_sentence(line, following)]
    if not breaks or len(wrapped) < len(breaks) / 5:
        return 0
    changes: dict[int, int] = {}
    for line, following in breaks:
        weight = len(breaks) if continues_sentence(line, following) else int(not ends_sentence(line))
        changes[line.edge] = changes.get(line.edge, 0) + weight
        past = line.edge + 1 + len(first_word(following))
        changes[past] = changes.get(past, 0) - weight
    best, fitting, largest = 0, 0, 0
    for width in sorted(changes):
        fitting += changes[width]
        if fitting >= largest:
            best, largest = width, fitting
    return best


def first_word(line: Span) -> str:
    """Return the first word of a line."""
    return line.text.split(maxsplit=1)[0]


def continues_sentence(line: Span, following: Span) -> bool:
    """Whether a line looks like it continues the sentence before it."""
    first = following.text[0]
    if first.islower():
        return not BULLET.match(following.text)
    return first.isalpha() and not first.isupper() and not ends_sentence(line)


def ends_sentence(line: Span) -> bool:
    """Whether a line ends like a sentence, ignoring markers and closing quotes."""
    return MARKS.sub("", line.text).rstrip(BLANK + CLOSERS).endswith(SENTENCE_END)


def is_labelled(line: Span) -> bool:
    """Whether a line begins like a list item or a note."""
    return bool(BULLET.match(line.text) or LABEL.match(line.text) or OTHER_LABEL.match(line.text))


def join_wrapped(text: str, lines: list[Line], width: int) -> list[TextBlock]:
    """Make blocks of a group's lines, joining hard-wrapped ones and those of a stanza."""
    if is_stanza(lines):
        return [replace(block_of(lines[0]), end=lines[-1].end, text=text[lines[0].start : lines[-1].end])]
    firsts, lasts = [block_of(lines[0])], [lines[0]]
    for line, following in pairwise(lines):
        if is_deliberate(firsts[-1], line, following, width):
            firsts.append(block_of(following))
            lasts.append(following)
        else:
            lasts[-1] = following
    return [replace(b, end=last.end, text=text[b.start : last.end]) for b, last in zip(firsts, lasts)]


def is_stanza(lines: Sequence[Line]) -> bool:
    """Whether some lines are verse: sentences that run over lines which begin with capitals, and end with the last."""
    *verses, last = lines
    if len(verses) + 1 < FEWEST_VERSES or any(is_labelled(line) or not line.text.lstrip(OPENERS)[:1].isupper() for line in lines[1:]):
        return False
    open_ends = sum(line.text[-1] in ",—–" or line.text[-1].isalpha() for line in verses)
    commas = sum(line.text[-1] in ",;" for line in verses)
    return ends_sentence(last) and commas > 0 and open_ends >= max(2, len(verses) / 3)


def block_of(line: Line) -> TextBlock:
    """Make a block of one line."""
    kind = "item" if BULLET.match(line.text) else "paragraph"
    return TextBlock(line.start, line.end, line.text, kind, line.indent, line.joined)


def is_deliberate(block: TextBlock, line: Line, following: Line, width: int) -> bool:
    """Whether the break between two lines of a group separates two blocks; `block` is the first line of its block."""
    fitted = width == 0 or line.edge + 1 + len(first_word(following)) <= width * 0.9
    label, next_label = LABEL.match(block.text), LABEL.match(following.text)
    if label and label[0] == line.text:
        return False  # a label alone on its line
    if label and next_label:
        step = int(next_label[1]) - int(label[1])
        in_order = 0 <= step <= LONGEST_NOTE_STEP or int(next_label[1]) == 1
        return in_order and (fitted or ends_sentence(line))
    if UNDERLINE.match(following.text):
        return False
    if BULLET.match(following.text) or UNDERLINE.match(line.text):
        return True
    if OTHER_LABEL.match(following.text):
        return fitted or ends_sentence(line)
    if block.kind == "item" and following.indent >= block.indent + HANGING:
        return False
    if block.kind == "item" and following.indent < block.indent and fitted:
        return True  # what closes a list: "(b) is drunk," "commits an offence"
    if UNFINISHED.search(line.text):
        return False
    if continues_sentence(line, following):
        return width == 0 and (ends_sentence(line) or len(line.text.split()) < FEWEST_WORDS)
    if following.indent >= line.indent + HANGING and ends_sentence(line):
        return True
    return fitted or (ends_sentence(line) and not following.text[0].isupper() and following.text[0].isalpha())
