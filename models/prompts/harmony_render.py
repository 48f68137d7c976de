"""gpt-oss's chat format, harmony: renders a conversation to token ids with openai-harmony, the library of its authors.

A prompt is a sequence of messages `<|start|>ROLE<|channel|>CHANNEL<|message|>TEXT<|end|>`. The texts of people,
documents and the model are tokenized apart from these control tokens and put between them, so that no text can become
one.

The chat template in the GGUF renders the same ids with four exceptions, in which openai-harmony is followed: the
template leaves two line breaks after instructions that no tools follow, writes `json` instead of `<|constrain|>json`,
puts the comma of a parameter with a default after the comment, and JSON-encodes a tool's result once more.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from models.conversation import Conversation, Message, Role, Sampling, ToolCall
from models.prompts.chat_format import Prompt, with_reasoning_kept
from models.prompts.harmony_parser import HarmonyParser
from models.prompts.harmony_vocabulary import (
    ASSISTANT,
    END,
    MESSAGE,
    START,
    STOP_IDS,
    HarmonyVocabulary,
    load_harmony_vocabulary,
)

if TYPE_CHECKING:
    import openai_harmony

PIECE_CHARS = 2000
CUT_SEARCH_CHARS = 1000  # how far before the end of a piece a place to cut is looked for


class HarmonyFormat:
    """The `ChatFormat` of gpt-oss, over the vocabulary of one GGUF. Any thread may use it."""

    def __init__(self, encoding: openai_harmony.HarmonyEncoding, vocabulary: HarmonyVocabulary) -> None:
        self._encoding = encoding
        self._vocabulary = vocabulary

    @classmethod
    def from_gguf(cls, path: Path, cache_dir: Path) -> HarmonyFormat:
        """The format with the vocabulary of the GGUF at `path`. openai-harmony downloads nothing, since it finds that
        vocabulary in `cache_dir` (see `models.prompts.harmony_vocabulary`). Raises `ModelFault`."""
        vocabulary = load_harmony_vocabulary(path, cache_dir)
        os.environ["TIKTOKEN_ENCODINGS_BASE"] = str(cache_dir)  # read by `load_harmony_encoding`
        import openai_harmony

        name = openai_harmony.HarmonyEncodingName.HARMONY_GPT_OSS
        return cls(openai_harmony.load_harmony_encoding(name), vocabulary)

    def render(self, conversation: Conversation) -> list[int]:
        """The token ids of the prompt, which ends with `<|start|>assistant`."""
        return list(self.prompt(conversation).tokens)

    def system_prefix(self, conversation: Conversation) -> list[int]:
        """The token ids of the system and the developer message, with which every prompt begins."""
        return [token for message in self._preamble(conversation) for token in message]

    def boundaries(self, conversation: Conversation) -> tuple[int, ...]:
        """The positions in the prompt at which its user messages begin."""
        return self.prompt(conversation).boundaries

    def prompt(self, conversation: Conversation) -> Prompt:
        """The prompt, which ends with `<|start|>assistant`, and its positions that matter for a KV cache."""
        tokens = self.system_prefix(conversation)
        prefix_tokens = len(tokens)
        boundaries = []
        for message, keeps_reasoning in with_reasoning_kept(conversation.messages):
            if message.role is Role.USER:
                boundaries.append(len(tokens))
            for part in self._message(message, keeps_reasoning):
                tokens += part
        return Prompt((*tokens, START, ASSISTANT), prefix_tokens, tuple(boundaries))

    def encode_text(self, text: str) -> list[int]:
        """The ids of `text`, all of them ordinary tokens: what is spelled like a control token stays text.

        Encodes piece by piece, because openai-harmony takes time quadratic in the length of a word (107 s for 100,000
        Chinese characters in a row) and holds the interpreter lock meanwhile. Pieces are cut where a token ends in any
        case; only a text of more than `CUT_SEARCH_CHARS` characters without a space or a comma may get other ids than
        as a whole.
        """
        tokens: list[int] = []
        for piece in _split_at_token_ends(_without_surrogates(text)):
            tokens += self._encoding.encode(piece, disallowed_special=())
        return tokens

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes of an ordinary token; empty for a control token."""
        return self._vocabulary.token_bytes(token_id)

    @property
    def stop_ids(self) -> frozenset[int]:
        """The ids that end a completion."""
        return STOP_IDS

    @property
    def sampling(self) -> Sampling:
        """The model card's sampling."""
        return Sampling()

    def parser(self, prompt: Prompt | None = None) -> HarmonyParser:
        """A new parser for one completion of a prompt rendered here."""
        return HarmonyParser(self._vocabulary.token_bytes)

    def _preamble(self, conversation: Conversation) -> Iterator[list[int]]:
        """The system message, and the developer message if there are instructions or tools."""
        import openai_harmony as harmony

        system = harmony.SystemContent.new()
        system = system.with_reasoning_effort(harmony.ReasoningEffort(conversation.effort.value.capitalize()))
        if conversation.date:
            system = system.with_conversation_start_date(_without_surrogates(conversation.date))
        options = harmony.RenderOptions(conversation_has_function_tools=bool(conversation.tools))
        yield self._encoding.render(harmony.Message.from_role_and_content(harmony.Role.SYSTEM, system), options)
        if not conversation.instructions and not conversation.tools:
            return
        developer = harmony.DeveloperContent.new()
        if conversation.instructions:
            developer = developer.with_instructions(_without_surrogates(conversation.instructions))
        if conversation.tools:
            developer = developer.with_function_tools(
                [
                    harmony.ToolDescription.new(
                        _without_surrogates(tool.name),
                        _without_surrogates(tool.description),
                        json.loads(_without_surrogates(tool.parameters)) if tool.parameters else None,
                    )
                    for tool in conversation.tools
                ]
            )
        yield self._encoding.render(harmony.Message.from_role_and_content(harmony.Role.DEVELOPER, developer))

    def _message(self, message: Message, keeps_reasoning: bool) -> Iterator[list[int]]:
        """The harmony messages of one of ours; none for an answer that was stopped before its first word."""
        if message.role is Role.USER:
            yield self._text_message("user", message.text)
        elif message.role is Role.TOOL:
            name = _tool_recipient(message.tool_name)
            yield self._text_message("tool", message.text, name=name, channel="commentary", recipient="assistant")
        else:
            if message.reasoning and keeps_reasoning:
                yield self._text_message("assistant", message.reasoning, channel="analysis")
            if message.text:
                channel = "commentary" if message.tool_calls else "final"
                yield self._text_message("assistant", message.text, channel=channel)
            for call in message.tool_calls:
                yield self._tool_call_message(call)

    def _tool_call_message(self, call: ToolCall) -> list[int]:
        recipient = _tool_recipient(call.name)
        return self._text_message(
            "assistant", call.arguments, channel="commentary", recipient=recipient, content_type="<|constrain|>json"
        )

    def _text_message(self, role: str, text: str, *, name: str | None = None, **header: str) -> list[int]:
        """A message of plain text. openai-harmony renders it without text; the ids of `text` are put in before the last
        token."""
        import openai_harmony as harmony

        author = harmony.Author(role=harmony.Role(role), name=name)
        message = harmony.Message(author=author, content=[harmony.TextContent(text="")], **header)
        *head, last = self._encoding.render(message)
        assert head[-1] == MESSAGE and last >= END
        return [*head, *self.encode_text(text), last]


def _tool_recipient(name: str) -> str:
    name = _without_surrogates(name)
    return name if "." in name else f"functions.{name}"


def _without_surrogates(text: str) -> str:
    """`text` with lone surrogates, which come from broken files and clipboards, replaced: no encoder takes them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _split_at_token_ends(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > PIECE_CHARS:
        end = start + PIECE_CHARS
        lowest = end - CUT_SEARCH_CHARS
        cut = next((at for at in range(end, lowest, -1) if _is_token_end(text[at - 1], text[at])), end)
        yield text[start:cut]
        start = cut
    yield text[start:]


def _is_token_end(before: str, after: str) -> bool:
    """Whether o200k_base ends a token between the two characters in any context: after a letter or digit and before a
    space, a punctuation mark or a symbol, but not before an apostrophe, which may belong to the word ("it's")."""
    if after == "'" or unicodedata.category(before)[0] not in "LMN":
        return False
    return after == " " or unicodedata.category(after)[0] in "PS"
