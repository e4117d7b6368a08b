"""The web application: FastAPI, with the Gradio page mounted at its root."""

import os
import socket
import sys

import uvicorn
from fastapi import FastAPI

from assistant.assistant import Assistant
from assistant.feedback import FeedbackStore


def make_app(quoth: Assistant, feedback: FeedbackStore | None = None) -> FastAPI:
    """The application of one assistant; without a store no feedback is asked for."""
    # Before gradio is imported, which asks for its version and sends statistics otherwise.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from assistant.ui import make_page, page_head, page_theme

    app = FastAPI(title="Quoth", docs_url=None, redoc_url=None)
    return gr.mount_gradio_app(
        app,
        make_page(quoth, feedback),
        path="/",
        theme=page_theme(),
        head=page_head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        show_error=False,
    )


def serve(quoth: Assistant, listening: socket.socket, feedback: FeedbackStore | None = None) -> None:
    """Serve the application on a socket until it is interrupted."""
    host, port = listening.getsockname()[:2]
    print(f"Quoth answers at http://{f'[{host}]' if ':' in host else host}:{port}", file=sys.stderr)
    uvicorn.Server(uvicorn.Config(make_app(quoth, feedback), log_level="warning")).run(sockets=[listening])
