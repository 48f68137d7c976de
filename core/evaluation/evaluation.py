"""Evaluates retrieval: indexes a folder of documents, searches for every question and measures what was found."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import DocumentText, Passage, SearchResult
from core.evaluation.gold_locations import GoldLocation, document_lookup, locate_gold
from core.evaluation.measures import (
    CHAR_BUDGETS,
    FoundSpan,
    QuestionMeasures,
    mean_measures,
    measure_question,
    roc_auc,
)
from core.evaluation.questions import GoldAnswer, KnownQuestion
from core.jobs import Job
from core.library.library import Library
from core.retrieval.retriever import ResultLimit, Retriever
from models.progress import Progress

MAX_PASSAGES = 20
MAX_PASSAGES_IN_BUDGET = 60
SEARCH_LIMITS = (ResultLimit(MAX_PASSAGES), *(ResultLimit(MAX_PASSAGES_IN_BUDGET, budget) for budget in CHAR_BUDGETS))
ALL_KINDS = "all"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results over all questions. `measures` are means over those that have an answer in the documents.

    `answerability_auc`: how well the search tells these from the questions without an answer, of all kinds and of each
    kind; empty if there are none of either. `unlocated_questions` are the ids of questions of which a gold answer was
    not found in the text read from its file. Times are of one search under all of `SEARCH_LIMITS`. `semantic`: every
    search used an embedding model.
    """

    documents: int
    passages: int
    questions: int
    measures: Mapping[str, float]
    answerability_auc: Mapping[str, float]
    unlocated_questions: tuple[str, ...]
    median_ms: float
    max_ms: float
    semantic: bool


@dataclass(frozen=True, slots=True)
class _QuestionResult:
    question: KnownQuestion
    measures: QuestionMeasures | None
    answerability: float
    seconds: float
    semantic: bool


def evaluate(
    library: Library, retriever: Retriever, folder: Path, questions: Sequence[KnownQuestion], job: Job
) -> Evaluation:
    """Index `folder`, then measure `questions` on its documents. The library should contain no others.

    Raises `StorageFault`, `Cancelled`.
    """
    report = library.index([folder], job)
    locator = _GoldLocator(library, folder)
    results: list[_QuestionResult] = []
    for number, question in enumerate(questions):
        job.check()
        results.append(_evaluate_question(retriever, locator, question))
        job.report(Progress(number + 1, len(questions), "questions"))
    times_ms = sorted(1000 * result.seconds for result in results) or [0.0]
    return Evaluation(
        documents=report.documents,
        passages=report.passages,
        questions=len(results),
        measures=mean_measures([result.measures for result in results if result.measures is not None]),
        answerability_auc=_answerability_auc(results),
        unlocated_questions=tuple(locator.unlocated_questions),
        median_ms=statistics.median(times_ms),
        max_ms=times_ms[-1],
        semantic=all(result.semantic for result in results),
    )


def _evaluate_question(retriever: Retriever, locator: _GoldLocator, question: KnownQuestion) -> _QuestionResult:
    began_s = time.perf_counter()
    found, *in_budgets = retriever.search_with_limits(question.text, SEARCH_LIMITS)
    seconds = time.perf_counter() - began_s
    measures = None
    if locations := locator.locate(question):
        spans_in_budget = {budget: _spans(result) for budget, result in zip(CHAR_BUDGETS, in_budgets, strict=True)}
        measures = measure_question(locations, _spans(found), spans_in_budget)
    return _QuestionResult(question, measures, found.answerability, seconds, found.semantic)


def _spans(found: SearchResult) -> list[FoundSpan]:
    return [_span(passage) for passage in found.passages]


def _span(passage: Passage) -> FoundSpan:
    return FoundSpan(passage.document_id, passage.start, passage.end, passage.page)


def _answerability_auc(results: Sequence[_QuestionResult]) -> dict[str, float]:
    with_answer = [result.answerability for result in results if result.question.gold]
    without_answer = [result for result in results if not result.question.gold]
    if not with_answer or not without_answer:
        return {}
    groups = {ALL_KINDS: without_answer}
    for kind in dict.fromkeys(result.question.kind for result in without_answer if result.question.kind):
        groups[kind] = [result for result in without_answer if result.question.kind == kind]
    return {kind: roc_auc(with_answer, [result.answerability for result in group]) for kind, group in groups.items()}


class _GoldLocator:
    """Locates gold answers in the texts of the library. The text of each document is read once."""

    def __init__(self, library: Library, folder: Path) -> None:
        self._library = library
        folder = folder.absolute()
        inside = {
            document.path.relative_to(folder).as_posix(): document.id
            for document in library.documents()
            if document.path.is_relative_to(folder)
        }
        self._document_id = document_lookup(inside)
        self._texts: dict[int, DocumentText] = {}
        self.unlocated_questions: list[str] = []

    def locate(self, question: KnownQuestion) -> list[GoldLocation]:
        """Return the locations of the question's gold answers, without those that are not found. If there are any of
        these, the question is added to `unlocated_questions`."""
        locations = [self._location(gold) for gold in question.gold]
        if any(location is None for location in locations):
            self.unlocated_questions.append(question.id)
        return [location for location in locations if location is not None]

    def _location(self, gold: GoldAnswer) -> GoldLocation | None:
        document_id = self._document_id(gold.document)
        text = self._document_text(document_id) if document_id is not None else None
        if text is None:
            return None
        location = locate_gold(gold, text)
        return None if gold.quote and not location.spans and location.page is None else location

    def _document_text(self, document_id: int) -> DocumentText | None:
        if document_id not in self._texts:
            text = self._library.document_text(document_id)
            if text is None:
                return None
            self._texts[document_id] = text
        return self._texts[document_id]
