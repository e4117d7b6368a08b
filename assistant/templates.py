"""HTML by Jinja2: whatever a template shows of a value is escaped."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape


def load_templates(folder: Path) -> Environment:
    """The templates of a folder; one that misses a value fails instead of leaving it out."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=escape_exactly,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def escape_exactly(value: object) -> Markup:
    """A value as HTML; a carriage return stays one, so that a browser counts the characters that Python counts."""
    return escape(value).replace("\r", Markup("&#13;"))
