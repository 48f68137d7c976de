"""A turn within what the model keeps in view and what the person waits for; what is left out is counted and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.chat import prompt
from core.chat.context import GatheredContext
from core.chat.generation import AnsweringModel
from core.chat.history import start_date, possible_starts, prompt_token_limit
from core.chat.sources import SourceNumbering, sources_of
from core.domain.conversation import Cause, ChatMessage, ContextSummary, Omission, OmissionKind
from core.domain.documents import Citation, Passage
from core.domain.faults import N_, ChatFault
from models.conversation import Conversation, Effort, ToolSpec

MAX_CHARS_PER_TOKEN = 12
"""No text takes fewer tokens than that, but for runs of the same sign."""
MIN_PASSAGES = 2
"""Given even if that takes longer than the person wants to wait."""


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """A turn that fits: the conversation to render, its last question as stored, the passages given for it and their
    sources in that order, the book of every source that a number in the answer may name, and how many were in it before
    the answer."""

    conversation: Conversation
    question_message: ChatMessage
    passages: tuple[Passage, ...]
    passage_sources: tuple[Citation, ...]
    numbering: SourceNumbering
    prompt_source_count: int
    summary: ContextSummary


class PromptFitting:
    """Fits one question. Runs where the model lives."""

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
        self._asked = question_message
        self._gathered = gathered
        self._frame = (effort, tools)
        self._request = format_request
        self._room = prompt_token_limit(model.context_tokens)
        self._date = ""

    def fit(self, history: Sequence[ChatMessage]) -> FittedPrompt:
        """The turn with the passages found and the turns before it, as far as they fit: the oldest turns leave first,
        then the last-ranked passages. A passage whose turn left is given again in full, under a number of its own.
        Raises `ChatFault` for a question that has no room even alone."""
        self._date = start_date(history)
        view = self._view(history)
        wanted = self._gathered.passages
        fitting = _largest_fitting(len(wanted), lambda n: self._fits(view, n))
        if fitting < 0:
            raise _too_long(self._model.context_tokens)
        given = fitting if self._gathered.whole else self._within_patience(view, fitting)
        omissions = [*self._gathered.omissions, *_omitted_turns(history, view)]
        if self._gathered.whole:
            omissions += _omitted_sections(wanted, given)
        else:
            omissions += _omitted_passages(fitting - given, Cause.PATIENCE, len(wanted))
            omissions += _omitted_passages(len(wanted) - fitting, Cause.CONTEXT, len(wanted))
        return self._fitted(view, given, tuple(omissions))

    def _view(self, history: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
        """The turns that stay in view."""
        views = [history[start:] for start in possible_starts(history, self._room)]
        fitting = (view for view in views if self._fits(view, self._needed(view)))
        return next(fitting, views[-1])

    def _needed(self, view: Sequence[ChatMessage]) -> int:
        """How many passages are worth letting turns go for: all, but of documents in full that are in view none."""
        passages = self._gathered.passages
        if not self._gathered.whole:
            return len(passages)
        in_view = {source.document_id for source in sources_of(view)}
        if any(passage.document_id in in_view for passage in passages):
            return 0
        return max(0, _largest_fitting(len(passages), lambda n: self._fits((), n)))

    def _within_patience(self, view: Sequence[ChatMessage], most: int) -> int:
        base = self._tokens(view, 0)
        allowed = self._gathered.budget.max_tokens
        return max(min(MIN_PASSAGES, most), _largest_fitting(most, lambda n: self._tokens(view, n) - base <= allowed))

    def _fits(self, view: Sequence[ChatMessage], passages: int) -> bool:
        chars = sum(len(passage.text) for passage in self._gathered.passages[:passages])
        if self._gathered.whole and chars > self._room * MAX_CHARS_PER_TOKEN:
            return False  # counting the tokens of all that a long document holds would take seconds
        return self._tokens(view, passages) <= self._room

    def _tokens(self, view: Sequence[ChatMessage], passages: int) -> int:
        return self._model.count_prompt(self._whole(view, self._question(view, passages).prompt))

    def _question(self, view: Sequence[ChatMessage], passages: int) -> ChatMessage:
        return with_prompt(self._asked, self._gathered, self._gathered.passages[:passages], view, self._request)

    def _whole(self, view: Sequence[ChatMessage], asked: str) -> Conversation:
        return prompt.conversation(view, asked, *self._frame, self._date)

    def _fitted(self, view: Sequence[ChatMessage], given: int, omissions: tuple[Omission, ...]) -> FittedPrompt:
        asked = self._question(view, given)
        whole = self._whole(view, asked.prompt)
        before = replace(whole, messages=whole.messages[:-1])
        passages = self._gathered.passages[:given]
        new_tokens = self._model.count_prompt(whole) - self._model.count_prompt(before)
        basis = self._gathered.summary(passages, new_tokens)
        known = (*sources_of(view), *asked.sources)
        places = {(source.path, source.start, source.end): source for source in known}
        nearest = tuple(places[p.path, p.start, p.end] for p in passages)
        asked = replace(asked, omissions=omissions, basis=basis)
        return FittedPrompt(whole, asked, passages, nearest, SourceNumbering(known), len(known), basis)


def with_prompt(
    asked: ChatMessage,
    gathered: GatheredContext,
    passages: Sequence[Passage],
    view: Sequence[ChatMessage],
    request: str,
) -> ChatMessage:
    """`asked` with `passages` that the turns in view do not hold yet, and the text for the model."""
    known, new = SourceNumbering(sources_of(view)).add(passages)
    text = prompt.question_prompt(gathered.question, new, known, whole=gathered.whole, request=request)
    return replace(asked, sources=tuple(new), prompt=text)


def _largest_fitting(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `limit` that fits; -1 if not even 0 does. What fits must fit with less, too."""
    if fits(limit):
        return limit
    low, high = -1, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _omitted_turns(history: Sequence[ChatMessage], view: Sequence[ChatMessage]) -> list[Omission]:
    asked = sum(message.role == "user" for message in history)
    left = asked - sum(message.role == "user" for message in view)
    return [Omission(OmissionKind.TURNS, Cause.CONTEXT, left, asked)] if left else []


