"""Texts to unit vectors: one thread owns the embedding model, and a question overtakes the documents' passages."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.faults import N_, Cancelled, ModelFault
from models.gguf.file_identity import content_id
from models.llama.kv_cache import common_length
from models.machine.cores import usable_cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.gguf.header import GgufHeader
    from models.llama.native import NativeModel

    Vectors = NDArray[np.float32]

log = logging.getLogger(__name__)

LONGEST_TEXT_TOKENS = 1024  # though some would read more: the batch is as long, and memory grows with it
POOLING = {"mean": 1, "cls": 2, "last": 3}
POOLING_NAMES = {number: name for name, number in POOLING.items()}


ONE_LANGUAGE_TOKENS = 60_000


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """What must be the same for two vectors to be comparable. `dimension` may be less than the model gives (its first
    components, for models trained so); texts over `max_tokens` are embedded in parts. `fingerprint` names all of it.
    `english_only`: whoever searches should not trust it with other languages."""

    key: str
    dimension: int
    max_tokens: int
    query_prefix: str = ""
    passage_prefix: str = ""
    pooling: str = "mean"
    fingerprint: str = ""
    english_only: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddingBatch:
    """`vectors[i]` is the unit vector of text i. `split` are the indices of texts longer than the model reads at once:
    their vector is the token-weighted mean of their parts' vectors, scaled to unit length again."""

    vectors: Vectors
    split: tuple[int, ...]


@dataclass(slots=True)
class _Request:
    """Texts waiting for vectors. `prefix` is not yet applied."""

    texts: tuple[str, ...]
    prefix: str
    cancel: CancelToken
    result: Future[EmbeddingBatch] = field(default_factory=Future)


@dataclass(slots=True)
class _Part:
    """A piece of text `text_index` that fits the model, as token ids."""

    text_index: int
    tokens: list[int]


class Embedder:
    """Embeds on a thread of its own; every method may be called from any thread."""

    def __init__(self, path: Path, spec: EmbedderSpec, threads: int, careful: bool) -> None:
        """Use `open`."""
        self.path = path
        self.spec = spec
        self._threads = threads
        self._careful = careful
        self._wakeup = threading.Condition()
        self._queries: deque[_Request] = deque()
        self._passages: deque[_Request] = deque()
        self._closing = False
        self._model: NativeModel | None = None
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="embedder", daemon=True)

    @classmethod
    def open(
        cls, path: Path, *, threads: int | None = None, spec: EmbedderSpec | None = None, careful: bool = False
    ) -> Embedder:
        """Load `path`; prefixes and pooling come from the catalog or the file's own metadata unless `spec` gives them.
        `careful`: see `PooledModel`. Raises `ModelFault`."""
        from models.gguf.header import read_header

        header = read_header(path)
        found = spec or spec_of(header)
        if not found.fingerprint:
            found = replace(found, fingerprint=fingerprint(path, found))
        embedder = cls(path, found, threads or usable_cores(), careful)
        embedder._thread.start()
        embedder._opened.result()
        return embedder

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, shape [dimension]; goes before waiting passages."""
        request = _Request((text,), self.spec.query_prefix, CancelToken())
        vector: Vectors = self._submit(self._queries, request).vectors[0]
        return vector

    def embed_passages(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        """The vectors of `texts`, shape [n, dimension], in their order; raises `Cancelled` between batches."""
        return self.embed_batch(texts, cancel).vectors

    def embed_batch(self, texts: Sequence[str], cancel: CancelToken | None = None) -> EmbeddingBatch:
        """Like `embed_passages`, and says which texts were too long to be read at once."""
        request = _Request(tuple(texts), self.spec.passage_prefix, cancel or CancelToken())
        return self._submit(self._passages, request)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each passage as the model will read it, prefix and ends included; the vocabulary alone is used."""
        with self._wakeup:
            model = self._model
            if self._closing or model is None:
                raise RuntimeError("the embedder is closed")
            return [model.count_tokens(self.spec.passage_prefix + text) for text in texts]

    def close(self) -> None:
        """Drop what waits, finish the running batch, free the model."""
        with self._wakeup:
            self._closing = True
            self._wakeup.notify()
        self._thread.join()

    def _submit(self, queue: deque[_Request], request: _Request) -> EmbeddingBatch:
        with self._wakeup:
            if self._closing:
                raise RuntimeError("the embedder is closed")
            queue.append(request)
            self._wakeup.notify()
        return request.result.result()

    # Below here: the embedder's own thread.

    def _run(self) -> None:
        try:
            engine = _Engine(self.path, self.spec, self._threads, self._careful)
        except BaseException as error:  # handed to whoever waits in `open`
            self._opened.set_exception(error)
            return
        self._model = engine.model
        self._opened.set_result(None)
        try:
            while (request := self._next()) is not None:
                self._serve(engine, request)
        finally:
            with self._wakeup:
                self._closing = True
                self._model = None
            engine.close()
            for request in (*self._queries, *self._passages):
                request.result.set_exception(Cancelled())

    def _next(self) -> _Request | None:
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._closing or self._queries or self._passages)
            if self._closing:
                return None
            return self._queries.popleft() if self._queries else self._passages.popleft()

    def _serve(self, engine: _Engine, request: _Request) -> None:
        """Embed one request; waiting questions are embedded between its batches."""

        def between_batches() -> None:
            request.cancel.check()
            if self._closing:
                raise Cancelled
            while self._queries:
                self._answer(engine, self._queries.popleft(), lambda: None)

        self._answer(engine, request, between_batches)

    def _answer(self, engine: _Engine, request: _Request, between_batches: Callable[[], None]) -> None:
        try:
            batch = engine.embed(request.texts, request.prefix, between_batches)
        except BaseException as error:  # handed to whoever waits for the vectors
            request.result.set_exception(error)
        else:
            request.result.set_result(batch)


