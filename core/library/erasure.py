"""Has what was deleted from the library leave the disk: keywords, vectors, the journal, copies."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.faults import N_, StorageFault
from core.jobs import Job
from core.library.upkeep import Upkeep
from core.store.database import Database
from core.store.documents.documents import Documents
from core.store.file_rewriting import rewrite_if_marked
from core.store.vectors.index import VectorIndex

SCRUB_AT_ONCE = 50_000  # passages up to which the vector store is quickly closed, scrubbed and opened again
REWRITE_AT_ONCE = 5_000  # passages up to which rewriting the database keeps other writers waiting for some 100 ms


class Erasure:
    """Runs on the index worker. `forget_derived` deletes what others have made from documents."""

    def __init__(
        self,
        database: Database,
        documents: Documents,
        upkeep: Upkeep,
        vectors: VectorIndex,
        forget_derived: Callable[[], None],
    ) -> None:
        self._database = database
        self._documents = documents
        self._upkeep = upkeep
        self._vectors = vectors
        self._forget_derived = forget_derived

    def forget_copies(self) -> None:
        """Delete what was made or copied from documents outside the database and the vector store, before some of them
        are deleted."""
        self._forget_derived()
        self._database.delete_backups()

    def erase(self, job: Job, *, wholly: bool) -> bool:
        """Erase what was deleted; returns whether nothing of it is left on the disk.

        After an edit, unlike after a removal (`wholly`), a large library is not kept waiting: its files are rewritten
        when it is closed. What is interrupted is finished the next time.
        """
        self._upkeep.scrub(job, at_once=wholly)
        if wholly or not self._vectors.ledger.all_deletions_applied():
            self._vectors.refresh_all(job)
        clean = True
        if wholly or self.is_quick:
            clean = self._vectors.scrub()
        if wholly or self._documents.counts().passages <= REWRITE_AT_ONCE:
            clean = rewrite_if_marked(self._database) and clean
        return clean

    @property
    def is_pending(self) -> bool:
        """Whether an interruption may have left bytes of what was deleted. The mark for rewriting the database is not
        looked at: that is done whenever it is closed."""
        ledger = self._vectors.ledger
        return self._upkeep.needs_scrubbing() or ledger.needs_scrubbing() or not ledger.all_deletions_applied()

    @property
    def is_quick(self) -> bool:
        """Whether the library is small enough for erasing to keep nobody waiting."""
        return self._documents.counts().passages <= SCRUB_AT_ONCE

    def require(self, job: Job) -> None:
        """`erase` wholly. Raises `StorageFault` if bytes of what was deleted are left on the disk."""
        if not self.erase(job, wholly=True):
            raise StorageFault(
                N_("Removed, but not yet erased"),
                N_("The documents have left the library, but parts of them are still on the disk in {folder}, because "
                   "something else was using the library."),
                N_("Papermoor erases them when it is closed or the library is brought up to date the next time."),
                folder=self._database.path.parent,
            )  # fmt: skip
