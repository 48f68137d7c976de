"""Converts a conversation to a chat template's `messages` and `tools`, with placeholders for its texts."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from models.conversation import Conversation, Role, ToolCall
from models.prompts.chat_format import with_reasoning_kept

TextRewrite = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class TemplateAdaptation:
    """How a conversation is adapted to a template that does not accept it as it is. `fold_instructions`: they go before
    the first question instead of into a system message. `merge_same_role`: consecutive messages of one role become one.
    `content_as_list`: a message's content is a list of parts. `omit_optional`: optional variables are not defined."""

    fold_instructions: bool = False
    merge_same_role: bool = False
    content_as_list: bool = False
    omit_optional: bool = False


ADAPTATIONS = (
    TemplateAdaptation(),
    TemplateAdaptation(fold_instructions=True),
    TemplateAdaptation(merge_same_role=True),
    TemplateAdaptation(fold_instructions=True, merge_same_role=True),
    TemplateAdaptation(content_as_list=True),
    TemplateAdaptation(omit_optional=True),
    TemplateAdaptation(fold_instructions=True, merge_same_role=True, omit_optional=True),
)


@dataclass(frozen=True, slots=True)
class PlaceholderText:
    """A text that a placeholder stands for, without the white space around it. `required`: the template must output it.
    `starts_user_message`: it is the first text of a user message."""

    stripped: str
    required: bool
    starts_user_message: bool


class Placeholders:
    """The placeholders of one rendering, and the texts they stand for. With `rewrite` there are none: the template gets
    the rewritten texts themselves."""

    def __init__(self, rewrite: TextRewrite | None = None) -> None:
        self.texts: list[PlaceholderText] = []
        self._rewrite = rewrite
        self._nonce = secrets.token_hex(8)
        # A template that outputs the text as JSON escapes the quotation mark, which tells that it does.
        self._pattern = re.compile(rf'{self._nonce}(\\*)"(\d+)e')

    def placeholder_for(self, text: str, *, required: bool = False, starts_user_message: bool = False) -> str:
        """What the template is given for `text`: the white space around it with a placeholder between."""
        stripped = text.strip()
        if not stripped:
            return text
        self.texts.append(PlaceholderText(stripped, required, starts_user_message))
        if self._rewrite is not None:
            return self._rewrite(text)
        start = text.index(stripped)
        return f'{text[:start]}{self._nonce}"{len(self.texts) - 1}e{text[start + len(stripped) :]}'

    def split(self, rendered: str) -> Iterator[str | PlaceholderText]:
        """The template's output in parts: its own text as str, the conversation's in place of the placeholders."""
        start = 0
        for match in self._pattern.finditer(rendered):
            if rendered[start : match.start()]:
                yield rendered[start : match.start()]
            text = self.texts[int(match.group(2))]
            yield replace(text, stripped=_json_escaped(text.stripped, len(match.group(1))))
            start = match.end()
        if rendered[start:]:
            yield rendered[start:]

    def has_all_required(self, rendered: str) -> bool:
        """Whether the output contains every required text. Of rewritten texts only the longest word is looked for,
        since the template may have changed the rest."""
        if self._rewrite is not None:
            words = [
                max(re.findall(r"\w+", text.stripped), key=len, default="") for text in self.texts if text.required
            ]
            return all(word.casefold() in rendered.casefold() for word in words)
        present = {int(match.group(2)) for match in self._pattern.finditer(rendered)}
        return all(index in present for index, text in enumerate(self.texts) if text.required)


def template_messages(
    conversation: Conversation,
    placeholders: Placeholders,
    adaptation: TemplateAdaptation,
    *,
    tools: bool,
    neutralise: TextRewrite,
) -> list[dict[str, Any]]:
    """The conversation as a template's `messages`. Without `tools`, tool calls are left out and their results become
    user messages. `neutralise` is applied to what has no placeholder: tool names and arguments."""
    sources = [source for source in _source_messages(conversation, tools) if source.texts or source.calls]
    instructions = conversation.instructions
    if instructions.strip() and not adaptation.fold_instructions:
        sources.insert(0, _SourceMessage("system", (instructions,)))
    if adaptation.merge_same_role:
        sources = _merge_same_role(sources)
    messages = []
    for source in sources:
        leading_texts: tuple[str, ...] = ()
        if source.role == "user" and instructions.strip() and adaptation.fold_instructions:
            leading_texts = (placeholders.placeholder_for(instructions, required=True),)
            instructions = ""
        messages.append(_template_message(source, leading_texts, placeholders, adaptation, neutralise))
    return messages


