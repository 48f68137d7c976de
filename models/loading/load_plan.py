"""Plans how a chat model is loaded: context length, KV cache type, memory mapping or repacking, GPU offload, and why.

Works from a file's header and a `Machine`; measures nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.faults import N_, ModelFault
from models.machine.probe import Machine

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader

GIB = 2**30
MIB = 2**20
DEFAULT_BUDGET_BYTES = 16 * GIB
# What the application needs besides its models, measured on Linux: Python and Qt 0.25 GiB, the vector store 0.3 GiB,
# llama.cpp's own tables and the vocabulary 0.15 GiB.
APPLICATION_BYTES = 717 * MIB
POOLED_OVERHEAD_BYTES = 128 * MIB  # of an embedder or reranker besides its weights: scratch memory and tables
POOLED_BATCH_TOKENS = 256  # llama.cpp allocates logits for each (`models.llama.pooled_model.BATCH_TOKENS`)
REPACK_MARGIN_BYTES = 2 * GIB  # must stay free for other programs, as repacked weights cannot be dropped from memory
FULL_ATTENTION_PERIOD = {"gpt-oss": 2}  # by architecture: every n-th layer has full attention, the others a window
MXFP4 = 39  # ggml_type; llama.cpp can repack it for any processor with AVX2 or NEON
AUTOMATIC_CONTEXTS = (32768, 24576, 16384, 12288, 8192, 4096)
MIN_CONTEXT = 4096
KV_PADDING_TOKENS = 256  # llama.cpp rounds every KV cache up to a multiple of this
UBATCH_TOKENS = 512
GPU_MARGIN_BYTES = 768 * MIB  # left free on the graphics processors
ALL_LAYERS = 999
KV_BYTES_PER_VALUE = {"f16": 2.0, "q8_0": 34 / 32}

CRASHED_BEFORE = N_("The last attempt to load this model ended the program, so the safest settings are used.")


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence that explains a plan: an English template marked with `N_`, and its fields."""

    template: str
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return self.template.format(**dict(self.values))


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How to load a chat model, for `ChatModel.open`. Either `mmap`, which leaves the weights in the file cache, where
    the system can drop them; or `repack`, which rearranges them in anonymous memory. `repack_experts`: the experts are
    repacked as well. The experts of the first `cpu_expert_layers` are not offloaded to the GPU. `estimated_bytes` is
    the peak memory of the whole application."""

    context_tokens: int
    kv_type: str
    ubatch_tokens: int
    threads: int
    threads_batch: int
    gpu_layers: int
    cpu_expert_layers: int
    mmap: bool
    repack: bool
    repack_experts: bool
    estimated_bytes: int
    reasons: tuple[Reason, ...]

    @property
    def load_mode(self) -> str:
        """Identify the settings that may make a load crash, for `LoadCrashLog`. Stored on disk."""
        weights = "repacked" if self.repack else "mapped" if self.mmap else "read"
        return f"{weights}|gpu {self.gpu_layers}/{self.cpu_expert_layers}|{self.context_tokens} {self.kv_type}"


def plan_chat(
    header: GgufHeader,
    machine: Machine,
    budget_bytes: int = DEFAULT_BUDGET_BYTES,
    wanted_context: int | None = None,
    *,
    search_models: Sequence[GgufHeader] = (),
    safe_mode: bool = False,
) -> LoadPlan:
    """The best plan that keeps the application within `budget_bytes` and the machine's memory.

    `wanted_context` is a context length in tokens, None to choose one. `search_models` are the embedder and the
    reranker, which are in memory at the same time. `safe_mode`, for after a crash, leaves out whatever only makes it
    faster. Raises `ModelFault` if even the smallest context does not fit.
    """
    limit_bytes = min(budget_bytes, machine.memory_bytes)
    estimate = _MemoryEstimate(header, APPLICATION_BYTES + sum(map(_pooled_bytes, search_models)))
    context_tokens, kv_type = _choose_context(estimate, limit_bytes, machine, wanted_context, safe_mode)
    needed_bytes = estimate.total_bytes(context_tokens, kv_type)
    repack = not safe_mode and _can_repack(header, machine, needed_bytes)
    plan = LoadPlan(
        context_tokens=context_tokens,
        kv_type=kv_type,
        ubatch_tokens=UBATCH_TOKENS,
        threads=machine.physical_cores,
        threads_batch=machine.physical_cores,
        gpu_layers=0,
        cpu_expert_layers=0,
        mmap=not repack,
        repack=repack,
        repack_experts=repack and _all_experts_are(header, MXFP4),
        estimated_bytes=needed_bytes,
        reasons=(),
    )
    plan = plan if safe_mode else _offload(plan, header, estimate, machine)
    return replace(plan, reasons=_reasons(plan, header, machine, limit_bytes, wanted_context, safe_mode))


def safer_plan(plan: LoadPlan) -> LoadPlan:
    """`plan` without whatever only makes it faster, for a file whose loading has crashed the program."""
    return replace(
        plan,
        context_tokens=min(plan.context_tokens, 2 * MIN_CONTEXT),
        gpu_layers=0,
        cpu_expert_layers=0,
        mmap=True,
        repack=False,
        repack_experts=False,
        reasons=(*plan.reasons, _reason(CRASHED_BEFORE)),
    )


class _MemoryEstimate:
    """The memory that a chat model needs, estimated from its header; tests/bench/bench_memory.py compares it with
    measurements."""

    def __init__(self, header: GgufHeader, application_bytes: int) -> None:
        self.application_bytes = application_bytes
        in_one_file = max((t.offset + t.size_bytes for t in header.tensors), default=header.size_bytes)
        self.weights_bytes = max(in_one_file, header.expected_size_bytes)
        self.longest_context = header.context_length or AUTOMATIC_CONTEXTS[0]
        self._header = header
        self._full_attention_period = FULL_ATTENTION_PERIOD.get(header.architecture, 0) if header.sliding_window else 0

    def total_bytes(self, context_tokens: int, kv_type: str) -> int:
        return (
            self.application_bytes
            + self.weights_bytes
            + self.kv_cache_bytes(context_tokens, kv_type)
            + self.compute_bytes(context_tokens)
        )

    def kv_cache_bytes(self, context_tokens: int, kv_type: str) -> int:
        """Keys and values of all layers. Sliding-window layers hold their window and one micro-batch."""
        header = self._header
        full = (
            header.block_count if not self._full_attention_period else header.block_count // self._full_attention_period
        )
        window = min(context_tokens, header.sliding_window + UBATCH_TOKENS)
        cells = full * _pad(context_tokens) + (header.block_count - full) * _pad(window)
        width = (header.key_length + header.value_length) * header.head_count_kv
        return int(cells * width * KV_BYTES_PER_VALUE[kv_type])

    def compute_bytes(self, context_tokens: int) -> int:
        """Scratch memory: a micro-batch's activations and its half-precision attention mask over the context."""
        header = self._header
        activations = UBATCH_TOKENS * 4 * 8 * max(header.embedding_length, header.head_count * header.key_length)
        return activations + UBATCH_TOKENS * context_tokens * 2 + header.vocab_size * 8


