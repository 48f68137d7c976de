"""Owns reading what gpt-oss writes: token ids in, typed events out, whatever the ids are.

A completion is a sequence of messages

    <|start|>ROLE to=RECIPIENT<|channel|>CHANNEL <|constrain|>TYPE<|message|>TEXT<|end|>

the first without its `<|start|>assistant`, which the prompt ends with. At temperature 1.0 a few percent of turns break
this form, so nothing here is an error:

- the last recognised channel holds until another one is recognised; before any, text is the answer;
- what stands in a header and is no part of one (`<|channel|>final The answer is ...`) is text of that message;
- a message without its end, start or channel is still a message; control tokens out of place are dropped;
- a message to a tool is a call on the commentary or the analysis channel, not on the final one.

Text of the commentary channel that is for nobody in particular (a preamble: "I will look this up first") belongs to the
reasoning: a person sees it there, and the answer stays what stands on the final channel.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from enum import Enum

from models.conversation import AnswerDelta, ModelEvent, ReasoningDelta, ToolCall
from models.prompts.harmony_header import HEADER_LIMIT, Header, HeaderPart, completion, read_header
from models.prompts.vocabulary import (
    CALL,
    CHANNEL,
    CONSTRAIN,
    END,
    ENDOFTEXT,
    FORCE_FINAL,
    MESSAGE,
    ORDINARY_TOKENS,
    RETURN,
    START,
    STOP_IDS,
)


class _Target(Enum):
    """Where the text of a message goes."""

    REASONING = "reasoning"
    ANSWER = "answer"
    TOOL = "tool"


class HarmonyParser:
    """Reads one completion. Feed it every id the model gives, those that end it included; then call `finish`.

    The last event of a generation, `Finished`, is not its own to give: only the caller knows reason and usage.
    `has_answer` tells whether any words of an answer have come (a completion that ends without them is to be continued
    with `force_final`), `called_tool` whether a tool has been called.
    """

    def __init__(self, token_bytes: Callable[[int], bytes]) -> None:
        self._token_bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._header: Header | None = Header(started=True, role_given=True)  # None within a message
        self._channel = ""
        self._target = _Target.ANSWER
        self._tool = ""
        self._arguments: list[str] = []
        self._shown = {_Target.REASONING: False, _Target.ANSWER: False}
        self._message_is_new = True
        self._after_stop: tuple[int, ...] | None = None
        self.has_answer = False
        self.called_tool = False

    @property
    def answering(self) -> bool:
        """Whether the next token would be text of the answer."""
        return self._header is None and self._target is _Target.ANSWER

    def feed(self, token_id: int) -> list[ModelEvent]:
        """The events that the next token causes; none while a header, a tool call or a cut-up letter is under way."""
        if 0 <= token_id < ORDINARY_TOKENS:
            self._after_stop = None
            text = self._decoder.decode(self._token_bytes(token_id))
            return self._text(text) if text else []
        stopped = self._bridge_over_stop() if token_id in STOP_IDS else None
        events = self._cut_letter()
        events += self._control(token_id)
        if token_id in _KNOWN:
            self._after_stop = stopped
        return events

    def finish(self) -> list[ModelEvent]:
        """What is still held back when no more tokens come."""
        return self._cut_letter() + self._end_message(called=False)

    def force_final(self) -> tuple[int, ...]:
        """The ids that, evaluated next, make the model write its answer now: they end whatever is open and open a
        message on the final channel. Empty if the answer is being written, or has just ended. Feed them to the parser,
        too.

        After a stop id the model must not have evaluated it (nobody needs to: generation ended with it); what is
        needed in its place is among these ids.
        """
        if self._after_stop is not None:
            return self._after_stop
        if self._header is None:
            return () if self._target is _Target.ANSWER else (END, *FORCE_FINAL)
        if not self._header.started:
            return FORCE_FINAL
        return completion(self._header)

    def _bridge_over_stop(self) -> tuple[int, ...]:
        """What `force_final` has to give once a stop token has ended what is open now."""
        if self.answering and not self.has_answer:
            return (END, *FORCE_FINAL)
        return self.force_final()

    def _control(self, token_id: int) -> list[ModelEvent]:
        if token_id == MESSAGE:
            return self._open_message() if self._header is not None else []
        if token_id in (START, END, CALL, RETURN, ENDOFTEXT):
            events = self._end_message(called=token_id == CALL)
            if token_id == START:
                self._header = Header(started=True)
            return events
        if token_id == CHANNEL:
            events = []
            if self._header is None:
                events = self._end_message(called=False)
            header = self._header or Header()
            header.begin(HeaderPart.CHANNEL)
            self._header = header
            return events
        if token_id == CONSTRAIN and self._header is not None:
            self._header.begin(HeaderPart.TYPE)
        return []

    def _cut_letter(self) -> list[ModelEvent]:
        """A control token or the end has come in the middle of a letter: show that something is missing."""
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return self._text(text) if text else []

    def _text(self, text: str) -> list[ModelEvent]:
        if self._header is None:
            return self._content(text)
        self._header.add(text)
        return self._open_message() if self._header.length > HEADER_LIMIT else []

    def _open_message(self) -> list[ModelEvent]:
        """The header is complete, or it is none: what follows is text."""
        meaning = read_header(self._header or Header())
        self._header = None
        self._message_is_new = True
        self._tool = meaning.recipient
        if meaning.by_assistant:
            self._channel = meaning.channel or self._channel
        if meaning.is_call:
            self._target = _Target.TOOL
        elif meaning.by_assistant and self._channel in ("final", ""):
            self._target = _Target.ANSWER
        else:  # a role the model should not play goes here too: seen by the person, but no answer
            self._target = _Target.REASONING
        return self._content(meaning.rest) if meaning.rest else []

    def _content(self, text: str) -> list[ModelEvent]:
        if self._target is _Target.TOOL:
            self._arguments.append(text)
            return []
        target = self._target
        if self._message_is_new and self._shown[target]:
            text = "\n\n" + text
        self._message_is_new = False
        self._shown[target] = True
        if target is _Target.ANSWER and not self.has_answer:
            self.has_answer = not text.isspace()
        return [AnswerDelta(text) if target is _Target.ANSWER else ReasoningDelta(text)]

    def _end_message(self, *, called: bool) -> list[ModelEvent]:
        """The message, or the header that never became one, is over; a new header may begin."""
        events: list[ModelEvent] = []
        if self._header is not None and self._header.length:
            meaning = read_header(self._header)
            if meaning.rest or (meaning.is_call and called):
                events = self._open_message()
            elif meaning.by_assistant:
                self._channel = meaning.channel or self._channel
        if self._header is None and self._target is _Target.TOOL:
            events += self._end_call(called)
        self._header = Header()
        return events

    def _end_call(self, called: bool) -> list[ModelEvent]:
        """A call without its `<|call|>` counts only if its arguments are complete; else it is shown, not made."""
        arguments = "".join(self._arguments)
        self._arguments.clear()
        if called or _is_json(arguments):
            self.called_tool = True
            return [ToolCall(self._tool, arguments)]
        self._target = _Target.REASONING
        return self._content(arguments) if arguments else []


_KNOWN = frozenset({START, CHANNEL, CONSTRAIN, MESSAGE, END, *STOP_IDS})


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
