"""milvus-lite for tests, as a file or behind a port of its own in this process, and documents to search in it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from index.milvus.client import connect
from index.retriever import Index
from index.store import open_index
from tests.conftest import HashEncoder

TEXTS = {
    "weather.txt": "Rain fell in May.[1] The river rose by 3 feet.\n\nSnow fell in June.\n\n[1] Roe, Rain, page 4.\n",
    "board/plans.txt": "The mine at Quoxville was sold in May.\n\nRain fell on the mine.\n\nThe board met twice.\n",
    "board/pay.txt": "Rain or not, the board is paid in June.\n\nThe mine pays nothing.\n",
    'odd "names"/\\ships.txt': "Two ships left in May, and one ship came back in the rain.\n",
}


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "texts"


def open_alone(folder: Path) -> Index:
    return open_index(folder / "texts", folder / "idx", encoder=HashEncoder())


class Engine:
    """milvus-lite behind a port; it can be stopped and started again with what it has."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.running = folder, 0, None
        self.start()

    def start(self) -> None:
        from milvus_lite.adapter.grpc.server import start_server_in_thread

        *self.running, self.port = start_server_in_thread(str(self.folder), port=self.port)

    def stop(self) -> None:
        if self.running:
            server, database = self.running
            server.stop(grace=0).wait()
            database.close()
        self.running = None

    @property
    def store(self) -> str:
        return f"milvus://127.0.0.1:{self.port}/rain"


@contextmanager
def polling_often() -> Iterator[None]:
    """The client looks at once whether an index is made, where it would wait half a second first."""
    clock = SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.01)))
    with mock.patch("pymilvus.client.grpc_handler.time", clock):
        yield


@contextmanager
def running(folder: Path) -> Iterator[Engine]:
    """An engine that keeps what it has in a folder."""
    with polling_often():
        engine = Engine(folder)
        yield engine
        engine.stop()
    connect.cache_clear()


def assistant_in(folder: Path, engine: Engine, seconds: float = 5) -> Assistant:
    config = Config(folder / "texts", folder / "idx", threshold=0.01, store=engine.store, store_seconds=seconds)
    return Assistant.from_config(config, HashEncoder(), reader=SentenceReader())


@contextmanager
def answering(engine: Engine, call: str, does: Callable[..., Any]) -> Iterator[None]:
    """Meanwhile, the engine does something else when it is asked this."""
    from milvus_lite.adapter.grpc.servicer import MilvusServicer

    engine.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MilvusServicer, call, does)
        engine.start()
        yield
        engine.stop()
    engine.start()


def failing(reason: str, code: int = 1) -> Callable[..., Any]:
    from pymilvus.grpc_gen import common_pb2, milvus_pb2

    return lambda *_: milvus_pb2.MutationResult(status=common_pb2.Status(code=code, error_code=code, reason=reason))
