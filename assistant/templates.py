"""HTML by Jinja2, with autoescape everywhere."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape


def load_templates(folder: Path) -> Environment:
    """Load the templates of a folder; an undefined value raises an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=escape_exactly,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def escape_exactly(value: object) -> Markup:
    """Escape a value for HTML; carriage returns are kept, so that a browser counts the same characters as Python."""
    return escape(value).replace("\r", Markup("&#13;"))
