"""The values of a survey: its rows, one for each document, their findings, and the events of a run."""

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
    """WAITING until the document has been read to its end, then READ, or FAILED with a reason."""

    WAITING = "waiting"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a document says about the question: `text` in the model's words, and the passage it cites.

    `value` is the number that the survey's condition is about, as the document writes it. `meets` says whether it meets
    the condition; None if there is no condition or the quotation does not contain the number. `other` cites the other
    document, for a change between two.
    """

    text: str
    citation: Citation
    value: str = ""
    meets: bool | None = None
    other: Citation | None = None


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A document of a survey. `document_id` is None once it has left the library. `chars_read` of the `text_length`
    characters have been read, in `parts`; the answers about `failed_parts` of them could not be parsed. `reason` tells
    the person what failed."""

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
    that have none; `summary_cut` says that its end is missing. `done`: nothing is left to read or to write."""

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
        """How much has been read so far."""
        return _coverage(self.rows)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the selection was read. `partly_read` documents have parts about which the answer could not be
    parsed. `findings` meet the condition or could not be checked, `excluded_findings` do not meet it."""

    documents: int
    read: int
    with_findings: int
    failed: int
    partly_read: int = 0
    findings: int = 0
    excluded_findings: int = 0


@dataclass(frozen=True, slots=True)
class SurveyListEntry:
    """A survey in the list of surveys. `read` and `failed` count its documents."""

    id: int
    question: str
    kind: SurveyKind
    created_s: float
    documents: int
    read: int
    failed: int
    done: bool


@dataclass(frozen=True, slots=True)
class SurveyEstimate:
    """How long a survey would take. `measured` is False while the model's speed on this machine is only assumed."""

    documents: int
    text_chars: int
    expected_s: float
    measured: bool


@dataclass(frozen=True, slots=True)
class RowChanged:
    """Event: a part of a document was read, and `row` stored. `rows_done` of `row_count` rows are finished; `left_s` is
    None until one has been."""

    row: SurveyRow
    rows_done: int
    row_count: int
    left_s: float | None


@dataclass(frozen=True, slots=True)
class SummaryDelta:
    """Event: the next piece of the summary while it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class SurveyEnded:
    """Event, always the last: the survey as stored. If it is not done, it was paused and can be run again."""

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
