"""Gathers what a question is answered from: passages found by a search, or the documents of its scope in full."""

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
"""Of documents given in full; more than any context can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredContext:
    """A question with the passages to answer it from: the search's, best first, or with `whole` the sections of the
    documents, in order.

    `question` is as the model will be asked it, with names in place of mentions. `document_ids` are the documents that
    the model's tools may read (None: all). `searched_documents` of `library_documents` indexed ones were in scope.
    `answerability`, from 0 to 1: how likely the search thinks the passages answer the question.
    """

    question: str
    query: str
    document_ids: frozenset[int] | None
    passages: tuple[Passage, ...]
    searched_documents: int
    library_documents: int
    semantic: bool
    whole: bool
    answerability: float
    budget: ContextBudget
    omissions: tuple[Omission, ...]
    suggestion: SurveySuggested | None = None

    def search_event(self, passages: tuple[Passage, ...]) -> SearchedDocuments:
        """Return the event that says the answer will be written from `passages`."""
        return SearchedDocuments(self.query, passages, self.searched_documents, self.semantic)

    def context_summary(self, passages: Sequence[Passage], new_tokens: int | None) -> ContextSummary:
        """Summarise the context if the model is given `passages`. `new_tokens` are those it has to prefill, None if not
        known yet."""
        return ContextSummary(
            query=self.query,
            passages=len(passages),
            documents=len({passage.document_id for passage in passages}),
            searched=self.searched_documents,
            library=self.library_documents,
            semantic=self.semantic,
            whole=self.whole,
            answerability=self.answerability,
            latency_budget=self.budget.latency_budget,
            wait_s=None if new_tokens is None else self.budget.wait_s(new_tokens),
        )


@dataclass(frozen=True, slots=True)
class _Target:
    """A question with its mentions resolved, and the documents to answer it from (ids; None: the whole library)."""

    mentions: QuestionMentions
    document_ids: frozenset[int] | None
    library_documents: int
    budget: ContextBudget
    omissions: tuple[Omission, ...]


class ContextGatherer:
    """Gathers the context of a question. Needs no language model; may be called from any thread."""

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
        """Search for `question`, or take the documents in full if `scope` says so.

        Documents mentioned in the question replace the scope's. `speed` is the model's on this machine, None if not
        measured yet. Once `cancel` is set, the search waits for nothing.
        """
        mentions = read_mentions(question, self._scopes.documents_named)
        selected = self._scopes.select(scope)
        target = _Target(
            mentions,
            document_ids=mentions.document_ids or selected.documents,
            library_documents=selected.indexed if selected.documents is None else self._scopes.indexed_count(),
            budget=context_budget(latency_budget, speed.prefill_tokens_s if speed else None, mentions.question),
            omissions=(
                *_unread_documents(scope, selected),
                *map(_missing_path, selected.gone),
                *map(_unknown_mention, mentions.unknown_names),
            ),
        )
        return self._in_full(target) if scope.whole else self._search(target, history, speed, cancel)

    def _search(
        self, target: _Target, history: Sequence[ChatMessage], speed: Speed | None, cancel: CancelToken | None
    ) -> GatheredContext:
        question = target.mentions.question
        query = search_query(question, history)
        found = self._retriever.search(
            query,
            limit=target.budget.max_passages,
            max_chars=target.budget.max_chars,
            documents=target.document_ids,
            rerank=True,
            spread=len(target.mentions.document_ids) > 1,
            cancel=cancel,
        )
        return GatheredContext(
            question=question,
            query=query,
            document_ids=target.document_ids,
            passages=found.passages,
            searched_documents=found.documents_searched,
            library_documents=target.library_documents,
            semantic=found.semantic,
            whole=False,
            answerability=found.answerability,
            budget=target.budget,
            omissions=target.omissions,
            suggestion=self._survey_suggestion(target, speed),
        )

    def _in_full(self, target: _Target) -> GatheredContext:
        """Take the documents in full. Nothing is searched, so only the model can say whether they answer."""
        passages, not_begun = self._sections.of_all(target.document_ids, MAX_WHOLE_CHARS)
        count = target.library_documents if target.document_ids is None else len(target.document_ids)
        omissions = target.omissions
        if not_begun:
            omissions = (*omissions, Omission(OmissionKind.DOCUMENTS, Cause.CONTEXT, not_begun, count))
        return GatheredContext(
            question=target.mentions.question,
            query=target.mentions.question,
            document_ids=target.document_ids,
            passages=passages,
            searched_documents=count,
            library_documents=target.library_documents,
            semantic=False,
            whole=True,
            answerability=1.0,
            budget=target.budget,
            omissions=omissions,
        )

    def _survey_suggestion(self, target: _Target, speed: Speed | None) -> SurveySuggested | None:
        """Suggest a survey for a question about every document, or about what changed between two mentioned ones."""
        mentions, ids = target.mentions, target.document_ids
        kind = survey_kind(mentions.question, two_named=len(mentions.document_ids) == 2)
        count = self._scopes.indexed_count() if ids is None else len(ids)
        if kind is None or (count != 2 if kind is SurveyKind.CHANGES else count < LEAST_DOCUMENTS):
            return None
        expected = expected_s(self._scopes.text_length(ids), count, speed)
        paths = tuple(path for i, path, _ in self._scopes.documents(WHOLE_LIBRARY) if i in mentions.document_ids)
        return SurveySuggested(kind, mentions.question, count, expected if speed else None, paths)


def _unread_documents(scope: Scope, selected: Selected) -> list[Omission]:
    """Chosen documents that are not indexed. Without a choice there are none: the window shows those elsewhere."""
    if not scope.paths or not selected.unread:
        return []
    total = selected.indexed + selected.unread
    return [Omission(OmissionKind.DOCUMENTS, Cause.NOT_READ, selected.unread, total)]


def _missing_path(path: Path) -> Omission:
    return Omission(OmissionKind.DOCUMENTS, Cause.UNKNOWN, name=path.name or str(path))


def _unknown_mention(name: str) -> Omission:
    return Omission(OmissionKind.MENTION, Cause.UNKNOWN, name=name)
