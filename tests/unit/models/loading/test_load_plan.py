"""The plan for loading a chat model on machines of all sizes, and its reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.faults import ModelFault
from models.gguf.header import GgufHeader
from models.gguf.parser import TensorInfo
from models.llama.gpu import Gpu
from models.loading.load_plan import APPLICATION_BYTES, GIB, MXFP4, LoadPlan, plan_chat, safer_plan
from models.machine.probe import Machine

LAYERS = 24
EXPERT_BYTES = 424 * 2**20  # of one layer of gpt-oss-20b
OTHER_BYTES = 1_430 * 2**20


def gpt_oss_20b(architecture: str = "gpt-oss") -> GgufHeader:
    """A header with the shapes and sizes of gpt-oss-20b."""
    sizes = {
        "block_count": LAYERS,
        "context_length": 131_072,
        "embedding_length": 2880,
        "attention.head_count": 64,
        "attention.head_count_kv": 8,
        "attention.key_length": 64,
        "attention.value_length": 64,
        "attention.sliding_window": 128,
    }
    tensors = [TensorInfo("token_embd.weight", (2880, 201_088), 8, 0, OTHER_BYTES)]
    for layer in range(LAYERS):
        offset = OTHER_BYTES + layer * EXPERT_BYTES
        tensors.append(TensorInfo(f"blk.{layer}.ffn_up_exps.weight", (2880, 2880, 32), MXFP4, offset, EXPERT_BYTES))
    size = OTHER_BYTES + LAYERS * EXPERT_BYTES
    metadata = {f"{architecture}.{key}": value for key, value in sizes.items()}
    return GgufHeader(
        path=Path("gpt-oss-20b.gguf"),
        size_bytes=size,
        expected_size_bytes=size,
        vocab_size=201_088,
        metadata=MappingProxyType({"general.architecture": architecture, **metadata}),
        arrays=MappingProxyType({}),
        tensors=tuple(tensors),
    )


def laptop(memory_gib: float, free_gib: float, *gpus: Gpu) -> Machine:
    return Machine(int(memory_gib * GIB), int(free_gib * GIB), 8, gpus)


def reasons(plan: LoadPlan) -> str:
    return " ".join(map(str, plan.reasons))


def test_a_16_gb_laptop_keeps_the_weights_in_the_file_cache() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(15.5, 12.5))
    assert plan.mmap and not plan.repack
    assert plan.context_tokens >= 16_384 and plan.kv_type == "f16"
    assert plan.estimated_bytes <= 15.5 * GIB
    assert "file cache" in reasons(plan) and f"{plan.context_tokens:,}" in reasons(plan)


def test_a_machine_with_room_repacks_the_weights_instead_of_mapping_them() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(32, 28))
    assert plan.repack and plan.repack_experts and not plan.mmap
    assert "rearranged" in reasons(plan)


def test_a_wanted_context_is_kept_if_it_fits_with_a_quantized_kv_cache() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(16, 14), wanted_context=131_072)
    assert plan.context_tokens == 131_072
    tight = plan_chat(gpt_oss_20b(), laptop(15, 14), wanted_context=131_072)
    assert (tight.context_tokens, tight.kv_type) == (131_072, "q8_0")
    assert "8 bits" in reasons(tight)


def test_a_wanted_context_that_does_not_fit_is_shortened_with_a_reason() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(13.5, 13), wanted_context=131_072)
    assert plan.context_tokens < 131_072
    assert "131,072 tokens of context would not fit." in reasons(plan)


def test_the_search_models_are_counted() -> None:
    alone = plan_chat(gpt_oss_20b(), laptop(16, 14), wanted_context=8192)
    small = replace(gpt_oss_20b(), size_bytes=350 * 2**20, vocab_size=262_144)
    both = plan_chat(gpt_oss_20b(), laptop(16, 14), wanted_context=8192, search_models=[small, small])
    assert both.estimated_bytes - alone.estimated_bytes > 2 * (small.size_bytes + 256 * 262_144 * 4)
    longest = plan_chat(gpt_oss_20b(), laptop(16, 14))
    assert plan_chat(gpt_oss_20b(), laptop(16, 14), search_models=[small] * 3).context_tokens < longest.context_tokens


def test_the_context_is_limited_to_what_the_model_was_trained_for() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(64, 60), 64 * GIB, wanted_context=1_000_000)
    assert plan.context_tokens == 131_072
    assert "made for 131,072" in reasons(plan)


def test_too_little_memory_is_refused_with_the_numbers() -> None:
    with pytest.raises(ModelFault, match=r"needs at least 1\d\.\d GB, and Papermoor may use 8\.0 GB"):
        plan_chat(gpt_oss_20b(), laptop(8, 7))
    with pytest.raises(ModelFault):
        plan_chat(gpt_oss_20b(), laptop(64, 60), budget_bytes=10 * GIB)


def test_little_free_memory_is_mentioned() -> None:
    assert "Only 5.0 GB are free" in reasons(plan_chat(gpt_oss_20b(), laptop(16, 5)))


def test_a_gpu_with_room_gets_the_whole_model() -> None:
    card = Gpu("Card", 16 * GIB, 15 * GIB, shared=False)
    plan = plan_chat(gpt_oss_20b(), laptop(32, 28, card))
    assert plan.gpu_layers >= LAYERS and plan.cpu_expert_layers == 0 and not plan.repack


def test_a_smaller_gpu_leaves_some_experts_to_the_processor() -> None:
    card = Gpu("Card", 8 * GIB, 7 * GIB, shared=False)
    plan = plan_chat(gpt_oss_20b(), laptop(32, 28, card))
    assert plan.gpu_layers >= LAYERS and 0 < plan.cpu_expert_layers < LAYERS
    on_card = OTHER_BYTES + (LAYERS - plan.cpu_expert_layers) * EXPERT_BYTES
    assert on_card < 7 * GIB
    assert f"{LAYERS - plan.cpu_expert_layers} of {LAYERS} layers" in reasons(plan)


def test_a_gpu_that_is_too_small_is_not_used() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(32, 28, Gpu("Card", 2 * GIB, 1 * GIB, shared=False)))
    assert plan.gpu_layers == 0


def test_safe_mode_leaves_out_what_only_makes_it_faster() -> None:
    machine = laptop(64, 60, Gpu("Card", 16 * GIB, 15 * GIB, shared=False))
    for plan in (plan_chat(gpt_oss_20b(), machine, safe_mode=True), safer_plan(plan_chat(gpt_oss_20b(), machine))):
        assert plan.mmap and not plan.repack and plan.gpu_layers == 0
        assert "ended the program" in reasons(plan)


def test_other_architectures_are_planned_with_full_attention_in_every_layer() -> None:
    sliding, full = plan_chat(gpt_oss_20b(), laptop(64, 60)), plan_chat(gpt_oss_20b("qwen3moe"), laptop(64, 60))
    assert full.estimated_bytes > sliding.estimated_bytes


@given(st.floats(2, 128), st.floats(0, 1), st.integers(4, 128), st.none() | st.integers(1, 200_000))
def test_no_plan_ever_exceeds_the_budget_or_the_machine(
    memory_gib: float, free: float, budget_gib: int, wanted: int | None
) -> None:
    machine = laptop(memory_gib, memory_gib * free)
    try:
        plan = plan_chat(gpt_oss_20b(), machine, budget_gib * GIB, wanted)
    except ModelFault:
        return
    assert APPLICATION_BYTES < plan.estimated_bytes <= min(machine.memory_bytes, budget_gib * GIB)
    assert not (plan.mmap and plan.repack)
    assert 0 < plan.context_tokens <= 131_072
    assert not wanted or plan.context_tokens <= max(wanted, 4096)
    assert reasons(plan)


def test_a_plan_is_a_value() -> None:
    plan = plan_chat(gpt_oss_20b(), laptop(32, 28))
    assert plan == replace(plan) and hash(plan) == hash(replace(plan))
