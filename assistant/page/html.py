"""The page's templates, and what they may call."""

from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from assistant.render import WHOM, about, marked_parts, place, trail, understanding
from assistant.templates import load_templates


@cache
def templates() -> Environment:
    """The templates, loaded once."""
    loaded = load_templates(Path(__file__).parent / "templates")
    loaded.globals.update(about=about, marked_parts=marked_parts, place=place, trail=trail)
    loaded.globals.update(understanding=understanding, whom=WHOM)
    return loaded


def render(name: str, **values: object) -> Markup:
    """A template's HTML, which other templates show as it is."""
    return Markup(templates().get_template(name).render(values))
