"""How a chat model is loaded on this machine so that the whole application keeps its memory budget, and why so."""

from __future__ import annotations

from dataclasses import dataclass

from models.faults import N_, ModelFault
from models.gguf_file import GgufHeader
from models.llama_context import ContextSettings
from models.llama_native import LoadSettings
from models.machine import Machine

MIB = 2**20
GIB = 2**30
KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32}  # per number; q8_0 stores 32 numbers in 34 bytes
DEFAULT_CONTEXTS = (32768, 16384, 8192, 4096)  # tried in this order where none is asked for
SMALLEST_CONTEXT = 2048
BATCH_TOKENS = 512
MICRO_BATCH_TOKENS = 512
# What the application takes besides the language model, measured on Linux: Python and Qt 0.25 GiB, an embedding model
# 0.35 GiB, the vector store 0.3 GiB, llama.cpp's own tables and the vocabulary 0.15 GiB.
APPLICATION_BYTES = int(1.1 * GIB)
KEPT_FREE_BYTES = int(1.5 * GIB)  # for the system, when the weights are to be anonymous memory
ACTIVATION_BYTES_PER_TOKEN_WIDTH = 96  # of a micro-batch: 156 MiB measured for width 2880 and 512 tokens
LOGIT_BYTES = 4
WINDOW_PADDING_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence of a plan: an `N_` template and what fills it."""

    template: str
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.template.format(**dict(self.values))


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What is loaded and how. `estimated_bytes` is the language model's share of resident memory, the weights in the
    file cache included; `budget_bytes` that of the whole application."""

    context_tokens: int
    kv_type: str
    ubatch: int
    threads: int
    threads_batch: int
    gpu_layers: int
    mmap: bool
    repack: bool
    estimated_bytes: int
    budget_bytes: int
    reasons: tuple[Reason, ...]

    @property
    def load_settings(self) -> LoadSettings:
        return LoadSettings(mmap=self.mmap, repack=self.repack, repack_experts=self.repack, gpu_layers=self.gpu_layers)

    @property
    def context_settings(self) -> ContextSettings:
        return ContextSettings(
            context_tokens=self.context_tokens,
            batch_tokens=BATCH_TOKENS,
            ubatch_tokens=self.ubatch,
            threads=self.threads,
            threads_batch=self.threads_batch,
            kv_type=self.kv_type,
        )


def plan_chat(header: GgufHeader, machine: Machine, budget_bytes: int, wanted_context: int | None = None) -> LoadPlan:
    """The best plan within `budget_bytes` (of the whole application) and the machine's memory.

    `wanted_context` is made smaller, with a reason, where it does not fit. Raises `ModelFault` if nothing fits.
    """
    budget = min(budget_bytes, machine.memory_bytes)
    reasons: list[Reason] = []
    if budget_bytes > machine.memory_bytes:
        reasons.append(_reason(N_("This machine has {gb} GB, so that is the limit."), gb=_gb(machine.memory_bytes)))
    room = budget - APPLICATION_BYTES
    longest = header.context_length or SMALLEST_CONTEXT
    wanted = min(wanted_context, longest) if wanted_context else 0
    for context, kv_type in _choices(wanted, longest):
        needed = header.size_bytes + context_bytes(header, context, kv_type)
        if needed <= room:
            break
    else:
        raise ModelFault(
            N_("Not enough memory for this model"),
            N_("{name} needs {needed} GB with the rest of Papermoor; it may use {budget} GB here."),
            N_("Choose a smaller model, or allow more memory in the settings if the computer has it."),
            name=header.name,
            needed=_gb(needed + APPLICATION_BYTES),
            budget=_gb(budget),
        )
    reasons.insert(0, _reason(N_("{n} tokens of context."), n=f"{context:,}"))
    if wanted and context < wanted:
        reasons.append(_reason(N_("{n} tokens were asked for but do not fit the memory."), n=f"{wanted:,}"))
    if kv_type != "f16":
        reasons.append(_reason(N_("The conversation is kept at half precision to make room.")))
    total = needed + APPLICATION_BYTES
    reasons.append(_reason(N_("{used} of {budget} GB of memory."), used=_gb(total), budget=_gb(budget)))
    reasons.append(_reason(N_("The weights stay in the file cache, so other programs can have the memory back.")))
    return LoadPlan(
        context_tokens=context,
        kv_type=kv_type,
        ubatch=MICRO_BATCH_TOKENS,
        threads=machine.physical_cores,
        threads_batch=machine.physical_cores,
        gpu_layers=0,
        mmap=True,
        repack=False,
        estimated_bytes=needed,
        budget_bytes=budget,
        reasons=tuple(reasons),
    )


def context_bytes(header: GgufHeader, context_tokens: int, kv_type: str) -> int:
    """Memory of a context: keys and values of every layer, and the buffers of one micro-batch.

    With a sliding window (gpt-oss: 128 tokens on every second layer) those layers keep the window and one micro-batch.
    """
    per_token = header.head_count_kv * (header.key_length + header.value_length) * KV_BYTES[kv_type]
    windowed = header.block_count // 2 if header.sliding_window else 0
    window = min(context_tokens, header.sliding_window + MICRO_BATCH_TOKENS + WINDOW_PADDING_TOKENS)
    kept = (header.block_count - windowed) * context_tokens + windowed * window
    activations = MICRO_BATCH_TOKENS * header.embedding_length * ACTIVATION_BYTES_PER_TOKEN_WIDTH
    return int(per_token * kept) + activations + header.vocab_size * LOGIT_BYTES * 4


def _choices(wanted: int, longest: int) -> list[tuple[int, str]]:
    """Contexts and key-value types, the best first."""
    sizes = [wanted] if wanted else []
    sizes += [size for size in DEFAULT_CONTEXTS if not wanted or size < wanted]
    sizes = [min(size, longest) for size in [*sizes, SMALLEST_CONTEXT]]
    choices = [(size, "f16") for size in dict.fromkeys(sizes)]
    if wanted:
        choices.insert(1, (sizes[0], "q8_0"))
    return choices


def _reason(template: str, **values: str) -> Reason:
    return Reason(template, tuple(values.items()))


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.1f}"
