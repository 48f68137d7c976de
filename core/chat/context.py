"""What a question is answered from: its scope, the words it is searched with, the passages or documents for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.chat.context_budget import ContextBudget, context_budget
from core.chat.mentions import Mentioned, read_mentions
from core.chat.query_rewriting import search_query
from core.chat.survey_intent import LEAST_DOCUMENTS, about_everything, expected_s
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

MOST_WHOLE_CHARS = 600_000
"""Of documents in full; more than any context holds."""


@dataclass(frozen=True, slots=True)
class GatheredContext:
    """`question` is what the model is asked (mentions replaced by names), `documents` the ids that may be looked into
    (None: all); `passages` are ranked, or with `whole` the documents' sections in order."""

    question: str
    query: str
    documents: frozenset[int] | None
    passages: tuple[Passage, ...]
    searched: int
    library: int
    meaning: bool
    whole: bool
    answered: float
    patience: LatencyBudget
    budget: ContextBudget
    omissions: tuple[Omission, ...]
    suggestion: SurveySuggested | None = None

    def event(self, passages: tuple[Passage, ...]) -> SearchedDocuments:
        return SearchedDocuments(self.query, passages, self.searched, self.meaning)

    def basis(self, passages: Sequence[Passage], new_tokens: int | None) -> ContextSummary:
        """What is read if `passages` are given, `new_tokens` of them not yet in the model's cache."""
        return ContextSummary(
            query=self.query,
            passages=len(passages),
            documents=len({passage.document_id for passage in passages}),
            searched=self.searched,
            library=self.library,
            meaning=self.meaning,
            whole=self.whole,
            answered=self.answered,
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
        patience: LatencyBudget,
        speed: Speed | None,
        cancel: CancelToken | None = None,
    ) -> GatheredContext:
        """Search for `question`, or take the documents in full. Documents that it names stand in for the scope;
        `speed` is how fast the model is here, None while that is not known. Once `cancel` is set, it does not wait."""
        mentioned = read_mentions(question, self._scopes.named)
        selected = self._scopes.select(scope)
        omissions = [*_unread(scope, selected), *map(_gone, selected.gone), *map(_unknown, mentioned.unknown)]
        documents = mentioned.documents or selected.documents
        room = context_budget(patience, speed.prefill_tokens_s if speed else None, mentioned.question)
        library = selected.indexed if selected.documents is None else self._scopes.indexed_count()
        if scope.whole:
            return self._whole(mentioned, documents, library, patience, room, omissions)
        query = search_query(mentioned.question, history)
        found = self._retriever.search(
            query,
            limit=room.passages,
            max_chars=room.chars,
            documents=documents,
            rerank=True,
            spread=len(mentioned.documents) > 1,
            cancel=cancel,
        )
        return GatheredContext(
            mentioned.question, query, documents, found.passages, found.documents_searched, library, found.meaning,
            False, found.answered, patience, room, tuple(omissions), self._suggestion(mentioned, documents, speed),
        )  # fmt: skip

    def _suggestion(
        self, mentioned: Mentioned, documents: frozenset[int] | None, speed: Speed | None
    ) -> SurveySuggested | None:
        """A survey, for a question about everything, or about what changed between the two documents it names."""
        kind = about_everything(mentioned.question, two_named=len(mentioned.documents) == 2)
        number = self._scopes.indexed_count() if documents is None else len(documents)
        if kind is None or (number != 2 if kind is SurveyKind.CHANGES else number < LEAST_DOCUMENTS):
            return None
        expected = expected_s(self._scopes.text_length(documents), number, speed)
        paths = tuple(path for i, path, _ in self._scopes.documents(WHOLE_LIBRARY) if i in mentioned.documents)
        return SurveySuggested(kind, mentioned.question, number, expected if speed else None, paths)

    def _whole(
        self,
        mentioned: Mentioned,
        documents: frozenset[int] | None,
        library: int,
        patience: LatencyBudget,
        room: ContextBudget,
        omissions: list[Omission],
    ) -> GatheredContext:
        """With the documents in full there is nothing to search, and whether they answer is for the model to say."""
        passages, not_begun = self._sections.of_all(documents, MOST_WHOLE_CHARS)
        number = library if documents is None else len(documents)
        if not_begun:
            omissions = [*omissions, Omission(OmissionKind.DOCUMENTS, Cause.CONTEXT, not_begun, number)]
        return GatheredContext(
            mentioned.question, mentioned.question, documents, passages, number, library, False,
            True, 1.0, patience, room, tuple(omissions),
        )  # fmt: skip


def _unread(scope: Scope, selected: Selected) -> list[Omission]:
    """Of a library not chosen from, the window says elsewhere what is still to be read."""
    if not scope.paths or not selected.unread:
        return []
    total = selected.indexed + selected.unread
    return [Omission(OmissionKind.DOCUMENTS, Cause.NOT_READ, selected.unread, total)]


def _gone(path: Path) -> Omission:
    return Omission(OmissionKind.DOCUMENTS, Cause.UNKNOWN, name=path.name or str(path))


def _unknown(name: str) -> Omission:
    return Omission(OmissionKind.MENTION, Cause.UNKNOWN, name=name)
