"""Runs surveys: map each document to findings, then reduce the findings to an answer; resumable at every document."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from core.chat.answering import AnsweringModel
from core.faults import N_, ChatFault, Fault
from core.i18n import fault_text, tr
from core.jobs import Job
from core.library.attention import Attention
from core.library.library import Library
from core.survey import reading
from core.survey.store import SurveyStore
from core.survey.values import Finding, Row, RowState, Survey
from core.values import DocumentState
from models.conversation import AnswerDelta, Conversation, Effort, Finished, FinishReason, Sampling
from models.faults import Cancelled
from models.progress import Progress

log = logging.getLogger(__name__)

CHARS_PER_TOKEN = 2.5  # a careful estimate: English takes 4 and more, tables and other scripts less
ROOM_TOKENS = 1600  # of the context, for instructions, question, reasoning and findings
ANSWER_TOKENS = 1200
OpenModel = Callable[[Job], AnsweringModel]
OnRow = Callable[[Row], None]


class Surveys:
    """`run` belongs to the thread that owns the model; the rest may be called from any."""

    def __init__(
        self, store: SurveyStore, library: Library, open_model: OpenModel, attention: Attention, sampling: Sampling
    ) -> None:
        self.store = store
        self._library = library
        self._open_model = open_model
        self._attention = attention
        self._sampling = sampling

    def create(self, question: str, documents: frozenset[int] | None = None) -> int:
        """A survey of `documents`, or of all; raises `ChatFault` for no question or nothing to read."""
        question = question.strip()
        chosen = [
            document
            for document in self._library.documents()
            if document.state is DocumentState.INDEXED and (documents is None or document.id in documents)
        ]
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        if not chosen:
            raise ChatFault(
                N_("No documents"),
                N_("There is no indexed document to read."),
                N_("Add a folder first, or choose another."),
            )
        return self.store.create(question, chosen)

    def run(self, survey_id: int, job: Job, on_row: OnRow = lambda row: None, effort: Effort = Effort.LOW) -> Survey:
        """Read what has not been read, then write the answer. After `Cancelled` another call goes on from there."""
        survey = self.store.get(survey_id)
        with self._attention.answering():
            model = self._open_model(job)
            self._read_all(survey, model, job, on_row, effort)
            survey = self.store.get(survey_id)
            if not survey.summary and survey.coverage.with_findings:
                self.store.save_summary(survey_id, self._summarise(survey, model, job, effort))
        return self.store.get(survey_id)

    def _read_all(self, survey: Survey, model: AnsweringModel, job: Job, on_row: OnRow, effort: Effort) -> None:
        waiting = [row for row in survey.rows if row.state is RowState.WAITING]
        done = len(survey.rows) - len(waiting)
        started_s = time.monotonic()
        for n, row in enumerate(waiting):
            left_s = (time.monotonic() - started_s) / n * (len(waiting) - n) if n else None
            job.report(Progress(done + n, len(survey.rows), "files", row.path.name, left_s), now=True)
            row = self._read(survey, row, model, job, effort)
            self.store.save_row(survey.id, row)
            on_row(row)

    def _read(self, survey: Survey, row: Row, model: AnsweringModel, job: Job, effort: Effort) -> Row:
        """One document; what goes wrong with it is its row's reason, and the others are still read."""
        job.check()
        if row.document_id is None:
            return _gone(row)
        try:
            document = self._library.document_text(row.document_id)
            if document is None:
                return _gone(row)
            findings: list[Finding] = []
            size = int((model.context_tokens - ROOM_TOKENS) * CHARS_PER_TOKEN)
            for offset, piece in reading.pieces(document.text, max(size, 1000)):
                question = reading.document_question(survey.question, row.path.name, piece, effort, _date(survey))
                answer = self._ask(model, question, job, schema=reading.ANSWER_SCHEMA)
                findings += reading.findings_of(answer, document, offset, piece)
        except Fault as fault:
            return replace(row, state=RowState.FAILED, reason=fault_text(fault))
        except ValueError:
            reason = tr("The model's answer about this document could not be understood.")
            return replace(row, state=RowState.FAILED, reason=reason)
        return replace(row, state=RowState.READ, reason="", findings=tuple(findings))

    def _summarise(self, survey: Survey, model: AnsweringModel, job: Job, effort: Effort) -> str:
        """The answer from all findings; more than the model keeps in view are first summarised in groups."""
        lines = [f"[{n}] {row.path.name}: {finding.text}" for n, row, finding in numbered(survey)]
        size = int((model.context_tokens - ROOM_TOKENS) * CHARS_PER_TOKEN)
        while True:
            groups = list(_groups(lines, size))
            answers = [
                self._ask(model, reading.summary_question(survey.question, group, effort, _date(survey)), job)
                for group in groups
            ]
            if len(answers) == 1 or sum(map(len, answers)) >= sum(map(len, lines)):
                return "\n\n".join(answers)
            lines = answers

    def _ask(self, model: AnsweringModel, conversation: Conversation, job: Job, schema: str = "") -> str:
        sampling = replace(self._sampling, answer_schema=schema) if not self._sampling.grammar else self._sampling
        parts: list[str] = []
        events = model.generate(conversation, max_tokens=ANSWER_TOKENS, cancel=job.cancel, sampling=sampling)
        for event in events:
            if isinstance(event, AnswerDelta):
                parts.append(event.text)
            elif isinstance(event, Finished) and event.reason is FinishReason.CANCELLED:
                raise Cancelled
        return "".join(parts)


def _gone(row: Row) -> Row:
    return replace(row, state=RowState.FAILED, reason=tr("The document is no longer in the library."))


def numbered(survey: Survey) -> Iterator[tuple[int, Row, Finding]]:
    """Every finding with the number under which the summary cites it, from 1 in the order of the rows."""
    n = 0
    for row in survey.rows:
        for finding in row.findings:
            n += 1
            yield n, row, finding


def _groups(lines: Sequence[str], size: int) -> Iterator[list[str]]:
    cuts, filled = [0], 0
    for i, line in enumerate(lines):
        if filled + len(line) > size and i > cuts[-1]:
            cuts.append(i)
            filled = 0
        filled += len(line)
    for start, end in pairwise([*cuts, len(lines)]):
        yield list(lines[start:end])


def _date(survey: Survey) -> str:
    return datetime.date.fromtimestamp(survey.created_s).isoformat()
