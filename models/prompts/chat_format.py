"""The interface of a chat format, which renders prompts and parses completions; harmony and templates implement it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from models.conversation import Conversation, Message, ModelEvent, Role, Sampling
from models.faults import N_, ModelFault


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered conversation. Its first `prefix_tokens` (system and developer message) stay the same as long as the
    conversation lasts; `boundaries` are the positions at which its user messages begin. These are where checkpoints of
    the KV cache pay off.

    The prompt may end within the model's reasoning (`opens_reasoning`, as DeepSeek-R1's does with `<think>`) or after
    it (`ends_reasoning`, as Qwen 3's does when thinking is off). `offers_tools`: it lists tools.
    """

    tokens: tuple[int, ...]
    prefix_tokens: int
    boundaries: tuple[int, ...]
    opens_reasoning: bool = False
    ends_reasoning: bool = False
    offers_tools: bool = False


class ChatParser(Protocol):
    """Parses one completion token by token, and never fails, whatever the tokens are. `has_answer`: text of an answer
    has come; `called_tool`: a tool has been called."""

    has_answer: bool
    called_tool: bool

    @property
    def answering(self) -> bool:
        """Whether the next token would be part of the answer's text."""

    def feed(self, token_id: int) -> list[ModelEvent]:
        """Parse the next token and return the events it completes."""

    def finish(self) -> list[ModelEvent]:
        """Return the events of what is still held back after the last token."""

    def answer_opening(self) -> tuple[int, ...]:
        """The tokens that, decoded next, make the model write its answer; empty if it is writing one already. They
        must be fed to the parser, too."""


class ChatFormat(Protocol):
    """The chat format of one model. Any thread may use it."""

    @property
    def stop_ids(self) -> frozenset[int]:
        """The tokens that end a message."""

    @property
    def sampling(self) -> Sampling:
        """The sampling that the model's authors recommend."""

    def prompt(self, conversation: Conversation) -> Prompt:
        """Render `conversation` up to where the model is to write. Raises `ModelFault` if the format does not allow
        it."""

    def parser(self, prompt: Prompt) -> ChatParser:
        """A new parser for one completion of `prompt`."""

    def encode_text(self, text: str) -> list[int]:
        """The tokens of `text`; none of them is a control token, whatever the text spells."""


def effective_sampling(requested: Sampling | None, recommended: Sampling) -> Sampling:
    """`requested`, with the `recommended` temperature, top_p, top_k and min_p if all four are at their defaults."""
    requested, default = requested or Sampling(), Sampling()
    names = ("temperature", "top_p", "top_k", "min_p")
    if any(getattr(requested, name) != getattr(default, name) for name in names):
        return requested
    return replace(requested, **{name: getattr(recommended, name) for name in names})


def with_reasoning_kept(messages: Sequence[Message]) -> Iterator[tuple[Message, bool]]:
    """Each message, and whether its reasoning is rendered: only that of tool calls after the last answer, as harmony
    demands."""
    answers = [at for at, message in enumerate(messages) if message.role is Role.ASSISTANT and not message.tool_calls]
    last_answer = answers[-1] if answers else -1
    for at, message in enumerate(messages):
        yield message, bool(message.tool_calls) and at > last_answer


def no_template_fault(name: str) -> ModelFault:
    """The fault of the file `name`, which has no chat template."""
    return ModelFault(
        N_("This model cannot be spoken to"),
        N_("{name} holds no chat template, which says how questions are put to a model. It may only continue texts."),
        N_("Choose a model made for conversations: their names often end in “Instruct” or “Chat”."),
        name=name,
    )
