"""Reading one document for a survey, part by part; a part with more in it than one answer holds is read in halves."""

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
"""Reasoning and findings of one part; a quarter of them is kept for the findings (models.completion)."""
MAX_PART_CHARS = 12_000
"""A part is at most as long as this even where the context would hold more: it is the step at which a survey is stored,
stops and gives way."""


class PartReader:
    """Reads for one survey. Runs where the model lives."""

    def __init__(self, survey: Survey, model: AnsweringModel, sampling: Sampling, date: str) -> None:
        self._survey = survey
        self._model = model
        self._date = date
        self._room = max(model.context_tokens - MAX_ANSWER_TOKENS, model.context_tokens // 2)
        schema = prompts.answer_schema(survey.condition)
        self._sampling = sampling if sampling.grammar else replace(sampling, answer_schema=schema)

    def read_part(self, row: SurveyRow, document: DocumentText, job: Job) -> SurveyRow:
        """`row` after one more part of `document`, whose text is read from the start if it has changed meanwhile.
        Raises `Cancelled`, `ModelFault`."""
        text = document.text
        if row.text_length != len(text):
            row = replace(row, place=0, length=len(text), findings=(), parts=0, failed_parts=0)
        if not text.strip():
            return replace(row, state=RowState.READ)
        end = self._end(document, row.chars_read)
        findings, understood = self._findings(document, row.chars_read, end, job)
        row = replace(
            row,
            place=end,
            parts=row.parts + 1,
            failed_parts=row.failed_parts + (not understood),
            findings=(*row.findings, *findings),
        )
        return row if end < len(text) else _finished_row(row)

    def _end(self, document: DocumentText, start: int) -> int:
        """Where the part that begins at `start` ends so that the model can keep it in view."""
        text = document.text
        size = int(min(MAX_PART_CHARS, self._room * chars_per_token(text[start : start + MAX_PART_CHARS])))
        end = prompts.part_end(text, start, size)
        while self._tokens(document, start, end) > self._room and end - start > prompts.MIN_PART_CHARS:
            end = prompts.part_end(text, start, (end - start) * 2 // 3)
        return end

    def _tokens(self, document: DocumentText, start: int, end: int) -> int:
        return self._model.count_prompt(prompts.part_question(self._survey, document, start, end, self._date))

    def _findings(self, document: DocumentText, start: int, end: int, job: Job) -> tuple[list[Finding], bool]:
        """What stands between `start` and `end`, and whether every answer about it was understood."""
        answer, cut = self._ask(document, start, end, job)
        found: list[Finding] = []
        understood = not cut
        if understood:
            try:
                found = prompts.parse_findings(answer, document, start, end, self._survey.condition)
            except (ValueError, RecursionError):
                understood = False
        if (understood and len(found) < prompts.MAX_FINDINGS) or end - start <= prompts.MIN_PART_CHARS:
            return found, understood
        middle = prompts.part_end(document.text, start, (end - start) // 2)
        first, first_understood = self._findings(document, start, middle, job)
        second, second_understood = self._findings(document, middle, end, job)
        return first + second, first_understood and second_understood

    def _ask(self, document: DocumentText, start: int, end: int, job: Job) -> tuple[str, bool]:
        """The answer about one part, and whether it was cut."""
        question = prompts.part_question(self._survey, document, start, end, self._date)
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
    """`row` with all its parts read: failed if nothing of it was understood, and with the reason if a part was not."""
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
