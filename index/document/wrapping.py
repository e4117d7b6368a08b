"""Which line breaks of a text are deliberate, and which wrap a paragraph.

A text is either hard-wrapped or has one paragraph per line. In a hard-wrapped text a line break is deliberate if the
next line's first word would still have fitted.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from index.document.lines import BLANK, BULLET, CLOSERS, OPENERS, SENTENCE_END, Line
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
FEWEST_VERSES = 3
FEWEST_WORDS = 6  # of a line that goes on in small letters though the text has no width
LISTED = re.compile(r"\d{1,3}\s")
# The last word of a line that goes on, wherever it is broken.
UNFINISHED = re.compile(r"\w\s(?:the|an?|and|or|of|in|at|by|with|from|to|that|which|who|their|its|his|her)$")
HANGING = 2  # columns, at least, that the further lines of a list item are indented


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


def join_lines(lines: Sequence[Line], width: int) -> list[list[Line]]:
    """Join the lines of a group that are one paragraph or item: hard-wrapped ones, and those of a stanza."""
    if is_stanza(lines):
        return [list(lines)]
    joined = [[lines[0]]]
    for line, following in pairwise(lines):
        if is_deliberate(joined[-1][0], line, following, width):
            joined.append([following])
        else:
            joined[-1].append(following)
    return joined


def is_stanza(lines: Sequence[Line]) -> bool:
    """Whether some lines are verse: sentences that run over lines which begin with capitals, and end with the last."""
    *verses, last = lines
    capitals = all(line.text.lstrip(OPENERS)[:1].isupper() for line in lines[1:])
    if len(lines) < FEWEST_VERSES or not capitals or any(is_labelled(line) for line in lines[1:]):
        return False
    open_ends = sum(line.text[-1] in ",—–" or line.text[-1].isalpha() for line in verses)
    commas = sum(line.text[-1] in ",;" for line in verses)
    return ends_sentence(last) and commas > 0 and open_ends >= max(2, len(verses) / 3)


def is_deliberate(first: Line, line: Line, following: Line, width: int) -> bool:
    """Whether the break between two lines of a group separates two blocks; `first` is the first line of theirs."""
    fitted = width == 0 or line.edge + 1 + len(first_word(following)) <= width * 0.9
    label, next_label = LABEL.match(first.text), LABEL.match(following.text)
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
    is_item = bool(BULLET.match(first.text))
    if is_item and following.indent >= first.indent + HANGING:
        return False
    if is_item and following.indent < first.indent and fitted:
        return True  # what closes a list: "(b) is drunk," "commits an offence"
    if line.text.isupper() and following.indent >= line.indent + HANGING:
        return True  # a heading of a manual page
    if UNFINISHED.search(line.text):
        return False
    if continues_sentence(line, following):
        return width == 0 and (ends_sentence(line) or len(line.text.split()) < FEWEST_WORDS)
    if following.indent >= line.indent + HANGING and ends_sentence(line):
        return True
    return fitted or (ends_sentence(line) and not following.text[0].isupper() and following.text[0].isalpha())
