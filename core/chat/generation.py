"""Generates one answer: streams the model's events, runs the tools it calls and collects the draft to be stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.chat.history import ANSWER_RESERVE_TOKENS
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

MAX_TOOL_ROUNDS = 6
NO_MORE_CALLS = "error: no more calls in this turn; answer from what you have"
NO_MORE_ROOM = "error: there is no room left for this result; answer from what you have"


class AnsweringModel(Protocol):
    """The part of `models.chat_model.ChatModel` that answering uses."""

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
class AnswerDraft:
    """An answer while it is generated, over all rounds of tool calls."""

    answer_parts: list[str] = field(default_factory=list)
    reasoning_parts: list[str] = field(default_factory=list)
    tools_used: list[ToolUsed] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    refusal_filter: RefusalMarkerFilter = field(default_factory=RefusalMarkerFilter)
    finish_reason: FinishReason = FinishReason.CANCELLED
    usage: Usage = field(default_factory=Usage)


def generate_answer(
    model: AnsweringModel,
    conversation: Conversation,
    toolbox: Toolbox,
    draft: AnswerDraft,
    *,
    max_tokens: int,
    cancel: CancelToken,
    sampling: Sampling,
) -> Iterator[ModelEvent | ToolUsed | Omission]:
    """Generate until the model has answered, running the tools it calls. Fills `draft`; the last event is the only
    `Finished`. `max_tokens` limits reasoning, calls and answer of all rounds together."""
    for round_number in range(MAX_TOOL_ROUNDS + 2):
        calls: list[ToolCall] = []
        written = _Round()
        left = max_tokens - draft.usage.generated_tokens
        for event in model.generate(conversation, max_tokens=left, cancel=cancel, sampling=sampling):
            yield from written.add(event, draft)
            if isinstance(event, ToolCall):
                calls.append(event)
        if draft.finish_reason is not FinishReason.TOOL_CALL or not calls or draft.usage.generated_tokens >= max_tokens:
            break
        used = [_run_tool(toolbox, call, allowed=round_number < MAX_TOOL_ROUNDS) for call in calls]
        conversation, used = _with_results(model, conversation, written, calls, used)
        yield from _record_tools(used, draft)
    yield from written.finish(draft)
    if draft.finish_reason is FinishReason.TOOL_CALL:  # still calling when it ran out of rounds or tokens
        draft.finish_reason = FinishReason.LENGTH
    if draft.finish_reason is FinishReason.LENGTH:
        cut = Omission(OmissionKind.ANSWER, Cause.LIMIT)
        draft.omissions.append(cut)
        yield cut
    yield Finished(draft.finish_reason, draft.usage)


@dataclass(slots=True)
class _Round:
    """What the model wrote between two prompts: until it called tools, or to the end of the answer."""

    answer: str = ""
    reasoning: str = ""

    def add(self, event: ModelEvent, draft: AnswerDraft) -> Iterator[ModelEvent]:
        """Add `event` to this round and to the draft. Yields the events to show for it."""
        match event:
            case AnswerDelta(text=text):
                self.answer += text
                yield from _answer_delta(draft.refusal_filter.feed(text), draft)
            case ReasoningDelta(text=text):
                self.reasoning += text
                draft.reasoning_parts.append(text)
                yield event
            case Finished(reason=reason, usage=usage):
                draft.finish_reason = reason
                draft.usage = _add_usage(draft.usage, usage)
            case ToolCall():
                pass
            case _:
                yield event

    def finish(self, draft: AnswerDraft) -> Iterator[ModelEvent]:
        """Yield what the refusal filter still holds back."""
        yield from _answer_delta(draft.refusal_filter.flush(), draft)


def _answer_delta(text: str, draft: AnswerDraft) -> Iterator[ModelEvent]:
    if text:
        draft.answer_parts.append(text)
        yield AnswerDelta(text)


def _record_tools(used: list[ToolUsed], draft: AnswerDraft) -> Iterator[ToolUsed | Omission]:
    for tool in used:
        draft.tools_used.append(tool)
        yield tool
        if tool.cut_chars:
            total = tool.cut_chars + len(tool.result)
            cut = Omission(OmissionKind.RESULT, Cause.LIMIT, tool.cut_chars, total, tool.name)
            draft.omissions.append(cut)
            yield cut


def _run_tool(toolbox: Toolbox, call: ToolCall, *, allowed: bool) -> ToolUsed:
    if not allowed:
        return ToolUsed(call.name, call.arguments, NO_MORE_CALLS, ok=False)
    result = toolbox.run(call)
    return ToolUsed(result.name, result.arguments, result.text, result.ok, result.cut_chars)


def _with_results(
    model: AnsweringModel, conversation: Conversation, written: _Round, calls: list[ToolCall], used: list[ToolUsed]
) -> tuple[Conversation, list[ToolUsed]]:
    """Append the calls and their results to the conversation. A result that does not fit is replaced by an error, in
    the returned `ToolUsed` as well; the last results are replaced first."""
    token_limit = model.context_tokens - ANSWER_RESERVE_TOKENS // 2  # results may use half of the answer's reserve
    fitted = list(used)
    call = Message(Role.ASSISTANT, written.answer, written.reasoning, tuple(calls))
    for n in range(len(used), -1, -1):
        messages = [*conversation.messages, call]
        messages += [Message(Role.TOOL, tool.result, tool_name=tool.name) for tool in fitted]
        longer = replace(conversation, messages=tuple(messages))
        if n == 0 or model.count_prompt(longer) <= token_limit:
            return longer, fitted
        fitted[n - 1] = replace(used[n - 1], result=NO_MORE_ROOM, ok=False, cut_chars=len(used[n - 1].result))
    raise AssertionError("the last round returns")


def _add_usage(one: Usage, other: Usage) -> Usage:
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        reused_tokens=one.reused_tokens + other.reused_tokens,
        generated_tokens=one.generated_tokens + other.generated_tokens,
        prefill_s=one.prefill_s + other.prefill_s,
        decode_s=one.decode_s + other.decode_s,
    )
