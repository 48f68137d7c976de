"""A model file loaded by llama.cpp: its weights and its tokenizer. Contexts are in `models.llama.context`.

Arguments are checked before each native call, where a wrong length would end the process.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.cancel import CancelToken
from models.faults import N_, Cancelled, ModelFault
from models.llama.ggml import AMX, extra_buffer_types, tensor_buffer_overrides
from models.llama.library import library, recent_errors
from models.progress import Progress, ReportProgress, ignore_progress

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How the weights are held in memory. `repack` rearranges them for this processor in anonymous memory; never use it
    with `mmap`, which would hold them twice. `repack_experts`: the experts' type, too, is one that llama.cpp can repack
    (MXFP4). `cpu_expert_layers`: the experts of that many first layers stay on the processor when layers are offloaded
    to a GPU (`gpu_layers`)."""

    mmap: bool = True
    repack: bool = False
    repack_experts: bool = False
    gpu_layers: int = 0
    cpu_expert_layers: int = 0


class NativeModel:
    """A loaded model file. Close the contexts made from it before it."""

    def __init__(self, path: Path, handle: Any) -> None:
        lib = library()
        self.path = path
        self._handle = handle
        self._vocab = lib.llama_model_get_vocab(handle)
        self.vocab_size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.embedding_length: int = lib.llama_model_n_embd_out(handle)
        self.class_count: int = lib.llama_model_n_cls_out(handle)
        self.sliding_window_tokens: int = lib.llama_model_n_swa(handle)

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
        """Load the file at `path`, whose header `read_header` has accepted. `size_bytes` is the total that progress is
        reported of; by default the size of the file, which is too little for a model in several files. Raises
        `ModelFault` or `Cancelled`."""
        lib = library()
        params = lib.llama_model_default_params()
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if settings.mmap else lib.LLAMA_LOAD_MODE_NONE
        params.use_extra_bufts = settings.repack and AMX not in extra_buffer_types()
        params.n_gpu_layers = settings.gpu_layers
        params.vocab_only = vocab_only
        overrides = tensor_buffer_overrides(settings.cpu_expert_layers, settings.repack and settings.repack_experts)
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
        callback = lib.llama_progress_callback(
            _load_callback(size_bytes or path.stat().st_size, report, cancel or CancelToken())
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
        """The `llama_model *`."""
        return self._handle

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool = False) -> list[int]:
        """The token ids of `text` by llama.cpp's tokenizer: with `add_special`, the special tokens that the vocabulary
        puts around a text; with `parse_special`, special tokens spelled in the text count as such. gpt-oss's prompts
        are not made with it: see `models.prompts.harmony_render`."""
        return list(self._tokens(text, add_special, parse_special))

    def count_tokens(self, text: str) -> int:
        """The number of tokens of `text`, the special tokens around it included."""
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

    def token_bytes(self, token: int) -> bytes:
        """The bytes of `token`; empty for control tokens and ids that do not exist."""
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

    def is_end_of_generation(self, token: int) -> bool:
        return bool(library().llama_vocab_is_eog(self._vocab, token))

    @property
    def vocab(self) -> Any:
        """The `llama_vocab *`."""
        return self._vocab

    def adds_end_token(self) -> bool:
        """Whether the tokenizer itself puts an end or separator token after each text."""
        lib = library()
        return bool(lib.llama_vocab_get_add_eos(self._vocab) or lib.llama_vocab_get_add_sep(self._vocab))

    def sentence_pair(self, one: Sequence[int], other: Sequence[int]) -> list[int]:
        """Two tokenized texts joined as the vocabulary joins a pair of sentences. In BERT's the separator is the end
        token of the first; in others both stand between the two, as llama.cpp's server has it for all."""
        lib, vocab = library(), self._vocab
        eos, sep = lib.llama_vocab_eos(vocab), lib.llama_vocab_sep(vocab)
        end = [eos if eos >= 0 else sep] if lib.llama_vocab_get_add_eos(vocab) else []
        begin = [lib.llama_vocab_bos(vocab)] if lib.llama_vocab_get_add_bos(vocab) else []
        end_is_separator = lib.llama_vocab_type(vocab) == lib.LLAMA_VOCAB_TYPE_WPM
        separator = [sep] if lib.llama_vocab_get_add_sep(vocab) and not end_is_separator else []
        return [token for token in (*begin, *one, *end, *separator, *other, *end) if token >= 0]

    def class_labels(self) -> list[str]:
        """The labels of a classifier's outputs; an empty text for each that has none."""
        lib = library()
        labels = [lib.llama_model_cls_label(self._handle, index) for index in range(self.class_count)]
        return [label.decode("utf-8", "replace") if label else "" for label in labels]

    def close(self) -> None:
        if self._handle is not None:
            library().llama_model_free(self._handle)
            self._handle = None


def _load_callback(total_bytes: int, report: ReportProgress, cancel: CancelToken) -> Any:
    """A callback for llama.cpp's loader, which reports each new percent. Returning False aborts the load."""
    reported_percent = -1

    def on_progress(fraction: float, _data: object) -> bool:
        nonlocal reported_percent
        percent = int(fraction * 100)
        if percent != reported_percent:
            reported_percent = percent
            report(Progress(int(total_bytes * fraction), total_bytes, "bytes"))
        return not cancel.cancelled

    return on_progress
