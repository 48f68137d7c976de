"""One turn of a conversation: search, prompt, stream, check the citations, save."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from core.chat import citations, prompt
from core.chat.query import search_query
from core.faults import N_, ChatFault
from core.library.attention import Attention
from core.retrieval.retriever import Retriever
from core.settings import SettingsStore
from core.store.conversations import Conversations
from core.values import AnswerSaved, ChatMessage, Citation, Passage, SearchedDocuments, SearchResult, Support
from models.cancel import CancelToken
from models.conversation import (
    AnswerDelta,
    Conversation,
    Effort,
    Finished,
    FinishReason,
    ModelEvent,
    ReasoningDelta,
    Sampling,
    Usage,
)
from models.progress import ReportProgress, ignore_progress

log = logging.getLogger(__name__)

CHARS_PER_PASSAGE = 1200  # room a passage may take in the prompt; about 300 tokens of English
ANSWER_ROOM_TOKENS = 768  # of the context, kept free for reasoning and answer before history is let go

TurnEvent = SearchedDocuments | ModelEvent | AnswerSaved


class AnsweringModel(Protocol):
    """What a turn needs of a chat model (`models.chat_model.ChatModel`)."""

    @property
    def context_tokens(self) -> int: ...

    def count_prompt(self, conversation: Conversation) -> int: ...

    def generate(
        self, conversation: Conversation, *, max_tokens: int | None, cancel: CancelToken, sampling: Sampling
    ) -> Iterator[ModelEvent]: ...


OpenModel = Callable[[ReportProgress, CancelToken], AnsweringModel]


@dataclass(slots=True)
class _Draft:
    """The answer as it arrives."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finished: Finished | None = None

    def take(self, event: ModelEvent) -> None:
        if isinstance(event, AnswerDelta):
            self.text.append(event.text)
        elif isinstance(event, ReasoningDelta):
            self.reasoning.append(event.text)
        elif isinstance(event, Finished):
            self.finished = event


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A turn that fits the context: the conversation to render, its last question as stored, the passages given for
    it, and every source that a number in the answer may name."""

    whole: Conversation
    asked: ChatMessage
    passages: tuple[Passage, ...]
    sources: tuple[Citation, ...]


class Chat:
    """Asks and answers. `ask` runs on the thread that owns the model and nowhere else."""

    def __init__(
        self,
        conversations: Conversations,
        retriever: Retriever,
        open_model: OpenModel,
        attention: Attention,
        settings: SettingsStore,
        sampling: Sampling,
    ) -> None:
        self._conversations = conversations
        self._retriever = retriever
        self._open_model = open_model
        self._attention = attention
        self._settings = settings
        self._sampling = sampling

    def ask(
        self,
        conversation_id: int,
        question: str,
        *,
        effort: Effort | None = None,
        max_tokens: int | None = None,
        cancel: CancelToken | None = None,
        report: ReportProgress = ignore_progress,
        documents: frozenset[int] | None = None,
    ) -> Iterator[TurnEvent]:
        """Yield what was found, then the answer as it is written, last `AnswerSaved`.

        The question is stored before anything can fail; a stopped answer is stored as far as it came. Raises
        `ChatFault`, `ModelFault` or `StorageFault`; loading the model reports to `report`, in bytes.
        """
        question = question.strip()
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        cancel = cancel or CancelToken()
        effort = effort or Effort(self._settings.current.effort)
        with self._attention.answering():
            history = self._conversations.messages(conversation_id)
            query = search_query(question, history)
            found = self._search(query, documents)
            asked = self._store_question(conversation_id, question, history, found)
            yield SearchedDocuments(query, found.passages, found.documents_searched, found.meaning)
            model = self._open_model(report, cancel)
            fitted = self._fit(model, history, asked, found, effort)
            if fitted.asked != asked:
                self._conversations.replace(fitted.asked)
                yield SearchedDocuments(query, fitted.passages, found.documents_searched, found.meaning)
            yield from self._answer(model, conversation_id, fitted, max_tokens, cancel)

    def _search(self, query: str, documents: frozenset[int] | None) -> SearchResult:
        limit = self._settings.current.passages
        return self._retriever.search(query, limit=limit, max_chars=limit * CHARS_PER_PASSAGE, documents=documents)

    def _store_question(
        self, conversation_id: int, question: str, history: Sequence[ChatMessage], found: SearchResult
    ) -> ChatMessage:
        known, new = _numbered(found.passages, _sources(history))
        text = prompt.question_prompt(question, new, known)
        return self._conversations.append(
            conversation_id, ChatMessage(0, "user", question, sources=tuple(new), prompt=text)
        )

    def _fit(
        self,
        model: AnsweringModel,
        history: Sequence[ChatMessage],
        asked: ChatMessage,
        found: SearchResult,
        effort: Effort,
    ) -> _Fitted:
        """The turn within the model's context: the oldest turns leave first, then the last-ranked passages.

        A passage whose turn left is given again in full, under a number of its own.
        """
        room = max(model.context_tokens - ANSWER_ROOM_TOKENS, model.context_tokens // 2)
        began_s = (
            history[0].created_s if history else time.time()
        )  # the same date in every turn keeps the prefix cached
        date = datetime.date.fromtimestamp(began_s).isoformat()
        passages = found.passages
        while True:
            whole = prompt.conversation(history, asked.prompt, effort, date=date)
            if model.count_prompt(whole) <= room:
                return _Fitted(whole, asked, passages, (*_sources(history), *asked.sources))
            if history:
                history = _without_oldest_turn(history)
            elif passages:
                passages = passages[:-1]
            else:
                raise ChatFault(
                    N_("Question too long"),
                    N_("The question is longer than the model can keep in view ({tokens} tokens)."),
                    N_("Shorten it, or set a longer context in the settings."),
                    tokens=model.context_tokens,
                )
            known, new = _numbered(passages, _sources(history))
            asked = replace(asked, sources=tuple(new), prompt=prompt.question_prompt(asked.text, new, known))

    def _answer(
        self,
        model: AnsweringModel,
        conversation_id: int,
        turn: _Fitted,
        max_tokens: int | None,
        cancel: CancelToken,
    ) -> Iterator[TurnEvent]:
        draft = _Draft()
        limit = max_tokens or self._settings.current.answer_tokens
        started_s = time.monotonic()
        try:
            for event in model.generate(turn.whole, max_tokens=limit, cancel=cancel, sampling=self._sampling):
                draft.take(event)
                yield event
        except BaseException:
            self._save(conversation_id, draft, turn)
            raise
        saved = self._save(conversation_id, draft, turn)
        log.info("answered in %.1f s, %d citations", time.monotonic() - started_s, len(saved.citations))
        yield AnswerSaved(saved)

    def _save(self, conversation_id: int, draft: _Draft, turn: _Fitted) -> ChatMessage:
        """Store the answer with its checked citations; an empty draft is not stored."""
        text = citations.normalise_marks("".join(draft.text)).strip()
        reason = draft.finished.reason if draft.finished else FinishReason.CANCELLED
        message = ChatMessage(
            0,
            "assistant",
            text,
            "".join(draft.reasoning).strip(),
            citations.check(text, turn.sources),
            effort=turn.whole.effort,
            complete=reason is FinishReason.COMPLETE,
            usage=draft.finished.usage if draft.finished else Usage(),
        )
        if not (message.text or message.reasoning):
            return message
        return self._conversations.append(conversation_id, message)


def _sources(history: Sequence[ChatMessage]) -> tuple[Citation, ...]:
    return tuple(source for message in history for source in message.sources)


def _without_oldest_turn(history: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """`history` from its second question on; empty if there is none."""
    later = [i for i, message in enumerate(history) if message.role == "user"][1:]
    return history[later[0] :] if later else ()


def _numbered(passages: Sequence[Passage], given: Sequence[Citation]) -> tuple[list[Citation], list[Citation]]:
    """`passages` as sources: those the conversation already holds keep their number, new ones go on counting."""
    by_place = {(source.path, source.start, source.end): source for source in given}
    following = max((source.number for source in given), default=0) + 1
    known: list[Citation] = []
    new: list[Citation] = []
    for passage in passages:
        if held := by_place.get((passage.path, passage.start, passage.end)):
            known.append(held)
        else:
            new.append(_source(following + len(new), passage))
    return known, new


def _source(number: int, passage: Passage) -> Citation:
    return Citation(
        number=number,
        document_id=passage.document_id,
        path=Path(passage.path),
        title=passage.title,
        page=passage.page,
        section=passage.section,
        start=passage.start,
        end=passage.end,
        quote=passage.text,
        support=Support.UNCHECKED,
    )
