"""Owns putting a conversation into the values that chat templates read, its texts as stand-ins."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from models.conversation import Conversation, Role, ToolCall

Rewrite = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Way:
    """How a conversation is brought to a template that does not take it as it is. `folded`: the instructions stand
    before the first question. `merged`: messages in a row by the same side become one. `parts`: a content is a list.
    `bare`: nothing is said that can be left unsaid."""

    folded: bool = False
    merged: bool = False
    parts: bool = False
    bare: bool = False


WAYS = (
    Way(),
    Way(folded=True),
    Way(merged=True),
    Way(folded=True, merged=True),
    Way(parts=True),
    Way(bare=True),
    Way(folded=True, merged=True, bare=True),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was given a stand-in, without the white space around it. `required`: the template must write it.
    `asks`: it begins what a user message says."""

    core: str
    required: bool
    asks: bool


class Texts:
    """The texts of one rendering. With `rewrite`, they stand for themselves, rewritten."""

    def __init__(self, rewrite: Rewrite | None = None) -> None:
        self.given: list[Text] = []
        self._rewrite = rewrite
        self._nonce = secrets.token_hex(8)
        # The quotation mark is escaped where a template writes the text as JSON, which shows that it does.
        self._pattern = re.compile(rf'{self._nonce}(\\*)"(\d+)e')

    def stand_in(self, text: str, *, required: bool = False, asks: bool = False) -> str:
        """What to give the template for `text`."""
        core = text.strip()
        if not core:
            return text
        self.given.append(Text(core, required, asks))
        if self._rewrite is not None:
            return self._rewrite(text)
        start = text.index(core)
        return f'{text[:start]}{self._nonce}"{len(self.given) - 1}e{text[start + len(core) :]}'

    def taken_apart(self, rendered: str) -> Iterator[str | Text]:
        """What the template wrote: its own text as str, the conversation's as Text."""
        at = 0
        for match in self._pattern.finditer(rendered):
            if rendered[at : match.start()]:
                yield rendered[at : match.start()]
            text = self.given[int(match.group(2))]
            yield Text(_escaped(text.core, len(match.group(1))), text.required, text.asks)
            at = match.end()
        if rendered[at:]:
            yield rendered[at:]

    def all_there(self, rendered: str) -> bool:
        """Whether nothing that must be in the prompt is missing. Of texts that stand for themselves the longest word is
        looked for, since the template may change them."""
        if self._rewrite is not None:
            words = [max(re.findall(r"\w+", text.core), key=len, default="") for text in self.given if text.required]
            return all(word.casefold() in rendered.casefold() for word in words)
        there = {int(match.group(2)) for match in self._pattern.finditer(rendered)}
        return all(index in there for index, text in enumerate(self.given) if text.required)


def messages_for(
    conversation: Conversation, texts: Texts, way: Way, *, tools: bool, neutral: Rewrite
) -> list[dict[str, Any]]:
    """The conversation as `messages`. Without `tools`, calls are left out and their results are told as by the user."""
    drafts = [draft for draft in _drafts(conversation, tools) if draft.texts or draft.calls]
    instructions = conversation.instructions
    if instructions.strip() and not way.folded:
        drafts.insert(0, _Draft("system", (instructions,)))
    if way.merged:
        drafts = _merged(drafts)
    messages = []
    for draft in drafts:
        first_words: tuple[str, ...] = ()
        if draft.role == "user" and instructions.strip() and way.folded:
            first_words = (texts.stand_in(instructions, required=True),)
            instructions = ""
        messages.append(_message(draft, first_words, texts, way, neutral))
    return messages


def tools_for(conversation: Conversation, neutral: Rewrite) -> list[dict[str, Any]]:
    """The tools in the form that templates expect, which is OpenAI's."""
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": _json(tool.parameters) or {"type": "object", "properties": {}},
            },
        }
        for tool in conversation.tools
    ]
    return [_rewritten(tool, neutral) for tool in tools]


@dataclass(frozen=True, slots=True)
class _Draft:
    role: str
    texts: tuple[str, ...]
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""


def _drafts(conversation: Conversation, tools: bool) -> Iterator[_Draft]:
    messages = conversation.messages
    answers = [at for at, message in enumerate(messages) if message.role is Role.ASSISTANT and not message.tool_calls]
    last_answer = answers[-1] if answers else -1
    for at, message in enumerate(messages):
        texts = (message.text,) if message.text.strip() else ()
        if message.role is Role.TOOL and tools:
            yield _Draft("tool", (message.text,), tool_name=message.tool_name)
        elif message.role is Role.ASSISTANT:
            calls = message.tool_calls if tools else ()
            # Reasoning is kept as for gpt-oss: of calls that no answer has followed yet.
            reasoning = message.reasoning if calls and at > last_answer else ""
            yield _Draft("assistant", texts, reasoning, calls)
        else:
            yield _Draft("user", texts)


def _merged(drafts: list[_Draft]) -> list[_Draft]:
    merged: list[_Draft] = []
    for draft in drafts:
        last = merged[-1] if merged else None
        if last and last.role == draft.role and draft.role in ("user", "assistant") and not last.calls + draft.calls:
            merged[-1] = _Draft(draft.role, last.texts + draft.texts)
        else:
            merged.append(draft)
    return merged


def _message(draft: _Draft, first_words: tuple[str, ...], texts: Texts, way: Way, neutral: Rewrite) -> dict[str, Any]:
    asks = draft.role == "user"
    required = draft.role in ("user", "system", "tool")
    words = [texts.stand_in(text, required=required, asks=asks and not index) for index, text in enumerate(draft.texts)]
    content = "\n\n".join((*first_words, *words))
    message: dict[str, Any] = {
        "role": draft.role,
        "content": [{"type": "text", "text": content}] if way.parts else content,
    }
    if draft.reasoning.strip():
        message["reasoning_content"] = texts.stand_in(draft.reasoning)
    if draft.calls:
        message["tool_calls"] = [_call(call, neutral) for call in draft.calls]
    if draft.tool_name:
        message["name"] = neutral(draft.tool_name)
    return message


def _call(call: ToolCall, neutral: Rewrite) -> dict[str, Any]:
    arguments = _json(call.arguments)
    function = {"name": call.name, "arguments": arguments if isinstance(arguments, dict) else call.arguments}
    rewritten: dict[str, Any] = _rewritten({"type": "function", "function": function}, neutral)
    return rewritten


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _rewritten(value: Any, rewrite: Rewrite) -> Any:
    """`value` with every text in it rewritten."""
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if isinstance(value, dict):
        return {rewrite(str(key)): _rewritten(item, rewrite) for key, item in value.items()}
    return value


def _escaped(text: str, backslashes: int) -> str:
    """`text` as JSON writes it, once for one backslash before the stand-in's quotation mark, twice for three, ..."""
    while backslashes:
        text, backslashes = json.dumps(text, ensure_ascii=False)[1:-1], backslashes // 2
    return text
