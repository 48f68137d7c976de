"""The values of a survey: its rows, one a document, what was found in each, and what happens while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.domain.conversation import SurveyKind
from core.domain.documents import Citation
from core.survey.condition import Condition
from models.conversation import Effort


class RowState(StrEnum):
    """WAITING to be read (to its end), READ (with findings or none), or FAILED with a reason."""

    WAITING = "waiting"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a document says to the question, in the model's words, and the checked place it rests on.

    `value` is the number that the question's condition is about, as the document writes it, and `meets` whether it
    meets the condition: None where there is no condition, or no number that stands in the quotation. `other` is the
    place in the other document, for what differs between two.
    """

    text: str
    citation: Citation
    value: str = ""
    meets: bool | None = None
    other: Citation | None = None


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A document of a survey. `document_id` is None once it has left the library. It is read in parts: `place` is how
    far, in characters of `length`; of `parts` so far, `failed_parts` could not be understood, for `reason`."""

    document_id: int | None
    path: Path
    state: RowState
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    chars_read: int = 0
    text_length: int = 0
    parts: int = 0
    failed_parts: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """A question put to every document of a selection. `summary` is empty until all rows have been read, and for kinds
    that need none; `summary_cut` says that it ended at its longest length. `done`: nothing is left to do."""

    id: int
    question: str
    created_s: float
    summary: str
    rows: tuple[SurveyRow, ...]
    kind: SurveyKind = SurveyKind.QUESTION
    effort: Effort = Effort.LOW
    condition: Condition | None = None
    done: bool = False
    summary_cut: bool = False

    @property
    def coverage(self) -> Coverage:
        return _coverage(self.rows)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the selection was read: the statement that goes with every answer about everything. `partly` are
    documents of which a part could not be understood; `findings` are those that meet the condition, or may; `left_out`
    those that do not."""

    documents: int
    read: int
    with_findings: int
    failed: int
    partly_read: int = 0
    findings: int = 0
    excluded_findings: int = 0


@dataclass(frozen=True, slots=True)
class SurveyListEntry:
    """A line of the list of surveys."""

    id: int
    question: str
    kind: SurveyKind
    created_s: float
    documents: int
    read: int
    failed: int
    done: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a survey would take: `text_chars` of `documents`, about `expected_s` seconds; `measured` is False while this
    machine's speed is a guess."""

    documents: int
    text_chars: int
    expected_s: float
    measured: bool


@dataclass(frozen=True, slots=True)
class RowChanged:
    """Event: a part of a document was read, or its last; `row` is as stored. `rows_done` of `rows` are finished;
    `left_s` is None until one has been."""

    row: SurveyRow
    rows_done: int
    row_count: int
    left_s: float | None


@dataclass(frozen=True, slots=True)
class SummaryDelta:
    """Event: a piece of the summary as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class SurveyEnded:
    """Event, always the last: the survey as stored, `survey.done` or not (it gave way, and can be run again)."""

    survey: Survey


SurveyEvent = RowChanged | SummaryDelta | SurveyEnded


def _coverage(rows: Sequence[SurveyRow]) -> Coverage:
    kept = [sum(finding.meets is not False for finding in row.findings) for row in rows]
    return Coverage(
        documents=len(rows),
        read=sum(row.state is RowState.READ for row in rows),
        with_findings=sum(bool(number) for number in kept),
        failed=sum(row.state is RowState.FAILED for row in rows),
        partly_read=sum(row.state is RowState.READ and row.failed_parts > 0 for row in rows),
        findings=sum(kept),
        excluded_findings=sum(finding.meets is False for row in rows for finding in row.findings),
    )