def template_tools(conversation: Conversation, neutralise: TextRewrite) -> list[dict[str, Any]]:
    """The tools as a template's `tools`, in OpenAI's form, which templates expect."""
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": _parse_json(tool.parameters) or {"type": "object", "properties": {}},
            },
        }
        for tool in conversation.tools
    ]
    return [_rewritten(tool, neutralise) for tool in tools]


@dataclass(frozen=True, slots=True)
class _SourceMessage:
    """A message with a template's role and the texts that make up its content, before placeholders."""

    role: str
    texts: tuple[str, ...]
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""


def _source_messages(conversation: Conversation, tools: bool) -> Iterator[_SourceMessage]:
    for message, keeps_reasoning in with_reasoning_kept(conversation.messages):
        texts = (message.text,) if message.text.strip() else ()
        if message.role is Role.TOOL and tools:
            yield _SourceMessage("tool", (message.text,), tool_name=message.tool_name)
        elif message.role is Role.ASSISTANT:
            calls = message.tool_calls if tools else ()
            yield _SourceMessage("assistant", texts, message.reasoning if calls and keeps_reasoning else "", calls)
        else:
            yield _SourceMessage("user", texts)


def _merge_same_role(messages: list[_SourceMessage]) -> list[_SourceMessage]:
    merged: list[_SourceMessage] = []
    for message in messages:
        last, role = merged[-1] if merged else None, message.role
        if last and last.role == role and role in ("user", "assistant") and not last.calls + message.calls:
            merged[-1] = _SourceMessage(role, last.texts + message.texts)
        else:
            merged.append(message)
    return merged


def _template_message(
    source: _SourceMessage,
    leading_texts: tuple[str, ...],
    placeholders: Placeholders,
    adaptation: TemplateAdaptation,
    neutralise: TextRewrite,
) -> dict[str, Any]:
    by_user = source.role == "user"
    required = source.role in ("user", "system", "tool")
    texts = [
        placeholders.placeholder_for(text, required=required, starts_user_message=by_user and not index)
        for index, text in enumerate(source.texts)
    ]
    content = "\n\n".join((*leading_texts, *texts))
    message: dict[str, Any] = {
        "role": source.role,
        "content": [{"type": "text", "text": content}] if adaptation.content_as_list else content,
    }
    if source.reasoning.strip():
        message["reasoning_content"] = placeholders.placeholder_for(source.reasoning)
    if source.calls:
        message["tool_calls"] = [_template_tool_call(call, neutralise) for call in source.calls]
    if source.tool_name:
        message["name"] = neutralise(source.tool_name)
    return message


def _template_tool_call(call: ToolCall, neutralise: TextRewrite) -> dict[str, Any]:
    arguments = _parse_json(call.arguments)
    function = {"name": call.name, "arguments": arguments if isinstance(arguments, dict) else call.arguments}
    rewritten: dict[str, Any] = _rewritten({"type": "function", "function": function}, neutralise)
    return rewritten


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _rewritten(value: Any, rewrite: TextRewrite) -> Any:
    """`value` with every string in it rewritten."""
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if isinstance(value, dict):
        return {rewrite(str(key)): _rewritten(item, rewrite) for key, item in value.items()}
    return value


def _json_escaped(text: str, backslashes: int) -> str:
    """`text` escaped as in a JSON string: once if the placeholder's quotation mark got one backslash, twice for three,
    and so on."""
    while backslashes:
        text, backslashes = json.dumps(text, ensure_ascii=False)[1:-1], backslashes // 2
    return text
