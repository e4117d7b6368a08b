"""Title, author, date and URL of a document, from the `NAME.toml` beside it."""

import os
import tomllib
from dataclasses import fields, replace
from datetime import date, time
from pathlib import Path

from index.document.types import Metadata
from index.errors import SourceError

MAX_SHOWN = 100  # characters of what was found, in a message
LAST_YEAR = 10_000
NOTHING = Metadata()


def check_link(path: Path, folder: Path | None = None) -> None:
    """Raise SourceError if a file is a link to one outside its folder."""
    if os.path.islink(path) and not path.resolve().is_relative_to((folder or path.parent).resolve()):
        raise SourceError(f"{path} is a link that leads out of the folder. Put the file itself there.")


def read_metadata(path: Path) -> Metadata:
    """Read title, author, date and URL from the `NAME.toml` beside a document, if there is one."""
    beside = os.path.splitext(path)[0] + ".toml"
    if not os.path.isfile(beside):
        return NOTHING
    toml = Path(beside)
    check_link(toml)
    keys = [field.name for field in fields(Metadata)]
    try:
        values = tomllib.loads(toml.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{toml} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{toml} is not valid TOML: {str(error)[:MAX_SHOWN]}.") from error
    except (ValueError, RecursionError) as error:  # what tomllib lets through
        raise SourceError(f"{toml} has a number too long or brackets too deep to read. Give text in quotes.") from error
    unknown = sorted(set(values) - set(keys))
    if unknown:
        raise SourceError(f"{toml} has the unknown key {unknown[0][:MAX_SHOWN]!r}. It takes {', '.join(keys)}.")
    return Metadata(**{name: read_value(toml, name, value) for name, value in values.items()})


def read_value(toml: Path, name: str, value: object) -> str:
    """Return a key's value as text; raises SourceError if it is neither text, a date nor a year."""
    if isinstance(value, str | date | time) or (type(value) is int and abs(value) < LAST_YEAR):
        return str(value)
    raise SourceError(f'{toml} gives no text for {name}. Write it in quotes: {name} = "...".')


def merge(given: Metadata, own: Metadata) -> Metadata:
    """Merge the metadata given beside a document with the document's own; the given take precedence."""
    return replace(own, **{f.name: value for f in fields(Metadata) if (value := getattr(given, f.name)) is not None})
