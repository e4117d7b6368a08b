"""quoth serve, quoth mcp and quoth token."""

import argparse
import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from assistant.assistant import Assistant
from assistant.options import ASK_OPTIONS, add_options, settings_of
from assistant.server.tokens import TokenFile
from assistant.settings import Settings
from assistant.settings_sources import to_toml
from assistant.sync.command import sync_new
from index.errors import QuothError

Open = Callable[[Settings], Assistant]


def add_commands(commands: Any, open_assistant: Open) -> None:
    """Add them to the parsers of a command line; `open_assistant` opens what their settings name."""
    serve = commands.add_parser("serve", help="serve the page, the API and the embeds")
    add_options(serve, *Settings.model_fields)
    serve.add_argument("--print-config", action="store_true", help="print the settings in force and end")
    serve.set_defaults(run=lambda options: run_serve(options, open_assistant))

    mcp = commands.add_parser("mcp", help="serve an agent on this machine, on standard input and output")
    add_options(mcp, *ASK_OPTIONS, "no_watch")
    mcp.set_defaults(run=lambda options: run_mcp(options, open_assistant))

    token = commands.add_parser("token", help="make, list and revoke the tokens that --auth asks for")
    actions = token.add_subparsers(required=True, metavar="DOES")
    add = add_action(actions, "add", run_add, "make a token and print it, once")
    add.add_argument("--site", action="store_true", help="a wiki's own: it may mint tokens for its embeds")
    add.add_argument("--days", type=int, metavar="N", help="good for N days (default: until revoked)")
    add_action(actions, "list", run_list, "list the tokens")
    meaning = "a group that whoever shows it is in; may be given more than once"
    add.add_argument("--group", action="append", default=[], metavar="NAME", help=meaning)
    revoke = add_action(actions, "revoke", run_revoke, "revoke a token")
    for parser in (add, revoke):
        parser.add_argument("name", help="whose token it is: letters, digits, dots and dashes")


def add_action(
    actions: Any, name: str, run: Callable[[argparse.Namespace], None], meaning: str
) -> argparse.ArgumentParser:
    """Add one of the things that quoth token does."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=meaning)
    add_options(parser, "tokens")
    parser.set_defaults(run=run)
    return parser


def run_serve(options: argparse.Namespace, open_assistant: Open) -> None:
    """quoth serve"""
    settings = settings_of(options)
    if options.print_config:
        print(to_toml(settings), end="")
        return
    tokens = TokenFile(settings.tokens) if settings.auth else None
    if tokens and not settings.trusted_proxy and not tokens.read().tokens:
        raise QuothError(
            "--auth has nobody to let in. Make a token with quoth token add NAME, or name a proxy with --trusted-proxy."
        )
    # Imported here: gradio takes seconds, and no other command needs it.
    from assistant.server.app import serve

    with listen(settings.host, settings.port) as listening:
        wikis = sync_new(settings)
        serve(open_assistant(settings), settings, listening, wikis)


def run_mcp(options: argparse.Namespace, open_assistant: Open) -> None:
    """quoth mcp"""
    settings = settings_of(options)
    if not find_spec("mcp"):
        raise QuothError("quoth mcp needs the package mcp. Install Quoth with its extra: pip install 'quoth[agents]'.")
    from assistant.server.documents import Documents
    from assistant.server.mcp import serve_stdio

    asyncio.run(serve_stdio(Documents(open_assistant(settings)), watch=not settings.no_watch))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises QuothError if it cannot, before anything is loaded."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        raise QuothError(
            f"{host}:{port} cannot be listened on ({getattr(error, 'strerror', error)}). "
            "Choose others with --host and --port."
        ) from error


def token_file(options: argparse.Namespace) -> TokenFile:
    """The file of tokens that a command line names."""
    return TokenFile(settings_of(options).tokens)


def run_add(options: argparse.Namespace) -> None:
    """quoth token add NAME"""
    print(token_file(options).add(options.name, options.site, options.days, datetime.now(UTC), options.group))


def run_list(options: argparse.Namespace) -> None:
    """quoth token list"""
    for token in token_file(options).read().tokens:
        ends = f"until {token.expires:%Y-%m-%d}" if token.expires else "until revoked"
        kind, groups = "site" if token.site else "caller", "".join(f"\t{group}" for group in token.groups)
        print(f"{token.name}\t{kind}\tmade {token.made:%Y-%m-%d}\t{ends}{groups}")


def run_revoke(options: argparse.Namespace) -> None:
    """quoth token revoke NAME"""
    token_file(options).revoke(options.name)
