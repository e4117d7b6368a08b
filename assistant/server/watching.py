"""Keeping up with the files: when some change, the index is opened again, and asked from then on."""

import asyncio
from pathlib import Path

from fastapi.concurrency import run_in_threadpool
from watchfiles import Change, awatch

from assistant.server.documents import Documents
from assistant.server.logs import log
from assistant.server.problems import AWAY_SECONDS
from index.errors import QuothError, UnavailableError

QUIET = 1000  # milliseconds without another change, so that a copy under way is not read in halves


async def keep_up(documents: Documents) -> None:
    """Open the assistant again whenever its files have changed; where that fails, the one before goes on."""
    config = documents.quoth.config
    source, own = config.source.resolve(), config.index_dir.resolve()
    wikis = [folder.resolve() for folder in config.wikis]

    def is_source(change: Change, path: str) -> bool:
        one = Path(path)
        if any(one.is_relative_to(folder) for folder in wikis):
            return not one.name.startswith(".")
        if source.is_dir():
            return one.is_relative_to(source) and not one.is_relative_to(own)
        return one in (source, beside(source))

    for folder in wikis:
        folder.mkdir(parents=True, exist_ok=True)
    places = [source if source.is_dir() else source.parent, *wikis]
    async for _ in awatch(*places, watch_filter=is_source, step=QUIET, recursive=source.is_dir() or bool(wikis)):
        while not await read_again(documents):
            await asyncio.sleep(AWAY_SECONDS)


async def read_again(documents: Documents) -> bool:
    """Open the assistant again; False where that is worth another try, for the store to search in is away."""
    try:
        documents.replace(await run_in_threadpool(documents.quoth.again, log))
        log("documents read again", documents=len(documents.quoth.index.documents))
    except UnavailableError as error:
        log("documents not read again yet", why=str(error))
        return False
    except QuothError as error:
        log("documents not read again", why=str(error))
    return True


def beside(source: Path) -> Path:
    """The file that tells of a document."""
    return source.with_suffix(".toml")
