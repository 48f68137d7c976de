"""Search by meaning: has the embedding model in use, and one that is to take its place, embed what they have not."""

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
    """Runs on the index worker. `embedder` gives None while there is no model for it; `next_embedder` one that is to
    take its place, which `use_next_embedder` makes it do."""

    def __init__(
        self,
        database: Database,
        vectors: VectorIndex,
        attention: Throttle,
        embedder: Callable[[], PassageEmbedder | None],
        next_embedder: Callable[[], PassageEmbedder | None],
        use_next_embedder: Callable[[], None],
    ) -> None:
        self._database = database
        self._vectors = vectors
        self._attention = attention
        self._embedder = embedder
        self._next_embedder = next_embedder
        self._use_next_embedder = use_next_embedder
        self._in_hand = EmbeddingCrashLog(database)

    def prepare(self, job: Job, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Make the vectors that are missing; False if `interrupted`. Of two embedders, the one that is to take the
        other's place comes second, and takes it once it has all."""
        embedder, following = self._embedder(), self._next_embedder()
        if embedder is None and following is None:
            self._vectors.refresh_all(job)
            return True
        if embedder is not None and not self._embed_with(embedder, "passages", job, interrupted):
            return False
        if following is None:
            return True
        if not self._embed_with(following, "passages anew", job, interrupted):
            return False
        if embedder is not None and embedder.spec.fingerprint != following.spec.fingerprint:
            self._vectors.ledger.begin_to_forget(embedder.spec.fingerprint)
        self._use_next_embedder()
        self.forget_replaced(job)
        return True

    def forget_replaced(self, job: Job) -> None:
        """Delete the vectors of an embedder that another has taken the place of."""
        fingerprint = self._vectors.ledger.to_forget()
        if not fingerprint:
            return
        used = (self._embedder(), self._next_embedder())
        if not any(one is not None and one.spec.fingerprint == fingerprint for one in used):
            self._in_hand.forget(fingerprint)
            self._vectors.forget(fingerprint, job)

    def try_again(self, document_ids: Iterable[int]) -> None:
        """Have the next run embed passages of these documents that were left out."""
        self._in_hand.try_again(document_ids)

    def left_out(self) -> list[Skipped]:
        """The documents with passages that were left out because the program ended over them, and what to say."""
        return [Skipped(path, _words(number), document_id) for document_id, path, number in self._in_hand.left_out()]

    def _embed_with(self, embedder: PassageEmbedder, unit: str, job: Job, interrupted: Callable[[], bool]) -> bool:
        spec = embedder.spec

        def push() -> None:
            self._vectors.refresh(spec.fingerprint, spec.dimension, job)

        return embed_missing(
            self._database,
            self._vectors.ledger,
            embedder,
            self._attention,
            job,
            push,
            begun=lambda: self._vectors.open_ahead(spec.fingerprint, spec.dimension),
            interrupted=interrupted,
            unit=unit,
        )


def _words(passages: int) -> str:
    return ngettext(
        "Papermoor ended several times while it prepared {n} passage of this document for search by meaning. "
        "That passage is found by its words only.",
        "Papermoor ended several times while it prepared {n} passages of this document for search by meaning. "
        "Those passages are found by their words only.",
        passages,
    )
