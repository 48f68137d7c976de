"""Changes the embedding model: every passage has to be embedded again, which is asked first, with the expected time.

Until the new model has embedded every passage, searches use the old one; then it is replaced and its vectors are
deleted. `settings.embedder` is the model in use, `settings.next_embedder` the one waiting for consent or at work
(`next_embedder_agreed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.engines.engines import Engines
from core.jobs import Job
from core.library.library import Library
from core.settings import SettingsStore
from core.store.vectors.index import VectorIndex


@dataclass(frozen=True, slots=True)
class EmbedderQuestion:
    """Shall `name` embed `passages` passages, which takes about `seconds`?"""

    name: str
    passages: int
    seconds: float


class EmbedderMigration:
    """Called from worker threads."""

    def __init__(self, settings: SettingsStore, engines: Engines, library: Library, vectors: VectorIndex) -> None:
        self._settings = settings
        self._engines = engines
        self._library = library
        self._vectors = vectors

    def question(self, job: Job) -> EmbedderQuestion | None:
        """The question to ask; None if there is none. A model with nothing to embed is used from now on. Embeds some
        passages to measure the speed. Raises `ModelFault` for a model that does not open."""
        settings = self._settings.current
        if not settings.next_embedder or settings.next_embedder_agreed:
            return None
        if not self._library.counts().passages:
            use_next_embedder(self._settings)
            return None
        old = self._engines.embedder()
        try:
            new = self._engines.open_embedder(Path(settings.next_embedder))
        except BaseException:
            self.decline()
            raise
        try:
            passages, seconds = self._library.estimate(new, job)
            has_vectors = old is not None and self._vectors.count(old.spec.fingerprint) > 0
            if passages and has_vectors:
                return EmbedderQuestion(new.spec.key, passages, seconds)
        finally:
            new.close()
        if has_vectors:
            self.agree()
        else:
            use_next_embedder(self._settings)
        return None

    def agree(self) -> None:
        """Agree: the next run of `Library.index` or `embed_missing` does it."""
        self._settings.change(next_embedder_agreed=True)

    def decline(self) -> None:
        """Keep the old model."""
        self._settings.change(next_embedder="", next_embedder_agreed=False)


def use_next_embedder(settings: SettingsStore) -> None:
    """Put the next embedding model into use; call it once it has embedded every passage."""
    settings.change(embedder=settings.current.next_embedder, next_embedder="", next_embedder_agreed=False)
