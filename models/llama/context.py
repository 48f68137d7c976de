"""llama.cpp's contexts: tokens in, logits or pooled rows out; and saving and restoring a sequence's KV cache.

A context belongs to the thread that made it. Lengths and token ids are checked before every native call.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.cancel import CancelToken
from models.faults import N_, Cancelled, ModelFault
from models.gguf.pooling import Pooling
from models.llama.library import c_library, library
from models.llama.native import NativeModel
from models.llama.stop_flag import StopFlag

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTIAL_STATE_ONLY = 1  # LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY: the sliding-window (and recurrent) layers alone
DECODED, ABORTED = 0, 2
KV_TYPES = {"f16": 1, "q8_0": 8}


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """The parameters of a context, named as in llama.h: `ubatch_tokens` is the micro-batch, `threads` are for decode,
    `threads_batch` for prefill, `sequences` is the most sequences at once, `outputs_max` the most rows of logits in a
    batch (0 for one to each token). `pooling` is None for a chat model."""

    context_tokens: int
    batch_tokens: int
    ubatch_tokens: int
    threads: int
    threads_batch: int
    kv_type: str = "f16"
    sequences: int = 1
    outputs_max: int = 1
    pooling: Pooling | None = None


class TokenBatch:
    """A `llama_batch`: buffers for the tokens of one `llama_decode`, allocated once and refilled for each call."""

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
        """The batch with `tokens` in sequence 0 at positions from `start` on; with `output_last`, logits for the last
        one."""
        count = self._require_fit(len(tokens))
        self._token[:count] = tokens
        self._position[:count] = range(start, start + count)
        self._sequence[:count] = 0
        self._output[:count] = 0
        self._output[count - 1] = output_last
        return self._with_count(count)

    def many_sequences(self, texts: Sequence[Sequence[int]]) -> Any:
        """The batch with each of `texts` as a sequence of its own and output for every token, which pooling needs."""
        count = self._require_fit(sum(len(tokens) for tokens in texts))
        start = 0
        for number, tokens in enumerate(texts):
            end = start + len(tokens)
            self._token[start:end] = tokens
            self._position[start:end] = range(len(tokens))
            self._sequence[start:end] = number
            start = end
        self._output[:count] = 1
        return self._with_count(count)

    def _require_fit(self, count: int) -> int:
        if not 0 < count <= self.capacity:
            raise ValueError(f"{count} tokens do not fit into a batch of {self.capacity}")
        return count

    def _with_count(self, count: int) -> Any:
        self._batch.n_tokens = count
        return self._batch


def make_context(model: NativeModel, settings: ContextSettings) -> Any:
    """Create a context of `model`, owned by the calling thread. Raises `ModelFault` if there is not enough memory."""
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
    """A context that gives one row for each sequence: an embedding, or a reranker's scores. One thread at a time may
    use it; `stop` may be set by any thread."""

    def __init__(self, model: NativeModel, settings: ContextSettings) -> None:
        self._settings = settings
        self.stop = StopFlag()
        self.width = model.class_count if settings.pooling is Pooling.RANK else model.embedding_length
        self._vocab_size = model.vocab_size
        self._handle = make_context(model, settings)
        self._memory = library().llama_get_memory(self._handle)
        self._batch = TokenBatch(settings.batch_tokens)
        self.stop.attach(self._handle)

    def embed(self, texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """One row for each token list, shape [len(texts), width]. All of them together must fit into the batch. Raises
        `Cancelled` if `stop` is set meanwhile."""
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
        self._release_logits(sum(map(len, texts)))
        return rows

    def _release_logits(self, tokens: int) -> None:
        """Give the memory of the logits back to the system. llama.cpp allocates and clears a row for every token and
        keeps it, though a pooled model has no use for logits: 1 MB a token with a vocabulary of 262,144."""
        lib = library()
        pointer = lib.llama_get_logits(self._handle)
        if pointer:
            size_bytes = tokens * self._vocab_size * ctypes.sizeof(ctypes.c_float)
            _release_pages(ctypes.cast(pointer, ctypes.c_void_p).value or 0, size_bytes)

    def close(self) -> None:
        if self._handle is not None:
            library().llama_free(self._handle)
            self._handle = None


class ChatContext:
    """A context for one conversation at a time, in sequence 0. One thread owns it; `stop` may be set by any thread."""

    def __init__(self, model: NativeModel, settings: ContextSettings) -> None:
        self.settings = settings
        self.stop = StopFlag()
        self.has_sliding_window = model.sliding_window_tokens > 0
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
    def cached_tokens(self) -> int:
        """How many tokens are in the KV cache, from position 0 on."""
        return int(library().llama_memory_seq_pos_max(self._memory, 0)) + 1

    def decode(self, tokens: Sequence[int], start: int, *, output_last: bool) -> bool:
        """Decode `tokens` at positions from `start` on, where the KV cache must end. Returns False if `stop` was set
        meanwhile; the micro-batches finished by then stay in the cache (see `cached_tokens`)."""
        if any(not 0 <= token < self._vocab_size for token in tokens):
            raise ValueError("a token is not of this model's vocabulary")
        if start != self.cached_tokens or start + len(tokens) > self.context_tokens:
            raise ValueError(f"{len(tokens)} tokens at {start} do not follow {self.cached_tokens} cached ones")
        batch = self._batch.one_sequence(tokens, start, output_last=output_last)
        status = library().llama_decode(self._handle, batch)
        if status not in (DECODED, ABORTED):
            raise RuntimeError(f"llama_decode gave {status} for {len(tokens)} tokens at {start}")
        return bool(status == DECODED)

    @contextmanager
    def stopped_by(self, cancel: CancelToken) -> Iterator[None]:
        """Within the context manager, cancelling `cancel` aborts the running computation."""
        self.stop.clear()
        with cancel.on_cancel(self.stop.set):
            yield

    def self_test(self) -> bool:
        """Decode two tokens and drop them, so that a build that cannot compute on this machine fails here. Return
        whether the logits are numbers, which those of damaged weights mostly are not."""
        import numpy as np

        if not self.decode([0, 0], 0, output_last=True):
            raise RuntimeError("aborted though the stop flag was never set")
        finite = bool(np.isfinite(self.logits()).all())
        self.clear()
        return finite

    def truncate(self, tokens: int) -> None:
        """Drop everything from position `tokens` on. Not for sliding-window layers: see `restore_sliding_window`."""
        library().llama_memory_seq_rm(self._memory, 0, tokens, -1)

    def clear(self) -> None:
        library().llama_memory_clear(self._memory, False)

    def save_sliding_window(self) -> bytes:
        """The present content of the sliding-window layers, for `restore_sliding_window`."""
        lib = library()
        size = lib.llama_state_seq_get_size_ext(self._handle, 0, PARTIAL_STATE_ONLY)
        buffer = (ctypes.c_uint8 * size)()
        written = lib.llama_state_seq_get_data_ext(self._handle, buffer, size, 0, PARTIAL_STATE_ONLY)
        if written == 0:
            raise RuntimeError("llama.cpp could not save the sliding-window layers")
        return memoryview(buffer)[:written].tobytes()

    def restore_sliding_window(self, tokens: int, saved: bytes) -> None:
        """Go back to position `tokens`, at which `saved` was taken; the tokens before it must still be the same."""
        lib = library()
        lib.llama_memory_seq_rm(self._memory, 0, tokens, -1)
        buffer = (ctypes.c_uint8 * len(saved)).from_buffer_copy(saved)
        read = lib.llama_state_seq_set_data_ext(self._handle, buffer, len(saved), 0, PARTIAL_STATE_ONLY)
        if read == 0 or self.cached_tokens != tokens:
            raise RuntimeError(f"llama.cpp could not restore the sliding-window layers at {tokens}")

    def state_size(self) -> int:
        """About how many bytes `save_state` will write."""
        return int(library().llama_state_seq_get_size(self._handle, 0))

    def save_state(self, path: Path, tokens: Sequence[int]) -> int:
        """Write the whole KV cache, which holds `tokens`, to `path`; return the size in bytes. Raises OSError."""
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        name = str(path).encode()
        written: int = library().llama_state_seq_save_file(self._handle, name, 0, array, len(tokens))
        if written == 0 or path.stat().st_size != written:
            raise OSError(errno.EIO, "the state was not written whole")
        return written

    def load_state(self, path: Path, tokens: Sequence[int]) -> bool:
        """Replace the KV cache by what `save_state` wrote to `path`. If that is not a cache of `tokens`, leave it empty
        and return False."""
        lib = library()
        self.clear()
        array = (ctypes.c_int32 * len(tokens))()
        count = ctypes.c_size_t(0)
        name = str(path).encode()
        read = lib.llama_state_seq_load_file(self._handle, name, 0, array, len(tokens), ctypes.byref(count))
        if read and count.value == len(tokens) == self.cached_tokens and list(array) == list(tokens):
            return True
        self.clear()
        return False

    def state(self) -> memoryview:
        """The whole KV cache, as bytes. Raises OSError if llama.cpp does not give it."""
        size = self.state_size()
        buffer = (ctypes.c_uint8 * size)()
        written = library().llama_state_seq_get_data(self._handle, buffer, size, 0)
        if written == 0:
            raise OSError(errno.EIO, "the state was not written whole")
        return memoryview(buffer)[:written]

    def replace_state(self, state: bytearray, tokens: int) -> bool:
        """Replace the KV cache by what `state` returned. If that is no cache of so many tokens, leave it empty and
        return False."""
        self.clear()
        buffer = (ctypes.c_uint8 * len(state)).from_buffer(state)
        read = library().llama_state_seq_set_data(self._handle, buffer, len(state), 0)
        if read and self.cached_tokens == tokens:
            return True
        self.clear()
        return False

    def logits(self) -> NDArray[np.float32]:
        """The logits of the last token decoded with output, shape [vocabulary]: llama.cpp's own memory, valid until the
        next call."""
        import numpy as np

        pointer = library().llama_get_logits_ith(self._handle, -1)
        if not pointer:
            raise RuntimeError("no logits: nothing was decoded with output")
        return np.ctypeslib.as_array(pointer, (self._vocab_size,))

    def close(self) -> None:
        if self._handle is not None:
            library().llama_free(self._handle)
            self._handle = None


def _release_pages(address: int, size_bytes: int) -> None:
    """Give the whole pages within a range of native memory back to the system, losing their content. Does nothing on
    systems without such a call."""
    advice = getattr(mmap, "MADV_DONTNEED" if sys.platform == "linux" else "MADV_FREE", None)
    start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    end = (address + size_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if advice is not None and end > start:
        c_library().madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), ctypes.c_int(advice))
