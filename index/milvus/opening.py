"""An index that is searched in a store: what the store lacks is sent there first."""

import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import StoreError
from index.milvus.address import read_address
from index.milvus.client import connect
from index.milvus.publishing import is_published, name_of, publish
from index.milvus.ranking import MilvusRanking
from index.retriever import Index

LOCK_SECONDS = 600


def search_in(store: str, seconds: float, index: Index, folder: Path, say: Callable[[str], None]) -> Index:
    """The same index, its passages ranked by a store; `folder` is where indexes are kept.

    `seconds` is how long the store may take for an answer. Raises UnavailableError, StoreError.
    """
    try:
        client = connect(read_address(store, os.environ), seconds)
    except ValueError as error:
        raise StoreError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    contents = index.contents
    name = name_of(contents, client.address.collection)
    if not is_published(client, name, contents):
        try:
            with FileLock(folder / "store.lock", timeout=LOCK_SECONDS):
                publish(client, name, contents, say)
        except Timeout as error:
            raise StoreError(f"Another process is still sending this index to {store}. Wait for it.") from error
    return index.ranked_by(MilvusRanking(contents, index.config.rrf_k, client, name))
