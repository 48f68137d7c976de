"""Writing one answer: the model's events, the tools it calls, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.chat.history import ANSWER_ROOM_TOKENS
from core.chat.refusal_marker import RefusalMarkerFilter
from core.chat.tools.toolbox import Toolbox
from core.domain.conversation import Cause, Omission, OmissionKind, ToolUsed
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
NO_MORE_ROOM = "error: there is no room left for this result; answer from what you have"


class AnsweringModel(Protocol):
    """What a turn needs of a chat model (`models.chat_model.ChatModel`)."""

    @property
    def context_tokens(self) -> int: ...

    @property
    def prefill_tokens_s(self) -> float | None: ...

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
    omissions: list[Omission] = field(default_factory=list)
    opening: RefusalMarkerFilter = field(default_factory=RefusalMarkerFilter)
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
) -> Iterator[ModelEvent | ToolUsed | Omission]:
    """Generate until the model has answered, running the tools it calls; fills `draft`, ends with one `Finished`."""
    for round_number in range(CALLS_PER_TURN + 2):
        calls: list[ToolCall] = []
        said = _Round()
        left = max_tokens - draft.usage.generated_tokens
        for event in model.generate(conversation, max_tokens=left, cancel=cancel, sampling=sampling):
            yield from said.take(event, draft)
            if isinstance(event, ToolCall):
                calls.append(event)
        if draft.reason is not FinishReason.TOOL_CALL or not calls or draft.usage.generated_tokens >= max_tokens:
            break
        used = [_run(toolbox, call, allowed=round_number < CALLS_PER_TURN) for call in calls]
        conversation, used = _continued(model, conversation, said, calls, used)
        yield from _noted(used, draft)
    yield from said.end(draft)
    if draft.reason is FinishReason.TOOL_CALL:  # it was still calling when its rounds or its length ended
        draft.reason = FinishReason.LENGTH
    if draft.reason is FinishReason.LENGTH:
        cut = Omission(OmissionKind.ANSWER, Cause.LIMIT)
        draft.omissions.append(cut)
        yield cut
    yield Finished(draft.reason, draft.usage)


@dataclass(slots=True)
class _Round:
    """What the model said since it was last given something."""

    answer: str = ""
    reasoning: str = ""

    def take(self, event: ModelEvent, draft: Draft) -> Iterator[ModelEvent]:
        """Add `event` to this round and to the draft; what of it is to be shown."""
        if isinstance(event, AnswerDelta):
            self.answer += event.text
            yield from _shown(draft.opening.take(event.text), draft)
        elif isinstance(event, ReasoningDelta):
            self.reasoning += event.text
            draft.reasoning.append(event.text)
            yield event
        elif isinstance(event, Finished):
            draft.reason = event.reason
            draft.usage = _sum(draft.usage, event.usage)
        elif not isinstance(event, ToolCall):
            yield event

    def end(self, draft: Draft) -> Iterator[ModelEvent]:
        yield from _shown(draft.opening.rest(), draft)


def _shown(text: str, draft: Draft) -> Iterator[ModelEvent]:
    if text:
        draft.answer.append(text)
        yield AnswerDelta(text)


def _noted(used: list[ToolUsed], draft: Draft) -> Iterator[ToolUsed | Omission]:
    for tool in used:
        draft.tools.append(tool)
        yield tool
        if tool.cut_chars:
            total = tool.cut_chars + len(tool.result)
            cut = Omission(OmissionKind.RESULT, Cause.LIMIT, tool.cut_chars, total, tool.name)
            draft.omissions.append(cut)
            yield cut


def _run(toolbox: Toolbox, call: ToolCall, *, allowed: bool) -> ToolUsed:
    if not allowed:
        return ToolUsed(call.name, call.arguments, NO_MORE_CALLS, ok=False)
    result = toolbox.run(call)
    return ToolUsed(result.name, result.arguments, result.text, result.ok, result.cut_chars)


def _continued(
    model: AnsweringModel, conversation: Conversation, said: _Round, calls: list[ToolCall], used: list[ToolUsed]
) -> tuple[Conversation, list[ToolUsed]]:
    """The conversation with the calls and their results; a result that has no room is refused, and shown as refused."""
    room = model.context_tokens - ANSWER_ROOM_TOKENS // 2  # a part of what was kept free for the answer
    fitted = list(used)
    for n in range(len(used), -1, -1):  # the last results are the first to go
        messages = [*conversation.messages, Message(Role.ASSISTANT, said.answer, said.reasoning, tuple(calls))]
        messages += [Message(Role.TOOL, tool.result, tool_name=tool.name) for tool in fitted]
        longer = replace(conversation, messages=tuple(messages))
        if n == 0 or model.count_prompt(longer) <= room:
            return longer, fitted
        fitted[n - 1] = replace(used[n - 1], result=NO_MORE_ROOM, ok=False, cut_chars=len(used[n - 1].result))
    raise AssertionError("the last round returns")


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.reused_tokens + other.reused_tokens,
        one.generated_tokens + other.generated_tokens,
        one.prefill_s + other.prefill_s,
        one.decode_s + other.decode_s,
    )
