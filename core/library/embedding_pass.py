"""Has the embedding model in use, and the next one, embed the passages they lack."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.domain.documents import Skipped
from core.i18n import ngettext
from core.jobs import Job
from core.library.embedding import PassageEmbedder, embed_missing
from core.library.throttle import Throttle
from core.store.database import Database
from core.store.vectors.embedding_crash_log import EmbeddingCrashLog
from core.store.vectors.index import VectorIndex


class EmbeddingPass:
    """Runs on the index worker. `embedder` returns None while there is no model; `next_embedder` the one that is to
    replace it, which `use_next_embedder` does."""

    def __init__(
        self,
        database: Database,
        vectors: VectorIndex,
        throttle: Throttle,
        embedder: Callable[[], PassageEmbedder | None],
        next_embedder: Callable[[], PassageEmbedder | None],
        use_next_embedder: Callable[[], None],
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._throttle = throttle
        self._embedder = embedder
        self._next_embedder = next_embedder
        self._use_next_embedder = use_next_embedder
        self._crash_log = EmbeddingCrashLog(database)

    def run(self, job: Job, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Compute missing vectors; False if `interrupted`. Of two embedders the next one comes second, and is put into
        use once it has embedded everything."""
        embedder, next_embedder = self._embedder(), self._next_embedder()
        if embedder is None and next_embedder is None:
            self._vectors.refresh_all(job)
            return True
        if embedder is not None and not self._embed_with(embedder, "passages", job, interrupted):
            return False
        if next_embedder is None:
            return True
        if not self._embed_with(next_embedder, "passages anew", job, interrupted):
            return False
        if embedder is not None and embedder.spec.fingerprint != next_embedder.spec.fingerprint:
            self._vectors.ledger.begin_to_forget(embedder.spec.fingerprint)
        self._use_next_embedder()
        self.forget_replaced(job)
        return True

    def forget_replaced(self, job: Job) -> None:
        """Delete the vectors of an embedder that was replaced."""
        fingerprint = self._vectors.ledger.to_forget()
        if not fingerprint:
            return
        used = (self._embedder(), self._next_embedder())
        if not any(one is not None and one.spec.fingerprint == fingerprint for one in used):
            self._crash_log.forget(fingerprint)
            self._vectors.forget(fingerprint, job)

    def retry(self, document_ids: Iterable[int]) -> None:
        """Have the next run embed passages of these documents that were left out."""
        self._crash_log.try_again(document_ids)

    def left_out(self) -> list[Skipped]:
        """The documents with passages that were left out because the program ended while embedding them, with the
        reason."""
        return [
            Skipped(path, _reason(passages), document_id) for document_id, path, passages in self._crash_log.left_out()
        ]

    def _embed_with(self, embedder: PassageEmbedder, unit: str, job: Job, interrupted: Callable[[], bool]) -> bool:
        spec = embedder.spec

        def push() -> None:
            self._vectors.refresh(spec.fingerprint, spec.dimension, job)

        return embed_missing(
            self._database,
            self._vectors.ledger,
            embedder,
            self._throttle,
            job,
            push,
            on_begin=lambda: self._vectors.open_ahead(spec.fingerprint, spec.dimension),
            interrupted=interrupted,
            unit=unit,
        )


def _reason(passages: int) -> str:
    return ngettext(
        "Papermoor ended several times while it prepared {n} passage of this document for search by meaning. "
        "That passage is found by its words only.",
        "Papermoor ended several times while it prepared {n} passages of this document for search by meaning. "
        "Those passages are found by their words only.",
        passages,
    )
