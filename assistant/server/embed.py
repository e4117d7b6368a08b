"""What is embedded: the widget's script, and the page that an iframe or a plain link opens."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from assistant.config import MAX_QUESTION
from assistant.settings import Settings
from assistant.templates import load_templates

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


def make_embeds(settings: Settings) -> APIRouter:
    """The routes: /embed and the files it and other pages load."""
    embeds = APIRouter(include_in_schema=False)
    policy = " ".join((POLICY, *settings.allow_origin))
    template = load_templates(Path(__file__).parent / "templates").get_template("embed.html")

    @embeds.get("/embed")
    async def embed(request: Request) -> Response:
        asked = request.query_params
        theme = asked.get("theme", "auto")
        page = template.render(
            theme=theme if theme in THEMES else "auto",
            host=cut(asked.get("origin")),
            document=cut(asked.get("doc")),
            collection=cut(asked.get("collection")),
            question=cut(asked.get("q")),
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


def cut(value: str | None) -> str | None:
    """A parameter of the address, no longer than a question may be."""
    return None if value is None else value[:MAX_QUESTION]
