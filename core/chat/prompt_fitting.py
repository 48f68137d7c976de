"""Fits a turn into the context and the latency budget, and counts what is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.chat import prompt
from core.chat.context import GatheredContext
from core.chat.generation import AnsweringModel
from core.chat.history import possible_starts, prompt_token_limit, start_date
from core.chat.sources import SourceNumbering, sources_of
from core.domain.conversation import Cause, ChatMessage, ContextSummary, Omission, OmissionKind
from core.domain.documents import Citation, Passage
from core.domain.faults import N_, ChatFault
from models.conversation import Conversation, Effort, ToolSpec

MAX_CHARS_PER_TOKEN = 12
"""No text has more, except for runs of one repeated character."""
MIN_PASSAGES = 2
"""Given even if prefilling them exceeds the latency budget."""


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """A turn that fits: the `conversation` to render, whose last message is the prompt of `question_message`.

    `passages` are those given for the question, `passage_sources` the source of each, in the same order. `numbering`
    has every source that the answer may cite; tools add more to the first `prompt_source_count`.
    """

    conversation: Conversation
    question_message: ChatMessage
    passages: tuple[Passage, ...]
    passage_sources: tuple[Citation, ...]
    numbering: SourceNumbering
    prompt_source_count: int
    context_summary: ContextSummary


class PromptFitter:
    """Fits one question. Runs on the thread that owns the model."""

    def __init__(
        self,
        model: AnsweringModel,
        question_message: ChatMessage,
        gathered: GatheredContext,
        effort: Effort,
        tools: tuple[ToolSpec, ...],
        format_request: str = "",
    ) -> None:
        self._model = model
        self._question_message = question_message
        self._gathered = gathered
        self._effort = effort
        self._tools = tools
        self._format_request = format_request
        self._token_limit = prompt_token_limit(model.context_tokens)
        self._date = ""

    def fit(self, history: Sequence[ChatMessage]) -> FittedPrompt:
        """Build the prompt from the gathered passages and the turns of `history`, as far as they fit.

        The oldest turns are dropped first, then the last-ranked passages. A passage of a dropped turn is given again in
        full, with a new number. Raises `ChatFault` if not even the question alone fits.
        """
        self._date = start_date(history)
        kept_turns = self._kept_turns(history)
        passages = self._gathered.passages
        fitting = _largest_fitting(len(passages), lambda count: self._fits(kept_turns, count))
        if fitting < 0:
            raise _question_too_long(self._model.context_tokens)
        given = fitting if self._gathered.whole else self._within_latency_budget(kept_turns, fitting)
        omissions = [*self._gathered.omissions, *_omitted_turns(history, kept_turns)]
        if self._gathered.whole:
            omissions += _omitted_sections(passages, given)
        else:
            omissions += _omitted_passages(fitting - given, Cause.LATENCY_BUDGET, len(passages))
            omissions += _omitted_passages(len(passages) - fitting, Cause.CONTEXT, len(passages))
        return self._fitted(kept_turns, given, tuple(omissions))

    def _kept_turns(self, history: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
        """Return the longest end of `history` that leaves room for the passages."""
        candidates = [history[start:] for start in possible_starts(history, self._token_limit)]
        fitting = (turns for turns in candidates if self._fits(turns, self._required_passages(turns)))
        return next(fitting, candidates[-1])

    def _required_passages(self, turns: Sequence[ChatMessage]) -> int:
        """Return how many passages must fit beside `turns`: all found by a search. Of documents in full none if `turns`
        hold parts of them already, else as many as fit without any turn."""
        passages = self._gathered.passages
        if not self._gathered.whole:
            return len(passages)
        given_before = {source.document_id for source in sources_of(turns)}
        if any(passage.document_id in given_before for passage in passages):
            return 0
        return max(0, _largest_fitting(len(passages), lambda count: self._fits((), count)))

    def _within_latency_budget(self, turns: Sequence[ChatMessage], max_passages: int) -> int:
        """Return how many passages can be prefilled in time, at least `MIN_PASSAGES` if so many fit."""
        base = self._count_tokens(turns, 0)
        allowed = self._gathered.budget.max_tokens
        in_time = _largest_fitting(max_passages, lambda count: self._count_tokens(turns, count) - base <= allowed)
        return max(min(MIN_PASSAGES, max_passages), in_time)

    def _fits(self, turns: Sequence[ChatMessage], passage_count: int) -> bool:
        chars = sum(len(passage.text) for passage in self._gathered.passages[:passage_count])
        if self._gathered.whole and chars > self._token_limit * MAX_CHARS_PER_TOKEN:
            return False  # tokenizing all of a long document would take seconds
        return self._count_tokens(turns, passage_count) <= self._token_limit

    def _count_tokens(self, turns: Sequence[ChatMessage], passage_count: int) -> int:
        return self._model.count_prompt(self._conversation(turns, self._question(turns, passage_count).prompt))

    def _question(self, turns: Sequence[ChatMessage], passage_count: int) -> ChatMessage:
        passages = self._gathered.passages[:passage_count]
        return with_prompt(self._question_message, self._gathered, passages, turns, self._format_request)

    def _conversation(self, turns: Sequence[ChatMessage], question_prompt: str) -> Conversation:
        return prompt.conversation(turns, question_prompt, self._effort, self._tools, self._date)

    def _fitted(self, turns: Sequence[ChatMessage], given: int, omissions: tuple[Omission, ...]) -> FittedPrompt:
        message = self._question(turns, given)
        conversation = self._conversation(turns, message.prompt)
        without_question = replace(conversation, messages=conversation.messages[:-1])
        new_tokens = self._model.count_prompt(conversation) - self._model.count_prompt(without_question)
        passages = self._gathered.passages[:given]
        context_summary = self._gathered.context_summary(passages, new_tokens)
        sources = (*sources_of(turns), *message.sources)
        by_span = {(source.path, source.start, source.end): source for source in sources}
        return FittedPrompt(
            conversation=conversation,
            question_message=replace(message, omissions=omissions, context_summary=context_summary),
            passages=passages,
            passage_sources=tuple(by_span[p.path, p.start, p.end] for p in passages),
            numbering=SourceNumbering(sources),
            prompt_source_count=len(sources),
            context_summary=context_summary,
        )


def with_prompt(
    message: ChatMessage,
    gathered: GatheredContext,
    passages: Sequence[Passage],
    kept_turns: Sequence[ChatMessage],
    format_request: str,
) -> ChatMessage:
    """Return the question's `message` with its prompt, and with those `passages` as sources that `kept_turns` lack."""
    given_before, new = SourceNumbering(sources_of(kept_turns)).add(passages)
    text = prompt.question_prompt(
        gathered.question, new, given_before, whole=gathered.whole, format_request=format_request
    )
    return replace(message, sources=tuple(new), prompt=text)


