"""Settings as command-line flags."""

import argparse
import os
import re
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from assistant.settings import Settings
from assistant.settings_sources import read_settings
from index.sharing import Share

TABLES = ("wikis",)  # in a TOML file only
SOURCE_OPTIONS = ("source", "index_dir", *TABLES)
INDEX_OPTIONS = (*SOURCE_OPTIONS, "encoder", "store", "store_seconds")
ANSWER_OPTIONS = (*INDEX_OPTIONS, "reader", "threshold", "unit")
ASK_OPTIONS = (*ANSWER_OPTIONS, "collection", "contact")
PAIRS = {"groups": "PATH=GROUP,GROUP", "contact": "FOLDER=X"}
MOST_WORKERS = 256
SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)
METAVARS = {Path: "PATH", int: "N", float: "X"}


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add a flag for each of these settings; a missing flag leaves the setting to the environment and the file."""
    for name in [name for name in names if name not in TABLES]:
        parser.add_argument(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, **argument_of(name))
    meaning = "a TOML file of settings (default: the environment's QUOTH_CONFIG)"
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=meaning)
    parser.set_defaults(settings=names)


def argument_of(name: str) -> dict[str, Any]:
    """Return argparse's keyword arguments for a setting."""
    field: FieldInfo = Settings.model_fields[name]
    meaning = (field.description or "").replace("%", "%%")
    if name.startswith("no_"):
        return {"action": "store_true", "help": meaning}
    if field.annotation in (bool, bool | None):
        return {"action": argparse.BooleanOptionalAction, "help": meaning}
    if field.default in ((), {}):
        metavar = "X" if field.default == () else PAIRS[name]
        return {"action": "append", "metavar": metavar, "help": f"{meaning}; may be given more than once"}
    default = str(field.default).replace("%", "%%") or "none"
    metavar = METAVARS.get(field.annotation, "NAME")  # type: ignore[arg-type]
    return {"metavar": metavar, "help": f"{meaning} (default: {default})"}


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of a parsed command line; raises QuothError if one is invalid."""
    return read_settings(vars(options), os.environ, options.settings)


def parse_share(text: str) -> float:
    """Parse a number in [0, 1]."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def parse_count(text: str) -> int:
    """Parse how many processes there are to be."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_WORKERS}")
    return int(text)


def parse_shard(text: str) -> Share:
    """Parse which share of how many is one's own, such as 1/4."""
    found = SHARD.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard; the first of four is 1/4, the last 4/4")
    return Share(int(found[1]), int(found[2]))
