"""One evaluation: a folder of documents indexed, every known question searched, everything measured."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.documents import DocumentText, Passage, SearchResult
from core.evaluation.measures import BUDGETS, Outcome, Span, area_under_curve, mean, measure
from core.evaluation.places import GoldLocation, by_name, locate
from core.evaluation.questions import Gold, KnownQuestion
from core.jobs import Job
from core.library.library import Library
from core.retrieval.retriever import Cut, Retriever
from models.progress import Progress

PASSAGES = 20
PASSAGES_IN_BUDGET = 60
CUTS = (Cut(PASSAGES), *(Cut(PASSAGES_IN_BUDGET, budget) for budget in BUDGETS))
ANY_KIND = "all"


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
    answered: Mapping[str, float]
    unplaced: tuple[str, ...]
    median_ms: float
    slowest_ms: float
    meaning: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    question: KnownQuestion
    outcome: Outcome | None
    answered: float
    seconds: float
    meaning: bool


def evaluate(
    library: Library, retriever: Retriever, folder: Path, questions: Sequence[KnownQuestion], job: Job
) -> Evaluation:
    """Measure `questions` over the documents in `folder`, which are brought up to date in the library first.

    The library should hold nothing else. Raises `StorageFault`, `Cancelled`."""
    report = library.index([folder], job)
    places = _Places(library, folder)
    asked: list[_Asked] = []
    for number, question in enumerate(questions):
        job.check()
        asked.append(_ask(retriever, places, question))
        job.report(Progress(number + 1, len(questions), "questions"))
    times = sorted(1000 * one.seconds for one in asked) or [0.0]
    return Evaluation(
        documents=report.documents,
        passages=report.chunks,
        questions=len(asked),
        measures=mean([one.outcome for one in asked if one.outcome is not None]),
        answered=_answered(asked),
        unplaced=tuple(places.missing),
        median_ms=statistics.median(times),
        slowest_ms=times[-1],
        meaning=all(one.meaning for one in asked),
    )


def _ask(retriever: Retriever, places: _Places, question: KnownQuestion) -> _Asked:
    began_s = time.perf_counter()
    found, *in_budgets = retriever.search_cuts(question.text, CUTS)
    seconds = time.perf_counter() - began_s
    outcome = None
    if known := places.of(question):
        within = {budget: _spans(part) for budget, part in zip(BUDGETS, in_budgets, strict=True)}
        outcome = measure(known, _spans(found), within)
    return _Asked(question, outcome, found.answered, seconds, found.meaning)


def _spans(found: SearchResult) -> list[Span]:
    return [_span(passage) for passage in found.passages]


def _span(passage: Passage) -> Span:
    return Span(passage.document_id, passage.start, passage.end, passage.page)


def _answered(asked: Sequence[_Asked]) -> dict[str, float]:
    with_answer = [one.answered for one in asked if one.question.gold]
    without = [one for one in asked if not one.question.gold]
    if not with_answer or not without:
        return {}
    kinds = dict.fromkeys(one.question.kind for one in without if one.question.kind)
    by_kind = {kind: [one.answered for one in without if one.question.kind == kind] for kind in kinds}
    return {
        name: area_under_curve(with_answer, signs)
        for name, signs in {ANY_KIND: [one.answered for one in without], **by_kind}.items()
    }


class _Places:
    """The known places, looked up in the texts that the library holds; each document is read once."""

    def __init__(self, library: Library, folder: Path) -> None:
        self._library = library
        folder = folder.absolute()
        inside = {
            document.path.relative_to(folder).as_posix(): document.id
            for document in library.documents()
            if document.path.is_relative_to(folder)
        }
        self._document_id = by_name(inside)
        self._texts: dict[int, DocumentText] = {}
        self.missing: list[str] = []

    def of(self, question: KnownQuestion) -> list[GoldLocation]:
        """Places of which nothing is known in the library are noted, and left out."""
        found = [self._place(gold) for gold in question.gold]
        if any(place is None for place in found):
            self.missing.append(question.id)
        return [place for place in found if place is not None]

    def _place(self, gold: Gold) -> GoldLocation | None:
        document_id = self._document_id(gold.document)
        text = self._text(document_id) if document_id is not None else None
        if text is None:
            return None
        place = locate(gold, text)
        return None if gold.quote and not place.spans and place.page is None else place

    def _text(self, document_id: int) -> DocumentText | None:
        if document_id not in self._texts:
            text = self._library.document_text(document_id)
            if text is None:
                return None
            self._texts[document_id] = text
        return self._texts[document_id]
