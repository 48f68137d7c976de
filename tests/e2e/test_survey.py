"""Surveys on real parts: every document is read, quotations are located, and work is resumed."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.domain.conversation import Scope, SurveyKind
from core.domain.documents import Support
from core.domain.faults import ChatFault
from core.jobs import Job
from core.survey.export import coverage_statement, to_csv, to_markdown
from core.survey.summarising import numbered_findings, summary_sentences
from core.survey.values import RowChanged, RowState, SummaryDelta, SurveyEnded, SurveyRow
from core.workspace import Workspace
from models.cancel import CancelToken
from models.conversation import Sampling
from models.faults import Cancelled
from tests.support import speech

FINDING = {"findings": [{"text": "=1,250 due", "quote": "the total is $ 1,250", "value": "$ 1,250"}]}
OVER = "Which invoices are over 1,000?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "invoices"
    folder.mkdir()
    (folder / "one.txt").write_text("Invoice 1: the total  is $ 1,250, payable in 30 days.\n", encoding="utf-8")
    (folder / "two.txt").write_text("Invoice 2: the total is $ 980, paid.\n", encoding="utf-8")
    return folder


@contextmanager
def opened(tmp_path: Path, folder: Path, model: Path, words: object = FINDING) -> Iterator[Workspace]:
    text = words if isinstance(words, str) else json.dumps(words)
    grammar = speech.grammar(speech.answer(text))
    workspace = Workspace.open(tmp_path / "data", model=model, sampling=Sampling(grammar=grammar, seed=1))
    try:
        workspace.library.index([folder], Job())
        yield workspace
    finally:
        workspace.close()


def test_every_document_is_read_and_each_quotation_located(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        estimate = workspace.surveys.estimate()
        assert estimate.documents == 2 and estimate.expected_s > 0
        survey_id = workspace.surveys.create("What do the invoices say?", kind=SurveyKind.QUESTION)
        events = list(workspace.surveys.events(survey_id, Job()))
        rows = [event for event in events if isinstance(event, RowChanged)]
        assert [(event.row.path.name, event.rows_done) for event in rows] == [("one.txt", 1), ("two.txt", 2)]
        assert any(isinstance(event, SummaryDelta) for event in events)
        assert isinstance(events[-1], SurveyEnded)
        done = events[-1].survey
        assert done.done and done == workspace.surveys.get(survey_id)
        (entry,) = workspace.surveys.list()
        assert (entry.kind, entry.documents, entry.read, entry.done) == (SurveyKind.QUESTION, 2, 2, True)
    one, two = done.rows
    assert (one.state, two.state) == (RowState.READ, RowState.READ)
    assert one.findings[0].citation.support is Support.SUPPORTED
    assert one.findings[0].citation.quote == "the total  is $ 1,250"
    assert two.findings[0].citation.support is Support.NOT_FOUND, "that document does not contain the quotation"
    assert done.summary and summary_sentences(done) == (), "the summary cites nothing"
    assert "Read 2 of 2 documents" in coverage_statement(done)
    lines = list(csv.reader(io.StringIO(to_csv(done))))
    assert len(lines) == 3 and lines[1][1] == "'=1,250 due", "a spreadsheet must not read it as a formula"
    assert "one.txt" in to_markdown(done)


def test_the_application_checks_the_condition(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    both = [
        {"text": "1,250 is due", "quote": "the total is $ 1,250", "value": "$ 1,250"},
        {"text": "980 was paid", "quote": "the total is $ 980", "value": "$ 980"},
        {"text": "2,000 is due", "quote": "the total is $ 1,250", "value": "2,000"},
    ]
    with opened(tmp_path, folder, tiny_gpt_oss, {"findings": both}) as workspace:
        survey_id = workspace.surveys.create(OVER)
        done = workspace.surveys.run(survey_id, Job())
    assert done.kind is SurveyKind.LIST and done.done and not done.summary, "a list is its own answer"
    one, two = done.rows
    assert [finding.meets for finding in one.findings] == [True, None, None], "2,000 is not in the quotation"
    assert [finding.meets for finding in two.findings] == [None, False, None]
    assert [finding.text for _, row, finding in numbered_findings(done) if finding.meets] == ["1,250 is due"]
    assert "1 entry was left out: not over 1,000." in coverage_statement(done)
    assert "980 was paid" not in to_csv(done).splitlines()[-1]


def test_a_stopped_survey_is_resumed_where_it_was(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        survey_id = workspace.surveys.create(OVER)
        cancel = CancelToken()
        with pytest.raises(Cancelled):
            workspace.surveys.run(survey_id, Job(cancel=cancel), on_row=lambda row: cancel.cancel())
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        assert workspace.surveys.get(survey_id).coverage.read == 1
        (entry,) = workspace.surveys.list()
        assert (entry.read, entry.done) == (1, False)
        read: list[SurveyRow] = []
        done = workspace.surveys.run(survey_id, Job(), on_row=read.append)
        assert [row.path.name for row in read] == ["two.txt"] and done.coverage.read == 2
        workspace.surveys.delete(survey_id)
        assert workspace.surveys.list() == ()


def test_a_survey_pauses_for_a_question(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        survey_id = workspace.surveys.create(OVER)
        is_waiting = iter([False, True])
        events = list(workspace.surveys.events(survey_id, Job(), should_pause=lambda: next(is_waiting)))
        assert isinstance(events[-1], SurveyEnded) and not events[-1].survey.done
        assert events[-1].survey.coverage.read == 1


def test_a_long_document_is_read_in_parts_to_its_end(tmp_path: Path, tiny_gpt_oss: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    filler = "\n\n".join(f"Paragraph {n} speaks of nothing but the weather of day {n}." for n in range(500))
    (folder / "long.txt").write_text(f"{filler}\n\nthe total is $ 1,250\n", encoding="utf-8")
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        survey_id = workspace.surveys.create(OVER)
        parts: list[SurveyRow] = []
        done = workspace.surveys.run(survey_id, Job(), on_row=parts.append)
    assert len(parts) > 1 and [row.state for row in parts[:-1]] == [RowState.WAITING] * (len(parts) - 1)
    (row,) = done.rows
    assert row.chars_read == row.text_length > len(filler) and row.parts == len(parts)
    assert [f.citation.support for f in row.findings].count(Support.SUPPORTED) == 1, "only the last part contains it"


def test_an_answer_that_is_no_json_fails_the_row_until_it_is_retried(
    tmp_path: Path, folder: Path, tiny_gpt_oss: Path
) -> None:
    with opened(tmp_path, folder, tiny_gpt_oss, "I cannot say.") as workspace:
        survey_id = workspace.surveys.create(OVER)
        done = workspace.surveys.run(survey_id, Job())
        assert [row.state for row in done.rows] == [RowState.FAILED] * 2
        assert "could not be understood" in done.rows[0].reason
        assert "2 could not be read" in coverage_statement(done)
        workspace.surveys.retry_failed(survey_id)
        assert workspace.surveys.get(survey_id).rows[0].state is RowState.WAITING


def test_changes_between_two_documents_are_computed(tmp_path: Path, tiny_gpt_oss: Path) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    old, new = folder / "b-old.txt", folder / "a-new.txt"
    old.write_text("The rent is 900 euros.\n\nDogs are not allowed.\n\nThe lease ends in May.\n", encoding="utf-8")
    new.write_text("The rent is 950 euros.\n\nThe lease ends in May.\n\nSmoking is not allowed.\n", encoding="utf-8")
    os.utime(old, (1_600_000_000, 1_600_000_000))
    with opened(tmp_path, folder, tiny_gpt_oss, "The rent rose to 950 euros [1].") as workspace:
        survey_id = workspace.surveys.create("What changed between the two contracts?")
        done = workspace.surveys.run(survey_id, Job())
        assert [row.path.name for row in done.rows] == ["b-old.txt", "a-new.txt"], "by age, not by name"
        with pytest.raises(ChatFault, match="two documents; 1 are chosen"):
            workspace.surveys.create("What changed?", Scope((new,)), SurveyKind.CHANGES)
    assert done.kind is SurveyKind.CHANGES
    changed, removed, added = done.rows[1].findings
    assert changed.text == "Changed: 900 → 950" and changed.other is not None
    assert changed.other.quote == "The rent is 900 euros." and changed.citation.quote == "The rent is 950 euros."
    assert removed.text == "Removed: Dogs are not allowed." and removed.citation.path == old
    assert added.text == "Added: Smoking is not allowed."
    (sentence,) = summary_sentences(done)
    assert sentence.numbers == (1,) and sentence.support is Support.SUPPORTED


def test_a_survey_needs_a_question_and_documents(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "data")
    try:
        with pytest.raises(ChatFault, match="empty"):
            workspace.surveys.create(" ")
        with pytest.raises(ChatFault, match="no indexed document"):
            workspace.surveys.create("What?")
    finally:
        workspace.close()
