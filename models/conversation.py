"""What goes into a chat model and what comes out of it, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Effort(StrEnum):
    """How long the model reasons before it answers (gpt-oss: `Reasoning: low|medium|high`)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model asks for; `arguments` is the JSON text as the model wrote it, not yet validated."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `reasoning` and `tool_calls` belong to the assistant, `tool_name` to a tool's result."""

    role: Role
    text: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function offered to the model; `parameters` is a JSON schema, as text so that the value stays hashable."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything a prompt is rendered from. `date` is ISO (YYYY-MM-DD) and empty for none."""

    messages: tuple[Message, ...]
    instructions: str = ""
    effort: Effort = Effort.MEDIUM
    tools: tuple[ToolSpec, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. Defaults are those of gpt-oss's authors (model card: temperature 1.0, top_p 1.0) with
    llama.cpp's guide value min_p 0.01. `grammar` is GBNF with a rule `root` for everything the model writes, control
    tokens included; `answer_schema` a JSON schema, as text, that only the answer must follow (reasoning stays free).
    Empty for none; not both."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.01
    seed: int | None = None
    grammar: str = ""
    answer_schema: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and seconds of one answer. `reused_tokens` of `prompt_tokens` came from the cache."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0


class FinishReason(StrEnum):
    COMPLETE = "complete"
    LENGTH = "length"
    CANCELLED = "cancelled"
    TOOL_CALL = "tool_call"


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """Prefill progress in tokens; `seconds_left` is None until a speed has been measured. Nothing more is told until
    `next_tokens` are done: who shows progress in between has to estimate it (`estimated`)."""

    done_tokens: int
    total_tokens: int
    seconds_left: float | None
    next_tokens: int

    def estimated(self, elapsed_s: float) -> PrefillProgress:
        """How it stands `elapsed_s` after this was told, if the speed holds; never past `next_tokens`."""
        if not self.seconds_left:
            return self
        per_token_s = self.seconds_left / (self.total_tokens - self.done_tokens)
        more = min(int(elapsed_s / per_token_s), self.next_tokens - self.done_tokens)
        return replace(self, done_tokens=self.done_tokens + more, seconds_left=self.seconds_left - more * per_token_s)


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Always the last event of a generation."""

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)


ModelEvent = PrefillProgress | ReasoningDelta | AnswerDelta | ToolCall | Finished
