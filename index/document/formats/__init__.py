"""Files of many formats, each read as one plain text with what the original tells of it.

`read` takes a file's bytes; which reader takes them is told by its name.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from index.document.formats.epub import read_epub
from index.document.formats.html import read_html
from index.document.formats.jats import read_jats
from index.document.formats.markdown import read_markdown
from index.document.formats.pandoc import READERS, read_by_pandoc
from index.document.formats.pdf import read_pdf
from index.document.formats.text import read_text
from index.document.formats.types import Read
from index.errors import SourceError

Reader = Callable[[Path, bytes], Read]
FORMATS: dict[str, Reader] = {
    **dict.fromkeys((".txt", ".text"), read_text),
    **dict.fromkeys((".md", ".markdown"), read_markdown),
    **dict.fromkeys((".html", ".htm", ".xhtml"), read_html),
    **dict.fromkeys((".xml", ".nxml", ".jats"), read_jats),
    **dict.fromkeys(READERS, read_by_pandoc),
    ".epub": read_epub,
    ".pdf": read_pdf,
}
TEXTS = (".txt", ".text")
SAVE_AS = {
    ".doc": "an old Word file. Save it as .docx",
    ".rtf": "an RTF file. Save it as .docx",
    ".pages": "a Pages file. Export it as .docx or .epub",
    ".wpd": "a WordPerfect file. Save it as .docx",
    ".mobi": "a Mobipocket file. Convert it to .epub",
    ".azw3": "a Kindle file. Convert it to .epub",
    ".djvu": "a DjVu file. Convert it to .pdf with its text",
}


def read(path: Path, data: bytes) -> Read:
    """Read a file's bytes. Raises SourceError if they cannot be read, with the reason and the fix."""
    suffix = path.suffix.lower()
    if suffix in SAVE_AS:
        raise SourceError(f"{path} is {SAVE_AS[suffix]}.")
    if suffix not in FORMATS:
        raise SourceError(f"{path} is of a kind that is not read. Give one of {', '.join(FORMATS)}.")
    return FORMATS[suffix](path, data)


def extras() -> tuple[str, ...]:
    """The optional readers that are installed: what they read is read again once they are."""
    return ("pandoc",) if find_spec("pypandoc") else ()
