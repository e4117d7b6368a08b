"""Heading detection by shape. A wrong guess costs little, since headings can be quoted too."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from index.document.layout import TextBlock
from index.document.lines import BULLET, CLOSERS, SENTENCE_END
from index.document.types import Span
from index.document.wrapping import MARKS, UNDERLINE

DATE = re.compile(r"(?:\d{1,2} )?[A-Z][a-z]+\.? (?:\d{1,2}, ?)?\d{4}$")
NOTES_HEADING = re.compile(
    r"(?:#+ )?(?:chapter |foot|end)?notes?(?: (?:to|on|for|and|&) .{1,60}|, .{1,40})?:?|"
    r"(?:#+ )?(?:references|bibliography|works cited|sources|literature cited)",
    re.IGNORECASE,
)
CHAPTER = re.compile(r"[^\W\d_a-z][^\W\d_]+\s(?:[IVXLC]+|\d+)\.")
LABELLED = re.compile(r"(?P<label>[^\s:][^:\n]{0,40}):\s+\S")
SMALL_WORDS = frozenset(("the a an of and for in on to at et al de la le les des du und der die das").split())  # noqa: SIM905
HEADING_WORDS = 12
HEADING_CHARACTERS = 90
RUN_OF_LINES = 3  # this many adjoining lines are a list or an address
# Tags of the British National Corpus, as HanTa gives them: finite verbs, and the first words of clauses in headings.
FINITE = re.compile(r"V[BDHVM][BDZ0]$")
SUBORDINATE = frozenset(["AVQ", "DTQ", "PNQ", "CJS", "PRP", "PRF", "VVG"])
FOREIGN = re.compile(r"[^\W\d_a-zA-ZÀ-ÿ]")  # a letter that is not Latin
DASHES = "—–-"
FEWEST_WORDS = 3  # of a sentence


def find_headings(blocks: Sequence[TextBlock], last_note: int = 0) -> set[int]:
    """Return the starts of the heading blocks: they look like one, and a block or the last note follows."""
    headings = {block.start for block in blocks if NOTES_HEADING.fullmatch(heading_text(block))}
    repeated = repeated_labels(blocks)
    run: list[TextBlock] = []
    for before, block in zip([None, *blocks], blocks):
        if not looks_like_heading(block) or label_of(block) in repeated or continues_list(before, block):
            headings.update(
                line.start for line in run if len(run) < RUN_OF_LINES and not leads_in(line, block, len(run))
            )
            run = []
        elif run and not block.joined:
            headings.update(line.start for line in run if len(run) < RUN_OF_LINES)
            run = [block]
        else:
            run.append(block)
    return headings | {line.start for line in run if len(run) < RUN_OF_LINES and line.start < last_note}


def continues_list(before: TextBlock | None, block: TextBlock) -> bool:
    """Whether an item stands directly under one that is no heading: "4. Stir in the cream" under "3. Add the cod."."""
    listed = before is not None and before.kind == block.kind == "item" and block.joined
    return listed and before is not None and not looks_like_heading(before)


def leads_in(block: TextBlock, following: TextBlock, lines: int) -> bool:
    """Whether a line introduces the list or code directly under it."""
    listed = following.joined and following.kind in ("item", "code")
    return lines == 1 and listed and len(block.text.split()) > 4 and not is_marked(block)


def label_of(block: Span) -> str | None:
    """Return the label of a line like "Phone: 555"."""
    match = LABELLED.match(block.text)
    return match["label"] if match else None


def repeated_labels(blocks: Sequence[TextBlock]) -> frozenset[str | None]:
    """Return the labels of several lines or of adjoining lines: these are entries, not headings."""
    labels = [label_of(block) for block in blocks]
    counts = Counter(label for label in labels if label)
    repeated = {label for label, count in counts.items() if count > 1}
    joined = {
        label
        for (block, first), (other, second) in pairwise(zip(blocks, labels))
        if first and second and other.joined
        for label in (first, second)
    }
    return frozenset(repeated | joined)


def heading_text(block: Span) -> str:
    """Return a heading's text without Markdown's `#` or underline."""
    first_line = re.split(r"[\r\n]", block.text, maxsplit=1)[0]
    return re.sub(r"^#{1,6}\s+|\s+#+$", "", first_line).strip()


def is_marked(block: Span) -> bool:
    """Whether a block has Markdown's form of a heading: `#` before it, or an underline."""
    lines = re.split(r"[\r\n]+", block.text)
    if lines[0].startswith("#") and heading_text(block) != lines[0]:
        return True
    return len(lines) == 2 and bool(UNDERLINE.match(lines[1].strip())) and len(lines[1].strip()) > 2


def looks_like_heading(block: Span) -> bool:
    """Whether a block is one short line without closing punctuation that begins with a capital or digit, no clause."""
    if isinstance(block, TextBlock) and block.kind in ("row", "code"):
        return False
    if is_marked(block):
        return True
    words = MARKS.sub("", block.text).strip()
    if NOTES_HEADING.fullmatch(words):
        return True
    last = words.rstrip(CLOSERS)[-1:]
    numbered = last == "." and (words.isupper() or CHAPTER.fullmatch(words))
    if last in SENTENCE_END and not numbered and not (last == "?" and is_title(words)):
        return False
    return (
        not re.search(r"[\r\n]", block.text)
        and len(words) <= HEADING_CHARACTERS
        and len(words.split()) <= HEADING_WORDS
        and words[:1].isalnum()
        and not words[0].islower()
        and any(character.isalpha() for character in words)
        and last not in ("", ",", *DASHES)
        and not BULLET.match(re.sub(r"^\d+(?:\.\d+)*\.?\s+(?=[A-Z])", "", words))
        and not DATE.match(words)
        and not is_clause(words)
    )


def is_title(text: str) -> bool:
    """Whether a text is in title case: most words but small ones begin with a capital."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if word.casefold() not in SMALL_WORDS]
    return bool(words) and sum(word[0].isupper() for word in words) >= 0.7 * len(words)


def is_clause(line: str) -> bool:
    """Whether a line that is not in title case has a finite verb: "The pool opens at seven".

    >>> is_clause("The pool opens at seven"), is_clause("Opening times"), is_clause("How leave accrues")
    (True, False, False)
    """
    words = re.findall(r"[^\W\d_][\w’'-]*", line)
    if len(words) < FEWEST_WORDS or is_title(line) or FOREIGN.search(line):
        return False
    tags = tag(tuple(words))
    return tags[0] not in SUBORDINATE and any(
        FINITE.match(tag) for tag in (tags[1:] if tags[0] != "VVB" else imperative_tags(tags))
    )


def imperative_tags(tags: Sequence[str]) -> Sequence[str]:
    """Return the tags of an imperative with a pronoun as object ("Repot it"); () for others ("Create a ticket")."""
    return tags if "PNP" in tags[1:3] else ()


@lru_cache(maxsize=10_000)
def tag(words: tuple[str, ...]) -> tuple[str, ...]:
    """Tag words with parts of speech."""
    return tuple(tag for _, _, tag in tagger().tag_sent(list(words)))


@lru_cache(maxsize=1)
def tagger() -> Any:
    """Load HanTa's English model, once."""
    from HanTa.HanoverTagger import HanoverTagger  # imported here: its model takes half a second to load

    return HanoverTagger("morphmodel_en.pgz")
