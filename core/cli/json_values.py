"""The results of commands as `--json` prints them.

Scripts rely on these keys, so they are written out here and do not change when a field of a value is renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.domain.conversation import AnswerCheck, ChatMessage, ContextSummary, Omission, SurveySuggested
from core.domain.documents import Citation, Explanation, IndexReport, Passage, SearchResult, Skipped
from core.evaluation.evaluation import Evaluation
from core.store.documents.documents import DocumentCounts
from core.survey.export import coverage_statement
from core.survey.summarising import numbered_findings
from core.survey.values import Finding, Survey, SurveyListEntry, SurveyRow


def index_report_values(report: IndexReport) -> dict[str, Any]:
    """`skipped` also lists what was recognised by OCR, marked as indexed, since its text may be wrong."""
    scanned = _incomplete(report.scanned)
    return {
        "documents": report.documents,
        "indexed": report.indexed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in report.skipped] + scanned,
        "chunks": report.passages,
        "seconds": report.seconds,
        "scanned": scanned,
        "noted": _incomplete(report.noted),
    }


def removal_values(paths: Sequence[Path], before: DocumentCounts, after: DocumentCounts) -> dict[str, Any]:
    """What was removed, from the library's counts before and after."""
    return {
        "removed": [str(path) for path in paths],
        "documents": before.documents - after.documents,
        "chunks": before.passages - after.passages,
    }


def search_result_values(query_id: Any, result: SearchResult) -> dict[str, Any]:
    """`query_id` is the id in a file of queries, None for a query of the command line."""
    return {
        "id": query_id,
        "query": result.query,
        "answered": round(result.answerability, 4),
        "passages": [_passage(passage) for passage in result.passages],
    }


def answer_values(
    answer: ChatMessage,
    query: str,
    context_summary: ContextSummary | None,
    omissions: Iterable[Omission],
    suggestion: SurveySuggested | None,
) -> dict[str, Any]:
    return {
        "answer": answer.text,
        "reasoning": answer.reasoning,
        "citations": [_citation(citation) for citation in answer.citations],
        "usage": asdict(answer.usage) if answer.usage else None,
        "complete": answer.complete,
        "query": query,
        "read": _context_summary(context_summary) if context_summary else None,
        "omitted": [asdict(omission) for omission in omissions],
        "suggestion": _suggestion(suggestion) if suggestion else None,
        "tools": [asdict(tool) for tool in answer.tools],
        **_check(answer.check),
        "data": json.loads(answer.data) if answer.data else None,
    }


def evaluation_values(folder: str, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "folder": folder,
        "documents": evaluation.documents,
        "passages": evaluation.passages,
        "questions": evaluation.questions,
        "measures": dict(evaluation.measures),
        "answered": dict(evaluation.answerability_auc),
        "unplaced": list(evaluation.unlocated_questions),
        "median_ms": evaluation.median_ms,
        "slowest_ms": evaluation.max_ms,
        "meaning": evaluation.semantic,
    }


def survey_values(survey: Survey) -> dict[str, Any]:
    return {
        "id": survey.id,
        "question": survey.question,
        "kind": survey.kind.value,
        "done": survey.done,
        "summary": survey.summary,
        "summary_cut": survey.summary_cut,
        "coverage": coverage_statement(survey),
        "documents": [_survey_row(row) for row in survey.rows],
        "findings": [_finding(number, row, finding) for number, row, finding in numbered_findings(survey)],
    }


def survey_list_values(entries: Iterable[SurveyListEntry]) -> dict[str, Any]:
    return {"surveys": [asdict(entry) for entry in entries]}


def _incomplete(documents: Iterable[Skipped]) -> list[dict[str, Any]]:
    return [{"path": str(one.path), "reason": one.reason, "indexed": True} for one in documents]


def _passage(passage: Passage) -> dict[str, Any]:
    values = {
        "rank": passage.rank,
        "score": round(passage.score, 6),
        "path": str(passage.path),
        "page": passage.page,
        "section": passage.section,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }
    return values if passage.why is None else values | {"why": _explanation(passage.why)}


def _explanation(why: Explanation) -> dict[str, Any]:
    return {
        "words": why.passage_score,
        "neighbours": why.neighbour_score,
        "meaning": why.embedding_score,
        "document": why.document_score,
        "keyword_rank": why.keyword_rank,
        "meaning_rank": why.embedding_rank,
        "cosine": why.cosine,
        "terms": [
            {"term": one.term, "count": one.count, "weight": one.weight, "document": one.document_weight}
            for one in why.terms
        ],
        "judgement": why.rerank_bonus,
        "judged": why.rerank_score,
        "standing": why.rank_bonus,
    }


def _context_summary(summary: ContextSummary) -> dict[str, Any]:
    return {
        "query": summary.query,
        "passages": summary.passages,
        "documents": summary.documents,
        "searched": summary.searched,
        "library": summary.library,
        "meaning": summary.semantic,
        "whole": summary.whole,
        "answered": summary.answerability,
        "patience": summary.latency_budget.value,
        "wait_s": summary.wait_s,
    }


def _suggestion(suggestion: SurveySuggested) -> dict[str, Any]:
    return asdict(suggestion) | {"paths": [str(path) for path in suggestion.paths]}


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "path": str(citation.path),
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "section": citation.section,
        "support": citation.support.value,
        "recognised": citation.recognised,
    }


def _check(check: AnswerCheck | None) -> dict[str, Any]:
    if check is None:
        return {"verdict": None, "sentences": [], "nearest": []}
    return {
        "verdict": check.verdict.value,
        "sentences": [asdict(sentence) for sentence in check.sentences],
        "nearest": [_citation(source) for source in check.nearest],
    }


def _survey_row(row: SurveyRow) -> dict[str, Any]:
    return {
        "path": str(row.path),
        "state": row.state.value,
        "reason": row.reason,
        "parts": row.parts,
        "failed_parts": row.failed_parts,
    }


def _finding(number: int, row: SurveyRow, finding: Finding) -> dict[str, Any]:
    return {
        "number": number,
        "path": str(row.path),
        "text": finding.text,
        "value": finding.value,
        "meets": finding.meets,
        "page": finding.citation.page,
        "section": finding.citation.section,
        "start": finding.citation.start,
        "end": finding.citation.end,
        "quote": finding.citation.quote,
        "support": finding.citation.support.value,
    }
