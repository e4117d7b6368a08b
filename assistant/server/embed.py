"""What is embedded: the widget's script, and the page that an iframe or a plain link opens."""

from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assistant.config import MAX_QUESTION
from assistant.settings import Settings

WIDGET = Path(__file__).parent.parent / "widget"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; frame-ancestors 'self'"
)
FILES = {
    "widget.js": ("text/javascript", "cross-origin"),
    "embed.js": ("text/javascript", "same-origin"),
    "embed.css": ("text/css", "same-origin"),
}
THEMES = ("light", "dark", "auto")
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quoth</title>
<link rel="stylesheet" href="embed.css">
<script src="embed.js" defer></script>
<script src="widget.js" defer></script>
<body data-theme="{theme}"{host}>
<main><quoth-assistant theme="{theme}"{document}{question}></quoth-assistant></main>
<noscript>Quoth needs JavaScript here.</noscript>
</body>
</html>
"""


def make_embeds(settings: Settings) -> APIRouter:
    """The routes: /embed and the files it and other pages load."""
    embeds = APIRouter(include_in_schema=False)
    policy = " ".join((POLICY, *settings.allow_origin))

    @embeds.get("/embed")
    async def embed(request: Request) -> Response:
        asked = request.query_params
        theme = asked.get("theme", "auto")
        page = PAGE.format(
            theme=theme if theme in THEMES else "auto",
            host=attribute("data-host", asked.get("origin")),
            document=attribute("document", asked.get("doc")),
            question=attribute("question", asked.get("q")),
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    for name in FILES:
        embeds.add_api_route(f"/{name}", make_file(name), methods=["GET"])
    return embeds


def make_file(name: str) -> Callable[[], Awaitable[Response]]:
    """The route of one file."""
    media_type, resource = FILES[name]
    headers = {"Cross-Origin-Resource-Policy": resource, "Cache-Control": "public, max-age=300"}
    content = (WIDGET / name).read_bytes()

    async def file() -> Response:
        return Response(content, headers=headers, media_type=media_type)

    return file


def attribute(name: str, value: str | None) -> str:
    """An attribute of the page, escaped; nothing where there is no value."""
    return "" if value is None else f' {name}="{escape(value[:MAX_QUESTION])}"'
