"""Plain text: UTF-8, and other encodings where they are certain."""

import codecs
import re
from pathlib import Path

from index.document.formats.bounds import LARGEST_TEXT, check_size
from index.document.formats.types import Read
from index.errors import SourceError

# What stands alone in Western text: quotes, dashes, signs; in others' encodings these bytes are letters.
SIGNS = frozenset("‘’“”‚„–—…•€£§©®°·«»¿¡½¼¾¹²³±ªº¶\u00a0†‡™×")
LETTERS = frozenset("éèêëàâäáãåçñíîïóôöøõúûùüæœßÉÈÊÀÂÄÁÅÇÑÍÎÓÔÖØÚÜÆŒ")
FEWEST = 4  # characters beyond ASCII, from which an encoding can be told
MISLED = frozenset("ìøùõûãðþ")  # where these are most, the text is of another encoding
FOREIGN = re.compile(r"[^\W\d_a-zA-Z]{3}")  # three such letters in a row are no Western word
# Signs where other encodings have letters: "mo¿e", "na¹", "¾ena", "©ibenik".
SIGN_AT_LETTER = re.compile(r"[^\W\d_](?:[¹¼½¾±¶]|[²³ªº][^\W\d_])|[¹¼½¾©][^\W\d_]")
MOSTLY = 0.75  # of the letters are of ASCII in Western text


def read_text(path: Path, data: bytes) -> Read:
    """Read a text file as it stands; raises SourceError if it is binary, or its encoding is not certain."""
    check_size(path, len(data), LARGEST_TEXT)
    text, odd = decode_text(path, data)
    return Read(text, odd=odd)


def decode_text(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    """A file's text, and a sentence that names its encoding where it is not UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16"), ("It was read as UTF-16, as its byte order mark says.",)
        except UnicodeDecodeError as error:
            raise SourceError(f"{path} is UTF-16 that breaks off (byte {error.start}). Save it as UTF-8.") from error
    if b"\0" in data:
        raise SourceError(f"{path} is a binary file. Save the document as plain UTF-8 text.")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        text = western(data)
        if text is not None:
            return text, ("It was read as Windows-1252; it is not UTF-8.",)
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x}). Save it as UTF-8."
        ) from error


def western(data: bytes) -> str | None:
    """Bytes as Windows-1252, which holds Latin-1, where every character beyond ASCII stands as in Western text."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    beyond = [character for character in text if ord(character) > 127]
    if len(beyond) < FEWEST or not set(beyond) <= SIGNS | LETTERS:
        return None
    letters = [character for character in text if character.isalpha()]
    plain = sum(character.isascii() for character in letters)
    misled = sum(character in MISLED for character in beyond)
    foreign = FOREIGN.search(text) or SIGN_AT_LETTER.search(text)
    return None if foreign or plain < MOSTLY * len(letters) or 2 * misled >= len(beyond) else text
