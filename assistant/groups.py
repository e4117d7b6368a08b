"""Groups of readers in the settings: which may read a file or a folder of the sources."""

from collections.abc import Mapping

FORM = "A group has up to 200 characters, no comma, no semicolon, no space around it."


def is_group(name: str) -> bool:
    """Whether something can be a group's name: headers and flags have several between commas."""
    return 0 < len(name) <= 200 and name == name.strip() and not set(name) & set(",;") and name.isprintable()


def read_groups(value: object) -> object:
    """A table of lists, also where a flag or the environment gives it as "hr=staff,board;plans=board".

    Raises ValueError where an entry names no groups; what is of another form is given back as it is.
    """
    if isinstance(value, Mapping):
        return {path: [named] if isinstance(named, str) else named for path, named in value.items()}
    given = value.split(";") if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        return value
    groups = {}
    for entry in filter(str.strip, given):
        path, is_pair, named = entry.partition("=")
        if not is_pair:
            raise ValueError(f"{entry!r} names no groups; write it like hr=staff,board")
        groups[path.strip()] = [group.strip() for group in named.split(",") if group.strip()]
    return groups


def check_groups(groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Strip slashes around the paths; raises ValueError for a path outside the sources, or an invalid group name."""
    for path, named in groups.items():
        if not path.strip("/ ") or ".." in path.split("/"):
            raise ValueError(f"{path!r} is no file or folder of the sources; name one, such as hr/salaries.md")
        for group in named:
            if not is_group(group):
                raise ValueError(f"{group!r} is no name for a group. {FORM}")
    return {path.strip().strip("/"): named for path, named in groups.items()}
