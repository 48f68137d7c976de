"""The chat format of models with a chat template in their file: Qwen, Llama, Mistral, Gemma, DeepSeek and the like.

A template (jinja) renders conversation and control tokens into one string, in which a text that spells a control token
cannot be told from a real one. So the template is given placeholders in place of what people, documents and models have
written. Only what the template itself outputs may become control tokens; the texts are put in afterwards. They can
neither be mistaken for control tokens nor change what the template does.

A placeholder keeps the white space around its text, so that a template may trim it. Conditions on a text's content
(Qwen's on `<tool_response>`) see the placeholder and do not match; reasoning, calls and results are passed in fields of
their own. For what a template may not accept (a system message, two consecutive messages of one role, strings as
content) there are the adaptations of `models.prompts.template_messages`. A template that changes texts in other ways
gets, as a last resort, the texts themselves, with a space put into whatever is spelled like a special token.
"""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import replace
from datetime import date
from typing import Any, Final

from models.conversation import Conversation, Effort, Message, Role, Sampling
from models.gguf.header import GgufHeader
from models.prompts.chat_format import Prompt, no_template_fault
from models.prompts.template_budget import TemplateFailed, TemplateLimitExceeded
from models.prompts.template_messages import (
    ADAPTATIONS,
    Placeholders,
    PlaceholderText,
    template_messages,
    template_tools,
)
from models.prompts.template_sandbox import ChatTemplate, template_fault
from models.prompts.template_vocabulary import TemplateVocabulary
from models.prompts.think_parser import REASONING_TAGS, TOOL_TAGS, ReasoningMarkup, TagPair, ThinkParser

SAMPLE_QUESTION: Final = Message(Role.USER, "?")  # for rendering a conversation without messages
# Tool calls that are not JSON: Qwen3-Coder, GLM, MiniMax.
UNSUPPORTED_CALL_MARKUP: Final = ("<function=", "<arg_key>", "<invoke ")

SAMPLING_KEYS: Final = {
    "temperature": "general.sampling.temp",
    "top_p": "general.sampling.top_p",
    "top_k": "general.sampling.top_k",
    "min_p": "general.sampling.min_p",
}
# What the model cards recommend, for files that say nothing; for all other models, llama.cpp's defaults.
REASONING_SAMPLING: Final = Sampling(temperature=0.6, top_p=0.95, top_k=20, min_p=0.0)
SAMPLING_BY_ARCHITECTURE: Final = {
    "qwen2": Sampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0),
    "llama": Sampling(temperature=0.6, top_p=0.9, top_k=0, min_p=0.0),
    "gemma": Sampling(temperature=1.0, top_p=0.95, top_k=64, min_p=0.0),
}
DEFAULT_SAMPLING: Final = Sampling(temperature=0.8, top_p=0.95, top_k=40, min_p=0.05)


