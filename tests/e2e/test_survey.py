"""Questions about everything, on real parts: every document is read, quotations are looked up, work is resumed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from core.faults import ChatFault
from core.jobs import Job
from core.survey.export import coverage_statement, to_csv, to_markdown
from core.survey.values import Row, RowState
from core.values import Support
from core.workspace import Workspace
from models.cancel import CancelToken
from models.conversation import Sampling
from models.faults import Cancelled
from tests.support import speech

FINDING = {"findings": [{"text": "=1,250 due", "quote": "the total is $ 1,250"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "invoices"
    folder.mkdir()
    (folder / "one.txt").write_text("Invoice 1: the total  is $ 1,250, payable in 30 days.\n", encoding="utf-8")
    (folder / "two.txt").write_text("Invoice 2: the total is $ 980, paid.\n", encoding="utf-8")
    return folder


def opened(tmp_path: Path, folder: Path, model: Path) -> Workspace:
    words = speech.grammar(speech.answer(json.dumps(FINDING)))
    workspace = Workspace.open(tmp_path / "data", model=model, sampling=Sampling(grammar=words, seed=1))
    workspace.library.index([folder], Job())
    return workspace


def test_every_document_is_read_and_each_quotation_checked(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    workspace = opened(tmp_path, folder, tiny_gpt_oss)
    try:
        done = workspace.surveys.run(workspace.surveys.create("Which invoices are over 1,000?"), Job())
    finally:
        workspace.close()
    one, two = done.rows
    assert (one.state, two.state) == (RowState.READ, RowState.READ)
    assert one.findings[0].citation.support is Support.SUPPORTED
    assert one.findings[0].citation.quote == "the total  is $ 1,250"
    assert two.findings[0].citation.support is Support.NOT_FOUND, "that document has no such words"
    assert done.summary
    assert "Read 2 of 2 documents" in coverage_statement(done)
    lines = list(csv.reader(io.StringIO(to_csv(done))))
    assert len(lines) == 3 and lines[1][1] == "'=1,250 due", "a spreadsheet must not take it for a formula"
    assert "one.txt" in to_markdown(done)


def test_a_stopped_survey_goes_on_where_it_was(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    workspace = opened(tmp_path, folder, tiny_gpt_oss)
    try:
        survey_id = workspace.surveys.create("Which invoices are over 1,000?")
        cancel = CancelToken()
        with pytest.raises(Cancelled):
            workspace.surveys.run(survey_id, Job(cancel=cancel), on_row=lambda row: cancel.cancel())
    finally:
        workspace.close()
    workspace = opened(tmp_path, folder, tiny_gpt_oss)
    try:
        assert workspace.surveys.store.get(survey_id).coverage.read == 1
        read: list[Row] = []
        done = workspace.surveys.run(survey_id, Job(), on_row=read.append)
        assert [row.path.name for row in read] == ["two.txt"] and done.coverage.read == 2
    finally:
        workspace.close()


def test_a_survey_needs_a_question_and_documents(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "data")
    try:
        with pytest.raises(ChatFault, match="empty"):
            workspace.surveys.create(" ")
        with pytest.raises(ChatFault, match="no indexed document"):
            workspace.surveys.create("What?")
    finally:
        workspace.close()
