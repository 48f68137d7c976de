"""The state of a running survey, after what it read and after reports of progress."""

from __future__ import annotations

from pathlib import Path

from core.survey.run_state import SurveyRun, with_changed_rows
from core.survey.values import RowChanged, RowState, Survey, SurveyRow
from models.progress import Progress


def row(name: str, state: RowState = RowState.WAITING, parts: int = 0) -> SurveyRow:
    return SurveyRow(1, Path("/d") / name, state, parts=parts)


def test_a_run_counts_documents_and_shows_the_model_while_it_is_loaded() -> None:
    loading = Progress(10, 100, "bytes")
    run = SurveyRun(7).with_progress(loading)
    assert run == SurveyRun(7, loading=loading)
    run = run.with_progress(Progress(1, 4, "files", "b.txt", 30.0))
    assert run == SurveyRun(7, done=1, total=4, name="b.txt", seconds_left=30.0)
    assert run.after_row(RowChanged(row("b.txt", RowState.READ), 2, 4, 20.0)) == SurveyRun(7, 2, 4, "b.txt", 20.0)


def test_changed_rows_replace_those_of_the_same_document_the_last_one_counts() -> None:
    survey = Survey(1, "?", 0.0, "", (row("a"), row("b"), row("c")))
    changes = [RowChanged(row("b", parts=1), 0, 3, None), RowChanged(row("b", RowState.READ, 2), 1, 3, None)]
    assert with_changed_rows(survey, changes).rows == (row("a"), row("b", RowState.READ, 2), row("c"))
