"""A loaded embedding model: texts in, unit vectors out, on a thread of its own; questions go before passages."""

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
from models.gguf.pooling import Pooling
from models.llama.kv_cache import common_prefix_length
from models.machine.cores import usable_cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.gguf.header import GgufHeader
    from models.llama.native import NativeModel

    Vectors = NDArray[np.float32]

log = logging.getLogger(__name__)

SELF_TEST_SENTENCES = (
    "The cat is sleeping on the sofa.",
    "A cat sleeps on the couch.",
    "Interest rates rose by two per cent in March.",
)
LARGEST_COSINE = 0.995  # of two sentences on different matters; of the models in the catalogue it is at most 0.8
MAX_TEXT_TOKENS = 1024  # some models take more, but the batch has to be as long and memory grows with it
POOLING_BY_NAME = {"mean": Pooling.MEAN, "cls": Pooling.CLS, "last": Pooling.LAST}
POOLING_NAMES = {int(pooling): name for name, pooling in POOLING_BY_NAME.items()}
ENGLISH_ONLY_VOCAB_SIZE = 60_000  # vocabularies of one language have some 30,000 (BERT's 30,522), of many over 120,000


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """Everything that must be equal for two vectors to be comparable; `fingerprint` identifies it as a whole.

    `dimension` may be smaller than the model's own: then the first components are used (Matryoshka embeddings). Texts
    of more than `max_tokens` are embedded in parts. `english_only`: searches in other languages should not rely on it.
    """

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
    """`vectors[i]` is the unit vector of text i. `split_indices` are the texts longer than `EmbedderSpec.max_tokens`:
    their vector is the mean of their parts' vectors, weighted by tokens and scaled to unit length again."""

    vectors: Vectors
    split_indices: tuple[int, ...]


@dataclass(slots=True)
class _Request:
    """Texts to embed; `prefix` is still to be put before each."""

    texts: tuple[str, ...]
    prefix: str
    cancel: CancelToken
    result: Future[EmbeddingBatch] = field(default_factory=Future)


@dataclass(slots=True)
class _Part:
    """The token ids of one part of the text with index `text_index`, short enough for the model."""

    text_index: int
    tokens: list[int]


class Embedder:
    """A loaded embedding model, which computes on its own thread. Every method may be called from any thread."""

    def __init__(self, path: Path, spec: EmbedderSpec, threads: int, safe_mode: bool) -> None:
        """Use `open`."""
        self.path = path
        self.spec = spec
        self._threads = threads
        self._safe_mode = safe_mode
        self._wakeup = threading.Condition()
        self._queries: deque[_Request] = deque()
        self._passages: deque[_Request] = deque()
        self._closing = False
        self._model: NativeModel | None = None
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="embedder", daemon=True)

    @classmethod
    def open(
        cls, path: Path, *, threads: int | None = None, spec: EmbedderSpec | None = None, safe_mode: bool = False
    ) -> Embedder:
        """Load the model at `path`. Without a `spec`, prefixes and pooling come from the catalog, else from the file's
        metadata. For `safe_mode` see `PooledModel`. Raises `ModelFault`."""
        from models.gguf.consistency import require_consistent
        from models.gguf.header import read_header

        header = read_header(path)
        require_consistent(header)
        spec = spec or embedder_spec(header)
        if not spec.fingerprint:
            spec = replace(spec, fingerprint=embedding_fingerprint(path, spec))
        embedder = cls(path, spec, threads or usable_cores(), safe_mode)
        embedder._thread.start()
        embedder._opened.result()
        return embedder

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, shape [dimension]. Goes before passages that are waiting."""
        request = _Request((text,), self.spec.query_prefix, CancelToken())
        vector: Vectors = self._submit(self._queries, request).vectors[0]
        return vector

    def embed_passages(self, texts: Sequence[str], cancel: CancelToken | None = None) -> Vectors:
        """The vectors of `texts` in their order, shape [n, dimension]. Raises `Cancelled`, between two batches."""
        return self.embed_batch(texts, cancel).vectors

    def embed_batch(self, texts: Sequence[str], cancel: CancelToken | None = None) -> EmbeddingBatch:
        """Like `embed_passages`, but also says which texts were embedded in parts."""
        request = _Request(tuple(texts), self.spec.passage_prefix, cancel or CancelToken())
        return self._submit(self._passages, request)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each passage, with its prefix and the special tokens around it. Only tokenizes, so
        it does not wait for the embedder's thread."""
        with self._wakeup:
            model = self._model
            if self._closing or model is None:
                raise RuntimeError("the embedder is closed")
            return [model.count_tokens(self.spec.passage_prefix + text) for text in texts]

    def close(self) -> None:
        """Drop waiting requests, finish the running batch and free the model."""
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

    # All methods below run on the embedder's own thread.

    def _run(self) -> None:
        try:
            model = _EmbeddingModel(self.path, self.spec, self._threads, self._safe_mode)
        except BaseException as error:  # raised in `open`, which waits for it
            self._opened.set_exception(error)
            return
        self._model = model.native
        self._opened.set_result(None)
        try:
            while (request := self._next()) is not None:
                self._serve(model, request)
        finally:
            with self._wakeup:
                self._closing = True
                self._model = None
            model.close()
            for request in (*self._queries, *self._passages):
                request.result.set_exception(Cancelled())

    def _next(self) -> _Request | None:
        """Wait for the next request, questions first; None when the embedder is to close."""
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._closing or self._queries or self._passages)
            if self._closing:
                return None
            return self._queries.popleft() if self._queries else self._passages.popleft()

    def _serve(self, model: _EmbeddingModel, request: _Request) -> None:
        """Embed one request; questions that arrive meanwhile are embedded between its batches."""

        def between_batches() -> None:
            request.cancel.check()
            if self._closing:
                raise Cancelled
            while self._queries:
                self._embed(model, self._queries.popleft(), lambda: None)

        self._embed(model, request, between_batches)

    def _embed(self, model: _EmbeddingModel, request: _Request, between_batches: Callable[[], None]) -> None:
        try:
            batch = model.embed(request.texts, request.prefix, between_batches)
        except BaseException as error:  # raised in the thread that waits for the vectors
            request.result.set_exception(error)
        else:
            request.result.set_result(batch)


