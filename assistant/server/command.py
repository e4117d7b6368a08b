"""quoth serve and quoth token: their options, made from the settings, and what they do."""

import argparse
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from assistant.assistant import Assistant
from assistant.server.settings import Settings, read_settings, to_toml
from assistant.server.tokens import TokenFile
from index.errors import QuothError

Open = Callable[[argparse.Namespace], Assistant]


def add_commands(commands: Any, open_assistant: Open) -> None:
    """Add both to the parsers of a command line; `open_assistant` opens what their options ask for."""
    serve = commands.add_parser("serve", help="serve the page, the API and the embeds")
    add_options(serve, tuple(Settings.model_fields))
    serve.add_argument("--config", metavar="FILE", help="a TOML file of settings (default: QUOTH_CONFIG)")
    serve.add_argument("--print-config", action="store_true", help="print the settings in force and end")
    serve.set_defaults(run=lambda options: run_serve(options, open_assistant))

    token = commands.add_parser("token", help="make, list and revoke the tokens that --auth asks for")
    does = token.add_subparsers(required=True, metavar="DOES")
    for name, run, told in (
        ("add", run_add, "make a token and print it, once"),
        ("list", run_list, "list the tokens"),
        ("revoke", run_revoke, "revoke a token"),
    ):
        one = does.add_parser(name, help=told)
        add_options(one, ("tokens",))
        one.set_defaults(run=run)
        if name != "list":
            one.add_argument("name", help="whose token it is: letters, digits, dots and dashes")
        if name == "add":
            one.add_argument("--site", action="store_true", help="a wiki's own: it may mint tokens for its embeds")
            one.add_argument("--days", type=int, metavar="N", help="good for N days (default: until revoked)")


def add_options(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    """A flag for each setting; one that is not given is left to the environment and the file."""
    for name in names:
        field = Settings.model_fields[name]
        flag = f"--{name.replace('_', '-')}"
        told = (field.description or "").replace("%", "%%")
        if name.startswith("no_"):
            parser.add_argument(flag, action="store_true", default=argparse.SUPPRESS, help=told)
        elif field.annotation in (bool, bool | None):
            action: Any = argparse.BooleanOptionalAction
            parser.add_argument(flag, action=action, default=argparse.SUPPRESS, help=told)
        elif field.default == ():
            told += "; may be given more than once"
            parser.add_argument(flag, action="append", default=argparse.SUPPRESS, metavar="X", help=told)
        else:
            shown = f"{told} (default: {str(field.default).replace('%', '%%') or 'none'})"
            parser.add_argument(flag, default=argparse.SUPPRESS, metavar="X", help=shown)


def run_serve(options: argparse.Namespace, open_assistant: Open) -> None:
    """quoth serve"""
    settings = read_settings(vars(options), os.environ)
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
        serve(open_assistant(argparse.Namespace(**settings.model_dump())), settings, listening)


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
    """The file that a token command's options, the environment or the default name."""
    return TokenFile(read_settings({"tokens": options.tokens} if "tokens" in options else {}, os.environ).tokens)


def run_add(options: argparse.Namespace) -> None:
    """quoth token add NAME"""
    print(token_file(options).add(options.name, options.site, options.days, datetime.now(UTC)))


def run_list(options: argparse.Namespace) -> None:
    """quoth token list"""
    for token in token_file(options).read().tokens:
        ends = f"until {token.expires:%Y-%m-%d}" if token.expires else "until revoked"
        print(f"{token.name}\t{'site' if token.site else 'caller'}\tmade {token.made:%Y-%m-%d}\t{ends}")


def run_revoke(options: argparse.Namespace) -> None:
    """quoth token revoke NAME"""
    token_file(options).revoke(options.name)
