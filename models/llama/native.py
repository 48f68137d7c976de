"""llama.cpp itself: its library and messages, loading a file, its tokenizer. Contexts are in `llama_context`.

Everything is checked before it crosses into native code, where a wrong length ends the process. Nothing is imported
from llama_cpp until the first load: the window must not wait for it.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.cancel import CancelToken
from models.faults import N_, Cancelled, ModelFault
from models.llama.gpu import Gpu
from models.progress import Progress, ReportProgress, ignore_progress

log = logging.getLogger(__name__)

CPU_DEVICE, SHARED_GPU_DEVICE = 0, 2  # GGML_BACKEND_DEVICE_TYPE_CPU, _IGPU
GPU_DEVICES = (1, SHARED_GPU_DEVICE)
AMX, REPACK = "AMX", "CPU_REPACK"
# Looks of a thread (GNU OpenMP) for the others before it sleeps. With 5,000, threads fell asleep 30 times a token and
# gpt-oss wrote a sixth slower beside a window; by default 300,000, with which embedding on a busy processor took up to
# four times as long.
BARRIER_SPINS = "60000"
ERROR_LEVEL = 4  # ggml_log_level: 1 debug, 2 info, 3 warn, 4 error
EXPERT_TENSORS = r"ffn_(up|down|gate|gate_up)_(ch|)exps"


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How a file's weights are held. `repack` rearranges them for this processor, which needs anonymous memory: never
    together with `mmap`, which would hold them twice. `repack_experts` says that the experts' type is one llama.cpp has
    a layout for (MXFP4). `cpu_expert_layers` keeps the experts of that many first layers off the accelerator."""

    mmap: bool = True
    repack: bool = False
    repack_experts: bool = False
    gpu_layers: int = 0
    cpu_expert_layers: int = 0


@functools.cache
def library() -> Any:
    """llama_cpp's low-level module, initialised once, with its messages sent to `logging` (never to stdout or stderr,
    which a windowed program may not have)."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # else a failed assertion starts a debugger, if there is one
    os.environ.setdefault("GOMP_SPINCOUNT", BARRIER_SPINS)
    from llama_cpp import llama_cpp

    llama_cpp.llama_log_set(_log_callback(llama_cpp), ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


@functools.cache
def _log_callback(lib: Any) -> Any:
    """The callback, kept alive for the process by the cache."""

    def write(level: int, text: bytes, _data: object) -> None:
        line = text.decode("utf-8", "replace").rstrip()
        if line:
            log.debug("llama.cpp: %s", line)
            if level == ERROR_LEVEL:
                recent_errors.append(line)

    return lib.llama_log_callback(write)


recent_errors: deque[str] = deque(maxlen=20)
"""llama.cpp's own last error lines, for the log when a call fails (being stopped is an error to it, too)."""


class StopFlag:
    """A switch that a running computation reads without Python: set from any thread, seen within one graph node.

    ggml asks its abort callback before every node, thousands of times a second. A Python callback would take the
    interpreter lock each time and slow a model down whenever the window paints. C's own `strlen` is such a callback:
    over an empty string it returns 0 (go on), over one character 1 (stop).
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)

    def set(self) -> None:
        self._text[0] = b"\x01"

    def clear(self) -> None:
        self._text[0] = b"\x00"

    @property
    def is_set(self) -> bool:
        return self._text[0] != b"\x00"

    def attach(self, context: Any) -> None:
        """Make `context`'s computations on the processor obey this flag, which must outlive it."""
        lib = library()
        strlen = ctypes.cast(c_library().strlen, lib.ggml_abort_callback)
        lib.llama_set_abort_callback(context, strlen, ctypes.cast(self._text, ctypes.c_void_p))


@functools.cache
def c_library() -> ctypes.CDLL:
    """The system's C library."""
    return ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)


