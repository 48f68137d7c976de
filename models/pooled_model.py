"""A model that gives one row of numbers for each text, in batches: what embedders and rerankers have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_TOKENS = 256  # attention is computed over the whole batch, so wider ones cost more per token: bench_embedder.py
TILE_TOKENS = 64  # GGML_FA_TILE_Q: below it llama.cpp sums attention in half precision, above in single precision
SEQUENCES = 64  # llama.cpp asserts that the batch is a multiple of it
BATCH_TEXTS = SEQUENCES - 1  # one is for filling up, see `_fill_up`


class PooledModel:
    """A loaded model and its context. Made, used and closed on one thread; the vocabulary alone may be used by any."""

    def __init__(self, path: Path, pooling: int, max_tokens: int, threads: int) -> None:
        """Texts of up to `max_tokens` tokens; `pooling` is llama.cpp's number. Raises `ModelFault`."""
        from models.llama_context import ContextSettings, PooledContext
        from models.llama_native import LoadSettings, NativeModel

        self.native = NativeModel.load(path, LoadSettings(mmap=False, repack=True))
        size = -(-max(BATCH_TOKENS, max_tokens) // SEQUENCES) * SEQUENCES
        settings = ContextSettings(
            context_tokens=size,
            batch_tokens=size,
            ubatch_tokens=size,
            threads=threads,
            threads_batch=threads,
            sequences=SEQUENCES,
            outputs_max=0,
            pooling=pooling,
        )
        try:
            self._context = PooledContext(self.native, settings)
        except BaseException:
            self.native.close()
            raise

    def rows(self, texts: Sequence[Sequence[int]], between_batches: Callable[[], None]) -> NDArray[np.float32]:
        """The row of each of `texts` (token ids, none empty), in their order, shape [len(texts), width]. Calls
        `between_batches` before each native call; what it raises ends the work."""
        import numpy as np

        rows = np.zeros((len(texts), self._context.width), np.float32)
        for batch in batches([len(tokens) for tokens in texts]):
            between_batches()
            rows[batch] = self._context.embed(_fill_up([texts[index] for index in batch]))[: len(batch)]
        return rows

    @contextmanager
    def stopped_by(self, cancel: CancelToken) -> Iterator[None]:
        """While entered, cancelling `cancel` ends a running `rows` within a native call, with `Cancelled`."""
        self._context.stop.clear()
        with cancel.listened(self._context.stop.set):
            yield

    def close(self) -> None:
        self._context.close()
        self.native.close()


def _fill_up(texts: list[Sequence[int]]) -> list[Sequence[int]]:
    """`texts`, and an unused one if they are few tokens: so a text's row is the same alone (as a question is) and among
    others (as passages are)."""
    missing = TILE_TOKENS - sum(map(len, texts))
    return [*texts, [texts[0][0]] * missing] if missing > 0 else texts


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The indices of `lengths` in groups of at most `BATCH_TOKENS` tokens (a longer text stands alone) and
    `BATCH_TEXTS` texts, short ones first."""
    group: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and (tokens + lengths[index] > BATCH_TOKENS or len(group) == BATCH_TEXTS):
            yield group
            group, tokens = [], 0
        group.append(index)
        tokens += lengths[index]
    if group:
        yield group
