"""Texts about a survey: its state, what was not read, and the cells of its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.conversation import SurveyKind
from core.domain.documents import Citation, Support
from core.survey.run_state import SurveyRun
from core.survey.survey_texts import finding_cells, idle_text, list_entry_state, run_text, unread_documents
from core.survey.values import Finding, RowState, Survey, SurveyListEntry, SurveyRow
from models.progress import Progress

LEASE = Path("/d/lease.pdf")
CITATION = Citation(0, 1, LEASE, "Lease", 2, "Rent", 5, 20, "the rent is 420", Support.SUPPORTED)


@pytest.mark.parametrize(("value", "meets", "cell"), [("420", True, "420"), ("420", None, "420 ?"), ("", None, "")])
def test_the_cells_of_a_finding(value: str, meets: bool | None, cell: str) -> None:
    finding = Finding("420 is due", CITATION, value, meets)
    cells = finding_cells(4, SurveyRow(1, LEASE, RowState.READ), finding, "lease.pdf")
    assert cells == ("4", "lease.pdf · page 3 · Rent", "420 is due", cell, "the rent is 420", "Confirmed")


def test_documents_that_were_not_read_are_named_with_the_reason() -> None:
    rows = [
        SurveyRow(1, Path("/d/north/lease.pdf"), RowState.FAILED, "Encrypted."),
        SurveyRow(2, Path("/d/south/lease.pdf"), RowState.READ),
    ]
    assert unread_documents(rows) == ["north/lease.pdf: Encrypted."]


def test_an_entry_of_the_list_says_how_far_its_survey_is() -> None:
    entry = SurveyListEntry(1, "?", SurveyKind.LIST, 0.0, documents=8, read=2, failed=1, done=False)
    assert list_entry_state(entry) == "3 of 8 read"
    assert list_entry_state(SurveyListEntry(1, "?", SurveyKind.LIST, 0.0, 8, 7, 1, done=True)) == "Done"


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (SurveyRun(1), "Waiting for the model…"),
        (SurveyRun(1, loading=Progress(1, 2, "bytes")), "The model is being loaded"),
        (SurveyRun(1, 2, 8, "c.txt"), "Reading document 3 of 8 · c.txt · 5 minutes left"),
        (SurveyRun(1, 8, 8), "Everything is read; the answer is being written."),
        (SurveyRun(1, 2, 8, paused=True), "A question is answered first; the survey goes on after it."),
        (SurveyRun(1, 2, 8, paused=True, stopping=True), "Stopping after the part that is being read…"),
    ],
)
def test_a_run_says_what_it_is_doing(run: SurveyRun, text: str) -> None:
    assert run_text(run, "5 minutes left") == text


def test_a_survey_that_does_not_run_says_why_unless_it_is_done() -> None:
    unfinished, done = Survey(1, "?", 0.0, "", ()), Survey(1, "?", 0.0, "", (), done=True)
    assert idle_text(unfinished, another_runs=False) == "Stopped. What was read is kept."
    assert idle_text(unfinished, another_runs=True).startswith("Another survey is being read now")
    assert idle_text(done, another_runs=True) == ""