def _largest_fitting(limit: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `limit` that fits; -1 if not even 0 does. What fits must fit with less, too."""
    if fits(limit):
        return limit
    low, high = -1, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _omitted_turns(history: Sequence[ChatMessage], kept_turns: Sequence[ChatMessage]) -> list[Omission]:
    total = sum(message.role == "user" for message in history)
    left_out = total - sum(message.role == "user" for message in kept_turns)
    return [Omission(OmissionKind.TURNS, Cause.CONTEXT, left_out, total)] if left_out else []


def _omitted_passages(left_out: int, cause: Cause, total: int) -> list[Omission]:
    return [Omission(OmissionKind.PASSAGES, cause, left_out, total)] if left_out else []


def _omitted_sections(sections: Sequence[Passage], given: int) -> list[Omission]:
    """For documents in full: how far the document was given at which the context was full, and how many not at all."""
    if given >= len(sections):
        return []
    first = sections[given]
    siblings = [s for s in sections if s.document_id == first.document_id]
    begun = any(s.document_id == first.document_id for s in sections[:given])
    not_begun = {s.document_id for s in sections[given:]} - ({first.document_id} if begun else set())
    omissions: list[Omission] = []
    if begun and first.page is not None:
        pages = max(s.page for s in siblings if s.page is not None) + 1
        omissions.append(Omission(OmissionKind.PAGES, Cause.CONTEXT, pages - first.page, pages, first.path.name))
    elif begun:
        left_out = sum(s.document_id == first.document_id for s in sections[given:])
        omissions.append(Omission(OmissionKind.SECTIONS, Cause.CONTEXT, left_out, len(siblings), first.path.name))
    if not_begun:
        total = len({s.document_id for s in sections})
        omissions.append(Omission(OmissionKind.DOCUMENTS, Cause.CONTEXT, len(not_begun), total))
    return omissions


def _question_too_long(context_tokens: int) -> ChatFault:
    return ChatFault(
        N_("Question too long"),
        N_("The question is longer than the model can keep in view ({tokens} tokens)."),
        N_("Shorten it, or set a longer context in the settings."),
        tokens=context_tokens,
    )
