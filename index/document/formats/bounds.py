"""How much is read of one file: what is larger, deeper or slower is named, not read."""

from pathlib import Path

from index.errors import SourceError

MEBIBYTE = 1 << 20
LARGEST_TEXT = 64 * MEBIBYTE  # a text, Markdown, HTML or XML file
LARGEST_HERE = MEBIBYTE  # a text that is read without a process of its own: some three seconds
LARGEST_FILE = 512 * MEBIBYTE  # a PDF or an archive
LARGEST_UNPACKED = 512 * MEBIBYTE  # all that an archive holds
LARGEST_MEMBER = 128 * MEBIBYTE
LARGEST_RATIO = 100  # unpacked to packed, of an archive as a whole
MOST_MEMBERS = 20_000
MOST_PAGES = 20_000
MOST_MEMORY = 4 << 30  # bytes, of the process that reads files
SECONDS = 120  # for a file to be read
SECONDS_PER_MEBIBYTE = 60  # beside these
DEEPEST = 255  # elements inside each other, libxml2's own bound


def check_size(path: Path, size: int, largest: int) -> None:
    """Raise SourceError if a file is larger than what is read."""
    if size > largest:
        raise SourceError(
            f"{path} has {size / MEBIBYTE:,.0f} MB; at most {largest / MEBIBYTE:,.0f} MB are read of such a file. "
            "Split it."
        )
