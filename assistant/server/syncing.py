"""Keeping wikis' pages in step while the server runs; what changes in their folders is read as any changed file."""

import asyncio

from fastapi.concurrency import run_in_threadpool

from assistant.server.logs import log
from assistant.sync.folder import Synced
from assistant.sync.wikis import Wikis


async def keep_in_step(wikis: Wikis, seconds: int) -> None:
    """Synchronise the wikis again and again; a failure is logged once, until it changes."""
    said: dict[str, tuple[str, ...]] = {}
    while True:
        for synced in await run_in_threadpool(wikis.sync):
            tell(synced, said)
        await asyncio.sleep(seconds)


def tell(synced: Synced, said: dict[str, tuple[str, ...]]) -> None:
    """Write what was done for a wiki into the log, and what failed unless it was `said` the time before."""
    if synced.fetched or synced.removed:
        log("wiki read", wiki=synced.wiki, pages=synced.pages, fetched=synced.fetched, removed=synced.removed)
    if synced.problems and synced.problems != said.get(synced.wiki):
        log("wiki not read", wiki=synced.wiki, why=synced.problems[0], problems=len(synced.problems))
    said[synced.wiki] = synced.problems
