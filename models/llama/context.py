"""llama.cpp's contexts: tokens in, logits or vectors out, and a sequence's cache saved and put back.

A context belongs to the thread that made it. Lengths and ids are checked before every native call.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.faults import N_, Cancelled, ModelFault
from models.llama.native import NativeModel, StopFlag, c_library, library

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANK_POOLING = 4
PARTIAL_STATE = 1  # LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY: the sliding-window (and recurrent) layers alone
DECODED, ABORTED = 0, 2
KV_TYPES = {"f16": 1, "q8_0": 8}


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """A context's shape. `pooling` is llama.cpp's number (1 mean, 2 cls, 3 last, 4 rank), None for a chat model;
    `outputs_max` bounds the rows of logits, 0 for as many as the batch."""

    context_tokens: int
    batch_tokens: int
    ubatch_tokens: int
    threads: int
    threads_batch: int
    kv_type: str = "f16"
    sequences: int = 1
    outputs_max: int = 1
    pooling: int | None = None


class TokenBatch:
    """Buffers for the tokens of one native call, allocated once and refilled."""

    def __init__(self, capacity: int) -> None:
        import numpy as np

        lib = library()
        self.capacity = capacity
        self._token = np.zeros(capacity, np.int32)
        self._position = np.zeros(capacity, np.int32)
        self._sequence = np.zeros(capacity, np.int32)
        self._counts = np.ones(capacity, np.int32)
        self._output = np.zeros(capacity, np.int8)
        stride = self._sequence.itemsize
        self._pointers = np.arange(capacity, dtype=np.uintp) * stride + self._sequence.ctypes.data
        self._batch = lib.llama_batch()
        fields: dict[str, NDArray[Any]] = {
            "token": self._token,
            "pos": self._position,
            "n_seq_id": self._counts,
            "seq_id": self._pointers,
        }
        for name, array in {**fields, "logits": self._output}.items():
            kind = type(getattr(self._batch, name))
            setattr(self._batch, name, ctypes.cast(array.ctypes.data, kind))

    def one_sequence(self, tokens: Sequence[int], start: int, *, output_last: bool) -> Any:
        """`tokens` of sequence 0 at positions from `start`; with `output_last` the last one gives logits."""
        count = self._checked(len(tokens))
        self._token[:count] = tokens
        self._position[:count] = range(start, start + count)
        self._sequence[:count] = 0
        self._output[:count] = 0
        self._output[count - 1] = output_last
        return self._ready(count)

    def many_sequences(self, texts: Sequence[Sequence[int]]) -> Any:
        """Each of `texts` as a sequence of its own, all tokens giving output (as pooling wants)."""
        count = self._checked(sum(len(tokens) for tokens in texts))
        at = 0
        for number, tokens in enumerate(texts):
            end = at + len(tokens)
            self._token[at:end] = tokens
            self._position[at:end] = range(len(tokens))
            self._sequence[at:end] = number
            at = end
        self._output[:count] = 1
        return self._ready(count)

    def _checked(self, count: int) -> int:
        if not 0 < count <= self.capacity:
            raise ValueError(f"{count} tokens do not fit into a batch of {self.capacity}")
        return count

    def _ready(self, count: int) -> Any:
        self._batch.n_tokens = count
        return self._batch


def make_context(model: NativeModel, settings: ContextSettings) -> Any:
    """A context on `model`; raises `ModelFault` if its memory cannot be had. Owned by the calling thread."""
    lib = library()
    params = lib.llama_context_default_params()
    params.n_ctx = settings.context_tokens
    params.n_batch = settings.batch_tokens
    params.n_ubatch = settings.ubatch_tokens
    params.n_seq_max = settings.sequences
    params.n_threads = settings.threads
    params.n_threads_batch = settings.threads_batch
    params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_ENABLED
    params.type_k = params.type_v = KV_TYPES[settings.kv_type]
    params.n_outputs_max = settings.outputs_max
    params.swa_full = False
    params.no_perf = True
    if settings.pooling is not None:
        params.embeddings = True
        params.pooling_type = settings.pooling
        params.kv_unified = True
    handle = lib.llama_init_from_model(model.handle, params)
    if not handle:
        raise ModelFault(
            N_("Not enough memory for the model"),
            N_("The memory for {tokens} tokens of context could not be had."),
            N_("Close other programs, or choose a smaller context in the settings."),
            tokens=settings.context_tokens,
        )
    return handle


class PooledContext:
    """A context that gives one row per sequence: a vector, or a reranker's scores. One thread at a time uses it; `stop`
    may be set by any."""

    def __init__(self, model: NativeModel, settings: ContextSettings) -> None:
        self._settings = settings
        self.stop = StopFlag()
        self.width = model.class_count if settings.pooling == RANK_POOLING else model.embedding_length
        self._vocab_size = model.vocab_size
        self._handle = make_context(model, settings)
        self._memory = library().llama_get_memory(self._handle)
        self._batch = TokenBatch(settings.batch_tokens)
        self.stop.attach(self._handle)

    def embed(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """One row per token list, shape [len(texts), width]; together they must fit the batch. Raises `Cancelled`
        if `stop` was set meanwhile."""
        import numpy as np

        lib = library()
        if len(texts) > self._settings.sequences or not all(texts):
            raise ValueError(f"{len(texts)} texts for {self._settings.sequences} sequences, or an empty one")
        if any(not 0 <= token < self._vocab_size for tokens in texts for token in tokens):
            raise ValueError("a token is not of this model's vocabulary")
        if self._memory:
            lib.llama_memory_clear(self._memory, True)
        status = lib.llama_decode(self._handle, self._batch.many_sequences(texts))
        if status == ABORTED:
            raise Cancelled
        if status != DECODED:
            raise RuntimeError(f"llama_decode gave {status} for {len(texts)} texts")
        rows = np.empty((len(texts), self.width), np.float32)
        for number in range(len(texts)):
            pointer = lib.llama_get_embeddings_seq(self._handle, number)
            if not pointer:
                raise RuntimeError(f"no vector for text {number}")
            rows[number] = np.ctypeslib.as_array(pointer, (self.width,))
        self._drop_logits(sum(map(len, texts)))
        return rows

    def _drop_logits(self, tokens: int) -> None:
        """llama.cpp keeps (and clears) room for the logits of every token, which nobody asks an embedding model for:
        1 MB a token of a vocabulary of 262,144, for good."""
        lib = library()
        pointer = lib.llama_get_logits(self._handle)
        if pointer:
            size_bytes = tokens * self._vocab_size * ctypes.sizeof(ctypes.c_float)
            _drop_pages(ctypes.cast(pointer, ctypes.c_void_p).value or 0, size_bytes)

    def close(self) -> None:
        if self._handle is not None:
            library().llama_free(self._handle)
            self._handle = None


class ChatContext:
    """A context for one conversation at a time, all of it sequence 0. One thread owns it; `stop` may be set by any."""

    def __init__(self, model: NativeModel, settings: ContextSettings) -> None:
        self.settings = settings
        self.stop = StopFlag()
        self.windowed = model.window_tokens > 0
        self._vocab_size = model.vocab_size
        self._handle = make_context(model, settings)
        self._memory = library().llama_get_memory(self._handle)
        self._batch = TokenBatch(settings.batch_tokens)
        self.context_tokens: int = library().llama_n_ctx(self._handle)
        self.stop.attach(self._handle)

    @property
    def handle(self) -> Any:
        return self._handle

    @property
    def held_tokens(self) -> int:
        """How many tokens the cache holds, from position 0."""
        return int(library().llama_memory_seq_pos_max(self._memory, 0)) + 1

    def evaluate(self, tokens: Sequence[int], start: int, *, output_last: bool) -> bool:
        """Evaluate `tokens` at positions from `start`, where the cache must end; False if `stop` was set meanwhile.

        A stopped evaluation keeps the micro-batches it had finished: see `held_tokens`.
        """
        if any(not 0 <= token < self._vocab_size for token in tokens):
            raise ValueError("a token is not of this model's vocabulary")
        if start != self.held_tokens or start + len(tokens) > self.context_tokens:
            raise ValueError(f"{len(tokens)} tokens at {start} do not follow {self.held_tokens} held ones")
        batch = self._batch.one_sequence(tokens, start, output_last=output_last)
        status = library().llama_decode(self._handle, batch)
        if status not in (DECODED, ABORTED):
            raise RuntimeError(f"llama_decode gave {status} for {len(tokens)} tokens at {start}")
        return bool(status == DECODED)

    def try_out(self) -> None:
        """Evaluate two tokens and forget them: a build that cannot compute on this machine shows it here."""
        if not self.evaluate([0, 0], 0, output_last=True):
            raise RuntimeError("stopped before anything could stop it")
        self.clear()

    def truncate(self, tokens: int) -> None:
        """Forget everything from position `tokens` on. Of a windowed cache only together with `restore_window`."""
        library().llama_memory_seq_rm(self._memory, 0, tokens, -1)

    def clear(self) -> None:
        library().llama_memory_clear(self._memory, False)

    def save_window(self) -> bytes:
        """What the windowed layers hold now: enough to return here later, when they have moved on."""
        lib = library()
        size = lib.llama_state_seq_get_size_ext(self._handle, 0, PARTIAL_STATE)
        buffer = (ctypes.c_uint8 * size)()
        written = lib.llama_state_seq_get_data_ext(self._handle, buffer, size, 0, PARTIAL_STATE)
        if written == 0:
            raise RuntimeError("llama.cpp could not save the windowed layers")
        return memoryview(buffer)[:written].tobytes()

    def restore_window(self, tokens: int, saved: bytes) -> None:
        """Return to where `saved` was taken, `tokens` tokens in."""
        lib = library()
        lib.llama_memory_seq_rm(self._memory, 0, tokens, -1)
        buffer = (ctypes.c_uint8 * len(saved)).from_buffer_copy(saved)
        read = lib.llama_state_seq_set_data_ext(self._handle, buffer, len(saved), 0, PARTIAL_STATE)
        if read == 0 or self.held_tokens != tokens:
            raise RuntimeError(f"llama.cpp could not restore the windowed layers at {tokens}")

    def state_size(self) -> int:
        """Bytes that `save_state` will write, about."""
        return int(library().llama_state_seq_get_size(self._handle, 0))

    def save_state(self, path: Path, tokens: Sequence[int]) -> int:
        """Write everything held, which are `tokens`, to `path`; returns its size. Raises OSError."""
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        name = str(path).encode()
        written: int = library().llama_state_seq_save_file(self._handle, name, 0, array, len(tokens))
        if written == 0 or path.stat().st_size != written:
            raise OSError(errno.EIO, "the state was not written whole")
        return written

    def load_state(self, path: Path, tokens: Sequence[int]) -> bool:
        """Hold what `path` holds, which should be `tokens`, and nothing else; False, and empty, if it does not."""
        lib = library()
        self.clear()
        array = (ctypes.c_int32 * len(tokens))()
        count = ctypes.c_size_t(0)
        name = str(path).encode()
        read = lib.llama_state_seq_load_file(self._handle, name, 0, array, len(tokens), ctypes.byref(count))
        if read and count.value == len(tokens) == self.held_tokens and list(array) == list(tokens):
            return True
        self.clear()
        return False

    def logits(self) -> NDArray[np.float32]:
        """The logits of the last token evaluated with output, shape [vocabulary]; llama.cpp's, until the next call."""
        import numpy as np

        pointer = library().llama_get_logits_ith(self._handle, -1)
        if not pointer:
            raise RuntimeError("no logits: nothing was evaluated with output")
        return np.ctypeslib.as_array(pointer, (self._vocab_size,))

    def close(self) -> None:
        if self._handle is not None:
            library().llama_free(self._handle)
            self._handle = None


def _drop_pages(address: int, size_bytes: int) -> None:
    """Give the whole pages of a range of native memory back to the system; what was in them is lost. Where the system
    has no such call, nothing happens."""
    advice = getattr(mmap, "MADV_DONTNEED" if sys.platform == "linux" else "MADV_FREE", None)
    start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    end = (address + size_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if advice is not None and end > start:
        c_library().madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), ctypes.c_int(advice))