def _omitted_passages(left_out: int, cause: Cause, total: int) -> list[Omission]:
    return [Omission(OmissionKind.PASSAGES, cause, left_out, total)] if left_out else []


def _omitted_sections(sections: Sequence[Passage], given: int) -> list[Omission]:
    """Of documents in full: how far the one was read at which the room ended, and how many were not begun."""
    if given >= len(sections):
        return []
    next_one = sections[given]
    own = [s for s in sections if s.document_id == next_one.document_id]
    begun = any(s.document_id == next_one.document_id for s in sections[:given])
    later = {s.document_id for s in sections[given:]} - ({next_one.document_id} if begun else set())
    found: list[Omission] = []
    if begun and next_one.page is not None:
        pages = max(s.page for s in own if s.page is not None) + 1
        found.append(Omission(OmissionKind.PAGES, Cause.CONTEXT, pages - next_one.page, pages, next_one.path.name))
    elif begun:
        left = sum(s.document_id == next_one.document_id for s in sections[given:])
        found.append(Omission(OmissionKind.SECTIONS, Cause.CONTEXT, left, len(own), next_one.path.name))
    if later:
        total = len({s.document_id for s in sections})
        found.append(Omission(OmissionKind.DOCUMENTS, Cause.CONTEXT, len(later), total))
    return found


def _too_long(context_tokens: int) -> ChatFault:
    return ChatFault(
        N_("Question too long"),
        N_("The question is longer than the model can keep in view ({tokens} tokens)."),
        N_("Shorten it, or set a longer context in the settings."),
        tokens=context_tokens,
    )
