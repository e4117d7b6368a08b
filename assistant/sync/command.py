"""quoth sync."""

import argparse
import os
from typing import Any

from assistant.options import INDEX_OPTIONS, add_options, settings_of
from assistant.settings import Settings
from assistant.sync.wikis import Wikis
from assistant.terminal import tell
from index.errors import WikiError


def add_command(commands: Any) -> None:
    """Add it to the parsers of a command line."""
    sync = commands.add_parser("sync", help="fetch what has changed in the wikis that the settings name")
    add_options(sync, *INDEX_OPTIONS)
    sync.set_defaults(run=run_sync)


def run_sync(options: argparse.Namespace) -> None:
    """quoth sync"""
    settings = settings_of(options)
    if not settings.wikis:
        raise WikiError("The settings name no wiki. Write a [[wikis]] table into the file that --config names.")
    problems: list[str] = []
    wikis = Wikis(settings, os.environ)
    for synced in wikis.sync(complete=True, say=tell):
        if synced.pages or not synced.problems:
            print(f"{synced.wiki}: {synced.pages} pages, {synced.fetched} fetched, {synced.removed} removed")
        problems += synced.problems
    wikis.close()
    for problem in problems[:-1]:
        tell(problem)
    if problems:
        raise WikiError(problems[-1])


def sync_new(settings: Settings) -> Wikis:
    """Return the wikis of the settings; those that were never read are read, or told of on standard error."""
    wikis = Wikis(settings, os.environ)
    if settings.sync_seconds and not settings.no_watch:
        for synced in wikis.sync(complete=True, new_only=True, say=tell):
            for problem in synced.problems:
                tell(problem)
    return wikis
