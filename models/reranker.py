"""How well passages answer a question, judged by a model that reads both at once. Optional: search works without."""

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
from models.machine.cores import usable_cores

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader
    from models.llama.pooled_model import PooledModel

log = logging.getLogger(__name__)

RANK_POOLING = 4
LONGEST_PAIR_TOKENS = 1024  # question and passage together; what a passage has beyond it is not read
CLASSIFIER = ("cls.output.weight", "cls.weight")  # one of these must be in the file, or every score is noise
DOCUMENT, QUERY = "{document}", "{query}"


@dataclass(frozen=True, slots=True)
class RerankerSpec:
    """`template` puts question and passage together; empty for a pair of sentences. `max_tokens` for both."""

    key: str
    max_tokens: int
    template: str = ""


class Reranker:
    """Ranks on a thread of its own; every method may be called from any thread."""

    def __init__(self, spec: RerankerSpec, threads: int) -> None:
        """Use `open`."""
        self.spec = spec
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reranker")
        self._model: PooledModel | None = None
        self._yes = 0

    @classmethod
    def open(
        cls, path: Path, *, threads: int | None = None, spec: RerankerSpec | None = None, careful: bool = False
    ) -> Reranker:
        """Load `path`; raises `ModelFault`, also for a file without a classifier. `careful`: see `PooledModel`."""
        from models.gguf.header import read_header

        header = read_header(path)
        if not any(tensor.name in CLASSIFIER for tensor in header.tensors):
            raise ModelFault(
                N_("This is not a reranking model"),
                N_("{name} has no part that judges passages; some copies of rerankers were made without it."),
                N_("Choose the file that Papermoor's list of models names."),
                name=path.name,
            )
        reranker = cls(spec or spec_of(header), threads or usable_cores())
        try:
            reranker._pool.submit(reranker._load, path, careful).result()
        except BaseException:
            reranker._pool.shutdown()
            raise
        return reranker

    def scores(self, question: str, passages: Sequence[str], cancel: CancelToken | None = None) -> list[float]:
        """How likely each passage answers `question`, 0 to 1, in their order. Raises `Cancelled` soon after
        `cancel` is set: the computation that runs is ended."""
        return self._pool.submit(self._scores, question, tuple(passages), cancel or CancelToken()).result()

    def close(self) -> None:
        """Finish what runs, free the model."""
        if self._model is not None:
            self._pool.submit(self._model.close).result()
            self._model = None
        self._pool.shutdown()

    # Below here: the reranker's own thread.

    def _load(self, path: Path, careful: bool) -> None:
        from models.llama.pooled_model import PooledModel

        max_tokens, threads = self.spec.max_tokens, self._threads
        self._model = PooledModel(path, RANK_POOLING, max_tokens, threads, careful=careful)
        labels = [label.lower() for label in self._model.native.class_labels()]
        self._yes = labels.index("yes") if "yes" in labels else 0

    def _scores(self, question: str, passages: tuple[str, ...], cancel: CancelToken) -> list[float]:
        model = self._model
        if model is None:
            raise RuntimeError("the reranker is closed")
        with model.stopped_by(cancel):
            rows = model.rows([self._pair(model, question, passage) for passage in passages], cancel.check)
        if rows.shape[1] > 1:  # llama.cpp has made them probabilities
            return [float(row[self._yes]) for row in rows]
        return [1 / (1 + math.exp(-min(max(float(row[0]), -60.0), 60.0))) for row in rows]

    def _pair(self, model: PooledModel, question: str, passage: str) -> list[int]:
        """Question and passage as the model wants them; the passage is cut to what there is room for. Neither can bring
        control tokens in: only the template's own words are read for them."""
        native = model.native
        asked = native.tokenize(question, add_special=False)[: self.spec.max_tokens // 2]
        told = native.tokenize(passage, add_special=False)
        if not self.spec.template:
            room = self.spec.max_tokens - len(native.sentence_pair(asked, []))
            return native.sentence_pair(asked, told[: max(room, 0)])
        before, rest = self.spec.template.split(QUERY)
        between, after = rest.split(DOCUMENT)
        fixed = [native.tokenize(text, add_special=False, parse_special=True) for text in (before, between, after)]
        room = self.spec.max_tokens - len(asked) - sum(map(len, fixed))
        return [*fixed[0], *asked, *fixed[1], *told[: max(room, 0)], *fixed[2]]


def spec_of(header: GgufHeader) -> RerankerSpec:
    """The catalog's entry for this file, else what its own metadata says."""
    from models.catalog.catalog import reranker_for

    entry = reranker_for(header)
    if entry is not None:
        return RerankerSpec(entry.key, min(entry.max_tokens, LONGEST_PAIR_TOKENS), entry.template)
    template = header.text("tokenizer.chat_template.rerank")
    if template and (template.count(QUERY), template.count(DOCUMENT)) != (1, 1):
        template = ""
    return RerankerSpec(header.name, min(header.context_length or 512, LONGEST_PAIR_TOKENS), template)
