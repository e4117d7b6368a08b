"""Settings as flags of a command line."""

import argparse
import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from assistant.settings import Settings, read_settings

TABLES = ("wikis",)  # of a TOML file alone
SOURCED = ("source", "index_dir", *TABLES)
INDEXED = (*SOURCED, "encoder")
ANSWERED = (*INDEXED, "reader", "threshold")
ASKED = (*ANSWERED, "collection")
METAVARS = {Path: "PATH", int: "N", float: "X"}


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """A flag for each of these settings; one that is not given is left to the environment and the file."""
    for name in [name for name in names if name not in TABLES]:
        parser.add_argument(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, **form(name))
    meaning = "a TOML file of settings (default: the environment's QUOTH_CONFIG)"
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=meaning)
    parser.set_defaults(settings=names)


def form(name: str) -> dict[str, Any]:
    """What argparse is told of a setting besides its flag."""
    field: FieldInfo = Settings.model_fields[name]
    meaning = (field.description or "").replace("%", "%%")
    if name.startswith("no_"):
        return {"action": "store_true", "help": meaning}
    if field.annotation in (bool, bool | None):
        return {"action": argparse.BooleanOptionalAction, "help": meaning}
    if field.default in ((), {}):
        metavar = "X" if field.default == () else "PATH=GROUP,GROUP"
        return {"action": "append", "metavar": metavar, "help": f"{meaning}; may be given more than once"}
    default = str(field.default).replace("%", "%%") or "none"
    metavar = METAVARS.get(field.annotation, "NAME")  # type: ignore[arg-type]
    return {"metavar": metavar, "help": f"{meaning} (default: {default})"}


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of a parsed command line; raises QuothError where one cannot be."""
    return read_settings(vars(options), os.environ, options.settings)


def share(text: str) -> float:
    """A number in [0, 1], from a flag that is no setting."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value