def _pooled_bytes(header: GgufHeader) -> int:
    """The memory that an embedder or reranker needs; its weights are repacked, not mapped."""
    return header.size_bytes + header.vocab_size * POOLED_BATCH_TOKENS * 4 + POOLED_OVERHEAD_BYTES


def _pad(tokens: int) -> int:
    return -(-tokens // KV_PADDING_TOKENS) * KV_PADDING_TOKENS


def _choose_context(
    estimate: _MemoryEstimate, limit_bytes: int, machine: Machine, wanted: int | None, safe_mode: bool
) -> tuple[int, str]:
    """The context length and the KV cache's type. For a `wanted` context, the cache's precision is halved before the
    context is shortened; an automatic one also spares the memory that other programs use now, with a limit."""
    longest = min(wanted, estimate.longest_context) if wanted else estimate.longest_context
    reclaimable_bytes = _reclaimable_bytes(machine, limit_bytes)
    room_bytes = limit_bytes if wanted else min(limit_bytes, max(machine.available_bytes, reclaimable_bytes))
    sizes = [size for size in AUTOMATIC_CONTEXTS if size <= longest] or [longest]
    if wanted and longest not in sizes:
        sizes = [longest, *sizes]
    if safe_mode:
        sizes = sizes[-1:]
    for size in sizes:
        for kv_type in ("f16", "q8_0") if wanted else ("f16",):
            if estimate.total_bytes(size, kv_type) <= room_bytes:
                return size, kv_type
    smallest = sizes[-1]
    for kv_type in KV_BYTES_PER_VALUE:
        if estimate.total_bytes(smallest, kv_type) <= limit_bytes:
            return smallest, kv_type
    raise ModelFault(
        N_("Not enough memory for this model"),
        N_("The model needs at least {needed} GB, and Papermoor may use {limit} GB."),
        N_("Allow more memory in the settings, or use a smaller model."),
        needed=_gigabytes(estimate.total_bytes(smallest, "q8_0") + GIB // 20),
        limit=_gigabytes(limit_bytes),
    )


def _reclaimable_bytes(machine: Machine, limit_bytes: int) -> int:
    """What an automatic plan may use even if less is free now: seven eighths of the machine's memory, since other
    programs' memory can be swapped out or dropped."""
    return min(limit_bytes, machine.memory_bytes * 7 // 8)


def _can_repack(header: GgufHeader, machine: Machine, needed_bytes: int) -> bool:
    return (
        not machine.gpus
        and _all_experts_are(header, MXFP4)
        and machine.available_bytes >= needed_bytes + REPACK_MARGIN_BYTES
    )


def _all_experts_are(header: GgufHeader, kind: int) -> bool:
    """Whether all expert matrices are of ggml type `kind` and of a shape that llama.cpp can repack (rows by eight)."""
    experts = [t for t in header.tensors if "_exps.weight" in t.name]
    return bool(experts) and all(t.type == kind and t.shape[1] % 8 == 0 for t in experts)


def _offload(plan: LoadPlan, header: GgufHeader, estimate: _MemoryEstimate, machine: Machine) -> LoadPlan:
    """`plan` with everything offloaded to the graphics processors, or everything but the experts of some layers; the
    unchanged plan if even that does not fit."""
    room_bytes = sum(gpu.available_bytes for gpu in machine.gpus) - GPU_MARGIN_BYTES
    experts = _expert_bytes_by_layer(header)
    on_gpu_bytes = estimate.total_bytes(plan.context_tokens, plan.kv_type) - estimate.application_bytes
    for cpu_layers in range(len(experts) + 1):
        if on_gpu_bytes - sum(experts[:cpu_layers]) <= room_bytes:
            return replace(plan, gpu_layers=ALL_LAYERS, cpu_expert_layers=cpu_layers)
    return plan


def _expert_bytes_by_layer(header: GgufHeader) -> list[int]:
    sizes = [0] * header.block_count
    for tensor in header.tensors:
        parts = tensor.name.split(".")
        if "_exps" in tensor.name and parts[0] == "blk" and parts[1].isdigit() and int(parts[1]) < len(sizes):
            sizes[int(parts[1])] += tensor.size_bytes
    return sizes if any(sizes) else []


def _reasons(
    plan: LoadPlan, header: GgufHeader, machine: Machine, limit_bytes: int, wanted: int | None, safe_mode: bool
) -> tuple[Reason, ...]:
    reasons = [
        _reason(
            N_("{tokens:,} tokens of context; {needed} of {limit} GB."),
            tokens=plan.context_tokens,
            needed=_gigabytes(plan.estimated_bytes),
            limit=_gigabytes(limit_bytes),
        )
    ]
    if safe_mode:
        reasons.append(_reason(CRASHED_BEFORE))
    if wanted and plan.context_tokens < min(wanted, header.context_length or wanted):
        reasons.append(_reason(N_("{wanted:,} tokens of context would not fit."), wanted=wanted))
    if wanted and header.context_length and wanted > header.context_length:
        reasons.append(_reason(N_("The model was made for {most:,} tokens at most."), most=header.context_length))
    if plan.kv_type == "q8_0":
        reasons.append(_reason(N_("The conversation is held in 8 bits instead of 16, so that it fits.")))
    if plan.gpu_layers and plan.cpu_expert_layers:
        text = N_("The graphics processor does the attention and {on_gpu} of {layers} layers' experts.")
        layers = header.block_count
        reasons.append(_reason(text, on_gpu=layers - plan.cpu_expert_layers, layers=layers))
    elif plan.gpu_layers:
        reasons.append(_reason(N_("The model runs on the graphics processor.")))
    elif plan.repack:
        reasons.append(_reason(N_("Weights are rearranged in memory for this processor: slower to load, then faster.")))
    else:
        reasons.append(_reason(N_("Weights stay in the file cache.")))
    if machine.available_bytes < plan.estimated_bytes:
        text = N_("Only {free} GB are free now: close other programs if answers come slowly.")
        reasons.append(_reason(text, free=_gigabytes(machine.available_bytes)))
    return tuple(reasons)


def _reason(template: str, **values: object) -> Reason:
    return Reason(template, tuple(values.items()))


def _gigabytes(count: int) -> str:
    return f"{count / GIB:.1f}"
