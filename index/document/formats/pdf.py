"""PDF (stub)."""
from pathlib import Path
from index.document.formats.types import Read
def read_pdf(path: Path, data: bytes) -> Read:
    raise NotImplementedError
