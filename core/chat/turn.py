"""One turn of a conversation: search, prompt, stream, check the citations, save."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.chat import answering, citations, prompt
from core.chat.answering import AnsweringModel, Draft
from core.chat.document_tools import DocumentTools
from core.chat.history import began_on, beginnings, prompt_room
from core.chat.patience import budget
from core.chat.query import search_query
from core.chat.sources import SourceBook, sources_of
from core.chat.values import Patience
from core.faults import N_, ChatFault
from core.library.attention import Attention
from core.library.library import Library
from core.retrieval.retriever import Retriever
from core.settings import SettingsStore
from core.store.conversations import Conversations
from core.values import AnswerSaved, ChatMessage, Passage, SearchedDocuments, SearchResult, ToolUsed
from models.cancel import CancelToken
from models.conversation import Conversation, Effort, FinishReason, ModelEvent, Sampling
from models.progress import ReportProgress, ignore_progress

log = logging.getLogger(__name__)


TurnEvent = SearchedDocuments | ModelEvent | ToolUsed | AnswerSaved
OpenModel = Callable[[ReportProgress, CancelToken, int], AnsweringModel]
"""Gives the model, ready for the stored conversation of that number."""


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A turn that fits the context: the conversation to render, its last question as stored, the passages found for
    it, the book of every source that a number in the answer may name, and how many were in it before the answer."""

    whole: Conversation
    asked: ChatMessage
    passages: tuple[Passage, ...]
    book: SourceBook
    given: int


class Chat:
    """Asks and answers. `ask` runs on the thread that owns the model and nowhere else."""

    def __init__(
        self,
        conversations: Conversations,
        library: Library,
        retriever: Retriever,
        open_model: OpenModel,
        attention: Attention,
        settings: SettingsStore,
        sampling: Sampling,
    ) -> None:
        self._conversations = conversations
        self._library = library
        self._retriever = retriever
        self._open_model = open_model
        self._attention = attention
        self._settings = settings
        self._sampling = sampling
        self._tools = DocumentTools(library, retriever, SourceBook()).toolbox().specs

    def read_ahead(self, conversation_id: int, effort: Effort | None = None, cancel: CancelToken | None = None) -> None:
        """Have the model read what comes before the next question of a stored conversation (0: of a new one), so that
        only the question itself is left to read. Loads the model if need be; raises `ModelFault`, `StorageFault`."""
        cancel = cancel or CancelToken()
        with self._attention.answering():
            model = self._open_model(ignore_progress, cancel, conversation_id)
            history = self._conversations.messages(conversation_id) if conversation_id else ()
            effort = effort or Effort(self._settings.current.effort)
            for start in beginnings(history, prompt_room(model.context_tokens)):
                whole = prompt.conversation(history[start:], None, effort, self._tools, began_on(history))
                if model.count_prompt(whole) <= prompt_room(model.context_tokens):
                    break
            model.warm_up(whole, cancel)

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

        The question is stored before anything can fail; a stopped answer is stored as far as it came. `documents`
        limits the search to these. Raises `ChatFault`, `ModelFault` or `StorageFault`; loading the model reports to
        `report`, in bytes.
        """
        question = question.strip()
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        cancel = cancel or CancelToken()
        with self._attention.answering():
            history = self._conversations.messages(conversation_id)
            query = search_query(question, history)
            found = self._search(query, documents)
            asked = self._conversations.append(conversation_id, _asked(question, found.passages, history))
            yield SearchedDocuments(query, found.passages, found.documents_searched, found.meaning)
            model = self._open_model(report, cancel, conversation_id)
            fitted = self._fit(model, history, asked, found, effort or Effort(self._settings.current.effort))
            if fitted.asked != asked:
                self._conversations.replace(fitted.asked)
                yield SearchedDocuments(query, fitted.passages, found.documents_searched, found.meaning)
            yield from self._answer(model, conversation_id, fitted, documents, max_tokens, cancel)

    def _search(self, query: str, documents: frozenset[int] | None) -> SearchResult:
        room = budget(Patience(self._settings.current.patience), None, query)
        return self._retriever.search(query, limit=room.passages, max_chars=room.chars, documents=documents)

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
        room, date = prompt_room(model.context_tokens), began_on(history)
        tries = [(start, found.passages) for start in beginnings(history, room)]
        tries += [(len(history), found.passages[:count]) for count in reversed(range(len(found.passages)))]
        for start, passages in tries:
            kept = history[start:]
            if (start, passages) != tries[0]:
                again = _asked(asked.text, passages, kept)
                asked = replace(asked, sources=again.sources, prompt=again.prompt)
            whole = prompt.conversation(kept, asked.prompt, effort, self._tools, date)
            if model.count_prompt(whole) <= room:
                given = (*sources_of(kept), *asked.sources)
                return _Fitted(whole, asked, passages, SourceBook(given), len(given))
        raise ChatFault(
            N_("Question too long"),
            N_("The question is longer than the model can keep in view ({tokens} tokens)."),
            N_("Shorten it, or set a longer context in the settings."),
            tokens=model.context_tokens,
        )

    def _answer(
        self,
        model: AnsweringModel,
        conversation_id: int,
        turn: _Fitted,
        documents: frozenset[int] | None,
        max_tokens: int | None,
        cancel: CancelToken,
    ) -> Iterator[TurnEvent]:
        draft = Draft()
        toolbox = DocumentTools(self._library, self._retriever, turn.book, documents).toolbox()
        limit = max_tokens or self._settings.current.answer_tokens
        started_s = time.monotonic()
        events = answering.write(
            model, turn.whole, toolbox, draft, max_tokens=limit, cancel=cancel, sampling=self._sampling
        )
        try:
            yield from events
        except BaseException:
            self._save(conversation_id, draft, turn)
            raise
        saved = self._save(conversation_id, draft, turn)
        log.info("answered in %.1f s, %d citations", time.monotonic() - started_s, len(saved.citations))
        yield AnswerSaved(saved)

    def _save(self, conversation_id: int, draft: Draft, turn: _Fitted) -> ChatMessage:
        """Store the answer with its checked citations; an empty draft is not stored."""
        text = citations.normalise_marks("".join(draft.answer)).strip()
        found = turn.book.all[turn.given :]
        message = ChatMessage(
            0,
            "assistant",
            text,
            "".join(draft.reasoning).strip(),
            citations.check(text, turn.book.all),
            found,
            tuple(draft.tools),
            effort=turn.whole.effort,
            complete=draft.reason is FinishReason.COMPLETE,
            usage=draft.usage,
        )
        if not (message.text or message.reasoning):
            return message
        return self._conversations.append(conversation_id, message)


def _asked(question: str, passages: Sequence[Passage], history: Sequence[ChatMessage]) -> ChatMessage:
    """`question` as it is stored: with the passages the conversation does not hold yet, and the text for the model."""
    known, new = SourceBook(sources_of(history)).number(passages)
    return ChatMessage(0, "user", question, sources=tuple(new), prompt=prompt.question_prompt(question, new, known))
