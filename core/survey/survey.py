"""Runs surveys: maps each document to findings, then reduces them to a summary. Resumable after every part."""

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
    RowChanged,
    RowState,
    SummaryDelta,
    Survey,
    SurveyEnded,
    SurveyEstimate,
    SurveyEvent,
    SurveyListEntry,
    SurveyRow,
)
from models.conversation import AnswerDelta, Conversation, Effort, Finished, FinishReason, Sampling
from models.faults import Cancelled
from models.progress import Progress

log = logging.getLogger(__name__)

MAX_SUMMARY_TOKENS = 2000
IdsAndPaths = list[tuple[int, Path]]


def _never() -> bool:
    return False


class Surveys:
    """Creates, runs and stores surveys. `events` and `run` must be called on the thread that owns the model, the rest
    may be called from any."""

    def __init__(
        self,
        store: SurveyStore,
        library: Library,
        scopes: Scopes,
        open_model: Callable[[Job], AnsweringModel],
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
        """Store a survey of the scope's documents, to be run later; return its id.

        Documents mentioned in the question with an @ replace the scope's. Without `kind`, the question decides it.
        Raises `ChatFault` if the question is empty, if there is nothing to read, or if CHANGES are asked for but not
        two documents are chosen.
        """
        question = readable(question).strip()
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        mentions = read_mentions(question, self._scopes.documents_named)
        question = mentions.question
        chosen = [(document_id, path) for document_id, path, _ in self._documents(scope, mentions)]
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
        kind = kind or survey_kind(question, two_named=len(chosen) == 2) or SurveyKind.QUESTION
        if kind is SurveyKind.CHANGES and len(chosen) != 2:
            kind = SurveyKind.QUESTION
        if kind is SurveyKind.CHANGES:
            chosen = _oldest_first(chosen, self._library.documents())
        return self._store.create(question, chosen, kind, effort)

    def estimate(self, scope: Scope = WHOLE_LIBRARY, question: str = "") -> SurveyEstimate:
        """Estimate a survey of the scope's documents, or of those mentioned in `question`."""
        documents = self._documents(scope, read_mentions(question, self._scopes.documents_named))
        chars = sum(length for _, _, length in documents)
        speed = self._speed()
        return SurveyEstimate(len(documents), chars, expected_s(chars, len(documents), speed), speed is not None)

    def _documents(self, scope: Scope, mentions: QuestionMentions) -> Sequence[tuple[int, Path, int]]:
        """Return id, path and text length of the documents mentioned, or of the scope's if there are none."""
        if not mentions.document_ids:
            return self._scopes.documents(scope)
        return [row for row in self._scopes.documents(WHOLE_LIBRARY) if row[0] in mentions.document_ids]

    def list(self) -> tuple[SurveyListEntry, ...]:
        """List every survey, latest first."""
        return self._store.list()

    def get(self, survey_id: int) -> Survey:
        """Return a survey. Raises KeyError if there is none with this id."""
        return self._store.get(survey_id)

    def retry_failed(self, survey_id: int) -> None:
        """Reset what failed, so that the next run reads it again."""
        self._store.retry_failed(survey_id)

    def delete(self, survey_id: int) -> None:
        self._store.delete(survey_id)

    def run(self, survey_id: int, job: Job, on_row: Callable[[SurveyRow], None] = lambda row: None) -> Survey:
        """Run `events` to the end and return the survey. `on_row` is called after each part."""
        for event in self.events(survey_id, job):
            if isinstance(event, RowChanged):
                on_row(event.row)
        return self._store.get(survey_id)

    def events(self, survey_id: int, job: Job, should_pause: Callable[[], bool] = _never) -> Iterator[SurveyEvent]:
        """Read the documents that have not been read, then write the summary. The last event is `SurveyEnded`.

        Once `should_pause` returns True (a person is waiting for an answer), it ends after the current part. The survey
        is then not done, and the next call continues from there, as it does after `Cancelled`. Progress goes to `job`,
        in files. If a document fails, its row says why, and the others are still read. Raises `ModelFault` if there is
        no model, KeyError if there is no such survey.
        """
        survey = self._store.get(survey_id)
        if not survey.done:
            if survey.kind is SurveyKind.CHANGES:
                self._store_changes(survey)
                survey = self._store.get(survey_id)
            model = self._open_model(job)
            paused = yield from self._read_all(survey, model, job, should_pause)
            if not paused:
                yield from self._summarise(self._store.get(survey_id), model, job)
        yield SurveyEnded(self._store.get(survey_id))

    def _read_all(
        self, survey: Survey, model: AnsweringModel, job: Job, should_pause: Callable[[], bool]
    ) -> Generator[SurveyEvent, None, bool]:
        """Read all waiting rows. The generator's return value is True if it was paused before the end."""
        reader = PartReader(survey, model, self._sampling, _date(survey))
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
                    row = self._read_part(reader, row, job)
                self._store.save_row(survey.id, row)
                yield RowChanged(row, done + n + (row.state is not RowState.WAITING), len(survey.rows), left_s)
        return False

    def _read_part(self, reader: PartReader, row: SurveyRow, job: Job) -> SurveyRow:
        if row.document_id is None:
            return _failed(row, tr("The document is no longer in the library."))
        try:
            document = self._library.document_text(row.document_id)
            if document is None:
                return _failed(row, tr("The document is no longer in the library."))
            return reader.read_part(row, document, job)
        except Fault as fault:
            return _failed(row, fault_text(fault))

    def _store_changes(self, survey: Survey) -> None:
        """Compare the two documents of a CHANGES survey and store the differences as findings. Needs no model."""
        if all(row.state is not RowState.WAITING for row in survey.rows):
            return
        texts = [self._library.document_text(row.document_id) if row.document_id else None for row in survey.rows]
        for n, (row, text) in enumerate(zip(survey.rows, texts, strict=True)):
            old, new = texts
            if text is None or old is None or new is None:
                reason = tr("One of the two documents is no longer in the library.")
                self._store.save_row(survey.id, _failed(row, reason))
                continue
            findings = change_findings(old, new) if n else ()  # stored with the second document, which is newer
            length = len(text.text)
            row = replace(row, state=RowState.READ, findings=findings, chars_read=length, text_length=length, parts=1)
            self._store.save_row(survey.id, row)

    def _summarise(self, survey: Survey, model: AnsweringModel, job: Job) -> Iterator[SurveyEvent]:
        """Write the summary of all findings. A LIST has none: its findings are the answer."""
        if survey.kind is SurveyKind.LIST or not survey.coverage.findings:
            self._store.finish(survey.id, "")
            return
        groups = FindingGroups(survey, model, model.context_tokens - MAX_SUMMARY_TOKENS, _date(survey))
        lines = groups.finding_lines()
        summary_round = SummaryRound()
        for _ in range(MAX_ROUNDS):
            prompts = groups.prompts_for(lines)
            summary_round.answers = []
            for prompt in prompts:
                with self._throttle.while_answering():
                    yield from self._write(model, prompt, job, summary_round, is_summary=len(prompts) == 1)
            answers = summary_round.answers
            if len(answers) == 1 or sum(map(len, answers)) >= sum(map(len, lines)):
                break
            lines = answers
        self._store.finish(survey.id, join_answers(summary_round.answers), cut=summary_round.was_cut)

    def _write(
        self, model: AnsweringModel, prompt: Conversation, job: Job, summary_round: SummaryRound, *, is_summary: bool
    ) -> Iterator[SurveyEvent]:
        """Add the model's answer to `summary_round`. If it is the summary, yield it while it is written."""
        parts: list[str] = []
        for event in model.generate(prompt, max_tokens=MAX_SUMMARY_TOKENS, cancel=job.cancel, sampling=self._sampling):
            if isinstance(event, AnswerDelta):
                parts.append(event.text)
                if is_summary:
                    yield SummaryDelta(event.text)
            elif isinstance(event, Finished):
                if event.reason is FinishReason.CANCELLED:
                    raise Cancelled
                summary_round.was_cut = summary_round.was_cut or event.reason is FinishReason.LENGTH
        summary_round.answers.append("".join(parts))


def _oldest_first(chosen: IdsAndPaths, documents: Iterable[Document]) -> IdsAndPaths:
    """Sort by when the files were last modified."""
    modified_ns = {document.id: document.modified_ns for document in documents}
    return sorted(chosen, key=lambda one: modified_ns.get(one[0], 0))


def _failed(row: SurveyRow, reason: str) -> SurveyRow:
    return replace(row, state=RowState.FAILED, reason=reason)


def _date(survey: Survey) -> str:
    return datetime.date.fromtimestamp(survey.created_s).isoformat()
