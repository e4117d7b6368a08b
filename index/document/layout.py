"""Lines to blocks: which line breaks part two blocks, and what each block looks like.

A text is either hard-wrapped, its paragraphs broken over many lines, or it has a paragraph a line. In a
wrapped text a break is deliberate where the next line's first word would still have fitted.
"""

import itertools
import re

from index.document.types import Span

# What Python calls white space, a byte order mark, and the space of no width.
BLANK = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
)
LABEL = re.compile(r"(?:[-*•]\s+)?\[(\d{1,4})\][:.]?")
MARKERS = re.compile(r"\[\d[\d ,;–-]*\]")
BULLET = re.compile(r"(?:[-*•–]|\d{1,2}[.)]|\([a-z0-9]{1,2}\))\s")
UNDERLINE = re.compile(r"(?:=+|-+|\*+|_+)$")
DATE = re.compile(r"(?:\d{1,2} )?[A-Z][a-z]+\.? (?:\d{1,2}, ?)?\d{4}$")
SENTENCE_END = tuple(".!?:;…。！？；：؟۔।")
CLOSERS = "”\"’')]»」』"
NOTES_HEADING = re.compile(
    r"(?:#+ )?(?:foot|end)?notes?|(?:#+ )?(?:references|bibliography|works cited|sources)", re.IGNORECASE
)
LONGEST_NOTE_STEP = 5
SMALL_WORDS = frozenset(("the a an of and for in on to at et al de la le les des du und der die das").split())  # noqa: SIM905
HEADING_WORDS = 12
HEADING_CHARACTERS = 90


def span(text: str, start: int, end: int) -> Span:
    """The slice of `text` from `start` to `end`, less the blanks at both ends."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(BLANK))
    piece = piece.strip(BLANK)
    return Span(start, start + len(piece), piece)


def split_blocks(text: str) -> tuple[tuple[Span, ...], ...]:
    """Paragraph-like blocks, in groups: the blocks of a group have no blank line between them."""
    groups: list[list[Span]] = [[]]
    for match in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n|$)", text):
        line = span(text, match.start(), match.end())
        if line.text:
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    groups = [group for group in groups if group]
    width = wrap_width(groups)
    return tuple(join_wrapped(text, group, width) for group in groups)


def wrap_width(groups: list[list[Span]]) -> int:
    """The width a text is hard-wrapped at, in characters; 0 if it has a paragraph a line.

    It is wrapped if at least a fifth of the breaks inside its groups, those before a note aside, are
    followed by a small letter, or in a script without small letters part a sentence.
    """
    breaks = [
        (line, following)
        for group in groups
        for line, following in itertools.pairwise(group)
        if not LABEL.match(following.text)
    ]
    wrapped = sum(goes_on(line, following) for line, following in breaks)
    if not breaks or wrapped < len(breaks) / 5:
        return 0
    return max(len(line.text) for line, _ in breaks)


def goes_on(line: Span, following: Span) -> bool:
    """Whether a line looks like the rest of the sentence before it."""
    first = following.text[0]
    if first.islower():
        return True
    return first.isalpha() and not first.isupper() and not ends_sentence(line)


def ends_sentence(line: Span) -> bool:
    """Whether a line ends like a sentence, markers and closing quotes aside."""
    return MARKERS.sub("", line.text).rstrip(BLANK + CLOSERS).endswith(SENTENCE_END)


def join_wrapped(text: str, lines: list[Span], width: int) -> tuple[Span, ...]:
    """The lines of a group, with those joined that a hard wrap parted."""
    blocks = [lines[0]]
    for line, following in itertools.pairwise(lines):
        if is_deliberate(blocks[-1], line, following, width):
            blocks.append(following)
        else:
            blocks[-1] = Span(blocks[-1].start, following.end, text[blocks[-1].start : following.end])
    return tuple(blocks)


def is_deliberate(block: Span, line: Span, following: Span, width: int) -> bool:
    """Whether the break between two lines of a group parts two blocks."""
    first_word = following.text.split(maxsplit=1)[0]
    fitted = width == 0 or len(line.text) + 1 + len(first_word) <= width * 0.9
    label, next_label = LABEL.match(block.text), LABEL.match(following.text)
    if label and label[0] == block.text:
        return False  # a label alone on its line
    if label and next_label:
        step = int(next_label[1]) - int(label[1])
        in_order = 0 <= step <= LONGEST_NOTE_STEP or int(next_label[1]) == 1
        return in_order and (fitted or ends_sentence(line))
    if UNDERLINE.match(following.text):
        return False
    if BULLET.match(following.text) or UNDERLINE.match(line.text):
        return True
    if goes_on(line, following):
        return width == 0
    return fitted or (ends_sentence(line) and not following.text[0].isupper() and following.text[0].isalpha())


def heading_text(block: Span) -> str:
    """A heading's words, without Markdown's `#` or an underline."""
    first_line = re.split(r"[\r\n]", block.text, maxsplit=1)[0]
    return re.sub(r"^#{1,6}\s+|\s+#+$", "", first_line).strip()


def looks_like_heading(block: Span) -> bool:
    """Short, one line, no closing punctuation, beginning with a capital or a number."""
    lines = re.split(r"[\r\n]+", block.text)
    if lines[0].startswith("#") and heading_text(block) != lines[0]:
        return True
    if len(lines) == 2 and UNDERLINE.match(lines[1]) and len(lines[1]) > 2:
        return True
    words = MARKERS.sub("", block.text).strip()
    if NOTES_HEADING.fullmatch(words):
        return True
    last = words.rstrip(CLOSERS)[-1:]
    if last in SENTENCE_END and not (last == "." and words.isupper()) and not (last == "?" and is_title(words)):
        return False
    return (
        len(lines) == 1
        and len(words) <= HEADING_CHARACTERS
        and len(words.split()) <= HEADING_WORDS
        and words[:1].isalnum()
        and not words[0].islower()
        and any(character.isalpha() for character in words)
        and last not in ("", ",")
        and not BULLET.match(re.sub(r"^\d+\.\s(?=[A-Z])", "", words))
        and not DATE.match(words)
    )


def is_title(text: str) -> bool:
    """Whether most of the longer words begin with a capital."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if word.casefold() not in SMALL_WORDS]
    return bool(words) and sum(word[0].isupper() for word in words) >= 0.7 * len(words)
