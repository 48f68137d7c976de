"""A model that turns each text into one row of numbers, in batches: the common base of embedders and rerankers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from models.cancel import CancelToken
from models.gguf.pooling import Pooling

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from models.llama.context import ContextSettings, PooledContext
    from models.llama.native import NativeModel

BATCH_TOKENS = 256  # attention spans the whole batch, so wider ones cost more a token: measured by bench_embedder.py
SELF_TEST_TOKENS = 16
TILE_TOKENS = 64  # GGML_FA_TILE_Q: below it llama.cpp sums attention in half precision, from it on in single precision
SEQUENCES = 64  # llama.cpp asserts that the batch size is a multiple of the number of sequences
BATCH_TEXTS = SEQUENCES - 1  # one sequence is left for padding, see `_pad_to_tile`
# Threads that share a batch wait for each other a hundred times in it, which took most of the time while other programs
# ran: 384 passages by all-MiniLM-L6-v2 took 223 s, and 35 s with one batch to each of two threads (66 s and 14 s of
# processor time). Each of these contexts has its own buffers: some 10 MB for a small model, hundreds for a large one.
SMALL_MODEL_BYTES = 200_000_000
MAX_PARALLEL_CONTEXTS = 8


class PooledModel:
    """A loaded model and its contexts. Made, used and closed by one thread, which lets others compute and waits for
    them; only the tokenizer (`native`) may be used from any thread. A small model computes several batches in parallel,
    each on a single thread."""

    def __init__(self, path: Path, pooling: Pooling, max_tokens: int, threads: int, *, safe_mode: bool = False) -> None:
        """Load the model at `path` for texts of up to `max_tokens` tokens and run a first batch, so that a build of
        llama.cpp that cannot compute on this machine fails here. Raises `ModelFault`.

        `safe_mode` is for a model whose loading has crashed the program: weights are mapped instead of repacked, so
        that the system can drop them from memory and the processor's own weight layouts are not used.
        """
        from models.llama.context import ContextSettings, PooledContext
        from models.llama.native import LoadSettings, NativeModel

        self.native = NativeModel.load(path, LoadSettings(mmap=safe_mode, repack=not safe_mode))
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
        self._parallel: list[_SingleThreadContext] = []
        try:
            if threads > 1 and path.stat().st_size <= SMALL_MODEL_BYTES:
                single = replace(settings, threads=1, threads_batch=1)
                self._parallel += (
                    _SingleThreadContext(self.native, single) for _ in range(min(threads, MAX_PARALLEL_CONTEXTS))
                )
            self._compute([[[0] * SELF_TEST_TOKENS]])
        except BaseException:
            self.close()
            raise

    def rows(self, texts: Sequence[Sequence[int]], between_batches: Callable[[], None]) -> NDArray[np.float32]:
        """The row of each of `texts` (token ids, none empty) in their order, shape [len(texts), width]. Calls
        `between_batches` before each group of batches, while nothing is computed; what it raises ends the work."""
        import numpy as np

        rows = np.zeros((len(texts), self._context.width), np.float32)
        for group in batched(batch_by_length([len(tokens) for tokens in texts]), max(1, len(self._parallel))):
            between_batches()
            batches = [_pad_to_tile([texts[index] for index in indices]) for indices in group]
            for indices, computed in zip(group, self._compute(batches), strict=True):
                rows[indices] = computed[: len(indices)]
        return rows

    def _compute(self, batches: Sequence[list[Sequence[int]]]) -> list[NDArray[np.float32]]:
        """The rows of each batch, computed in parallel; a single batch is computed on all threads.

        The thread that computes a single batch ends with it. GNU OpenMP keeps a thread's helpers for as long as the
        thread lives, and with more helpers than cores it lets all of them sleep at barriers, those of the chat model
        too (850 times a token; gpt-oss wrote a seventh slower while an embedding model was open).
        """
        from concurrent.futures import ThreadPoolExecutor, wait

        if len(batches) == 1:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="one-batch") as short_lived:
                return [short_lived.submit(self._context.embed, batches[0]).result()]
        running = [context.embed(batch) for context, batch in zip(self._parallel, batches, strict=False)]
        wait(running)  # for all of them, also if one fails: nothing may be computing when this returns
        return [future.result() for future in running]

    @contextmanager
    def stopped_by(self, cancel: CancelToken) -> Iterator[None]:
        """Within the context, cancelling `cancel` aborts a running `rows` within its native call; it raises
        `Cancelled`."""
        flags = [self._context.stop, *(parallel.context.stop for parallel in self._parallel)]
        for flag in flags:
            flag.clear()

        def stop() -> None:
            for flag in flags:
                flag.set()

        with cancel.on_cancel(stop):
            yield

    def close(self) -> None:
        for parallel in self._parallel:
            parallel.close()
        self._context.close()
        self.native.close()


class _SingleThreadContext:
    """A context with a thread of its own, which makes, uses and closes it."""

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
    """`groups` in lists of `size`; the last list may be shorter."""
    rest = iter(groups)
    while taken := list(islice(rest, size)):
        yield taken


def _pad_to_tile(texts: list[Sequence[int]]) -> list[Sequence[int]]:
    """`texts`, and a text of padding if they have fewer than `TILE_TOKENS` tokens. So a text has the same row alone (as
    questions are embedded) and among others (as passages are)."""
    missing = TILE_TOKENS - sum(map(len, texts))
    return [*texts, [texts[0][0]] * missing] if missing > 0 else texts


def batch_by_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The indices of `lengths`, shortest first, in groups of at most `BATCH_TEXTS` texts and `BATCH_TOKENS` tokens; a
    longer text is a group of its own."""
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
