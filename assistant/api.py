"""The web application: FastAPI, with the Gradio page mounted at its root."""

import os

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


def serve(quoth: Assistant, host: str, port: int) -> None:
    """Serve the application until it is interrupted."""
    uvicorn.run(make_app(quoth), host=host, port=port, log_level="warning")
