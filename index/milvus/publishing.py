"""The passages of an index sent to Milvus, whole or not there: each generation is a collection of its own.

    NAME                     an alias: the newest generation that is whole
    NAME_0123456789abcdef    a generation, named by the hash of the files that it was made from

A collection that is not whole is dropped and sent again. The generation before is kept for whoever still asks it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from index.bm25 import mean_length
from index.contents import Contents
from index.errors import StoreError, UnavailableError
from index.folding import terms
from index.milvus.client import Client, load_pymilvus
from index.milvus.ranking import COLLECTION, DENSE, DOCUMENT, POSITION, SPARSE, word_weights
from index.nearest import FLAT, LISTS_PER_ROOT
from index.tables import PASSAGES

AT_ONCE = 1000  # passages that are sent together: some 2 MB
PATIENCE = 3600  # seconds that an index may take to be made, or to be loaded
SEGMENT = 500_000  # passages that Milvus has lists of their own for, about


def name_of(contents: Contents, alias: str) -> str:
    """The collection of an index's passages."""
    return f"{alias}_{contents.sha256[:16]}"


def is_published(client: Client, name: str, contents: Contents) -> bool:
    """Whether a collection is whole, and the one that the alias names; raises UnavailableError, StoreError."""
    return is_whole(client, name, contents) and pointed_to(client, client.address.collection) == name


def is_whole(client: Client, name: str, contents: Contents) -> bool:
    """Whether a collection has every passage, ready to be searched; raises UnavailableError."""
    if not client.do("has_collection", name):
        return False
    if not {DENSE, SPARSE} <= set(client.do("list_indexes", name)):  # it was left while it was written
        return False
    client.do("load_collection", name, seconds=PATIENCE)
    return count(client, name) == contents.tables.passages


def count(client: Client, name: str) -> int:
    """How many passages a collection has."""
    (row,) = client.do("query", name, filter="", output_fields=["count(*)"], consistency_level="Strong")
    return int(row["count(*)"])


def publish(client: Client, name: str, contents: Contents, say: Callable[[str], None]) -> None:
    """Send the passages of an index, and let the alias name them; raises UnavailableError, and leaves nothing then."""
    alias = client.address.collection
    before = pointed_to(client, alias)
    if before != name:
        prune(client, alias, {name, before})  # before any room is needed
    if not is_whole(client, name, contents):
        client.do("drop_collection", name)
        say(f"{contents.tables.passages:,} passages are sent to the store at {client.address.given}.")
        try:
            send(client, name, contents)
        except BaseException:
            with suppress(StoreError):
                client.do("drop_collection", name)
            raise
    if before != name:
        client.do("alter_alias" if before else "create_alias", name, alias)


def pointed_to(client: Client, alias: str) -> str:
    """The collection that an alias names, empty if there is no alias; raises StoreError if it is none."""
    if not client.do("has_collection", alias):
        return ""
    if alias in client.do("list_collections"):
        raise StoreError(f"{alias} in the store at {client.address.given} is no index of Quoth's. Name another.")
    return str(client.do("describe_alias", alias)["collection_name"])


def prune(client: Client, alias: str, kept: set[str]) -> None:
    """Drop the generations of an alias but those that are kept."""
    for name in client.do("list_collections"):
        if re.fullmatch(rf"{alias}_[0-9a-f]{{16}}", name) and name not in kept:
            client.do("drop_collection", name)


def send(client: Client, name: str, contents: Contents) -> None:
    """Make a collection of the passages of an index."""
    width = contents.vectors[PASSAGES].shape[1]
    client.do("create_collection", name, schema=make_schema(width))
    passages = rows(contents)
    while some := list(islice(passages, AT_ONCE)):
        client.do("insert", name, some, seconds=max(client.seconds, 60))
    client.do("flush", name, seconds=PATIENCE)
    client.do("create_index", name, make_indexes(contents.tables.passages), seconds=PATIENCE)
    client.do("load_collection", name, seconds=PATIENCE)
    if (there := count(client, name)) != contents.tables.passages:
        raise UnavailableError(
            f"The store at {client.address.given} has {there:,} of {contents.tables.passages:,} passages. "
            "Look whether it is full, then run quoth index again."
        )


def make_schema(width: int) -> Any:
    """What a passage is in a collection; `width` is that of the vectors."""
    milvus = load_pymilvus()
    schema = milvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(POSITION, milvus.DataType.INT64, is_primary=True)
    schema.add_field(DOCUMENT, milvus.DataType.INT64)
    schema.add_field(COLLECTION, milvus.DataType.VARCHAR, max_length=4096)
    schema.add_field(DENSE, milvus.DataType.FLOAT_VECTOR, dim=width)
    schema.add_field(SPARSE, milvus.DataType.SPARSE_FLOAT_VECTOR)
    return schema


def make_indexes(passages: int) -> Any:
    """All vectors are looked at up to as many as locally; beyond, those of some lists, a byte a number."""
    indexes = load_pymilvus().MilvusClient.prepare_index_params()
    lists = int(LISTS_PER_ROOT * min(passages, SEGMENT) ** 0.5)
    kind, settings = ("FLAT", {}) if passages <= FLAT else ("IVF_SQ8", {"nlist": lists})
    indexes.add_index(DENSE, index_type=kind, index_name=DENSE, metric_type="IP", params=settings)
    indexes.add_index(SPARSE, index_type="SPARSE_INVERTED_INDEX", index_name=SPARSE, metric_type="IP")
    return indexes


def rows(contents: Contents) -> Iterator[dict[str, Any]]:
    """Every passage as it is sent."""
    tables, vectors, lengths = contents.tables, contents.vectors[PASSAGES], contents.lengths[PASSAGES]
    mean = mean_length(lengths)
    for entry in tables.entries():
        extent = tables.extent(entry.id)
        for position in extent.passages:
            counts = Counter(terms(tables.passage(position).plain))
            yield {
                POSITION: position,
                DOCUMENT: extent.number,
                COLLECTION: entry.collection or "",
                DENSE: vectors[position],
                SPARSE: word_weights(contents, counts, int(lengths[position]), mean),
            }