class TemplateFormat:
    """The `ChatFormat` of one model file. Any thread may use it."""

    stop_ids: frozenset[int]
    sampling: Sampling

    def __init__(self, header: GgufHeader, vocabulary: TemplateVocabulary) -> None:
        """Raises `ModelFault` if the file has no template, or one that does not compile."""
        self._name = header.path.name
        source = header.chat_template
        if not source.strip():
            raise no_template_fault(self._name)
        self._tool_template = None
        self._lock = threading.Lock()
        self._template = ChatTemplate(source, self._name)
        tool_source = header.text("tokenizer.chat_template.tool_use") or source
        if supports_tools(tool_source):
            self._tool_template = self._template if tool_source == source else ChatTemplate(tool_source, self._name)
        self._vocabulary = vocabulary
        self.stop_ids = vocabulary.stop_ids
        tags = _reasoning_tags(source)
        self.sampling = recommended_sampling(header, reasons=tags is not None)
        self._markup = _reasoning_markup(tags, vocabulary)

    @classmethod
    def from_gguf(cls, header: GgufHeader) -> TemplateFormat:
        """The format of the file with this header. Loads its vocabulary, but not its weights. Raises `ModelFault`."""
        if not header.chat_template.strip():
            raise no_template_fault(header.path.name)
        tags = [tag for pair in (*REASONING_TAGS, TOOL_TAGS) for tag in (pair.opening, pair.closing)]
        return cls(header, TemplateVocabulary.load(header.path, tags))

    def prompt(self, conversation: Conversation) -> Prompt:
        """The prompt, up to where the model is to write; for a conversation without messages, what every prompt with
        these instructions begins with. Raises `ModelFault` if the template does not accept the conversation."""
        if not conversation.messages:
            prompt = self.prompt(replace(conversation, messages=(SAMPLE_QUESTION,)))
            return replace(prompt, tokens=prompt.tokens[: prompt.prefix_tokens], boundaries=())
        tools = self._tool_template is not None and bool(conversation.tools)
        rendered, placeholders = self._render_first_accepted(conversation, tools)
        assembly = _PromptAssembly(self._vocabulary)
        for part in placeholders.split(rendered):
            if isinstance(part, PlaceholderText):
                assembly.add_text(part)
            else:
                assembly.add_literal(part)
        end, tags = rendered.rstrip(), self._markup.tags
        return replace(
            assembly.prompt(),
            opens_reasoning=end.endswith(tags.opening),
            ends_reasoning=end.endswith(tags.closing),
            offers_tools=tools,
        )

    def parser(self, prompt: Prompt) -> ThinkParser:
        """A new parser for one completion of `prompt`."""
        return ThinkParser(
            self._vocabulary.token_bytes,
            self._markup,
            opens_reasoning=prompt.opens_reasoning,
            ends_reasoning=prompt.ends_reasoning,
            offers_tools=prompt.offers_tools,
        )

    def encode_text(self, text: str) -> list[int]:
        """The tokens of `text`; none of them is a control token, whatever the text spells."""
        return self._vocabulary.encode(text)

    def _render_first_accepted(self, conversation: Conversation, tools: bool) -> tuple[str, Placeholders]:
        """The template's output for the first adaptation of the conversation that it accepts, and the placeholders in
        it: with placeholders for the texts if possible, else with neutralised texts."""
        failure = TemplateFailed("it leaves out what was asked")
        neutralise = self._vocabulary.neutralise
        with self._lock:
            for rewrite, adaptation in itertools.product((None, neutralise), ADAPTATIONS):
                placeholders = Placeholders(rewrite)
                messages = template_messages(conversation, placeholders, adaptation, tools=tools, neutralise=neutralise)
                try:
                    rendered = self._render(messages, conversation, tools, adaptation.omit_optional)
                except TemplateLimitExceeded as error:
                    raise template_fault(self._name, error) from error
                except TemplateFailed as error:
                    failure = error
                    continue
                if rendered.strip() and placeholders.has_all_required(rendered):
                    return rendered, placeholders
        raise template_fault(self._name, failure)

    def _render(
        self, messages: list[dict[str, Any]], conversation: Conversation, tools: bool, omit_optional: bool
    ) -> str:
        template = self._tool_template if tools and self._tool_template is not None else self._template
        today = _date(conversation.date)
        vocabulary = self._vocabulary
        variables: dict[str, object] = {
            "messages": messages,
            "add_generation_prompt": True,
            "bos_token": vocabulary.spelling(vocabulary.bos),
            "eos_token": vocabulary.spelling(vocabulary.eos),
        }
        if tools or not omit_optional:
            variables["tools"] = template_tools(conversation, vocabulary.neutralise) if tools else None
        if not omit_optional:
            thinks = conversation.effort is not Effort.LOW
            variables |= {
                "documents": None,
                "date_string": today.strftime("%d %b %Y"),
                "enable_thinking": thinks,  # Qwen 3 and others
                "thinking": thinks,  # Granite, DeepSeek V3.1
                "reasoning_effort": conversation.effort.value,
            }
        return template.render(variables, today)


