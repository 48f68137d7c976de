"""The values of a survey: its rows, one a document, and what was found in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.values import Citation


class RowState(StrEnum):
    """WAITING to be read, READ (with findings or none), or FAILED with a reason."""

    WAITING = "waiting"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a document says to the question, in the model's words, and the checked place it rests on."""

    text: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Row:
    """A document of a survey. `document_id` is None once it has left the library."""

    document_id: int | None
    path: Path
    state: RowState
    reason: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """A question put to every document of a selection. `summary` is empty until all rows have been read."""

    id: int
    question: str
    created_s: float
    summary: str
    rows: tuple[Row, ...]

    @property
    def coverage(self) -> Coverage:
        return coverage(self.rows)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the selection was read: the statement that goes with every answer about everything."""

    documents: int
    read: int
    with_findings: int
    failed: int


def coverage(rows: Sequence[Row]) -> Coverage:
    return Coverage(
        documents=len(rows),
        read=sum(row.state is RowState.READ for row in rows),
        with_findings=sum(bool(row.findings) for row in rows),
        failed=sum(row.state is RowState.FAILED for row in rows),
    )
