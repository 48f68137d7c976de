"""Owns reading what a model writes by its template: tokens in, reasoning, answer and tool calls out.

    <think>REASONING</think>ANSWER<tool_call>{"name": ..., "arguments": {...}}</tool_call>

Models forget tags, write them twice or in the wrong place, so nothing here is an error:

- without any tag, text is the answer; a prompt may have opened the reasoning already;
- an opening tag begins reasoning before the answer, or on a line of its own within it; tags in any other place are
  left out and never shown;
- what stands in a tool call and is no call is text of where it stands; a call without its end counts if it is complete.

White space around tags is no part of the text.
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
class Tags:
    """How a model marks its reasoning."""

    opening: str
    closing: str


TOOL_TAGS = Tags("<tool_call>", "</tool_call>")
KNOWN_TAGS = (
    Tags("<think>", "</think>"),  # DeepSeek-R1, Qwen 3, and most others
    Tags("[THINK]", "[/THINK]"),  # Magistral, Ministral
    Tags("<seed:think>", "</seed:think>"),
    Tags("<|START_THINKING|>", "<|END_THINKING|>"),
)


@dataclass(frozen=True, slots=True)
class ThinkStyle:
    """What is known of a model's completions. `end_reasoning` are the tokens that end it by force, `skip_reasoning`
    those that begin an answer without any (empty for a model that does not reason)."""

    tags: Tags
    end_reasoning: tuple[int, ...]
    skip_reasoning: tuple[int, ...]


class _State(Enum):
    START = "start"  # nothing written yet: reasoning or answer
    REASONING = "reasoning"
    ANSWER = "answer"
    TOOL = "tool"


class ThinkParser:
    """Reads one completion. Feed it every token the model gives, those that end it included; then call `finish`."""

    def __init__(
        self,
        token_bytes: Callable[[int], bytes],
        style: ThinkStyle,
        *,
        opens_reasoning: bool = False,
        ends_reasoning: bool = False,
        offers_tools: bool = False,
    ) -> None:
        """`token_bytes` gives nothing for control tokens, but the spelling of a tag for a tag."""
        self._token_bytes = token_bytes
        self._style = style
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state = _State.START
        if opens_reasoning or ends_reasoning:
            self._state = _State.REASONING if opens_reasoning else _State.ANSWER
        self._outside = self._state  # where a tool call stands
        self._markers = [style.tags.opening, style.tags.closing]
        if offers_tools:
            self._markers += [TOOL_TAGS.opening, TOOL_TAGS.closing]
        self._any_marker = re.compile("|".join(map(re.escape, self._markers)))
        self._held = ""  # may become a tag
        self._space = ""  # shown only if text follows
        self._tool_text = ""
        self._section_is_new = True
        self._shown = {_State.REASONING: False, _State.ANSWER: False}
        self.has_answer = False
        self.called_tool = False

    @property
    def answering(self) -> bool:
        """Whether the next token would be text of the answer."""
        return self._state is _State.ANSWER or (self._state is _State.START and not self._style.skip_reasoning)

    def feed(self, token_id: int) -> list[ModelEvent]:
        """The events that the next token causes; none while a tag, a tool call or a cut-up letter is under way."""
        return self._read(self._decoder.decode(self._token_bytes(token_id)))

    def finish(self) -> list[ModelEvent]:
        """What is still held back when no more tokens come."""
        events = self._read(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        events += self._text(held)
        if self._state is _State.TOOL:
            events += self._end_call()
        return events

    def force_final(self) -> tuple[int, ...]:
        """The tokens that end the reasoning. Empty if there is none, or an answer or a call is being written."""
        if self._state is _State.REASONING:
            return self._style.end_reasoning
        return self._style.skip_reasoning if self._state is _State.START else ()

    def _read(self, text: str) -> list[ModelEvent]:
        self._held += text
        events: list[ModelEvent] = []
        while marker := self._next_marker():
            before, self._held = self._held[: marker.start()], self._held[marker.end() :]
            events += self._text(before)
            events += self._marker(marker.group())
        sure = len(self._held) - self._unsure()
        ready, self._held = self._held[:sure], self._held[sure:]
        return events + self._text(ready)

    def _next_marker(self) -> re.Match[str] | None:
        """The first tag that means something here: within a tool call, its end alone."""
        if self._state is _State.TOOL:
            return re.search(re.escape(TOOL_TAGS.closing), self._held)
        return self._any_marker.search(self._held)

    def _unsure(self) -> int:
        """How many letters at the end may be the beginning of a tag."""
        longest = min(max(map(len, self._markers)) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if any(m.startswith(self._held[-n:]) for m in self._markers)), 0)

    def _marker(self, marker: str) -> list[ModelEvent]:
        tags = self._style.tags
        if marker == TOOL_TAGS.opening and self._state is not _State.TOOL:
            self._outside = self._state
            self._state = _State.TOOL
        elif marker == TOOL_TAGS.closing and self._state is _State.TOOL:
            return self._end_call()
        elif marker == tags.opening and (self._state is _State.START or self._at_line_start()):
            self._begin(_State.REASONING)
        elif marker == tags.closing and self._state in (_State.START, _State.REASONING):
            self._begin(_State.ANSWER)
        else:
            self._space += " "  # the words around a tag out of place stay apart
        return []

    def _at_line_start(self) -> bool:
        return self._state is _State.ANSWER and ("\n" in self._space or self._section_is_new)

    def _begin(self, state: _State) -> None:
        self._state, self._space, self._section_is_new = state, "", True

    def _text(self, text: str) -> list[ModelEvent]:
        if self._state is _State.TOOL:
            self._tool_text += text
            return []
        text = self._space + text
        kept = text.rstrip()
        self._space = text[len(kept) :]
        if self._section_is_new:
            kept = kept.lstrip()
        if not kept:
            return []
        if self._state is _State.START:
            self._state = _State.ANSWER
        state = self._state
        if self._section_is_new and self._shown[state]:
            kept = "\n\n" + kept
        self._section_is_new, self._shown[state] = False, True
        if state is _State.REASONING:
            return [ReasoningDelta(kept)]
        self.has_answer = True
        return [AnswerDelta(kept)]

    def _end_call(self) -> list[ModelEvent]:
        text, self._tool_text = self._tool_text, ""
        outside = self._outside
        self._begin(outside)
        calls = read_calls(text)
        if calls:
            self.called_tool = True
            return list(calls)
        events = self._text(self._any_marker.sub(" ", text))
        self._space, self._section_is_new = "", True
        return events


def read_calls(text: str) -> tuple[ToolCall, ...]:
    """The calls that a model wrote as JSON, one or a list of them; none if it is no call."""
    try:
        content = json.loads(text, strict=False)
        calls = [_call(item) for item in (content if isinstance(content, list) else [content])]
    except (ValueError, RecursionError):
        return ()
    return tuple(calls)


def _call(content: object) -> ToolCall:
    """Raises ValueError if `content` is no call."""
    if isinstance(content, dict) and isinstance(content.get("function"), dict):
        content = content["function"]
    if not isinstance(content, dict) or not isinstance(content.get("name"), str) or not content["name"].strip():
        raise ValueError("no call")
    arguments = content.get("arguments", content.get("parameters", {}))
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(content["name"].strip(), arguments)
