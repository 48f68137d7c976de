"""Owns speaking to a model by the chat template in its file: Qwen, Llama, Mistral, Gemma, DeepSeek and the like.

A template writes conversation and control tokens into one text, which cannot tell the two apart. So the template is
given stand-ins in place of what people, documents and models have written. Only what it writes itself may be a control
token; the texts are put in afterwards, and can neither be mistaken for one nor change what the template does.

A stand-in has the white space around its text, so that a template may trim it. Tests on a text's content (Qwen's for
`<tool_response>`) see the stand-in and find nothing: reasoning, calls and results come in fields of their own. What a
template does not understand (instructions, two messages in a row by the same side, plain strings as content) is brought
to it in another way, see `template_messages.Way`. A template that changes texts otherwise gets the texts themselves, as
a last resort, with a space in whatever is spelled like a special token.
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import date
from typing import Any, Final

from models.conversation import Conversation, Effort, Message, Role, Sampling
from models.gguf.header import GgufHeader
from models.prompts.chat_format import Prompt, no_template
from models.prompts.template_messages import WAYS, Text, Texts, messages_for, tools_for
from models.prompts.template_sandbox import ChatTemplate, TemplateEndless, TemplateRefused, template_fault
from models.prompts.template_vocabulary import TemplateVocabulary
from models.prompts.think_parser import KNOWN_TAGS, TOOL_TAGS, ThinkParser, ThinkStyle

ANY_QUESTION: Final = Message(Role.USER, "?")  # stands in where there is no message yet
OTHER_CALLS: Final = ("<function=", "<arg_key>", "<invoke ")  # calls that are no JSON: Qwen3-Coder, GLM, MiniMax

SAMPLING_KEYS: Final = {
    "temperature": "general.sampling.temp",
    "top_p": "general.sampling.top_p",
    "top_k": "general.sampling.top_k",
    "min_p": "general.sampling.min_p",
}
# What the models' cards advise where the file says nothing; for others llama.cpp's own defaults.
REASONING_SAMPLING: Final = Sampling(temperature=0.6, top_p=0.95, top_k=20, min_p=0.0)
SAMPLING_BY_ARCHITECTURE: Final = {
    "qwen2": Sampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0),
    "llama": Sampling(temperature=0.6, top_p=0.9, top_k=0, min_p=0.0),
    "gemma": Sampling(temperature=1.0, top_p=0.95, top_k=64, min_p=0.0),
}
OTHER_SAMPLING: Final = Sampling(temperature=0.8, top_p=0.95, top_k=40, min_p=0.05)


class TemplateFormat:
    """The conversation format of one model file. Any thread may use it."""

    stop_ids: frozenset[int]
    sampling: Sampling

    def __init__(self, header: GgufHeader, vocabulary: TemplateVocabulary) -> None:
        """Raises `ModelFault` if the file has no template that can be read."""
        self._name = header.path.name
        source = header.chat_template
        if not source.strip():
            raise no_template(self._name)
        self._tools = None
        self._lock = threading.Lock()
        self._template = ChatTemplate(source, self._name)
        tool_source = header.text("tokenizer.chat_template.tool_use") or source
        if takes_tools(tool_source):
            self._tools = self._template if tool_source == source else ChatTemplate(tool_source, self._name)
        self._vocabulary = vocabulary
        self.stop_ids = vocabulary.stop_ids
        self.sampling = sampling_of(header, self._reasons(source))
        self._style = self._style_of(source)

    @classmethod
    def from_gguf(cls, header: GgufHeader) -> TemplateFormat:
        """The format of the file behind `header`, whose vocabulary is read but not its weights."""
        if not header.chat_template.strip():
            raise no_template(header.path.name)
        tags = [tag for pair in (*KNOWN_TAGS, TOOL_TAGS) for tag in (pair.opening, pair.closing)]
        return cls(header, TemplateVocabulary.load(header.path, tags))

    def prompt(self, conversation: Conversation) -> Prompt:
        """The prompt, to where the model goes on. Raises `ModelFault` if the template does not take the conversation;
        without messages it is what every conversation with these instructions begins with."""
        if not conversation.messages:
            prompt = self.prompt(replace(conversation, messages=(ANY_QUESTION,)))
            return replace(prompt, tokens=prompt.tokens[: prompt.prefix_tokens], boundaries=())
        tools = self._tools is not None and bool(conversation.tools)
        rendered, texts = self._rendered(conversation, tools)
        assembly = _Assembly(self._vocabulary)
        for part in texts.taken_apart(rendered):
            if isinstance(part, Text):
                assembly.add_text(part)
            else:
                assembly.add_literal(part)
        end, tags = rendered.rstrip(), self._style.tags
        return replace(
            assembly.prompt(),
            opens_reasoning=end.endswith(tags.opening),
            ends_reasoning=end.endswith(tags.closing),
            offers_tools=tools,
        )

    def parser(self, prompt: Prompt) -> ThinkParser:
        """A parser for one completion of `prompt`."""
        return ThinkParser(
            self._vocabulary.token_bytes,
            self._style,
            opens_reasoning=prompt.opens_reasoning,
            ends_reasoning=prompt.ends_reasoning,
            offers_tools=prompt.offers_tools,
        )

    def encode_text(self, text: str) -> list[int]:
        """The tokens of `text`, none of them a control token."""
        return self._vocabulary.encode(text)

    def _rendered(self, conversation: Conversation, tools: bool) -> tuple[str, Texts]:
        """What the template makes of the conversation, in the first way that it takes."""
        refusal = TemplateRefused("it leaves out what was asked")
        neutral = self._vocabulary.neutral
        with self._lock:
            for rewrite in (None, neutral):
                for way in WAYS:
                    texts = Texts(rewrite)
                    messages = messages_for(conversation, texts, way, tools=tools, neutral=neutral)
                    try:
                        rendered = self._render(messages, conversation, tools, way.bare)
                    except TemplateEndless as error:
                        raise template_fault(self._name, error) from error
                    except TemplateRefused as error:
                        refusal = error
                        continue
                    if rendered.strip() and texts.all_there(rendered):
                        return rendered, texts
        raise template_fault(self._name, refusal)

    def _render(self, messages: list[dict[str, Any]], conversation: Conversation, tools: bool, bare: bool) -> str:
        template = self._tools if tools and self._tools is not None else self._template
        today = _date(conversation.date)
        vocabulary = self._vocabulary
        variables: dict[str, object] = {
            "messages": messages,
            "add_generation_prompt": True,
            "bos_token": vocabulary.spelling(vocabulary.bos),
            "eos_token": vocabulary.spelling(vocabulary.eos),
        }
        if tools or not bare:
            variables["tools"] = tools_for(conversation, vocabulary.neutral) if tools else None
        if not bare:
            thinks = conversation.effort is not Effort.LOW
            variables |= {
                "documents": None,
                "date_string": today.strftime("%d %b %Y"),
                "enable_thinking": thinks,  # Qwen 3 and others
                "thinking": thinks,  # Granite, DeepSeek V3.1
                "reasoning_effort": conversation.effort.value,
            }
        return template.render(variables, today)

    def _reasons(self, source: str) -> bool:
        return any(pair.opening in source or pair.closing in source for pair in KNOWN_TAGS)

    def _style_of(self, source: str) -> ThinkStyle:
        tags = next((pair for pair in KNOWN_TAGS if pair.opening in source or pair.closing in source), KNOWN_TAGS[0])
        encode = self._vocabulary.encode_literal
        skip = encode(f"{tags.opening}\n\n{tags.closing}\n\n") if self._reasons(source) else ()
        return ThinkStyle(tags, end_reasoning=encode(f"{tags.closing}\n\n"), skip_reasoning=skip)


def takes_tools(source: str) -> bool:
    """Whether a template offers tools, and has them called in the way that is understood here."""
    as_json = TOOL_TAGS.opening in source and re.search(r"""\\?["']arguments\\?["']""", source) is not None
    return "tools" in source and as_json and not any(other in source for other in OTHER_CALLS)


def sampling_of(header: GgufHeader, reasons: bool) -> Sampling:
    """How the authors choose tokens: as the file says, or as is advised for its kind of model."""
    family = next((s for kind, s in SAMPLING_BY_ARCHITECTURE.items() if header.architecture.startswith(kind)), None)
    chosen = REASONING_SAMPLING if reasons else family or OTHER_SAMPLING
    found = {name: header.metadata.get(key) for name, key in SAMPLING_KEYS.items()}
    said = {name: value for name, value in found.items() if isinstance(value, int | float)}
    if "top_k" in said:
        said["top_k"] = int(said["top_k"])
    return replace(chosen, **said)  # type: ignore[arg-type]  # the values are numbers, each of its field's kind


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.today()


class _Assembly:
    """A prompt being put together: control tokens by id, and all text between two of them tokenized as one."""

    def __init__(self, vocabulary: TemplateVocabulary) -> None:
        self._vocabulary = vocabulary
        self._tokens: list[int] = [vocabulary.bos] if vocabulary.adds_bos and vocabulary.bos >= 0 else []
        self._begins_with_bos = bool(self._tokens)
        self._pending = ""
        self._continues = False
        self._last_was_text = False
        self._boundaries: list[int] = []

    def add_literal(self, literal: str) -> None:
        """What the template wrote itself."""
        for segment in self._vocabulary.segments(literal):
            if isinstance(segment, str):
                self._pending += segment
            else:
                self._flush()
                if not (self._begins_with_bos and self._tokens == [segment]):  # not twice
                    self._tokens.append(segment)
                self._continues = False
            self._last_was_text = self._last_was_text and isinstance(segment, str) and segment.isspace()

    def add_text(self, text: Text) -> None:
        if text.asks:
            if self._last_was_text:  # instructions in the same message: what follows them may change
                self._flush()
                self._continues = True
            self._mark()
        self._pending += text.core
        self._last_was_text = True

    def prompt(self) -> Prompt:
        self._flush()
        prefix = self._boundaries[0] if self._boundaries else 0
        return Prompt(tuple(self._tokens), prefix, tuple(self._boundaries))

    def _mark(self) -> None:
        """All tokens so far stay as they are, whatever the coming text is."""
        self._boundaries.append(len(self._tokens))

    def _flush(self) -> None:
        if self._pending:
            self._tokens += self._vocabulary.encode(self._pending, continues=self._continues)
            self._pending = ""
