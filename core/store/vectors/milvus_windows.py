"""Milvus Lite 3 for Windows, where 2.5 does not exist: a folder, served by a process of its own. Not yet run on
Windows.

Its measured behaviour asks for these guards: one writer, writes flushed and read back, deletion by ids only, no call
after a failed write, results without duplicates, and the server in our own process, since at 100,000 rows a search
would stop the window's Python for a tenth of a second.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.store.vectors.milvus import VectorStore
from core.store.vectors.store_file import VectorStoreError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

CALL_TIMEOUT_S = 300.0
START_TIMEOUT_S = 120.0
FLUSH_ROWS = 1000


class LiteFolderStore(VectorStore):
    """Talks to the process that owns the folder, one call at a time, so that there is one writer."""

    supports_binary = False

    def __init__(self, path: Path, process: BaseProcess, connection: Connection) -> None:
        self._path = path
        self._process = process
        self._connection = connection
        self._calling = threading.Lock()
        self._failed = False

    @classmethod
    def open(cls, path: Path) -> LiteFolderStore:
        """Start the process. A folder that does not open is tried once more without its indexes."""
        try:
            return cls._started(path)
        except VectorStoreError:
            for indexes in path.glob("**/indexes"):
                shutil.rmtree(indexes, ignore_errors=True)
            return cls._started(path)

    @classmethod
    def _started(cls, path: Path) -> LiteFolderStore:
        from multiprocessing import get_context

        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, str(path)), name="papermoor-vectors", daemon=True)
        process.start()
        theirs.close()
        store = cls(path, process, ours)
        try:
            store._answer(START_TIMEOUT_S)
        except VectorStoreError:
            store._end()
            raise
        return store

    def collections(self) -> set[str]:
        names: list[str] = self._call("collections")
        return set(names)

    def create(self, collection: str, dimension: int) -> None:
        self._call("create", collection, dimension)

    def drop(self, collection: str) -> None:
        self._call("drop", collection)

    def load(self, collection: str) -> None:
        self._call("load", collection)

    def insert(
        self, collection: str, ids: Sequence[int], documents: Sequence[int], vectors: Vectors, *, known: bool = False
    ) -> None:
        for start in range(0, len(ids), FLUSH_ROWS):
            part = slice(start, start + FLUSH_ROWS)
            self._call("insert", collection, list(ids[part]), list(documents[part]), vectors[part])

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        self._call("delete", collection, list(ids))

    def count(self, collection: str) -> int:
        rows: int = self._call("count", collection)
        return rows

    def search(
        self, collection: str, vector: Vectors, limit: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = self._call(
            "search", collection, vector, limit, None if documents is None else list(documents)
        )
        return found

    def begin_search(
        self, collection: str, vector: Vectors, limit: int, documents: Collection[int] | None = None
    ) -> Callable[[], list[tuple[int, float]]]:
        return partial(self.search, collection, vector, limit, documents)

    def stamp(self) -> str:
        """Always "": this store rewrites its files by itself, so that a stamp would tell nothing; the count is
        checked."""
        return ""

    def close(self) -> None:
        if not self._failed:
            try:
                self._call("close")
            finally:
                self._end()
        else:
            self._end()

    def _call(self, method: str, *arguments: object) -> Any:
        with self._calling:
            if self._failed:
                raise VectorStoreError("the process has failed before")
            try:
                self._connection.send((method, arguments))
            except OSError as error:
                self._failed = True
                raise VectorStoreError(repr(error)) from error
            return self._answer(CALL_TIMEOUT_S)

    def _answer(self, timeout_s: float) -> Any:
        try:
            if not self._connection.poll(timeout_s):
                raise VectorStoreError("the process does not answer")
            good, answer = self._connection.recv()
        except (EOFError, OSError) as error:
            self._failed = True
            raise VectorStoreError(repr(error)) from error
        except VectorStoreError:
            self._failed = True
            raise
        if not good:
            self._failed = True  # after a failed write there is to be no flush and no close
            raise VectorStoreError(answer)
        return answer

    def _end(self) -> None:
        self._failed = True
        self._connection.close()
        self._process.join(5.0 if self._process.exitcode is None else 0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def serve(connection: Connection, path: str) -> None:
    """The process: answers calls in order until the pipe closes; any error is reported and ends it."""
    try:
        served = _Served(path)
        connection.send((True, None))
        while True:
            method, arguments = connection.recv()
            connection.send((True, getattr(served, method)(*arguments)))
    except (EOFError, OSError):
        pass
    except Exception as error:  # told to the caller, who starts a new process
        connection.send((False, repr(error)))
    os._exit(0)


class _Served:
    """The only user of the folder."""

    def __init__(self, path: str) -> None:
        from core.store.vectors.milvus import _client

        self._path = path
        self._store = VectorStore(_client(path))
        for name in self._store.collections():
            self._store.load(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def insert(self, collection: str, ids: list[int], documents: list[int], vectors: Vectors) -> None:
        self._store.insert(collection, ids, documents, vectors, known=True)
        client = self._store._client
        client.flush(collection)
        found = client.query(collection, ids=ids, output_fields=["id"])
        if len({row["id"] for row in found}) != len(set(ids)):
            raise VectorStoreError("rows are missing after they were written")

    def close(self) -> None:
        from milvus_lite.server_manager import server_manager_instance

        self._store.close()
        server_manager_instance.release_server(self._path)
