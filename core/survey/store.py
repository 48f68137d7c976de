"""Surveys in SQLite. A row is stored after each part of its document, so that a stopped survey can be resumed there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.domain.conversation import SurveyKind
from core.domain.documents import Citation
from core.i18n import tr
from core.store.conversations.message_json import citations_of, citations_to_json
from core.store.conversations.stored_json import to_json
from core.store.database import Database
from core.store.file_rewriting import mark_for_rewriting
from core.survey.condition import read_condition
from core.survey.values import Finding, RowState, Survey, SurveyListEntry, SurveyRow
from models.conversation import Effort

_ROW_COLUMNS = "document_id, path, state, reason, findings, place, length, parts, failed_parts"


class SurveyStore:
    """Stores surveys. May be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        question: str,
        documents: Sequence[tuple[int, Path]],
        kind: SurveyKind = SurveyKind.QUESTION,
        effort: Effort = Effort.LOW,
    ) -> int:
        """Store a new survey with a waiting row for each of `documents` (id and path); return its id."""
        settings = to_json({"kind": kind, "effort": effort})
        with self._database.write(durable=True) as connection:
            cursor = connection.execute(
                "INSERT INTO surveys (question, created_s, settings) VALUES (?, ?, ?)",
                (question, time.time(), settings),
            )
            survey_id = int(cursor.lastrowid or 0)
            connection.executemany(
                "INSERT INTO survey_rows (survey_id, ordinal, document_id, path) VALUES (?, ?, ?, ?)",
                ((survey_id, n, document_id, os.fsencode(path)) for n, (document_id, path) in enumerate(documents)),
            )
        return survey_id

    def list(self) -> tuple[SurveyListEntry, ...]:
        """List every survey, latest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT s.id, s.question, s.settings, s.created_s, COUNT(r.ordinal), "
                "COALESCE(SUM(r.state = 'read'), 0), COALESCE(SUM(r.state = 'failed'), 0) "
                "FROM surveys s LEFT JOIN survey_rows r ON r.survey_id = s.id GROUP BY s.id ORDER BY s.id DESC"
            ).fetchall()
        return tuple(_list_entry(*row) for row in rows)

    def get(self, survey_id: int) -> Survey:
        """Return a survey. Raises KeyError if there is none with this id."""
        with self._database.read() as connection:
            head = connection.execute(
                "SELECT question, created_s, summary, settings FROM surveys WHERE id = ?", (survey_id,)
            ).fetchone()
            rows = connection.execute(
                f"SELECT {_ROW_COLUMNS} FROM survey_rows WHERE survey_id = ? ORDER BY ordinal", (survey_id,)
            ).fetchall()
        if head is None:
            raise KeyError(survey_id)
        question, created_s, summary, settings_text = head
        settings = _settings(settings_text)
        return Survey(
            id=survey_id,
            question=question,
            created_s=created_s,
            summary=summary,
            rows=tuple(_row(*row) for row in rows),
            kind=SurveyKind(settings.get("kind", SurveyKind.QUESTION)),
            effort=Effort(settings.get("effort", Effort.LOW)),
            condition=read_condition(question),
            done=bool(settings.get("done", bool(summary))),
            summary_cut=bool(settings.get("cut", False)),
        )

    def save_row(self, survey_id: int, row: SurveyRow) -> None:
        """Replace the row of the same path."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                "UPDATE survey_rows SET state = ?, reason = ?, findings = ?, place = ?, length = ?, parts = ?, "
                "failed_parts = ? WHERE survey_id = ? AND path = ?",
                (
                    row.state.value, row.reason, _findings_to_json(row), row.chars_read, row.text_length, row.parts,
                    row.failed_parts, survey_id, os.fsencode(row.path),
                ),
            )  # fmt: skip

    def finish(self, survey_id: int, summary: str, *, cut: bool = False) -> None:
        """Mark a survey as done. `summary` is empty for kinds that have none; `cut` says that its end is missing."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                "UPDATE surveys SET summary = ?, "
                "settings = json_set(settings, '$.done', json('true'), '$.cut', json(?)) WHERE id = ?",
                (summary, "true" if cut else "false", survey_id),
            )

    def retry_failed(self, survey_id: int) -> None:
        """Reset the rows that failed, in whole or in part, so that they are read again from the start."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                "UPDATE survey_rows SET state = 'waiting', reason = '', findings = '[]', place = 0, parts = 0, "
                "failed_parts = 0 WHERE survey_id = ? AND (state = 'failed' OR failed_parts > 0)",
                (survey_id,),
            )
            connection.execute(
                "UPDATE surveys SET summary = '', settings = json_remove(settings, '$.done') WHERE id = ?",
                (survey_id,),
            )

    def delete(self, survey_id: int) -> None:
        """Delete the survey and the backups that hold it; its bytes leave the database when that is closed."""
        self._database.delete_backups()  # first: after an interruption nobody would know that they hold it
        with self._database.write(durable=True) as connection:
            connection.execute("DELETE FROM surveys WHERE id = ?", (survey_id,))
            mark_for_rewriting(connection)
        self._database.checkpoint()


def _list_entry(
    survey_id: int, question: str, settings_text: str, created_s: float, documents: int, read: int, failed: int
) -> SurveyListEntry:
    settings = _settings(settings_text)
    kind = SurveyKind(settings.get("kind", SurveyKind.QUESTION))
    done = bool(settings.get("done", False)) and read + failed == documents
    return SurveyListEntry(survey_id, question, kind, created_s, documents, read, failed, done)


def _settings(text: str) -> dict[str, Any]:
    """The settings of a survey; the default ones if they are damaged."""
    try:
        settings: dict[str, Any] = json.loads(text)
        SurveyKind(settings.get("kind", SurveyKind.QUESTION))
        Effort(settings.get("effort", Effort.LOW))
    except (ValueError, TypeError, AttributeError):
        return {}
    return settings


def _row(document_id: int | None, path: bytes, state: str, reason: str, findings: str, *progress: int) -> SurveyRow:
    try:
        parsed = tuple(map(_finding_from_json, json.loads(findings)))
        return SurveyRow(document_id, Path(os.fsdecode(path)), RowState(state), reason, parsed, *progress)
    except (ValueError, KeyError, TypeError, AttributeError):
        damaged = tr("What was found was damaged on the disk: read this document again.")
        return SurveyRow(document_id, Path(os.fsdecode(path)), RowState.FAILED, damaged)


def _findings_to_json(row: SurveyRow) -> str:
    return to_json(
        [
            asdict(finding)
            | {"citation": _citation_to_json(finding.citation), "other": _citation_to_json(finding.other)}
            for finding in row.findings
        ]
    )


def _citation_to_json(citation: Citation | None) -> dict[str, Any] | None:
    return citations_to_json([citation])[0] if citation else None


def _finding_from_json(stored: dict[str, Any]) -> Finding:
    (citation,) = citations_of([stored["citation"]])
    other = stored.get("other")
    return Finding(**stored | {"citation": citation, "other": citations_of([other])[0] if other else None})
