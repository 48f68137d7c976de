"""What a question is answered from: its scope, the words it is searched with, the passages or documents for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.chat.context_budget import ContextBudget, context_budget
from core.chat.mentions import QuestionMentions, read_mentions
from core.chat.query_rewriting import search_query
from core.chat.survey_intent import LEAST_DOCUMENTS, expected_s, survey_kind
from core.domain.conversation import (
    WHOLE_LIBRARY,
    Cause,
    ChatMessage,
    ContextSummary,
    LatencyBudget,
    Omission,
    OmissionKind,
    Scope,
    SearchedDocuments,
    SurveyKind,
    SurveySuggested,
)
from core.domain.documents import Passage
from core.retrieval.retriever import Retriever
from core.store.conversations.model_speeds import Speed
from core.store.documents.scopes import Scopes, Selected
from core.store.documents.sections import Sections
from models.cancel import CancelToken

MAX_WHOLE_CHARS = 600_000
"""Of documents in full; more than any context holds."""


@dataclass(frozen=True, slots=True)
class GatheredContext:
    """`question` is what the model is asked (mentions replaced by names), `documents` the ids that may be looked into
    (None: all); `passages` are ranked, or with `whole` the documents' sections in order."""

    question: str
    query: str
    document_ids: frozenset[int] | None
    passages: tuple[Passage, ...]
    searched_documents: int
    library_documents: int
    meaning: bool
    whole: bool
    answerability: float
    patience: LatencyBudget
    budget: ContextBudget
    omissions: tuple[Omission, ...]
    suggestion: SurveySuggested | None = None

    def search_event(self, passages: tuple[Passage, ...]) -> SearchedDocuments:
        return SearchedDocuments(self.query, passages, self.searched_documents, self.meaning)

    def summary(self, passages: Sequence[Passage], new_tokens: int | None) -> ContextSummary:
        """What is read if `passages` are given, `new_tokens` of them not yet in the model's cache."""
        return ContextSummary(
            query=self.query,
            passages=len(passages),
            documents=len({passage.document_id for passage in passages}),
            searched=self.searched_documents,
            library=self.library_documents,
            meaning=self.meaning,
            whole=self.whole,
            answered=self.answerability,
            patience=self.patience,
            wait_s=None if new_tokens is None else self.budget.wait_s(new_tokens),
        )


class ContextGatherer:
    """Any thread; needs no language model."""

    def __init__(self, scopes: Scopes, sections: Sections, retriever: Retriever) -> None:
        self._scopes = scopes
        self._sections = sections
        self._retriever = retriever

    def gather(
        self,
        question: str,
        history: Sequence[ChatMessage],
        scope: Scope,
        latency_budget: LatencyBudget,
        speed: Speed | None,
        cancel: CancelToken | None = None,
    ) -> GatheredContext:
        """Search for `question`, or take the documents in full. Documents that it names stand in for the scope;
        `speed` is how fast the model is here, None while that is not known. Once `cancel` is set, it does not wait."""
        mentioned = read_mentions(question, self._scopes.named)
        selected = self._scopes.select(scope)
        omissions = [*_unread_documents(scope, selected), *map(_missing_path, selected.gone), *map(_unknown_mention, mentioned.unknown_names)]
        documents = mentioned.document_ids or selected.documents
        room = context_budget(latency_budget, speed.prefill_tokens_s if speed else None, mentioned.question)
        library = selected.indexed if selected.documents is None else self._scopes.indexed_count()
        if scope.whole:
            return self._whole(mentioned, documents, library, latency_budget, room, omissions)
        query = search_query(mentioned.question, history)
        found = self._retriever.search(
            query,
            limit=room.max_passages,
            max_chars=room.max_chars,
            documents=documents,
            rerank=True,
            spread=len(mentioned.document_ids) > 1,
            cancel=cancel,
        )
        return GatheredContext(
            mentioned.question, query, documents, found.passages, found.documents_searched, library, found.meaning,
            False, found.answered, latency_budget, room, tuple(omissions), self._suggestion(mentioned, documents, speed),
        )  # fmt: skip

    def _suggestion(
        self, mentioned: QuestionMentions, documents: frozenset[int] | None, speed: Speed | None
    ) -> SurveySuggested | None:
        """A survey, for a question about everything, or about what changed between the two documents it names."""
        kind = survey_kind(mentioned.question, two_named=len(mentioned.document_ids) == 2)
        number = self._scopes.indexed_count() if documents is None else len(documents)
        if kind is None or (number != 2 if kind is SurveyKind.CHANGES else number < LEAST_DOCUMENTS):
            return None
        expected = expected_s(self._scopes.text_length(documents), number, speed)
        paths = tuple(path for i, path, _ in self._scopes.documents(WHOLE_LIBRARY) if i in mentioned.document_ids)
        return SurveySuggested(kind, mentioned.question, number, expected if speed else None, paths)

    def _whole(
        self,
        mentioned: QuestionMentions,
        documents: frozenset[int] | None,
        library: int,
        patience: LatencyBudget,
        room: ContextBudget,
        omissions: list[Omission],
    ) -> GatheredContext:
        """With the documents in full there is nothing to search, and whether they answer is for the model to say."""
        passages, not_begun = self._sections.of_all(documents, MAX_WHOLE_CHARS)
        number = library if documents is None else len(documents)
        if not_begun:
            omissions = [*omissions, Omission(OmissionKind.DOCUMENTS, Cause.CONTEXT, not_begun, number)]
        return GatheredContext(
            mentioned.question, mentioned.question, documents, passages, number, library, False,
            True, 1.0, patience, room, tuple(omissions),
        )  # fmt: skip


def _unread_documents(scope: Scope, selected: Selected) -> list[Omission]:
    """Of a library not chosen from, the window says elsewhere what is still to be read."""
    if not scope.paths or not selected.unread:
        return []
    total = selected.indexed + selected.unread
    return [Omission(OmissionKind.DOCUMENTS, Cause.NOT_READ, selected.unread, total)]


def _missing_path(path: Path) -> Omission:
    return Omission(OmissionKind.DOCUMENTS, Cause.UNKNOWN, name=path.name or str(path))


def _unknown_mention(name: str) -> Omission:
    return Omission(OmissionKind.MENTION, Cause.UNKNOWN, name=name)
