"""Parses what a model with a chat template writes: tokens in; reasoning, answer and tool calls out.

    <think>REASONING</think>ANSWER<tool_call>{"name": ..., "arguments": {...}}</tool_call>

Models forget tags, repeat them or misplace them, so no text is an error:

- without tags, text is the answer, unless the prompt has opened the reasoning already;
- an opening tag begins reasoning before the answer, or within it at the start of a line; tags in any other place are
  dropped and never shown;
- what a tool call contains that is no call is text of the section around it; a call without its closing tag counts if
  it is complete.

White space around tags is not part of the text.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from models.conversation import AnswerDelta, ModelEvent, ReasoningDelta, ToolCall


@dataclass(frozen=True, slots=True)
class TagPair:
    """An opening and a closing tag."""

    opening: str
    closing: str


TOOL_TAGS = TagPair("<tool_call>", "</tool_call>")
REASONING_TAGS = (
    TagPair("<think>", "</think>"),  # DeepSeek-R1, Qwen 3, and most others
    TagPair("[THINK]", "[/THINK]"),  # Magistral, Ministral
    TagPair("<seed:think>", "</seed:think>"),
    TagPair("<|START_THINKING|>", "<|END_THINKING|>"),
)


@dataclass(frozen=True, slots=True)
class ReasoningMarkup:
    """How a model marks its reasoning. `end_tokens` are the tokens that end it, `skip_tokens` those that begin an
    answer without any; these are empty for a model that does not reason."""

    tags: TagPair
    end_tokens: tuple[int, ...]
    skip_tokens: tuple[int, ...]


class _State(Enum):
    START = "start"  # nothing written yet: reasoning or answer may follow
    REASONING = "reasoning"
    ANSWER = "answer"
    TOOL = "tool"


class ThinkParser:
    """The `ChatParser` of one completion. Feed it every token that the model writes, stop tokens included, then call
    `finish`."""

    def __init__(
        self,
        token_bytes: Callable[[int], bytes],
        markup: ReasoningMarkup,
        *,
        opens_reasoning: bool = False,
        ends_reasoning: bool = False,
        offers_tools: bool = False,
    ) -> None:
        """`token_bytes` returns nothing for control tokens, except the spelling of a tag for a token that is one. For
        the other arguments see `Prompt`."""
        self._token_bytes = token_bytes
        self._markup = markup
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state = _State.START
        if opens_reasoning or ends_reasoning:
            self._state = _State.REASONING if opens_reasoning else _State.ANSWER
        self._state_before_call = self._state
        self._tags = [markup.tags.opening, markup.tags.closing]
        if offers_tools:
            self._tags += [TOOL_TAGS.opening, TOOL_TAGS.closing]
        self._any_tag = re.compile("|".join(map(re.escape, self._tags)))
        self._buffer = ""  # the end of the text, which may become a tag
        self._pending_space = ""  # emitted only if text follows
        self._tool_text = ""
        self._at_section_start = True
        self._has_text = {_State.REASONING: False, _State.ANSWER: False}
        self.has_answer = False
        self.called_tool = False

    @property
    def answering(self) -> bool:
        """Whether the next token would be part of the answer's text."""
        return self._state is _State.ANSWER or (self._state is _State.START and not self._markup.skip_tokens)

    def feed(self, token_id: int) -> list[ModelEvent]:
        """Parse the next token and return its events: none within a tag, a tool call or a multi-token character."""
        return self._consume(self._decoder.decode(self._token_bytes(token_id)))

    def finish(self) -> list[ModelEvent]:
        """Return the events of what is still held back after the last token."""
        events = self._consume(self._decoder.decode(b"", final=True))
        rest, self._buffer = self._buffer, ""
        events += self._emit_text(rest)
        if self._state is _State.TOOL:
            events += self._end_call()
        return events

    def answer_opening(self) -> tuple[int, ...]:
        """The tokens that, decoded next, make the model write its answer: they end or skip the reasoning. Empty if the
        answer or a tool call is being written, or the model does not reason."""
        if self._state is _State.REASONING:
            return self._markup.end_tokens
        return self._markup.skip_tokens if self._state is _State.START else ()

    def _consume(self, text: str) -> list[ModelEvent]:
        self._buffer += text
        events: list[ModelEvent] = []
        while match := self._next_tag():
            before, self._buffer = self._buffer[: match.start()], self._buffer[match.end() :]
            events += self._emit_text(before)
            events += self._apply_tag(match.group())
        text_end = len(self._buffer) - self._partial_tag_length()
        ready, self._buffer = self._buffer[:text_end], self._buffer[text_end:]
        return events + self._emit_text(ready)

    def _next_tag(self) -> re.Match[str] | None:
        """The first tag in the buffer; within a tool call only its closing tag counts."""
        if self._state is _State.TOOL:
            return re.search(re.escape(TOOL_TAGS.closing), self._buffer)
        return self._any_tag.search(self._buffer)

    def _partial_tag_length(self) -> int:
        """How many characters at the end of the buffer may be the beginning of a tag."""
        longest = min(max(map(len, self._tags)) - 1, len(self._buffer))
        return next((n for n in range(longest, 0, -1) if any(t.startswith(self._buffer[-n:]) for t in self._tags)), 0)

    def _apply_tag(self, tag: str) -> list[ModelEvent]:
        reasoning = self._markup.tags
        if tag == TOOL_TAGS.opening and self._state is not _State.TOOL:
            self._state_before_call = self._state
            self._state = _State.TOOL
        elif tag == TOOL_TAGS.closing and self._state is _State.TOOL:
            return self._end_call()
        elif tag == reasoning.opening and (self._state is _State.START or self._at_line_start()):
            self._enter(_State.REASONING)
        elif tag == reasoning.closing and self._state in (_State.START, _State.REASONING):
            self._enter(_State.ANSWER)
        else:
            self._pending_space += " "  # keeps the words around a misplaced tag apart
        return []

    def _at_line_start(self) -> bool:
        return self._state is _State.ANSWER and ("\n" in self._pending_space or self._at_section_start)

    def _enter(self, state: _State) -> None:
        self._state, self._pending_space, self._at_section_start = state, "", True

    def _emit_text(self, text: str) -> list[ModelEvent]:
        if self._state is _State.TOOL:
            self._tool_text += text
            return []
        text = self._pending_space + text
        kept = text.rstrip()
        self._pending_space = text[len(kept) :]
        if self._at_section_start:
            kept = kept.lstrip()
        if not kept:
            return []
        if self._state is _State.START:
            self._state = _State.ANSWER
        state = self._state
        if self._at_section_start and self._has_text[state]:
            kept = "\n\n" + kept
        self._at_section_start, self._has_text[state] = False, True
        if state is _State.REASONING:
            return [ReasoningDelta(kept)]
        self.has_answer = True
        return [AnswerDelta(kept)]

    def _end_call(self) -> list[ModelEvent]:
        text, self._tool_text = self._tool_text, ""
        self._enter(self._state_before_call)
        calls = parse_tool_calls(text)
        if calls:
            self.called_tool = True
            return list(calls)
        events = self._emit_text(self._any_tag.sub(" ", text))
        self._pending_space, self._at_section_start = "", True
        return events


def parse_tool_calls(text: str) -> tuple[ToolCall, ...]:
    """The tool calls in `text`, which should be the JSON of one call or of a list of calls; none if it is not."""
    try:
        content = json.loads(text, strict=False)
        calls = [_parse_tool_call(item) for item in (content if isinstance(content, list) else [content])]
    except (ValueError, RecursionError):
        return ()
    return tuple(calls)


def _parse_tool_call(content: object) -> ToolCall:
    """The tool call in a JSON value. Raises ValueError if it is none."""
    if isinstance(content, dict) and isinstance(content.get("function"), dict):
        content = content["function"]
    if not isinstance(content, dict) or not isinstance(content.get("name"), str) or not content["name"].strip():
        raise ValueError("no call")
    arguments = content.get("arguments", content.get("parameters", {}))
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(content["name"].strip(), arguments)
