"""The web application: FastAPI, with the Gradio page mounted at its root."""

import os
import socket
import sys

import uvicorn
from fastapi import FastAPI

from assistant.assistant import Assistant


def make_app(quoth: Assistant) -> FastAPI:
    """The application of one assistant."""
    # Before gradio is imported, which asks for its version and sends statistics otherwise.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from assistant.ui import STATIC, make_page, make_theme

    app = FastAPI(title="Quoth", docs_url=None, redoc_url=None)
    return gr.mount_gradio_app(
        app,
        make_page(quoth),
        path="/",
        theme=make_theme(),
        css_paths=STATIC / "page.css",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        show_error=False,
    )


def serve(quoth: Assistant, listening: socket.socket) -> None:
    """Serve the application on a socket until it is interrupted."""
    host, port = listening.getsockname()[:2]
    print(f"Quoth answers at http://{f'[{host}]' if ':' in host else host}:{port}", file=sys.stderr)
    uvicorn.Server(uvicorn.Config(make_app(quoth), log_level="warning")).run(sockets=[listening])
