"""The vector store behind one narrow adapter: Milvus Lite in a local file, or a Milvus server by URI and token.

A row is a passage id, its document's id and its vector; no text. Everything can be rebuilt from SQLite. A collection
holds whole vectors, or binary ones (a bit per number, a thirtieth of the size) for a first choice among very many.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.store.vectors import binary_vectors
from core.store.vectors.binary_vectors import binary_vectors_of
from core.store.vectors.store_file import VectorStoreError, stamp_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

log = logging.getLogger(__name__)

BATCH_BYTES = 400_000  # larger inserts cost Milvus Lite more than their share: at 5 MB, fifty times as much per row
OPEN_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 120.0
KILL_TIMEOUT_S = 5.0
ID, DOCUMENT, VECTOR = "id", "document", "vector"
_NO_KEEPALIVE = {"grpc.keepalive_time_ms": 2**31 - 1}  # an idle client's pings are answered with GOAWAY, and printed
_starting = threading.RLock()


class VectorStore:
    """What all stores have in common. Any thread may search; one thread at a time writes. Raises `VectorStoreError`."""

    supports_binary = True
    """Whether collections of binary vectors can be created."""

    def __init__(self, client: Any) -> None:
        """Not called directly: use `open_store` or `connect`."""
        self._client = client

    def collections(self) -> set[str]:
        with _converted():
            names: list[str] = self._client.list_collections(timeout=OPEN_TIMEOUT_S)
            return set(names)

    def create(self, collection: str, dimension: int) -> None:
        """Create an empty collection for unit vectors, searched exactly by inner product, or binary ones by Hamming
        distance."""
        from pymilvus import DataType, MilvusClient

        with _converted():
            schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field(ID, DataType.INT64, is_primary=True)
            schema.add_field(DOCUMENT, DataType.INT64)
            index = self._client.prepare_index_params()
            if is_binary(collection):
                schema.add_field(VECTOR, DataType.BINARY_VECTOR, dim=-(-dimension // 8) * 8)
                index.add_index(VECTOR, index_type="BIN_FLAT", metric_type="HAMMING")
            else:
                schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
                index.add_index(VECTOR, index_type="FLAT", metric_type="IP")
            self._client.create_collection(
                collection, schema=schema, index_params=index, consistency_level="Strong", timeout=CALL_TIMEOUT_S
            )

    def drop(self, collection: str) -> None:
        with _converted():
            self._client.drop_collection(collection, timeout=CALL_TIMEOUT_S)

    def load(self, collection: str) -> None:
        """Load the collection into memory, as the first search would."""
        with _converted():
            self._client.load_collection(collection, timeout=CALL_TIMEOUT_S)

    def insert(
        self, collection: str, ids: Sequence[int], documents: Sequence[int], vectors: Vectors, *, known: bool = False
    ) -> None:
        """Add rows; `known` if some of these ids may exist already, which are then replaced."""
        write = self._client.upsert if known else self._client.insert
        stored = binary_vectors_of(vectors) if is_binary(collection) else vectors
        size = max(1, BATCH_BYTES // (len(stored[0]) * (1 if is_binary(collection) else 4) + 80))
        with _converted():
            if isinstance(stored, list) and not known:
                numbers = {ID: ids, DOCUMENT: documents}
                binary_vectors.insert(self._client, collection, numbers, (VECTOR, stored), CALL_TIMEOUT_S)
                return
            for start in range(0, len(ids), size):
                part = slice(start, start + size)
                rows = zip(ids[part], documents[part], stored[part], strict=True)
                write(collection, [{ID: i, DOCUMENT: d, VECTOR: v} for i, d, v in rows], timeout=CALL_TIMEOUT_S)

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        with _converted():
            for start in range(0, len(ids), 1000):
                self._client.delete(collection, ids=list(ids[start : start + 1000]), timeout=CALL_TIMEOUT_S)

    def count(self, collection: str) -> int:
        with _converted():
            rows = self._client.query(collection, filter="", output_fields=["count(*)"], timeout=CALL_TIMEOUT_S)
            return int(rows[0]["count(*)"])

    def has_rows(self, collection: str, ids: Sequence[int], documents: Sequence[int], vectors: Vectors) -> bool:
        """Whether the collection has all these rows exactly."""
        import numpy as np

        if not ids:
            return True
        with _converted():
            fields = [ID, DOCUMENT, VECTOR]
            rows = self._client.get(collection, ids=list(ids), output_fields=fields, timeout=CALL_TIMEOUT_S)
            there = {row[ID]: (row[DOCUMENT], row[VECTOR]) for row in rows}
        if set(there) != set(ids) or any(there[i][0] != document for i, document in zip(ids, documents, strict=True)):
            return False
        stored = [there[i][1] for i in ids]
        if is_binary(collection):
            return [bytes(signs[0]) for signs in stored] == binary_vectors_of(vectors)
        return bool(np.array_equal(np.asarray(stored, np.float32), vectors))

    def search(
        self, collection: str, vector: Vectors, limit: int, documents: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `limit` nearest passages as (id, cosine), nearest first; only of these documents, if given. In a binary
        collection, the negative Hamming distance in place of the cosine."""
        return self.begin_search(collection, vector, limit, documents)()

    def begin_search(
        self, collection: str, vector: Vectors, limit: int, documents: Collection[int] | None = None
    ) -> Callable[[], list[tuple[int, float]]]:
        """Start a search as `search` does; the returned function waits for its result."""
        signs = is_binary(collection)
        wanted = binary_vectors_of(vector[None, :])[0] if signs else vector
        among = "" if documents is None else f"{DOCUMENT} in [{','.join(str(int(i)) for i in documents)}]"
        with _converted():
            asked = self._client.search(
                collection, [wanted], limit=limit, filter=among, anns_field=VECTOR, timeout=CALL_TIMEOUT_S, _async=True
            )

        def answer() -> list[tuple[int, float]]:
            with _converted():
                found = asked.result()[0]
            best: dict[int, float] = {}
            for passage_id, distance in zip(found.ids, found.distances, strict=True):
                best.setdefault(int(passage_id), -float(distance) if signs else float(distance))
            return list(best.items())

        return answer

    def stamp(self) -> str:
        """A stamp that changes when someone else changes the store's file; "" where there is no file."""
        return ""

    def close(self) -> None:
        with _converted():
            self._client.close()


