"""One evaluation: a folder of documents indexed, every known question searched, everything measured."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import DocumentText, Passage, SearchResult
from core.evaluation.measures import CHAR_BUDGETS, QuestionMeasures, PassageSpan, roc_auc, mean_measures, measure_question
from core.evaluation.gold_locations import GoldLocation, document_lookup, locate_gold
from core.evaluation.questions import GoldAnswer, KnownQuestion
from core.jobs import Job
from core.library.library import Library
from core.retrieval.retriever import ResultLimit, Retriever
from models.progress import Progress

MAX_PASSAGES = 20
MAX_PASSAGES_IN_BUDGET = 60
CUTS = (ResultLimit(MAX_PASSAGES), *(ResultLimit(MAX_PASSAGES_IN_BUDGET, budget) for budget in CHAR_BUDGETS))
ALL_KINDS = "all"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`measures` are means over the questions that have an answer in the documents; `unplaced` are ids of questions of
    which a place was not found in what was read. `answered` is the area under the curve of "is it answered here", for
    all questions without an answer and by their kind; empty where there are none. Times are of a search that is
    cut in all three ways."""

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
    """Measure `questions` over the documents in `folder`, which are brought up to date in the library first.

    The library should hold nothing else. Raises `StorageFault`, `Cancelled`."""
    report = library.index([folder], job)
    places = _GoldLocator(library, folder)
    asked: list[_QuestionResult] = []
    for number, question in enumerate(questions):
        job.check()
        asked.append(_ask(retriever, places, question))
        job.report(Progress(number + 1, len(questions), "questions"))
    times = sorted(1000 * one.seconds for one in asked) or [0.0]
    return Evaluation(
        documents=report.documents,
        passages=report.passages,
        questions=len(asked),
        measures=mean_measures([one.measures for one in asked if one.measures is not None]),
        answerability_auc=_answerability_auc(asked),
        unlocated_questions=tuple(places.unlocated_questions),
        median_ms=statistics.median(times),
        max_ms=times[-1],
        semantic=all(one.semantic for one in asked),
    )


def _ask(retriever: Retriever, places: _GoldLocator, question: KnownQuestion) -> _QuestionResult:
    began_s = time.perf_counter()
    found, *in_budgets = retriever.search_with_limits(question.text, CUTS)
    seconds = time.perf_counter() - began_s
    outcome = None
    if known := places.locate(question):
        within = {budget: _spans(part) for budget, part in zip(CHAR_BUDGETS, in_budgets, strict=True)}
        outcome = measure_question(known, _spans(found), within)
    return _QuestionResult(question, outcome, found.answerability, seconds, found.semantic)


def _spans(found: SearchResult) -> list[PassageSpan]:
    return [_span(passage) for passage in found.passages]


def _span(passage: Passage) -> PassageSpan:
    return PassageSpan(passage.document_id, passage.start, passage.end, passage.page)


def _answerability_auc(asked: Sequence[_QuestionResult]) -> dict[str, float]:
    with_answer = [one.answerability for one in asked if one.question.gold]
    without = [one for one in asked if not one.question.gold]
    if not with_answer or not without:
        return {}
    kinds = dict.fromkeys(one.question.kind for one in without if one.question.kind)
    by_kind = {kind: [one.answerability for one in without if one.question.kind == kind] for kind in kinds}
    return {
        name: roc_auc(with_answer, signs)
        for name, signs in {ALL_KINDS: [one.answerability for one in without], **by_kind}.items()
    }


class _GoldLocator:
    """The known places, looked up in the texts that the library holds; each document is read once."""

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
        """Places of which nothing is known in the library are noted, and left out."""
        found = [self._location(gold) for gold in question.gold]
        if any(place is None for place in found):
            self.unlocated_questions.append(question.id)
        return [place for place in found if place is not None]

    def _location(self, gold: GoldAnswer) -> GoldLocation | None:
        document_id = self._document_id(gold.document)
        text = self._document_text(document_id) if document_id is not None else None
        if text is None:
            return None
        place = locate_gold(gold, text)
        return None if gold.quote and not place.spans and place.page is None else place

    def _document_text(self, document_id: int) -> DocumentText | None:
        if document_id not in self._texts:
            text = self._library.document_text(document_id)
            if text is None:
                return None
            self._texts[document_id] = text
        return self._texts[document_id]