def _reasoning_tags(source: str) -> TagPair | None:
    """The reasoning tags that the template names; None for a model that does not reason."""
    return next((tags for tags in REASONING_TAGS if tags.opening in source or tags.closing in source), None)


def _reasoning_markup(tags: TagPair | None, vocabulary: TemplateVocabulary) -> ReasoningMarkup:
    encode = vocabulary.encode_literal
    skip_tokens = encode(f"{tags.opening}\n\n{tags.closing}\n\n") if tags is not None else ()
    tags = tags or REASONING_TAGS[0]
    return ReasoningMarkup(tags, end_tokens=encode(f"{tags.closing}\n\n"), skip_tokens=skip_tokens)


def supports_tools(source: str) -> bool:
    """Whether a template lists tools and has them called as `ThinkParser` expects: as JSON between `TOOL_TAGS`."""
    as_json = TOOL_TAGS.opening in source and re.search(r"""\\?["']arguments\\?["']""", source) is not None
    return "tools" in source and as_json and not any(markup in source for markup in UNSUPPORTED_CALL_MARKUP)


def recommended_sampling(header: GgufHeader, reasons: bool) -> Sampling:
    """The sampling that the model's authors recommend: in the file's metadata, else for models of its kind."""
    family = next((s for kind, s in SAMPLING_BY_ARCHITECTURE.items() if header.architecture.startswith(kind)), None)
    base = REASONING_SAMPLING if reasons else family or DEFAULT_SAMPLING
    values = {name: header.metadata.get(key) for name, key in SAMPLING_KEYS.items()}
    given = {name: value for name, value in values.items() if isinstance(value, int | float)}
    if "top_k" in given:
        given["top_k"] = int(given["top_k"])
    return replace(base, **given)  # type: ignore[arg-type]  # the values are numbers, each of its field's kind


def _date(text: str) -> date:
    """The ISO date in `text`; today if there is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.today()


class _PromptAssembly:
    """Builds a prompt: control tokens by id, and the text between two of them tokenized as a whole."""

    def __init__(self, vocabulary: TemplateVocabulary) -> None:
        self._vocabulary = vocabulary
        self._tokens: list[int] = [vocabulary.bos] if vocabulary.adds_bos and vocabulary.bos >= 0 else []
        self._begins_with_bos = bool(self._tokens)
        self._pending = ""
        self._follows_text = False
        self._last_was_text = False
        self._boundaries: list[int] = []

    def add_literal(self, literal: str) -> None:
        """Add what the template itself has output: its special tokens become control tokens."""
        for segment in self._vocabulary.segments(literal):
            if isinstance(segment, str):
                self._pending += segment
            else:
                self._flush()
                if not (self._begins_with_bos and self._tokens == [segment]):  # BOS only once
                    self._tokens.append(segment)
                self._follows_text = False
            self._last_was_text = self._last_was_text and isinstance(segment, str) and segment.isspace()

    def add_text(self, text: PlaceholderText) -> None:
        """Add a text of the conversation, in which nothing becomes a control token."""
        if text.starts_user_message:
            if self._last_was_text:  # instructions folded into the message: its own text may change
                self._flush()
                self._follows_text = True
            self._add_boundary()
        self._pending += text.stripped
        self._last_was_text = True

    def prompt(self) -> Prompt:
        self._flush()
        prefix = self._boundaries[0] if self._boundaries else 0
        return Prompt(tuple(self._tokens), prefix, tuple(self._boundaries))

    def _add_boundary(self) -> None:
        """Note that the tokens so far do not depend on the text that follows."""
        self._boundaries.append(len(self._tokens))

    def _flush(self) -> None:
        if self._pending:
            self._tokens += self._vocabulary.encode(self._pending, follows_text=self._follows_text)
            self._pending = ""
