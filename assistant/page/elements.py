"""HTML elements; whatever comes from a document or a person goes through `escape` before it goes through `tag`."""

from html import escape as escape_html


def escape(text: str) -> str:
    """Text as HTML; a carriage return stays one, so that characters can be counted in the browser."""
    return escape_html(text).replace("\r", "&#13;")


def tag(name: str, content: str = "", **attributes: str) -> str:
    """An element around `content`, which is HTML already; attributes are escaped.

    >>> tag("p", "R&amp;D", class_="note", data_start="3")
    '<p class="note" data-start="3">R&amp;D</p>'
    """
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{given}>{content}</{name}>"


def button(words: str, do: str, **attributes: str) -> str:
    """A button around `words`, which are HTML already; the page's script does what `do` names."""
    return tag("button", words, **({"type": "button", "data_do": do} | attributes))
