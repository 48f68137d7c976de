"""Parses what gpt-oss writes in the harmony format: token ids in, typed events out.

A completion is a sequence of messages

    <|start|>ROLE to=RECIPIENT<|channel|>CHANNEL <|constrain|>TYPE<|message|>TEXT<|end|>

of which the first lacks `<|start|>assistant`, with which the prompt ends. Text on the analysis channel is reasoning, on
the final channel the answer; a message to a tool is a call. At temperature 1.0 a few percent of turns break this form,
so no sequence of ids is an error:

- a channel holds until another one is recognised; before the first, text is the answer;
- text within a header that is no part of it (`<|channel|>final The answer is ...`) is text of its message;
- a message without its end, start or channel is still a message; misplaced control tokens are dropped;
- a message to a tool is a call on the commentary or the analysis channel, but not on the final channel.

Commentary without a recipient (a preamble such as "I will look this up first") is shown as reasoning, so that the
answer is what the final channel says.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from enum import Enum

from models.conversation import AnswerDelta, ModelEvent, ReasoningDelta, ToolCall
from models.prompts.harmony_header import (
    MAX_HEADER_CHARS,
    HarmonyHeader,
    HeaderPart,
    parse_harmony_header,
    rest_of_final_header,
)
from models.prompts.harmony_vocabulary import (
    CALL,
    CHANNEL,
    CONSTRAIN,
    END,
    ENDOFTEXT,
    FINAL_HEADER,
    MESSAGE,
    ORDINARY_TOKENS,
    RETURN,
    START,
    STOP_IDS,
)


class _Target(Enum):
    """What the text of a message is part of."""

    REASONING = "reasoning"
    ANSWER = "answer"
    TOOL = "tool"


class HarmonyParser:
    """The `ChatParser` of one completion. Feed it every id that the model writes, stop ids included; then call
    `finish`.

    It never returns `Finished`, since only the caller knows the reason and the usage. A completion that ends without
    `has_answer` or `called_tool` should be continued with `answer_opening`.
    """

    def __init__(self, token_bytes: Callable[[int], bytes]) -> None:
        self._token_bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._header: HarmonyHeader | None = HarmonyHeader(started=True, role_given=True)  # None within a message
        self._channel = ""
        self._target = _Target.ANSWER
        self._tool = ""
        self._arguments: list[str] = []
        self._has_text = {_Target.REASONING: False, _Target.ANSWER: False}
        self._at_message_start = True
        self._opening_after_stop: tuple[int, ...] | None = None
        self.has_answer = False
        self.called_tool = False

    @property
    def answering(self) -> bool:
        """Whether the next token would be part of the answer's text."""
        return self._header is None and self._target is _Target.ANSWER

    def feed(self, token_id: int) -> list[ModelEvent]:
        """Parse the next token and return its events: none within a header, a tool call or a multi-token character."""
        if 0 <= token_id < ORDINARY_TOKENS:
            self._opening_after_stop = None
            text = self._decoder.decode(self._token_bytes(token_id))
            return self._header_or_message_text(text) if text else []
        opening = self._answer_opening_after_stop() if token_id in STOP_IDS else None
        events = self._flush_partial_character()
        events += self._control_token(token_id)
        if token_id in _NAMED_CONTROL_TOKENS:
            self._opening_after_stop = opening
        return events

    def finish(self) -> list[ModelEvent]:
        """Return the events of what is still held back after the last token."""
        return self._flush_partial_character() + self._end_message(called=False)

    def answer_opening(self) -> tuple[int, ...]:
        """The ids that, decoded next, make the model write its answer: they end whatever is open and begin a message
        on the final channel. Empty if the answer is being written or has just ended. Feed them to the parser, too.

        A stop id must not have been decoded before them. It need not be, since it ended the generation, and these ids
        contain what has to be decoded in its place.
        """
        if self._opening_after_stop is not None:
            return self._opening_after_stop
        if self._header is None:
            return () if self._target is _Target.ANSWER else (END, *FINAL_HEADER)
        if not self._header.started:
            return FINAL_HEADER
        return rest_of_final_header(self._header)

    def _answer_opening_after_stop(self) -> tuple[int, ...]:
        """What `answer_opening` has to return after a stop id that ends what is open now."""
        if self.answering and not self.has_answer:
            return (END, *FINAL_HEADER)
        return self.answer_opening()

    def _control_token(self, token_id: int) -> list[ModelEvent]:
        if token_id == MESSAGE:
            return self._open_message() if self._header is not None else []
        if token_id in (START, END, CALL, RETURN, ENDOFTEXT):
            events = self._end_message(called=token_id == CALL)
            if token_id == START:
                self._header = HarmonyHeader(started=True)
            return events
        if token_id == CHANNEL:
            events = []
            if self._header is None:
                events = self._end_message(called=False)
            header = self._header or HarmonyHeader()
            header.begin(HeaderPart.CHANNEL)
            self._header = header
            return events
        if token_id == CONSTRAIN and self._header is not None:
            self._header.begin(HeaderPart.TYPE)
        return []

    def _flush_partial_character(self) -> list[ModelEvent]:
        """Emit U+FFFD if a control token or the end of the completion has cut a character off."""
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return self._header_or_message_text(text) if text else []

    def _header_or_message_text(self, text: str) -> list[ModelEvent]:
        if self._header is None:
            return self._message_text(text)
        self._header.add(text)
        return self._open_message() if self._header.length > MAX_HEADER_CHARS else []

    def _open_message(self) -> list[ModelEvent]:
        """End the header, which is complete or was none: what follows is text of the message."""
        parsed = parse_harmony_header(self._header or HarmonyHeader())
        self._header = None
        self._at_message_start = True
        self._tool = parsed.recipient
        if parsed.by_assistant:
            self._channel = parsed.channel or self._channel
        if parsed.is_call:
            self._target = _Target.TOOL
        elif parsed.by_assistant and self._channel in ("final", ""):
            self._target = _Target.ANSWER
        else:  # also for a role that the model should not play: shown, but not as the answer
            self._target = _Target.REASONING
        return self._message_text(parsed.stray_text) if parsed.stray_text else []

    def _message_text(self, text: str) -> list[ModelEvent]:
        if self._target is _Target.TOOL:
            self._arguments.append(text)
            return []
        target = self._target
        if self._at_message_start and self._has_text[target]:
            text = "\n\n" + text
        self._at_message_start = False
        self._has_text[target] = True
        if target is _Target.ANSWER and not self.has_answer:
            self.has_answer = not text.isspace()
        return [AnswerDelta(text) if target is _Target.ANSWER else ReasoningDelta(text)]

    def _end_message(self, *, called: bool) -> list[ModelEvent]:
        """End the message, or the header of one that never began; a new header may follow. `called`: by `<|call|>`."""
        events: list[ModelEvent] = []
        if self._header is not None and self._header.length:
            parsed = parse_harmony_header(self._header)
            if parsed.stray_text or (parsed.is_call and called):
                events = self._open_message()
            elif parsed.by_assistant:
                self._channel = parsed.channel or self._channel
        if self._header is None and self._target is _Target.TOOL:
            events += self._end_call(called)
        self._header = HarmonyHeader()
        return events

    def _end_call(self, called: bool) -> list[ModelEvent]:
        """The tool call whose message has ended. One that does not end with `<|call|>` counts only if its arguments are
        complete JSON; otherwise they are shown as reasoning."""
        arguments = "".join(self._arguments)
        self._arguments.clear()
        if called or _is_json(arguments):
            self.called_tool = True
            return [ToolCall(self._tool, arguments)]
        self._target = _Target.REASONING
        return self._message_text(arguments) if arguments else []


_NAMED_CONTROL_TOKENS = frozenset({START, CHANNEL, CONSTRAIN, MESSAGE, END, *STOP_IDS})


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
