"""A model that gives one row of numbers for each text, in batches: what embedders and rerankers have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from models.llama.context import ContextSettings, PooledContext
    from models.llama.native import NativeModel

BATCH_TOKENS = 256  # attention is computed over the whole batch, so wider ones cost more per token: bench_embedder.py
TRIED_TOKENS = 16
TILE_TOKENS = 64  # GGML_FA_TILE_Q: below it llama.cpp sums attention in half precision, above in single precision
SEQUENCES = 64  # llama.cpp asserts that the batch is a multiple of it
BATCH_TEXTS = SEQUENCES - 1  # one is for filling up, see `_fill_up`
# Threads that share a batch wait for each other a hundred times in it, which beside other programs took most of the
# time: 384 passages by all-MiniLM-L6-v2 223 s, 35 s with a batch to each thread (two threads; processor 66 s, 14 s).
SMALL_BYTES = 200_000_000  # each has buffers of its own: some 10 MB of a small model, hundreds of a large one
MOST_BESIDE = 8


class PooledModel:
    """A loaded model and its contexts. Made, used and closed by one thread, which has others compute and waits; the
    vocabulary alone may be used by any. Of a small model several batches are computed side by side, each on one
    thread."""

    def __init__(self, path: Path, pooling: int, max_tokens: int, threads: int, *, careful: bool = False) -> None:
        """Texts of up to `max_tokens` tokens; `pooling` is llama.cpp's number. `careful` after a load that ended the
        program: weights are mapped, not rearranged, so the system can drop them and the processor's own layouts are not
        used. Some tokens are tried: a build that cannot compute on this machine shows it here. Raises `ModelFault`."""
        from models.llama.context import ContextSettings, PooledContext
        from models.llama.native import LoadSettings, NativeModel

        self.native = NativeModel.load(path, LoadSettings(mmap=careful, repack=not careful))
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
        self._beside: list[_OneThread] = []
        try:
            if threads > 1 and path.stat().st_size <= SMALL_BYTES:
                alone = replace(settings, threads=1, threads_batch=1)
                self._beside += (_OneThread(self.native, alone) for _ in range(min(threads, MOST_BESIDE)))
            self._computed([[[0] * TRIED_TOKENS]])
        except BaseException:
            self.close()
            raise

    def rows(self, texts: Sequence[Sequence[int]], between_batches: Callable[[], None]) -> NDArray[np.float32]:
        """The row of each of `texts` (token ids, none empty), in their order, shape [len(texts), width]. Calls
        `between_batches` while nothing is computed, again and again; what it raises ends the work."""
        import numpy as np

        rows = np.zeros((len(texts), self._context.width), np.float32)
        for taken in batched(batches([len(tokens) for tokens in texts]), max(1, len(self._beside))):
            between_batches()
            work = [_fill_up([texts[index] for index in batch]) for batch in taken]
            for batch, found in zip(taken, self._computed(work), strict=True):
                rows[batch] = found[: len(batch)]
        return rows

    def _computed(self, work: Sequence[list[Sequence[int]]]) -> list[NDArray[np.float32]]:
        """The rows of each batch: side by side, or of a single one on all threads.

        These end with the batch: GNU OpenMP keeps a thread's helpers as long as the thread, and as soon as it has more
        than there are cores, those of the chat model, too, wait for each other asleep (850 times a token; gpt-oss wrote
        a seventh slower while an embedding model was open).
        """
        from concurrent.futures import ThreadPoolExecutor, wait

        if len(work) == 1:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="one-batch") as passing:
                return [passing.submit(self._context.embed, work[0]).result()]
        running = [one.embed(batch) for one, batch in zip(self._beside, work, strict=False)]
        wait(running)  # for all, whatever becomes of one: nothing is computed any more when this returns
        return [future.result() for future in running]

    @contextmanager
    def stopped_by(self, cancel: CancelToken) -> Iterator[None]:
        """While entered, cancelling `cancel` ends a running `rows` within a native call, with `Cancelled`."""
        flags = [self._context.stop, *(one.context.stop for one in self._beside)]
        for flag in flags:
            flag.clear()

        def stop() -> None:
            for flag in flags:
                flag.set()

        with cancel.listened(stop):
            yield

    def close(self) -> None:
        for one in self._beside:
            one.close()
        self._context.close()
        self.native.close()


class _OneThread:
    """A context that computes on a thread of its own, which makes, uses and closes it."""

    def __init__(self, native: NativeModel, settings: ContextSettings) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from models.llama.context import PooledContext

        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="side-by-side")
        try:
            self.context: PooledContext = self._thread.submit(PooledContext, native, settings).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def embed(self, texts: Sequence[Sequence[int]]) -> Future[NDArray[np.float32]]:
        return self._thread.submit(self.context.embed, texts)

    def close(self) -> None:
        self._thread.submit(self.context.close).result()
        self._thread.shutdown()


def batched(groups: Iterable[list[int]], size: int) -> Iterator[list[list[int]]]:
    """`groups` in lists of `size`, the last one maybe shorter."""
    rest = iter(groups)
    while taken := list(islice(rest, size)):
        yield taken


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