class _Engine:
    """The model as an embedder. Made, used and closed on the embedder's thread."""

    def __init__(self, path: Path, spec: EmbedderSpec, threads: int, careful: bool) -> None:
        from models.llama.pooled_model import PooledModel

        self._spec = spec
        self._pooled = PooledModel(path, POOLING[spec.pooling], spec.max_tokens, threads, careful=careful)
        self.model = self._pooled.native
        if not 0 < spec.dimension <= self.model.embedding_length:
            self.close()
            raise _wrong_dimension(path, spec.dimension, self.model.embedding_length)
        ends = self.model.tokenize("", add_special=True)
        self._tail = ends[-1:] if self.model.ends_texts() else []

    def embed(self, texts: Sequence[str], prefix: str, between_batches: Callable[[], None]) -> EmbeddingBatch:
        import numpy as np

        started_s = time.perf_counter()
        parts, split = self._parts(texts, prefix)
        rows = self._pooled.rows([part.tokens for part in parts], between_batches)[:, : self._spec.dimension]
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        vectors = np.zeros((len(texts), self._spec.dimension), np.float32)
        for part, row in zip(parts, rows, strict=True):
            vectors[part.text_index] += row * np.float32(len(part.tokens)) if part.text_index in split else row
        for index in split:
            vectors[index] /= max(float(np.linalg.norm(vectors[index])), 1e-12)
        if split:
            log.info("%d of %d texts were embedded in parts", len(split), len(texts))
        log.debug("embedded %d texts in %.2f s", len(texts), time.perf_counter() - started_s)
        return EmbeddingBatch(vectors, tuple(sorted(split)))

    def _parts(self, texts: Sequence[str], prefix: str) -> tuple[list[_Part], set[int]]:
        """`texts` as token ids, those over `max_tokens` cut into pieces that each keep the prefix and the ends."""
        parts: list[_Part] = []
        split: set[int] = set()
        for index, text in enumerate(texts):
            tokens = self.model.tokenize(prefix + text, add_special=True) or self._placeholder()
            if len(tokens) <= self._spec.max_tokens:
                parts.append(_Part(index, tokens))
                continue
            split.add(index)
            parts += [_Part(index, piece) for piece in self._pieces(tokens, prefix)]
        return parts, split

    def _pieces(self, tokens: list[int], prefix: str) -> Iterator[list[int]]:
        head = tokens[: common_length(tokens, self.model.tokenize(prefix, add_special=True))]
        tail = self._tail if tokens[-1:] == self._tail else []
        body = tokens[len(head) : len(tokens) - len(tail)]
        room = self._spec.max_tokens - len(head) - len(tail)
        for start in range(0, len(body), max(room, 1)):
            yield head + body[start : start + max(room, 1)] + tail

    def _placeholder(self) -> list[int]:
        """For an empty text of a model whose tokenizer adds no ends: any token, so that there is a vector."""
        return self.model.tokenize(" .", add_special=False)[:1] or [0]

    def close(self) -> None:
        self._pooled.close()


def spec_of(header: GgufHeader) -> EmbedderSpec:
    """The catalog's entry for this file, else what its own metadata says."""
    from models.catalog.catalog import embedder_for

    entry = embedder_for(header)
    if entry is not None:
        prefixes = (entry.query_prefix, entry.passage_prefix)
        return EmbedderSpec(
            entry.key,
            entry.dimension,
            min(entry.max_tokens, LONGEST_TEXT_TOKENS),
            *prefixes,
            entry.pooling,
            english_only=_is_english_only(header),
        )
    pooling = POOLING_NAMES.get(header.pooling_type or 0, "mean")
    max_tokens = min(header.context_length or 512, LONGEST_TEXT_TOKENS)
    return EmbedderSpec(
        header.name, header.embedding_length, max_tokens, pooling=pooling, english_only=_is_english_only(header)
    )


def _is_english_only(header: GgufHeader) -> bool:
    """Models of one language have a vocabulary of some 30,000 (BERT's 30,522); of many, of 120,000 and more."""
    return 0 < header.vocab_size < ONE_LANGUAGE_TOKENS


def fingerprint(path: Path, spec: EmbedderSpec) -> str:
    """Names the file's content and the settings that its vectors depend on."""
    settings = (spec.dimension, spec.max_tokens, spec.query_prefix, spec.passage_prefix, spec.pooling)
    return hashlib.blake2b(f"{content_id(path)} {settings!r}".encode(), digest_size=16).hexdigest()


def _wrong_dimension(path: Path, wanted: int, given: int) -> ModelFault:
    return ModelFault(
        N_("This is not the embedding model that was expected"),
        N_("{name} gives vectors of {given} numbers, but {wanted} were expected."),
        N_("Choose the model file again, or download it again."),
        name=path.name,
        given=given,
        wanted=wanted,
    )