class _EmbeddingModel:
    """Tokenizes, splits and embeds texts as an `EmbedderSpec` says. Made, used and closed on the embedder's thread."""

    def __init__(self, path: Path, spec: EmbedderSpec, threads: int, safe_mode: bool) -> None:
        from models.gguf.consistency import damaged_weights_fault
        from models.llama.pooled_model import PooledModel

        self._spec = spec
        pooling = POOLING_BY_NAME[spec.pooling]
        self._pooled = PooledModel(path, pooling, spec.max_tokens, threads, safe_mode=safe_mode)
        self.native = self._pooled.native
        if not 0 < spec.dimension <= self.native.embedding_length:
            self.close()
            raise _wrong_dimension_fault(path, spec.dimension, self.native.embedding_length)
        special_tokens = self.native.tokenize("", add_special=True)
        self._end_tokens = special_tokens[-1:] if self.native.adds_end_token() else []
        if not self._tells_sentences_apart():
            self.close()
            raise damaged_weights_fault(path)

    def _tells_sentences_apart(self) -> bool:
        """Whether two sentences of one meaning are nearer to each other than to one of another meaning, which they are
        for every embedding model of any language; damaged weights give vectors that are no numbers, or all alike."""
        import numpy as np

        vectors = self.embed(SELF_TEST_SENTENCES, self._spec.passage_prefix, lambda: None).vectors
        if not (np.isfinite(vectors).all() and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)):
            return False
        near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
        return near > far and far < LARGEST_COSINE

    def embed(self, texts: Sequence[str], prefix: str, between_batches: Callable[[], None]) -> EmbeddingBatch:
        """The unit vectors of `texts`, each with `prefix` before it. See `PooledModel.rows` for `between_batches`."""
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
        """The parts of all texts, one for each text of up to `max_tokens`; and the indices of the longer texts."""
        parts: list[_Part] = []
        split: set[int] = set()
        for index, text in enumerate(texts):
            tokens = self.native.tokenize(prefix + text, add_special=True) or self._placeholder()
            if len(tokens) <= self._spec.max_tokens:
                parts.append(_Part(index, tokens))
                continue
            split.add(index)
            parts += [_Part(index, part) for part in self._split_long_text(tokens, prefix)]
        return parts, split

    def _split_long_text(self, tokens: list[int], prefix: str) -> Iterator[list[int]]:
        """`tokens` in parts of at most `max_tokens`, each with the prefix and the special tokens at both ends."""
        head = tokens[: common_prefix_length(tokens, self.native.tokenize(prefix, add_special=True))]
        tail = self._end_tokens if tokens[-1:] == self._end_tokens else []
        body = tokens[len(head) : len(tokens) - len(tail)]
        room = self._spec.max_tokens - len(head) - len(tail)
        for start in range(0, len(body), max(room, 1)):
            yield head + body[start : start + max(room, 1)] + tail

    def _placeholder(self) -> list[int]:
        """One arbitrary token, so that an empty text has a vector even if the tokenizer adds no special tokens."""
        return self.native.tokenize(" .", add_special=False)[:1] or [0]

    def close(self) -> None:
        self._pooled.close()


def embedder_spec(header: GgufHeader) -> EmbedderSpec:
    """The spec of the model with this header: from the catalog if it is listed there, else from the metadata."""
    from models.catalog.catalog import embedder_for

    entry = embedder_for(header)
    if entry is not None:
        prefixes = (entry.query_prefix, entry.passage_prefix)
        return EmbedderSpec(
            entry.key,
            entry.dimension,
            min(entry.max_tokens, MAX_TEXT_TOKENS),
            *prefixes,
            entry.pooling,
            english_only=_is_english_only(header),
        )
    pooling = POOLING_NAMES.get(header.pooling_type or 0, "mean")
    max_tokens = min(header.context_length or 512, MAX_TEXT_TOKENS)
    return EmbedderSpec(
        header.name, header.embedding_length, max_tokens, pooling=pooling, english_only=_is_english_only(header)
    )


def _is_english_only(header: GgufHeader) -> bool:
    return 0 < header.vocab_size < ENGLISH_ONLY_VOCAB_SIZE


def embedding_fingerprint(path: Path, spec: EmbedderSpec) -> str:
    """Identify the file's content and every setting that its vectors depend on."""
    settings = (spec.dimension, spec.max_tokens, spec.query_prefix, spec.passage_prefix, spec.pooling)
    return hashlib.blake2b(f"{content_id(path)} {settings!r}".encode(), digest_size=16).hexdigest()


def _wrong_dimension_fault(path: Path, wanted: int, given: int) -> ModelFault:
    return ModelFault(
        N_("This is not the embedding model that was expected"),
        N_("{name} gives vectors of {given} numbers, but {wanted} were expected."),
        N_("Choose the model file again, or download it again."),
        name=path.name,
        given=given,
        wanted=wanted,
    )
