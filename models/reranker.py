"""A loaded reranker, a cross-encoder that scores how well each passage answers a question. Optional for search."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.faults import N_, ModelFault
from models.gguf.pooling import Pooling
from models.machine.cores import usable_cores

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader
    from models.llama.pooled_model import PooledModel

log = logging.getLogger(__name__)

MAX_PAIR_TOKENS = 1024  # question and passage together; the rest of a longer passage is cut off
CLASSIFIER_TENSORS = ("cls.output.weight", "cls.weight")  # without either of them every score would be noise
SELF_TEST_PAIRS = (
    "Where does the cat sleep?",
    ("The cat sleeps on the old sofa in the hall.", "Interest rates rose by two per cent in March."),
)
DOCUMENT, QUERY = "{document}", "{query}"


@dataclass(frozen=True, slots=True)
class RerankerSpec:
    """How pairs are made. `template` joins a {query} and a {document}; it is empty where the tokenizer joins them as a
    pair of sentences. `max_tokens` is for both together."""

    key: str
    max_tokens: int
    template: str = ""


class Reranker:
    """A loaded reranker, which computes on its own thread. Every method may be called from any thread."""

    def __init__(self, spec: RerankerSpec, threads: int) -> None:
        """Use `open`."""
        self.spec = spec
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reranker")
        self._model: PooledModel | None = None
        self._yes_column = 0

    @classmethod
    def open(
        cls, path: Path, *, threads: int | None = None, spec: RerankerSpec | None = None, safe_mode: bool = False
    ) -> Reranker:
        """Load the model at `path`. For `safe_mode` see `PooledModel`. Raises `ModelFault`, also for a file without a
        classifier."""
        from models.gguf.consistency import require_consistent
        from models.gguf.header import read_header

        header = read_header(path)
        if not any(tensor.name in CLASSIFIER_TENSORS for tensor in header.tensors):
            raise ModelFault(
                N_("This is not a reranking model"),
                N_("{name} has no part that judges passages; some copies of rerankers were made without it."),
                N_("Choose the file that Papermoor's list of models names."),
                name=path.name,
            )
        require_consistent(header)
        reranker = cls(spec or reranker_spec(header), threads or usable_cores())
        try:
            reranker._pool.submit(reranker._load, path, safe_mode).result()
        except BaseException:
            reranker._pool.shutdown()
            raise
        return reranker

    def scores(self, question: str, passages: Sequence[str], cancel: CancelToken | None = None) -> list[float]:
        """The probability, 0 to 1, that each passage answers `question`, in the order of `passages`. Setting `cancel`
        aborts the running computation and raises `Cancelled`."""
        return self._pool.submit(self._scores, question, tuple(passages), cancel or CancelToken()).result()

    def close(self) -> None:
        """Wait for what is running, then free the model."""
        if self._model is not None:
            self._pool.submit(self._model.close).result()
            self._model = None
        self._pool.shutdown()

    # All methods below run on the reranker's own thread.

    def _load(self, path: Path, safe_mode: bool) -> None:
        from models.gguf.consistency import damaged_weights_fault
        from models.llama.pooled_model import PooledModel

        max_tokens, threads = self.spec.max_tokens, self._threads
        self._model = PooledModel(path, Pooling.RANK, max_tokens, threads, safe_mode=safe_mode)
        labels = [label.lower() for label in self._model.native.class_labels()]
        self._yes_column = labels.index("yes") if "yes" in labels else 0
        if not self._tells_passages_apart():
            self._model.close()
            raise damaged_weights_fault(path)

    def _tells_passages_apart(self) -> bool:
        """Whether the scores of a passage that answers a question and of one that does not are numbers and differ.
        Which is higher is not asked: the sentences are English, and the model may not be."""
        answer, other = self._scores(*SELF_TEST_PAIRS, CancelToken())
        return math.isfinite(answer) and math.isfinite(other) and answer != other

    def _scores(self, question: str, passages: tuple[str, ...], cancel: CancelToken) -> list[float]:
        model = self._model
        if model is None:
            raise RuntimeError("the reranker is closed")
        with model.stopped_by(cancel):
            rows = model.rows([self._pair_tokens(model, question, passage) for passage in passages], cancel.check)
        if rows.shape[1] > 1:  # with several classes, llama.cpp returns probabilities
            return [float(row[self._yes_column]) for row in rows]
        return [1 / (1 + math.exp(-min(max(float(row[0]), -60.0), 60.0))) for row in rows]

    def _pair_tokens(self, model: PooledModel, question: str, passage: str) -> list[int]:
        """The token ids of question and passage as the model expects them, the passage cut to fit. Special tokens are
        parsed in the template alone, so neither text can bring one in."""
        native = model.native
        question_tokens = native.tokenize(question, add_special=False)[: self.spec.max_tokens // 2]
        passage_tokens = native.tokenize(passage, add_special=False)
        if not self.spec.template:
            room = self.spec.max_tokens - len(native.sentence_pair(question_tokens, []))
            return native.sentence_pair(question_tokens, passage_tokens[: max(room, 0)])
        before, rest = self.spec.template.split(QUERY)
        between, after = rest.split(DOCUMENT)
        fixed = [native.tokenize(text, add_special=False, parse_special=True) for text in (before, between, after)]
        room = self.spec.max_tokens - len(question_tokens) - sum(map(len, fixed))
        return [*fixed[0], *question_tokens, *fixed[1], *passage_tokens[: max(room, 0)], *fixed[2]]


def reranker_spec(header: GgufHeader) -> RerankerSpec:
    """The spec of the model with this header: from the catalog if it is listed there, else from the metadata."""
    from models.catalog.catalog import reranker_for

    entry = reranker_for(header)
    if entry is not None:
        return RerankerSpec(entry.key, min(entry.max_tokens, MAX_PAIR_TOKENS), entry.template)
    template = header.text("tokenizer.chat_template.rerank")
    if template and (template.count(QUERY), template.count(DOCUMENT)) != (1, 1):
        template = ""
    return RerankerSpec(header.name, min(header.context_length or 512, MAX_PAIR_TOKENS), template)
