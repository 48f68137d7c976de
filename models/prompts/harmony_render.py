"""Owns turning a conversation into gpt-oss's token ids, by openai-harmony; no text ever becomes a control token.

The template inside the GGUF gives the same ids, but for what it does otherwise than the format's authors: it leaves two
line breaks after instructions that no tools follow, writes `json` where they write `<|constrain|>json`, puts the comma
of a parameter with a default after the comment, and quotes a tool's result once more. There openai-harmony is followed.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.conversation import Conversation, Message, Role, Sampling, ToolCall
from models.prompts.chat_format import Prompt
from models.prompts.harmony_parser import HarmonyParser
from models.prompts.vocabulary import ASSISTANT, END, MESSAGE, START, STOP_IDS, Vocabulary, load_vocabulary

if TYPE_CHECKING:
    import openai_harmony

PIECE_CHARS = 2000
SEARCHED_CHARS = 1000


class HarmonyEncoding:
    """gpt-oss's conversation format over the vocabulary of one GGUF. Any thread may use it."""

    def __init__(self, encoding: openai_harmony.HarmonyEncoding, vocabulary: Vocabulary) -> None:
        self._encoding = encoding
        self._vocabulary = vocabulary

    @classmethod
    def from_gguf(cls, path: Path, cache_dir: Path) -> HarmonyEncoding:
        """The encoding with the vocabulary of the GGUF at `path`; never downloads (see `models.prompts.vocabulary`)."""
        vocabulary = load_vocabulary(path, cache_dir)
        os.environ["TIKTOKEN_ENCODINGS_BASE"] = str(cache_dir)  # read when the encoding is loaded, next line but one
        import openai_harmony

        name = openai_harmony.HarmonyEncodingName.HARMONY_GPT_OSS
        return cls(openai_harmony.load_harmony_encoding(name), vocabulary)

    def render(self, conversation: Conversation) -> list[int]:
        """The prompt, ending with `<|start|>assistant`."""
        return list(self.prompt(conversation).tokens)

    def prefix(self, conversation: Conversation) -> list[int]:
        """The part of the prompt before the first message: system and developer message."""
        return [token for message in self._preamble(conversation) for token in message]

    def boundaries(self, conversation: Conversation) -> tuple[int, ...]:
        """Where in the prompt each user message begins."""
        return self.prompt(conversation).boundaries

    def prompt(self, conversation: Conversation) -> Prompt:
        """The prompt with the positions that matter for a cache."""
        tokens = self.prefix(conversation)
        prefix_tokens = len(tokens)
        boundaries = []
        for message, keeps_reasoning in _history(conversation.messages):
            if message.role is Role.USER:
                boundaries.append(len(tokens))
            for part in self._message(message, keeps_reasoning):
                tokens += part
        return Prompt((*tokens, START, ASSISTANT), prefix_tokens, tuple(boundaries))

    def encode_text(self, text: str) -> list[int]:
        """The ids of `text`, all of them ordinary: what looks like a control token is spelled out.

        Goes in pieces, because openai-harmony takes time quadratic in the length of a word (107 s for 100,000 Chinese
        letters on end) and holds Python's lock meanwhile. The pieces are cut where its tokens end anyway; only a text
        of more than `SEARCHED_CHARS` letters without a space or a comma may get other ids than in one go.
        """
        tokens: list[int] = []
        for piece in _pieces(_without_surrogates(text)):
            tokens += self._encoding.encode(piece, disallowed_special=())
        return tokens

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes of an ordinary token; empty for a control token."""
        return self._vocabulary.token_bytes(token_id)

    @property
    def stop_ids(self) -> frozenset[int]:
        """The ids that end a turn."""
        return STOP_IDS

    @property
    def sampling(self) -> Sampling:
        """As the model card says."""
        return Sampling()

    def parser(self, prompt: Prompt | None = None) -> HarmonyParser:
        """A parser for one completion of a prompt rendered here."""
        return HarmonyParser(self._vocabulary.token_bytes)

    def _preamble(self, conversation: Conversation) -> Iterator[list[int]]:
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
        """The messages of the format that one of ours becomes; none for an answer stopped before its first word."""
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
                yield self._call(call)

    def _call(self, call: ToolCall) -> list[int]:
        recipient = _tool_recipient(call.name)
        return self._text_message(
            "assistant", call.arguments, channel="commentary", recipient=recipient, content_type="<|constrain|>json"
        )

    def _text_message(self, role: str, text: str, *, name: str | None = None, **header: str) -> list[int]:
        """A message of plain text: openai-harmony renders it empty, and our ids of the text go in before its end."""
        import openai_harmony as harmony

        author = harmony.Author(role=harmony.Role(role), name=name)
        message = harmony.Message(author=author, content=[harmony.TextContent(text="")], **header)
        *head, last = self._encoding.render(message)
        assert head[-1] == MESSAGE and last >= END
        return [*head, *self.encode_text(text), last]


def _history(messages: Sequence[Message]) -> Iterator[tuple[Message, bool]]:
    """The messages, each with whether its reasoning is kept: only of calls that no answer has followed yet."""
    answers = [at for at, message in enumerate(messages) if message.role is Role.ASSISTANT and not message.tool_calls]
    last_answer = answers[-1] if answers else -1
    for at, message in enumerate(messages):
        yield message, bool(message.tool_calls) and at > last_answer


def _tool_recipient(name: str) -> str:
    name = _without_surrogates(name)
    return name if "." in name else f"functions.{name}"


def _without_surrogates(text: str) -> str:
    """Half letters, as broken files and clipboards give them, replaced: no encoder takes them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > PIECE_CHARS:
        end = start + PIECE_CHARS
        lowest = end - SEARCHED_CHARS
        cut = next((at for at in range(end, lowest, -1) if _is_token_end(text[at - 1], text[at])), end)
        yield text[start:cut]
        start = cut
    yield text[start:]


def _is_token_end(before: str, after: str) -> bool:
    """Whether o200k_base ends a token between the two whatever is around them: after a letter or digit, before a space
    or a sign that joins neither. An apostrophe may belong to the word ("it's")."""
    if after == "'" or unicodedata.category(before)[0] not in "LMN":
        return False
    return after == " " or unicodedata.category(after)[0] in "PS"
