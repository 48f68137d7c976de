"""The input and output of a chat model as frozen values: messages, tools, sampling, and the events of a generation."""

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
    """A tool call requested by the model; `arguments` is the JSON text as written, not validated."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Only the assistant's have `reasoning` and `tool_calls`, only a tool's result has `tool_name`."""

    role: Role
    text: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function offered to the model. `parameters` is a JSON schema, kept as text so that the value is hashable."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything a prompt is rendered from. `date` is ISO (YYYY-MM-DD), empty to leave it out."""

    messages: tuple[Message, ...]
    instructions: str = ""
    effort: Effort = Effort.MEDIUM
    tools: tuple[ToolSpec, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are sampled. The defaults are those of gpt-oss's model card (temperature 1.0, top_p 1.0), and min_p
    0.01 as llama.cpp's guide to gpt-oss advises. `seed` None draws a new one for each generation.

    At most one constraint may be given: `grammar`, GBNF whose rule `root` covers everything the model writes, control
    tokens included; or `answer_schema`, a JSON schema as text for the answer alone, which leaves reasoning free."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.01
    seed: int | None = None
    grammar: str = ""
    answer_schema: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and seconds of one generation. `reused_tokens` of the `prompt_tokens` were in the KV cache already."""

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
    """Prefill progress in tokens. The next report follows when `next_report_tokens` are done; for the time in between,
    see `extrapolated`. `seconds_left` is None until a speed has been measured."""

    done_tokens: int
    total_tokens: int
    seconds_left: float | None
    next_report_tokens: int

    def extrapolated(self, elapsed_s: float) -> PrefillProgress:
        """The progress to expect `elapsed_s` after this report at the same speed, at most `next_report_tokens`."""
        if not self.seconds_left:
            return self
        per_token_s = self.seconds_left / (self.total_tokens - self.done_tokens)
        more = min(int(elapsed_s / per_token_s), self.next_report_tokens - self.done_tokens)
        return replace(self, done_tokens=self.done_tokens + more, seconds_left=self.seconds_left - more * per_token_s)


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of the reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every generation."""

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)


ModelEvent = PrefillProgress | ReasoningDelta | AnswerDelta | ToolCall | Finished
