"""Runs surveys: map each document to findings, then reduce the findings to an answer; resumable at every part."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.chat.generation import AnsweringModel
from core.chat.mentions import QuestionMentions, read_mentions
from core.chat.survey_intent import expected_s, survey_kind
from core.domain.conversation import WHOLE_LIBRARY, Scope, SurveyKind
from core.domain.documents import Document
from core.domain.faults import N_, ChatFault, Fault
from core.domain.file_names import readable
from core.i18n import fault_text, tr
from core.jobs import Job
from core.library.library import Library
from core.library.throttle import Throttle
from core.store.conversations.model_speeds import Speed
from core.store.documents.scopes import Scopes
from core.survey.changes import change_findings
from core.survey.part_reader import PartReader
from core.survey.store import SurveyStore
from core.survey.summarising import MAX_ROUNDS, FindingGroups, SummaryRound, join_answers
from core.survey.values import (
    Estimate,
    RowChanged,
    RowState,
    SummaryDelta,
    Survey,
    SurveyEnded,
    SurveyEvent,
    SurveyListEntry,
    SurveyRow,
)
from models.conversation import AnswerDelta, Conversation, Effort, Finished, FinishReason, Sampling
from models.faults import Cancelled
from models.progress import Progress

log = logging.getLogger(__name__)

MAX_SUMMARY_TOKENS = 2000
OpenModel = Callable[[Job], AnsweringModel]
Chosen = list[tuple[int, Path]]


def _never() -> bool:
    return False


class Surveys:
    """`events` and `run` belong to the thread that owns the model; the rest may be called from any."""

    def __init__(
        self,
        store: SurveyStore,
        library: Library,
        scopes: Scopes,
        open_model: OpenModel,
        speed: Callable[[], Speed | None],
        throttle: Throttle,
        sampling: Sampling,
    ) -> None:
        self._store = store
        self._library = library
        self._scopes = scopes
        self._open_model = open_model
        self._speed = speed
        self._throttle = throttle
        self._sampling = sampling

    def create(
        self,
        question: str,
        scope: Scope = WHOLE_LIBRARY,
        kind: SurveyKind | None = None,
        effort: Effort = Effort.LOW,
    ) -> int:
        """A survey of the scope's documents, not yet begun. Its kind is told from the question unless given. Raises
        `ChatFault` for no question, nothing to read, or changes between other than two documents. Documents that the
        question names with an @ stand in for the scope."""
        question = readable(question).strip()
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        mentioned = read_mentions(question, self._scopes.documents_named)
        question = mentioned.question
        chosen = [(document_id, path) for document_id, path, _ in self._documents(scope, mentioned)]
        if not chosen:
            raise ChatFault(
                N_("No documents"),
                N_("There is no indexed document to read."),
                N_("Add a folder first, or choose another."),
            )
        if kind is SurveyKind.CHANGES and len(chosen) != 2:
            raise ChatFault(
                N_("Not two documents"),
                N_("What changed can be told between two documents; {n} are chosen."),
                N_("Choose the two documents to compare."),
                n=len(chosen),
            )
        told = kind or survey_kind(question, two_named=len(chosen) == 2) or SurveyKind.QUESTION
        if told is SurveyKind.CHANGES and len(chosen) != 2:
            told = SurveyKind.QUESTION
        if told is SurveyKind.CHANGES:
            chosen = _by_age(chosen, self._library.documents())
        return self._store.create(question, chosen, told, effort)

    def estimate(self, scope: Scope = WHOLE_LIBRARY, question: str = "") -> Estimate:
        """How much a survey of these documents, or of those that `question` names, has to read, and about how long that
        takes here."""
        documents = self._documents(scope, read_mentions(question, self._scopes.documents_named))
        chars = sum(length for _, _, length in documents)
        speed = self._speed()
        return Estimate(len(documents), chars, expected_s(chars, len(documents), speed), speed is not None)

    def _documents(self, scope: Scope, mentioned: QuestionMentions) -> Sequence[tuple[int, Path, int]]:
        if not mentioned.document_ids:
            return self._scopes.documents(scope)
        return [one for one in self._scopes.documents(WHOLE_LIBRARY) if one[0] in mentioned.document_ids]

    def list(self) -> tuple[SurveyListEntry, ...]:
        """Every survey, the latest first."""
        return self._store.list()

    def get(self, survey_id: int) -> Survey:
        """Raises KeyError if there is none of that id."""
        return self._store.get(survey_id)

    def retry_failed(self, survey_id: int) -> None:
        """Have what failed read again by the next `events`."""
        self._store.retry_failed(survey_id)

    def delete(self, survey_id: int) -> None:
        self._store.delete(survey_id)

    def run(self, survey_id: int, job: Job, on_row: Callable[[SurveyRow], None] = lambda row: None) -> Survey:
        """Like `events`, to the end; `on_row` is told of every part that was read."""
        for event in self.events(survey_id, job):
            if isinstance(event, RowChanged):
                on_row(event.row)
        return self._store.get(survey_id)

    def events(self, survey_id: int, job: Job, should_pause: Callable[[], bool] = _never) -> Iterator[SurveyEvent]:
        """Read what has not been read, then write the answer; ends with `SurveyEnded`.

        Stops after the part at hand when `give_way` says so, for a question that a person waits for: the survey is then
        not done, and another call goes on from there; so it does after `Cancelled`. Progress goes to `job`, in files.
        What goes wrong with one document is its row's reason, and the others are still read. Raises `ModelFault` if
        there is no model, KeyError for no such survey.
        """
        survey = self._store.get(survey_id)
        if not survey.done:
            if survey.kind is SurveyKind.CHANGES:
                self._compare(survey)
                survey = self._store.get(survey_id)
            model = self._open_model(job)
            gave_way = yield from self._read_all(survey, model, job, should_pause)
            if not gave_way:
                yield from self._summarise(self._store.get(survey_id), model, job)
        yield SurveyEnded(self._store.get(survey_id))

    def _read_all(
        self, survey: Survey, model: AnsweringModel, job: Job, should_pause: Callable[[], bool]
    ) -> Generator[SurveyEvent, None, bool]:
        """True, as the generator's value, if it gave way before everything was read."""
        mapping = PartReader(survey, model, self._sampling, _date(survey))
        waiting = [row for row in survey.rows if row.state is RowState.WAITING]
        done = len(survey.rows) - len(waiting)
        started_s = time.monotonic()
        for n, row in enumerate(waiting):
            left_s = (time.monotonic() - started_s) / n * (len(waiting) - n) if n else None
            while row.state is RowState.WAITING:
                job.check()
                if should_pause():
                    return True
                job.report(Progress(done + n, len(survey.rows), "files", row.path.name, left_s), now=True)
                with self._throttle.while_answering():
                    row = self._read_part(mapping, row, job)
                self._store.save_row(survey.id, row)
                yield RowChanged(row, done + n + (row.state is not RowState.WAITING), len(survey.rows), left_s)
        return False

    def _read_part(self, mapping: PartReader, row: SurveyRow, job: Job) -> SurveyRow:
        if row.document_id is None:
            return _failed(row, tr("The document is no longer in the library."))
        try:
            document = self._library.document_text(row.document_id)
            if document is None:
                return _failed(row, tr("The document is no longer in the library."))
            return mapping.read_part(row, document, job)
        except Fault as fault:
            return _failed(row, fault_text(fault))

    def _compare(self, survey: Survey) -> None:
        """For what changed between two documents: no model reads them, their differences are worked out."""
        if all(row.state is not RowState.WAITING for row in survey.rows):
            return
        texts = [self._library.document_text(row.document_id) if row.document_id else None for row in survey.rows]
        for n, (row, text) in enumerate(zip(survey.rows, texts, strict=True)):
            old, new = texts
            if text is None or old is None or new is None:
                reason = tr("One of the two documents is no longer in the library.")
                self._store.save_row(survey.id, _failed(row, reason))
                continue
            found = change_findings(old, new) if n else ()
            read = replace(row, state=RowState.READ, findings=found, chars_read=len(text.text), text_length=len(text.text))
            self._store.save_row(survey.id, replace(read, parts=1))

    def _summarise(self, survey: Survey, model: AnsweringModel, job: Job) -> Iterator[SurveyEvent]:
        """The answer from all findings. A list needs none, for it is the table itself."""
        if survey.kind is SurveyKind.LIST or not survey.coverage.findings:
            self._store.finish(survey.id, "")
            return
        groups = FindingGroups(survey, model, model.context_tokens - MAX_SUMMARY_TOKENS, _date(survey))
        lines = groups.finding_lines()
        written = SummaryRound()
        for _ in range(MAX_ROUNDS):
            questions = groups.prompts_for(lines)
            written.answers = []
            for question in questions:
                with self._throttle.while_answering():
                    yield from self._write(model, question, job, written, shown=len(questions) == 1)
            if len(written.answers) == 1 or sum(map(len, written.answers)) >= sum(map(len, lines)):
                break
            lines = written.answers
        self._store.finish(survey.id, join_answers(written.answers), cut=written.cut)

    def _write(
        self, model: AnsweringModel, question: Conversation, job: Job, written: SummaryRound, *, shown: bool
    ) -> Iterator[SurveyEvent]:
        """Add what the model writes to `written`; `shown`, it is the summary itself."""
        parts: list[str] = []
        for event in model.generate(question, max_tokens=MAX_SUMMARY_TOKENS, cancel=job.cancel, sampling=self._sampling):
            if isinstance(event, AnswerDelta):
                parts.append(event.text)
                if shown:
                    yield SummaryDelta(event.text)
            elif isinstance(event, Finished):
                if event.reason is FinishReason.CANCELLED:
                    raise Cancelled
                written.cut = written.cut or event.reason is FinishReason.LENGTH
        written.answers.append("".join(parts))


def _by_age(chosen: Chosen, documents: Iterable[Document]) -> Chosen:
    """The older file first, by when the files were last changed."""
    changed = {document.id: document.modified_ns for document in documents}
    return sorted(chosen, key=lambda one: changed.get(one[0], 0))


def _failed(row: SurveyRow, reason: str) -> SurveyRow:
    return replace(row, state=RowState.FAILED, reason=reason)


def _date(survey: Survey) -> str:
    return datetime.date.fromtimestamp(survey.created_s).isoformat()
