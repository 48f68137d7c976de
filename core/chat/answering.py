"""Writing one answer: the model's events, the tools it calls, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.chat.tools import Toolbox
from core.values import ToolUsed
from models.cancel import CancelToken
from models.conversation import (
    AnswerDelta,
    Conversation,
    Finished,
    FinishReason,
    Message,
    ModelEvent,
    ReasoningDelta,
    Role,
    Sampling,
    ToolCall,
    Usage,
)

CALLS_PER_TURN = 6
NO_MORE_CALLS = "error: no more calls in this turn; answer from what you have"


class AnsweringModel(Protocol):
    """What a turn needs of a chat model (`models.chat_model.ChatModel`)."""

    @property
    def context_tokens(self) -> int: ...

    def count_prompt(self, conversation: Conversation) -> int: ...

    def warm_up(self, conversation: Conversation, cancel: CancelToken | None = None) -> None: ...

    def generate(
        self, conversation: Conversation, *, max_tokens: int | None, cancel: CancelToken, sampling: Sampling
    ) -> Iterator[ModelEvent]: ...


@dataclass(slots=True)
class Draft:
    """The answer as it arrives, over all rounds of tool calls."""

    answer: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    tools: list[ToolUsed] = field(default_factory=list)
    reason: FinishReason = FinishReason.CANCELLED
    usage: Usage = field(default_factory=Usage)


def write(
    model: AnsweringModel,
    conversation: Conversation,
    toolbox: Toolbox,
    draft: Draft,
    *,
    max_tokens: int,
    cancel: CancelToken,
    sampling: Sampling,
) -> Iterator[ModelEvent | ToolUsed]:
    """Generate until the model has answered, running the tools it calls; fills `draft`, ends with one `Finished`."""
    for round_number in range(CALLS_PER_TURN + 2):
        calls: list[ToolCall] = []
        said = _Round()
        left = max_tokens - draft.usage.generated_tokens
        for event in model.generate(conversation, max_tokens=left, cancel=cancel, sampling=sampling):
            said.take(event, draft)
            if isinstance(event, ToolCall):
                calls.append(event)
            elif not isinstance(event, Finished):
                yield event
        if draft.reason is not FinishReason.TOOL_CALL or not calls or draft.usage.generated_tokens >= max_tokens:
            break
        used = [_run(toolbox, call, allowed=round_number < CALLS_PER_TURN) for call in calls]
        draft.tools.extend(used)
        yield from used
        conversation = _continued(conversation, said, calls, used)
    if draft.reason is FinishReason.TOOL_CALL:  # it was still calling when its rounds or its length ended
        draft.reason = FinishReason.LENGTH
    yield Finished(draft.reason, draft.usage)


@dataclass(slots=True)
class _Round:
    """What the model said since it was last given something."""

    answer: str = ""
    reasoning: str = ""

    def take(self, event: ModelEvent, draft: Draft) -> None:
        if isinstance(event, AnswerDelta):
            self.answer += event.text
            draft.answer.append(event.text)
        elif isinstance(event, ReasoningDelta):
            self.reasoning += event.text
            draft.reasoning.append(event.text)
        elif isinstance(event, Finished):
            draft.reason = event.reason
            draft.usage = _sum(draft.usage, event.usage)


def _run(toolbox: Toolbox, call: ToolCall, *, allowed: bool) -> ToolUsed:
    if not allowed:
        return ToolUsed(call.name, call.arguments, NO_MORE_CALLS, ok=False)
    result = toolbox.run(call)
    return ToolUsed(result.name, result.arguments, result.text, result.ok)


def _continued(conversation: Conversation, said: _Round, calls: list[ToolCall], used: list[ToolUsed]) -> Conversation:
    messages = [*conversation.messages, Message(Role.ASSISTANT, said.answer, said.reasoning, tuple(calls))]
    messages += [Message(Role.TOOL, tool.result, tool_name=tool.name) for tool in used]
    return replace(conversation, messages=tuple(messages))


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.reused_tokens + other.reused_tokens,
        one.generated_tokens + other.generated_tokens,
        one.prefill_s + other.prefill_s,
        one.decode_s + other.decode_s,
    )
