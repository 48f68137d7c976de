"""Writes tiny models with chat templates: random weights, small vocabularies, real control tokens.

The templates were written for these tests after the published ones (ChatML with Qwen 3's switches, DeepSeek-R1's,
Llama 3's, Gemma's); none is copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np

from tests.support.gguf_models import byte_characters

WIDTH, HEADS, LAYERS, HIDDEN, CONTEXT = 64, 2, 2, 64, 4096
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = (
    int(kind)
    for kind in (
        gguf.TokenType.NORMAL,
        gguf.TokenType.UNKNOWN,
        gguf.TokenType.CONTROL,
        gguf.TokenType.USER_DEFINED,
        gguf.TokenType.BYTE,
    )
)
WORDS = (b"th", b"the", b"in", b"an", b"er", b" t", b" the", b" a", b"assistant", b"user", b"system", b"\n\n")

QWEN3 = """
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- 'Call a function with <tool_call>{"name": ..., "arguments": ...}</tool_call>. Functions:' }}
    {%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- elif message.role == 'assistant' %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {{- '<|im_start|>assistant\\n' }}
        {%- if message.reasoning_content is string %}
            {{- '<think>\\n' + message.reasoning_content.strip('\\n') + '\\n</think>\\n\\n' }}
        {%- endif %}
        {{- content }}
        {%- for call in message.tool_calls or [] %}
            {%- set call = call.function %}
            {{- '\\n<tool_call>\\n{"name": "' ~ call.name ~ '", "arguments": ' ~ (call.arguments | tojson) ~ '}\\n' }}
            {{- '</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == 'tool' %}
        {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}
"""

DEEPSEEK = """{{ bos_token }}{% for message in messages %}
{%- if message['role'] == 'system' %}{{ message['content'] }}
{%- elif message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}
{%- else %}{{ '<｜Assistant｜>' + message['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}{% endif %}
{%- endfor %}{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"""

LLAMA3 = """{{- bos_token }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}
"""

GEMMA = """{{ bos_token }}
{%- if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
{%- endif %}
{{- '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' }}
{{- message.content | trim + '<end_of_turn>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""


@dataclass(frozen=True)
class ModelSpec:
    """A model to write. `special` maps its special tokens to their types; `end_token` is the spelling of the one that
    ends a message, `begin_token` of the one that begins a prompt. `words` are the tokens besides single bytes."""

    architecture: str
    template: str
    special: Mapping[str, int]
    end_token: str
    begin_token: str = ""
    words: Sequence[bytes] = WORDS
    sentencepiece: bool = False
    metadata: Mapping[str, float | int] = field(default_factory=dict)


QWEN3_SPEC = ModelSpec(
    "qwen3",
    QWEN3,
    {
        "<|endoftext|>": CONTROL,
        "<|im_start|>": CONTROL,
        "<|im_end|>": CONTROL,
        "<think>": USER_DEFINED,
        "</think>": USER_DEFINED,
        "<tool_call>": USER_DEFINED,
        "</tool_call>": USER_DEFINED,
    },
    end_token="<|im_end|>",
    metadata={"general.sampling.temp": 0.5, "general.sampling.top_k": 21},
)
DEEPSEEK_SPEC = ModelSpec(  # its reasoning tags are plain text, not tokens
    "qwen2",
    DEEPSEEK,
    {
        "<｜begin▁of▁sentence｜>": CONTROL,
        "<｜end▁of▁sentence｜>": CONTROL,
        "<｜User｜>": CONTROL,
        "<｜Assistant｜>": CONTROL,
    },
    end_token="<｜end▁of▁sentence｜>",
    begin_token="<｜begin▁of▁sentence｜>",
)
LLAMA3_SPEC = ModelSpec(
    "llama",
    LLAMA3,
    {"<|begin_of_text|>": CONTROL, "<|start_header_id|>": CONTROL, "<|end_header_id|>": CONTROL, "<|eot_id|>": CONTROL},
    end_token="<|eot_id|>",
    begin_token="<|begin_of_text|>",
)
GEMMA_SPEC = ModelSpec(  # SentencePiece, which puts a space before texts and may join "</", "s" and ">"
    "llama",
    GEMMA,
    {
        "<unk>": UNKNOWN,
        "<s>": CONTROL,
        "</s>": CONTROL,
        "<start_of_turn>": CONTROL,
        "<end_of_turn>": CONTROL,
        "<table>": USER_DEFINED,
    },
    end_token="<end_of_turn>",
    begin_token="<s>",
    words=(
        *(bytes([character]) for character in range(0x21, 0x7F)),
        b"</",
        b"</s",
        b"<s",
        b"th",
        b"the",
        b" the",
        b" ",
        b" t",
    ),
    sentencepiece=True,
)
SPECS = {"Qwen 3": QWEN3_SPEC, "DeepSeek-R1": DEEPSEEK_SPEC, "Llama 3": LLAMA3_SPEC, "Gemma": GEMMA_SPEC}


def write_model(path: Path, spec: ModelSpec) -> None:
    """Write a whole model of less than 2 MB, the same every time."""
    writer = gguf.GGUFWriter(path, spec.architecture)
    writer.add_name(f"synthetic {spec.architecture}, random weights")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    if spec.template:
        writer.add_chat_template(spec.template)
    for key, value in spec.metadata.items():
        if isinstance(value, int):
            writer.add_int32(key, value)
        else:
            writer.add_float32(key, value)
    count = _add_sentencepiece(writer, spec) if spec.sentencepiece else _add_byte_pairs(writer, spec)
    random = np.random.default_rng(0)
    for name, shape in _shapes(spec.architecture, count).items():
        values = np.ones(shape) if len(shape) == 1 else random.standard_normal(shape) * 0.05
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ordinary_tokens(spec: ModelSpec) -> list[bytes]:
    """The bytes of each ordinary token by id; with SentencePiece, special tokens (empty here) come first."""
    if spec.sentencepiece:
        return [b"" for _ in spec.special] + [bytes([byte]) for byte in range(256)] + list(spec.words)
    return [bytes([byte]) for byte in range(256)] + list(spec.words)


def special_ids(spec: ModelSpec) -> dict[str, int]:
    """The ids of the special tokens by their spelling."""
    first = 0 if spec.sentencepiece else 256 + len(spec.words)
    return {text: first + index for index, text in enumerate(spec.special)}


def _add_byte_pairs(writer: gguf.GGUFWriter, spec: ModelSpec) -> int:
    characters = byte_characters()
    spelled = ["".join(characters[byte] for byte in token) for token in ordinary_tokens(spec)]
    known, merges = set(spelled), []
    for word in spelled[256:]:
        cut = next((at for at in range(len(word) - 1, 0, -1) if word[:at] in known and word[at:] in known), None)
        if cut:
            merges.append(f"{word[:cut]} {word[cut:]}")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2" if spec.architecture.startswith("qwen") else "llama-bpe")
    writer.add_token_list([*spelled, *spec.special])
    writer.add_token_types([NORMAL] * len(spelled) + list(spec.special.values()))
    writer.add_token_merges(merges)
    _add_special_ids(writer, spec)
    return len(spelled) + len(spec.special)


def _add_sentencepiece(writer: gguf.GGUFWriter, spec: ModelSpec) -> int:
    words = [word.decode().replace(" ", "\u2581") for word in spec.words]
    tokens = [*spec.special, *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    types = [*spec.special.values(), *[BYTE] * 256, *[NORMAL] * len(words)]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(len(token)) for token in tokens])
    writer.add_token_types(types)
    writer.add_add_space_prefix(True)
    _add_special_ids(writer, spec)
    return len(tokens)


def _add_special_ids(writer: gguf.GGUFWriter, spec: ModelSpec) -> None:
    ids = special_ids(spec)
    writer.add_eos_token_id(ids[spec.end_token])
    if spec.begin_token:
        writer.add_bos_token_id(ids[spec.begin_token])
    writer.add_add_bos_token(bool(spec.begin_token))


def _shapes(architecture: str, tokens: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (tokens, WIDTH),
        "output_norm.weight": (WIDTH,),
        "output.weight": (tokens, WIDTH),
    }
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        shapes |= {block + f"{name}.weight": (WIDTH,) for name in ("attn_norm", "ffn_norm")}
        shapes |= {block + f"attn_{name}.weight": (WIDTH, WIDTH) for name in ("q", "k", "v", "output")}
        shapes |= {block + f"ffn_{name}.weight": (HIDDEN, WIDTH) for name in ("gate", "up")}
        shapes[block + "ffn_down.weight"] = (WIDTH, HIDDEN)
        if architecture == "qwen3":
            shapes |= {block + f"attn_{name}_norm.weight": (WIDTH // HEADS,) for name in ("q", "k")}
        if architecture == "qwen2":
            shapes |= {block + f"attn_{name}.bias": (WIDTH,) for name in ("q", "k", "v")}
    return shapes