class NativeModel:
    """A loaded file: its weights and vocabulary. Close the contexts made from it first."""

    def __init__(self, path: Path, handle: Any) -> None:
        lib = library()
        self.path = path
        self._handle = handle
        self._vocab = lib.llama_model_get_vocab(handle)
        self.vocab_size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.train_tokens: int = lib.llama_model_n_ctx_train(handle)
        self.embedding_length: int = lib.llama_model_n_embd_out(handle)
        self.class_count: int = lib.llama_model_n_cls_out(handle)
        self.window_tokens: int = lib.llama_model_n_swa(handle)

    @classmethod
    def load(
        cls,
        path: Path,
        settings: LoadSettings,
        *,
        vocab_only: bool = False,
        size_bytes: int = 0,
        report: ReportProgress = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> NativeModel:
        """Load `path`, checked by `gguf_file` before; raises `Cancelled` or `ModelFault`. `size_bytes` is told as the
        whole, if it is not the file's own (a model in several files)."""
        lib = library()
        params = lib.llama_model_default_params()
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if settings.mmap else lib.LLAMA_LOAD_MODE_NONE
        params.use_extra_bufts = settings.repack and AMX not in extra_buffer_types()
        params.n_gpu_layers = settings.gpu_layers
        params.vocab_only = vocab_only
        overrides = _overrides(settings)
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
        callback = lib.llama_progress_callback(
            _progress(size_bytes or path.stat().st_size, report, cancel or CancelToken())
        )
        params.progress_callback = callback
        handle = lib.llama_model_load_from_file(str(path).encode(), params)
        if cancel is not None and cancel.cancelled:
            if handle:
                lib.llama_model_free(handle)
            raise Cancelled
        if not handle:
            log.error("llama.cpp could not load %s: %s", path.name, " | ".join(recent_errors))
            raise ModelFault(
                N_("The model could not be loaded"),
                N_("llama.cpp could not load {name}; the log says why."),
                N_("Check the file in the list of models, or download it again."),
                name=path.name,
            )
        return cls(path, handle)

    @property
    def handle(self) -> Any:
        return self._handle

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool = False) -> list[int]:
        """`text` as token ids by llama.cpp's own tokenizer. Not for gpt-oss prompts: see `models.harmony`."""
        return list(self._tokens(text, add_special, parse_special))

    def count_tokens(self, text: str) -> int:
        return len(self._tokens(text, True, False))

    def _tokens(self, text: str, add_special: bool, parse_special: bool) -> Sequence[int]:
        lib = library()
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        buffer = (ctypes.c_int32 * room)()
        count = lib.llama_tokenize(self._vocab, raw, len(raw), buffer, room, add_special, parse_special)
        if count < 0:
            room = -count
            buffer = (ctypes.c_int32 * room)()
            count = lib.llama_tokenize(self._vocab, raw, len(raw), buffer, room, add_special, parse_special)
        return buffer[: max(count, 0)]

    def piece(self, token: int) -> bytes:
        """The bytes that `token` stands for; empty for control tokens."""
        lib = library()
        if not 0 <= token < self.vocab_size:
            return b""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = lib.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends_generation(self, token: int) -> bool:
        return bool(library().llama_vocab_is_eog(self._vocab, token))

    @property
    def vocab(self) -> Any:
        return self._vocab

    def ends_texts(self) -> bool:
        """Whether the tokenizer puts an end or a separator after each text by itself."""
        lib = library()
        return bool(lib.llama_vocab_get_add_eos(self._vocab) or lib.llama_vocab_get_add_sep(self._vocab))

    def sentence_pair(self, one: Sequence[int], other: Sequence[int]) -> list[int]:
        """Two tokenized texts joined as this vocabulary joins a pair of sentences: BERT's ends one with its separator,
        others put end and separator between the two (llama.cpp's server does so for all)."""
        lib, vocab = library(), self._vocab
        end, separator = lib.llama_vocab_eos(vocab), lib.llama_vocab_sep(vocab)
        ends = [end if end >= 0 else separator] if lib.llama_vocab_get_add_eos(vocab) else []
        begins = [lib.llama_vocab_bos(vocab)] if lib.llama_vocab_get_add_bos(vocab) else []
        joined = lib.llama_vocab_type(vocab) == lib.LLAMA_VOCAB_TYPE_WPM
        between = [separator] if lib.llama_vocab_get_add_sep(vocab) and not joined else []
        return [token for token in (*begins, *one, *ends, *between, *other, *ends) if token >= 0]

    def class_labels(self) -> list[str]:
        """The names of a classifier's outputs, empty where it names none."""
        lib = library()
        labels = [lib.llama_model_cls_label(self._handle, index) for index in range(self.class_count)]
        return [label.decode("utf-8", "replace") if label else "" for label in labels]

    def close(self) -> None:
        if self._handle is not None:
            library().llama_model_free(self._handle)
            self._handle = None


