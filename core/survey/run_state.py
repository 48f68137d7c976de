"""The state of a running survey, and of the survey it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.survey.values import RowChanged, Survey
from models.progress import Progress


@dataclass(frozen=True, slots=True)
class SurveyRun:
    """How far a run is: `done` of `total` documents, now reading `name`. `loading` is the model's progress while it is
    loaded. `paused` while a question is answered, `stopping` once the person has stopped it."""

    survey_id: int
    done: int = 0
    total: int = 0
    name: str = ""
    seconds_left: float | None = None
    loading: Progress | None = None
    paused: bool = False
    stopping: bool = False

    def after_row(self, changed: RowChanged) -> SurveyRun:
        """The run after a part of a document was read."""
        return replace(self, done=changed.rows_done, total=changed.row_count, seconds_left=changed.left_s)

    def with_progress(self, progress: Progress) -> SurveyRun:
        """The run after a report in files, while documents are read, or in bytes, while the model is loaded."""
        if progress.unit != "files":
            return replace(self, loading=progress)
        return replace(
            self,
            done=progress.done,
            total=progress.total,
            name=progress.detail,
            seconds_left=progress.seconds_left,
            loading=None,
        )


def with_changed_rows(survey: Survey, changed: Iterable[RowChanged]) -> Survey:
    """Return the survey with the rows of these events, later ones replacing earlier ones."""
    newest = {one.row.path: one.row for one in changed}
    return replace(survey, rows=tuple(newest.get(row.path, row) for row in survey.rows))
