"""How a model wants to be spoken to, and how it answers: what harmony and templates have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from models.conversation import Conversation, ModelEvent, Sampling
from models.faults import N_, ModelFault

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered conversation. The first `prefix_tokens` stay the same while it goes on (system and developer message);
    `boundaries` are the positions at which its user messages begin: where a cache is worth keeping. A prompt may end
    within the model's reasoning (`opens_reasoning`) or after it (`ends_reasoning`); one that names tools
    `offers_tools`."""

    tokens: tuple[int, ...]
    prefix_tokens: int
    boundaries: tuple[int, ...]
    opens_reasoning: bool = False
    ends_reasoning: bool = False
    offers_tools: bool = False


class ChatParser(Protocol):
    """Reads one completion, token by token, whatever the tokens are."""

    has_answer: bool
    called_tool: bool

    @property
    def answering(self) -> bool:
        """Whether the next token would be text of the answer."""

    def feed(self, token_id: int) -> list[ModelEvent]:
        """The events that the next token causes."""

    def finish(self) -> list[ModelEvent]:
        """What is still held back when no more tokens come."""

    def force_final(self) -> tuple[int, ...]:
        """The tokens that make the model write its answer now; empty if it does already."""


class ChatFormat(Protocol):
    """One model's conversation format. Any thread may use it."""

    @property
    def stop_ids(self) -> frozenset[int]:
        """The tokens that end a message."""

    @property
    def sampling(self) -> Sampling:
        """How the model's authors choose tokens."""

    def prompt(self, conversation: Conversation) -> Prompt:
        """The tokens to evaluate. Raises `ModelFault` if the conversation cannot be put in this form."""

    def parser(self, prompt: Prompt) -> ChatParser:
        """A parser for one completion of `prompt`."""

    def encode_text(self, text: str) -> list[int]:
        """The tokens of `text`, none of them a control token."""


def settled(sampling: Sampling | None, authors: Sampling) -> Sampling:
    """`sampling`, with the model's authors' way of choosing tokens where it does not say how."""
    wanted, unsaid = sampling or Sampling(), Sampling()
    names = ("temperature", "top_p", "top_k", "min_p")
    if any(getattr(wanted, name) != getattr(unsaid, name) for name in names):
        return wanted
    return replace(wanted, **{name: getattr(authors, name) for name in names})


def no_template(name: str) -> ModelFault:
    return ModelFault(
        N_("This model cannot be spoken to"),
        N_("{name} holds no chat template, which says how questions are put to a model. It may only continue texts."),
        N_("Choose a model made for conversations: their names often end in “Instruct” or “Chat”."),
        name=name,
    )
