"""The words and names of a document, read once when its index is made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`forms` are the words as they are written, with how often; `words` are folded, numbers among them.

    `short` are short forms with the long ones they stand for, `names` those of several words.
    """

    forms: dict[str, int]
    words: tuple[str, ...]
    short: dict[str, str]
    names: tuple[str, ...]
