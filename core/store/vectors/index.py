"""Vector search: the vectors of SQLite, kept in step with the vector store that searches them.

The store is derived. It is rebuilt when it is missing, damaged, changed by someone else or short of rows; meanwhile
searches read the vectors in SQLite, which is slower and as exact.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs import Job
from core.store.database import Database
from core.store.vectors.consistency import agrees
from core.store.vectors.file_digest import FileDigest
from core.store.vectors.ledger import BEING_WRITTEN, EmbedderState, VectorLedger
from core.store.vectors.milvus import VectorStore, is_binary, new_collection_name
from core.store.vectors.open_store import open_store
from core.store.vectors.query import DELETE_ROWS, VectorQuery
from core.store.vectors.store_file import FILE_NAME, VectorStoreError, scrub, stamp_of, wipe
from models.cancel import CancelToken
from models.faults import Cancelled, Fault
from models.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

log = logging.getLogger(__name__)

PUSH_ROWS = 8000
BINARY_FROM = 20_000  # vectors from which on the store holds signs; exact search of as many takes about 10 ms


class VectorIndex:
    """The vectors of all embedders. `folder` belongs to the store. Any thread; the first use opens the store."""

    def __init__(self, database: Database, folder: Path, open_: Callable[[Path], VectorStore] = open_store) -> None:
        self.ledger = VectorLedger(database)
        self._folder = folder
        self._seal = FileDigest(database, folder)
        self._open = open_
        self._store: VectorStore | None = None
        self._checked: set[int] = set()  # embedders whose collection was found complete
        self._writing = threading.RLock()  # held while the store is opened or written; searching does not need it
        self._broken = False  # searches do without the store until the next refresh
        self._closed = False
        self._opening: threading.Thread | None = None
        self._closing = CancelToken()

    def search(
        self,
        fingerprint: str,
        vector: Vectors,
        limit: int,
        documents: Collection[int] | None = None,
    ) -> list[tuple[int, float]]:
        """The `limit` nearest passages as (passage id, cosine), nearest first; only of these documents, if given.

        Writes nothing, so that it may be called within a read transaction.
        """
        return self.begin_search(fingerprint, vector, limit, documents)()

    def begin_search(
        self,
        fingerprint: str,
        vector: Vectors,
        limit: int,
        documents: Collection[int] | None = None,
    ) -> Callable[[], list[tuple[int, float]]]:
        """Start a search as `search` does; the returned function waits for its result, on the same thread."""
        embedder = self.ledger.known(fingerprint)
        if embedder is None or (documents is not None and not documents):
            return lambda: []
        in_sqlite = partial(self.ledger.nearest, embedder, vector, limit, documents)
        store = self._ready(embedder)
        if store is None:
            return in_sqlite
        try:
            asked = VectorQuery(store, self.ledger, embedder, vector, limit, documents)
        except VectorStoreError as error:
            self._did_not_answer(store, error)
            return in_sqlite

        def found() -> list[tuple[int, float]]:
            try:
                return asked.found()
            except VectorStoreError as error:
                self._did_not_answer(store, error)
                return in_sqlite()

        return found

    def count(self, fingerprint: str) -> int:
        """Vectors of this embedder, in SQLite or in the store."""
        return self.ledger.count(embedder) if (embedder := self.ledger.known(fingerprint)) else 0

    def is_ready(self, fingerprint: str) -> bool:
        """Whether the store answers searches; if not, they read SQLite. Opens the store."""
        embedder = self.ledger.known(fingerprint)
        return embedder is not None and self._ready(embedder) is not None

    def refresh(self, fingerprint: str, dimension: int, job: Job) -> None:
        """Bring the store up to what SQLite holds. Cancelling keeps what was done; an unusable store is only logged."""
        with self._writing:
            self._broken = False
            embedder = self.ledger.embedder(fingerprint, dimension)
            try:
                if self._store is None and self._is_known_to_have_all(embedder):
                    return  # not worth a start of its process
                self._bring_up(embedder, fingerprint, job)
            except VectorStoreError as error:
                log.warning("the vector store is made anew: %s", error)
                self._lose()
                try:
                    self._bring_up(self.ledger.embedder(fingerprint, dimension), fingerprint, job)
                except VectorStoreError as again:
                    log.error("the vector store cannot be made: %s", again)
                    self._broken = True
                    self._give_up()

    def open_ahead(self, fingerprint: str, dimension: int) -> None:
        """Open the store and create its collection while the first vectors are computed, which is mostly waiting.
        Returns at once; `refresh` finds and mends what goes wrong."""
        if self._opening is None or not self._opening.is_alive():
            what = (fingerprint, dimension)
            self._opening = threading.Thread(target=self._open_now, args=what, name="vector-store", daemon=True)
            self._opening.start()

    def _open_now(self, fingerprint: str, dimension: int) -> None:
        with self._writing, suppress(VectorStoreError, Fault, Cancelled):
            if self._store is None and not self._closed:
                self._bring_up(self.ledger.embedder(fingerprint, dimension), fingerprint, Job(cancel=self._closing))

    def refresh_all(self, job: Job) -> None:
        """`refresh` for every embedder with a collection."""
        for embedder in self.ledger.pushed():
            self.refresh(*embedder, job)

    def forget(self, fingerprint: str, job: Job) -> None:
        """Delete every vector of an embedder that is no longer used, in steps; resumed if it is interrupted."""
        while self.ledger.forget_step(fingerprint, DELETE_ROWS):
            job.check()
        with self._writing:
            try:
                self._drop_unused(self._opened())
            except VectorStoreError as error:
                log.warning("the vector store keeps vectors that are used no more: %s", error)

    def scrub(self) -> bool:
        """Have deleted vectors leave the disk, in some hundred milliseconds for 100,000; searches read SQLite
        meanwhile. A file that cannot be rewritten is deleted, for `refresh` to fill. Returns whether none is left."""
        with self._writing:
            if not self.ledger.all_deletions_applied():
                return False
            if self.ledger.needs_scrubbing():
                try:
                    self._scrub()
                except VectorStoreError as error:
                    log.warning("the vector store is made anew, since it could not be scrubbed: %s", error)
                    self._lose()
            return True

    def close(self) -> None:
        """Scrub the store, close it and end its process; a later use is a bug. The database must still be open."""
        if self._closed:
            return
        self._closing.cancel()
        if self._opening is not None:
            self._opening.join()
        with self._writing:
            try:
                self.scrub()
            except Fault as fault:  # such as a full disk: what could not be scrubbed is the next time
                log.warning("deleted vectors were not scrubbed at closing: %s", fault.title)
            finally:
                self._closed = True
                self._give_up()

    # Below here, except in `_ready`: under `_writing`.

    def _ready(self, embedder: EmbedderState) -> VectorStore | None:
        """The store if its collection is complete; None while it is being built, so that nobody waits for it."""
        if embedder.id in self._checked:
            return self._store
        if self._broken or not self._writing.acquire(blocking=False):
            return None
        try:
            store = self._opened()
            complete = self._is_complete(store, embedder)
            return store if complete else None
        except VectorStoreError as error:
            log.warning("the vector store cannot be used: %s", error)
            self._broken = True
            self._give_up()
            return None
        finally:
            self._writing.release()

    def _opened(self) -> VectorStore:
        if self._closed:
            raise RuntimeError("the vector index is closed")
        if self._store is None:
            self._store = self._open(self._folder)
        return self._store

    def _scrub(self) -> None:
        if (self._folder / FILE_NAME).exists():
            self._drop_unused(self._opened())
        self._give_up()  # from here on searches do without the store
        known = stamp_of(self._folder) == self.ledger.stamp()
        if not scrub(self._folder):  # a store of another kind
            return self._lose()
        self.ledger.end_scrubbing(stamp_of(self._folder) if known else None)
        if known:
            self._seal.store()

    def _drop_unused(self, store: VectorStore) -> None:
        """Drop collections that no embedder names, left by an interrupted rebuild."""
        unused = store.collections() - self.ledger.generations()
        if unused:
            untouched = store.stamp() == self.ledger.stamp()
            self.ledger.mark_for_scrubbing()
            for name in unused:
                store.drop(name)
            if untouched:
                self.ledger.put_stamp(store.stamp())

    def _is_complete(self, store: VectorStore, embedder: EmbedderState) -> bool:
        """Whether the collection may be searched: it is the one SQLite names and has the expected rows."""
        if embedder.id in self._checked:
            return True
        if not embedder.generation or embedder.generation not in store.collections():
            return False
        if not self._is_settled(embedder):
            return False
        if store.stamp() != self.ledger.stamp():
            return False
        if store.count(embedder.generation) != self.ledger.expected(embedder):
            return False
        self._seal.check()
        store.load(embedder.generation)
        self._checked.add(embedder.id)
        return True

    def _is_known_to_have_all(self, embedder: EmbedderState) -> bool:
        return self._has_all(embedder) and stamp_of(self._folder) == self.ledger.stamp() and self._seal.check()

    def _has_all(self, embedder: EmbedderState) -> bool:
        if not embedder.generation:
            return not self.ledger.to_push(embedder, 1).ledger_ids
        return self._is_settled(embedder) and not self.ledger.to_push(embedder, 1).ledger_ids

    def _is_settled(self, embedder: EmbedderState) -> bool:
        """Whether no write was interrupted and nothing waits for deletion."""
        return embedder.pushing_through == embedder.pushed_through and not self.ledger.to_delete(embedder, 1)

    def _bring_up(self, embedder: EmbedderState, fingerprint: str, job: Job) -> None:
        store = self._opened()
        if not self._seal.check() and not agrees(store, self.ledger, self._can_go_on, job):
            raise VectorStoreError("it holds other vectors than it was given")
        self._drop_unused(store)
        usable = self._is_complete(store, embedder) or self._can_go_on(store, embedder)
        if not usable or self._has_outgrown(store, embedder):
            self._begin_generation(store, embedder)
            embedder = self.ledger.embedder(fingerprint, embedder.dimension)
        self._delete(store, embedder, job)
        self._push(store, embedder, job)
        if self.ledger.stamp() == BEING_WRITTEN:
            self.ledger.put_stamp(store.stamp())
        if not self._is_complete(store, self.ledger.embedder(fingerprint, embedder.dimension)):
            raise VectorStoreError("it does not hold the rows it was given")
        self._seal.store()

    def _can_go_on(self, store: VectorStore, embedder: EmbedderState) -> bool:
        """Whether missing rows can be added: nobody but us wrote the store, though a write may have been
        interrupted."""
        if not embedder.generation or embedder.generation not in store.collections():
            return False
        return self.ledger.stamp() in (BEING_WRITTEN, store.stamp())

    def _has_outgrown(self, store: VectorStore, embedder: EmbedderState) -> bool:
        """Whether a collection of whole vectors has become so large that binary vectors are better."""
        whole = store.supports_binary and not is_binary(embedder.generation)
        return whole and self.ledger.count(embedder) > 2 * BINARY_FROM

    def _begin_generation(self, store: VectorStore, embedder: EmbedderState) -> None:
        self._checked.discard(embedder.id)
        name = new_collection_name(signs=store.supports_binary and self.ledger.count(embedder) > BINARY_FROM)
        log.info("a new collection is begun: %s", name)
        self.ledger.begin_generation(embedder, name)
        self._drop_unused(store)
        store.create(name, embedder.dimension)
        self.ledger.put_stamp(store.stamp())

    def _delete(self, store: VectorStore, embedder: EmbedderState, job: Job) -> None:
        while gone := self.ledger.to_delete(embedder, DELETE_ROWS):
            job.check()
            self.ledger.put_stamp(BEING_WRITTEN)
            store.delete(embedder.generation, [chunk_id for _, chunk_id in gone])
            self.ledger.end_deletions([ledger_id for ledger_id, _ in gone], store.stamp())

    def _push(self, store: VectorStore, embedder: EmbedderState, job: Job) -> None:
        total = self.ledger.count(embedder)
        through, certain, done = embedder.pushed_through, embedder.pushing_through, 0
        while (last := self.ledger.last_to_push(embedder, PUSH_ROWS)) is not None:
            job.check()
            self.ledger.begin_push(embedder, max(last, certain))  # what is deleted from here on is queued for deletion
            rows = self.ledger.to_push(embedder, PUSH_ROWS, last)
            if rows.ledger_ids:
                known = rows.ledger_ids[0] <= certain
                store.insert(embedder.generation, rows.chunk_ids, rows.document_ids, rows.vectors, known=known)
            through = last
            self.ledger.end_push(embedder, through, store.stamp())
            embedder = replace(embedder, pushed_through=through)
            done += len(rows.ledger_ids)
            if total > PUSH_ROWS:
                job.report(Progress(done, max(total, done), "vectors"))
        if certain > through:
            self.ledger.begin_push(embedder, through)  # what was in doubt has left the library meanwhile

    def _lose(self) -> None:
        self._give_up()
        wipe(self._folder)
        self.ledger.forget_generations()

    def _did_not_answer(self, store: VectorStore, error: VectorStoreError) -> None:
        if store is not self._store:
            return  # it was closed meanwhile, to be scrubbed
        log.warning("the vector store did not answer: %s", error)
        self._broken = True
        self._give_up()

    def _give_up(self) -> None:
        with self._writing:
            store, self._store = self._store, None
            self._checked.clear()
            try:
                if store is not None:
                    store.close()
            except VectorStoreError as error:
                log.warning("the vector store did not close: %s", error)
