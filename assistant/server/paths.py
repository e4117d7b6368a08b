"""Paths: the sub-path that a proxy serves this under, and what is left without it."""

from starlette.types import Scope

OPENAI = "/v1/"  # what speaks OpenAI's form
UPLOAD = "/upload"  # takes a file for an open page


def set_root(scope: Scope, root: str) -> None:
    """Set the sub-path on a request, whether the proxy kept it in the path or stripped it."""
    if root:
        path = scope["path"]
        scope["path"] = path if path == root or path.startswith(f"{root}/") else root + path
        scope["root_path"] = root


def route_path(scope: Scope) -> str:
    """The path, without the sub-path this is served under."""
    return str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"


def speaks_openai(scope: Scope) -> bool:
    """Whether a request is for what speaks OpenAI's form, in its errors too."""
    return route_path(scope).startswith(OPENAI)