def _progress(total_bytes: int, report: ReportProgress, cancel: CancelToken) -> Any:
    """llama.cpp's load callback; returning False stops the load."""
    last = [-1]

    def step(fraction: float, _data: object) -> bool:
        percent = int(fraction * 100)
        if percent != last[0]:
            last[0] = percent
            report(Progress(int(total_bytes * fraction), total_bytes, "bytes"))
        return not cancel.cancelled

    return step


class _BufferRule(ctypes.Structure):
    """llama.h: llama_model_tensor_buft_override, which llama_cpp does not declare."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


def _ggml(name: str, result: Any, *arguments: Any) -> Any:
    """The ggml function `name`, which llama_cpp does not declare, from whichever library holds it on this platform."""
    from llama_cpp._ctypes_extensions import load_shared_library
    from llama_cpp._ggml import libggml_base_path

    for part in ("ggml", "ggml-base", "ggml-cpu"):
        function = getattr(load_shared_library(part, libggml_base_path), name, None)
        if function is not None:
            function.restype, function.argtypes = result, list(arguments)
            return function
    raise RuntimeError(f"this build of llama.cpp has no {name}")


@functools.cache
def extra_buffer_types() -> dict[str, int]:
    """The processor's own weight layouts that this build of llama.cpp knows, by name ("CPU_REPACK", "AMX", ...)."""
    library()
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    device = _ggml("ggml_backend_dev_by_type", pointer, ctypes.c_int)(CPU_DEVICE)
    registry = _ggml("ggml_backend_dev_backend_reg", pointer, pointer)(device)
    find = _ggml("ggml_backend_reg_get_proc_address", pointer, pointer, text)
    name_of = _ggml("ggml_backend_buft_name", text, pointer)
    address = find(registry, b"ggml_backend_dev_get_extra_bufts")
    if not address:
        return {}
    listed = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)(address)(device)
    found: dict[str, int] = {}
    while listed and listed[len(found)]:
        found[name_of(listed[len(found)]).decode()] = listed[len(found)]
    return found


@functools.cache
def _device_properties() -> Any:
    class Properties(ctypes.Structure):
        """ggml-backend.h: the first fields of ggml_backend_dev_props, with room for those that follow."""

        _fields_ = (
            ("name", ctypes.c_char_p),
            ("description", ctypes.c_char_p),
            ("free_bytes", ctypes.c_size_t),
            ("total_bytes", ctypes.c_size_t),
            ("kind", ctypes.c_int),
            ("rest", ctypes.c_char * 256),
        )

    return Properties


def graphics_processors() -> tuple[Gpu, ...]:
    """What this build of llama.cpp can compute on besides the processor; empty for a build without GPU support."""
    library()
    count = _ggml("ggml_backend_dev_count", ctypes.c_size_t)()
    get = _ggml("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    read = _ggml("ggml_backend_dev_get_props", None, ctypes.c_void_p, ctypes.c_void_p)
    found = []
    for index in range(count):
        properties = _device_properties()()
        read(get(index), ctypes.byref(properties))
        if properties.kind in GPU_DEVICES:
            name = (properties.description or properties.name or b"").decode("utf-8", "replace")
            shared = properties.kind == SHARED_GPU_DEVICE or name.startswith("Apple")
            found.append(Gpu(name, properties.total_bytes, properties.free_bytes, shared))
    return tuple(found)


def _overrides(settings: LoadSettings) -> Any:
    """A terminated array of (tensor name pattern, where its weights go).

    On a build with AMX only the experts are repacked, and for AVX: GCC 12 drops most of the tile configuration that
    llama.cpp's AMX code sets up (its header tells the compiler that 8 of its 64 bytes are read), and the first matrix
    product ends the process.
    """
    rules: list[_BufferRule] = []
    if settings.cpu_expert_layers > 0:
        layers = "|".join(str(layer) for layer in range(settings.cpu_expert_layers))
        ordinary = _ggml("ggml_backend_cpu_buffer_type", ctypes.c_void_p)()
        rules.append(_BufferRule(f"blk\\.({layers})\\.{EXPERT_TENSORS}".encode(), ordinary))
    types = extra_buffer_types()
    if settings.repack and settings.repack_experts and AMX in types:
        rules.append(_BufferRule(rf"blk\.\d+\.{EXPERT_TENSORS}\.weight".encode(), types[REPACK]))
    rules.append(_BufferRule(None, None))
    return (_BufferRule * len(rules))(*rules)