class LiteFileStore(VectorStore):
    """Milvus Lite 2.5: one file in SQLite's format, served by a child process on a private socket."""

    def __init__(self, client: Any, path: Path) -> None:
        super().__init__(client)
        self._path = path

    @classmethod
    def open(cls, path: Path) -> LiteFileStore:
        """Start the server. Another copy of the program on the same file is an error."""
        with _starting, _quiet_server(path.parent):
            end_stray_servers(path)
            try:
                _start(path)
                client = _client(str(path))
            except VectorStoreError:
                _release(path)
                raise
        if path.exists():
            path.chmod(0o600)
        return cls(client, path)

    def stamp(self) -> str:
        return stamp_of(self._path.parent)

    def close(self) -> None:
        """Close the client and end the child process, which the client alone does not do."""
        try:
            super().close()
        finally:
            _release(self._path)


def connect(uri: str, token: str = "", database: str = "") -> VectorStore:
    """Connect to a Milvus server or Zilliz Cloud. Vectors leave this machine then."""
    return VectorStore(_client(uri, token=token, db_name=database))


def new_collection_name(signs: bool) -> str:
    return ("signs_" if signs else "passages_") + uuid.uuid4().hex[:16]


def is_binary(collection: str) -> bool:
    return collection.startswith("signs_")


def end_stray_servers(path: Path) -> None:
    """End server processes left on this file by a copy of the program that was killed.

    They end by themselves when they can take the lock that their owner held, which they cannot once a new server has
    it; and two servers on one file would damage it. Whoever can take the lock knows that no owner is alive. Call it
    only while this process has no server on the file: closing the lock file would release its lock.
    """
    import fcntl

    import psutil

    lock = path.with_name(f".{path.name}.lock")
    with open(lock, "a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        for process in psutil.process_iter(["name", "uids"]):
            try:
                if process.info["name"] != "milvus" or process.info["uids"].real != os.getuid():
                    continue
                if process.cmdline()[1:2] == [str(path.resolve())]:
                    process.send_signal(signal.SIGKILL)
                    process.wait(KILL_TIMEOUT_S)
                    log.info("ended a vector store process that was left over")
            except psutil.Error:
                continue


def _client(uri: str, **options: Any) -> Any:
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it prints tracebacks of errors that are handled here
    with _converted():
        from pymilvus import MilvusClient

        return MilvusClient(uri, timeout=OPEN_TIMEOUT_S, grpc_options=_NO_KEEPALIVE, **options)


def _start(path: Path) -> None:
    """Start the server of `path` and wait until it answers. From a cold disk or on a busy processor that takes longer
    than the half second after which pymilvus tries to connect, once."""
    with _converted():
        from milvus_lite.server_manager import server_manager_instance

        uri = server_manager_instance.start_and_get_uri(str(path))
        if uri is None:
            raise VectorStoreError("its program does not start")
        child = server_manager_instance._servers[str(path.resolve())]._p
        end_s = time.monotonic() + OPEN_TIMEOUT_S
        while not _listens(uri.removeprefix("unix:")):
            if child.poll() is not None:
                raise VectorStoreError(f"its program ended with {child.returncode}")
            if time.monotonic() > end_s:
                raise VectorStoreError("its program does not answer")
            time.sleep(0.02)


def _listens(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def _release(path: Path) -> None:
    from milvus_lite.server_manager import server_manager_instance

    with _starting:
        if str(path.resolve()) in server_manager_instance._servers:
            server_manager_instance.release_server(str(path))


@contextmanager
def _quiet_server(folder: Path) -> Iterator[None]:
    """Keep Milvus Lite's process quiet. It takes its log level from the environment, prints to our standard error, and
    without `GLOG_minloglevel` writes logs into the system's folder of temporary files; what it might still log there
    goes to `folder`."""
    quiet = {"LOG_LEVEL": "FATAL", "GLOG_minloglevel": "3", "GLOG_log_dir": str(folder)}
    before = {name: os.environ.get(name) for name in quiet}
    os.environ.update(quiet)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _converted() -> Iterator[None]:
    """Convert third-party errors to `VectorStoreError`."""
    try:
        yield
    except VectorStoreError:
        raise
    except Exception as error:  # pymilvus raises whatever grpc, its own parser or an import did
        cause = f", because of {error.__cause__!r}" if error.__cause__ is not None else ""
        raise VectorStoreError(re.sub(r"\s+", " ", f"{error!r}{cause}")[:500]) from error
