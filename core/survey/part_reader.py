"""Reads one document of a survey in parts. A part with more findings than one answer holds is read again in halves."""

from __future__ import annotations

from dataclasses import replace

from core.chat.context_budget import chars_per_token
from core.chat.generation import AnsweringModel
from core.domain.documents import DocumentText
from core.i18n import ngettext
from core.jobs import Job
from core.survey import prompts
from core.survey.values import Finding, RowState, Survey, SurveyRow
from models.conversation import AnswerDelta, Finished, FinishReason, Sampling
from models.faults import Cancelled

MAX_ANSWER_TOKENS = 2000
"""Of reasoning and findings about one part; a quarter is reserved for the findings (`models.completion`)."""
MAX_PART_CHARS = 12_000
"""Even if the context would hold more: a survey is stored after each part, and stops or pauses only between parts."""


class PartReader:
    """Reads documents for one survey. Runs on the thread that owns the model."""

    def __init__(self, survey: Survey, model: AnsweringModel, sampling: Sampling, date: str) -> None:
        self._survey = survey
        self._model = model
        self._date = date
        self._token_limit = max(model.context_tokens - MAX_ANSWER_TOKENS, model.context_tokens // 2)
        schema = prompts.answer_schema(survey.condition)
        self._sampling = sampling if sampling.grammar else replace(sampling, answer_schema=schema)

    def read_part(self, row: SurveyRow, document: DocumentText, job: Job) -> SurveyRow:
        """Read one more part of `document` and return the updated `row`. Starts anew if the length of the text has
        changed since the part before. Raises `Cancelled`, `ModelFault`."""
        text = document.text
        if row.text_length != len(text):
            row = replace(row, chars_read=0, text_length=len(text), findings=(), parts=0, failed_parts=0)
        if not text.strip():
            return replace(row, state=RowState.READ)
        end = self._end(document, row.chars_read)
        findings, parsed = self._findings(document, row.chars_read, end, job)
        row = replace(
            row,
            chars_read=end,
            parts=row.parts + 1,
            failed_parts=row.failed_parts + (not parsed),
            findings=(*row.findings, *findings),
        )
        return row if end < len(text) else _finished_row(row)

    def _end(self, document: DocumentText, start: int) -> int:
        """Return the end of the part that begins at `start`, such that its prompt fits the context."""
        text = document.text
        size = int(min(MAX_PART_CHARS, self._token_limit * chars_per_token(text[start : start + MAX_PART_CHARS])))
        end = prompts.part_end(text, start, size)
        while self._count_tokens(document, start, end) > self._token_limit and end - start > prompts.MIN_PART_CHARS:
            end = prompts.part_end(text, start, (end - start) * 2 // 3)
        return end

    def _count_tokens(self, document: DocumentText, start: int, end: int) -> int:
        return self._model.count_prompt(prompts.part_prompt(self._survey, document, start, end, self._date))

    def _findings(self, document: DocumentText, start: int, end: int, job: Job) -> tuple[list[Finding], bool]:
        """Return the findings between `start` and `end`, and whether every answer about that part could be parsed."""
        answer, cut = self._ask(document, start, end, job)
        found: list[Finding] = []
        parsed = not cut
        if parsed:
            try:
                found = prompts.parse_findings(answer, document, start, end, self._survey.condition)
            except (ValueError, RecursionError):
                parsed = False
        if (parsed and len(found) < prompts.MAX_FINDINGS) or end - start <= prompts.MIN_PART_CHARS:
            return found, parsed
        middle = prompts.part_end(document.text, start, (end - start) // 2)
        first, first_parsed = self._findings(document, start, middle, job)
        second, second_parsed = self._findings(document, middle, end, job)
        return first + second, first_parsed and second_parsed

    def _ask(self, document: DocumentText, start: int, end: int, job: Job) -> tuple[str, bool]:
        """Return the model's answer about one part, and whether it was cut."""
        question = prompts.part_prompt(self._survey, document, start, end, self._date)
        parts: list[str] = []
        reason = FinishReason.CANCELLED
        for event in self._model.generate(
            question, max_tokens=MAX_ANSWER_TOKENS, cancel=job.cancel, sampling=self._sampling
        ):
            if isinstance(event, AnswerDelta):
                parts.append(event.text)
            elif isinstance(event, Finished):
                reason = event.reason
        if reason is FinishReason.CANCELLED:
            raise Cancelled
        return "".join(parts), reason is not FinishReason.COMPLETE


def _finished_row(row: SurveyRow) -> SurveyRow:
    """Return `row` at the end of its document: failed if no answer could be parsed, with a reason if one could not."""
    if not row.failed_parts:
        return replace(row, state=RowState.READ, reason="")
    reason = ngettext(
        "The model's answer about {failed} of {n} part could not be understood.",
        "The model's answer about {failed} of {n} parts could not be understood.",
        row.parts,
        failed=row.failed_parts,
    )
    nothing = row.failed_parts == row.parts and not row.findings
    state = RowState.FAILED if nothing else RowState.READ
    return replace(row, state=state, reason=reason)
