"""Surveys in SQLite: each row is stored as soon as its document has been read, so that a stopped survey goes on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.store.database import Database
from core.survey.values import Finding, Row, RowState, Survey
from core.values import Citation, Document, Support


class SurveyStore:
    """Called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, question: str, documents: Sequence[Document]) -> int:
        """A survey's id; a row waits for each of `documents`."""
        with self._database.write(durable=True) as connection:
            cursor = connection.execute(
                "INSERT INTO surveys (question, created_s) VALUES (?, ?)", (question, time.time())
            )
            survey_id = int(cursor.lastrowid or 0)
            connection.executemany(
                "INSERT INTO survey_rows (survey_id, ordinal, document_id, path) VALUES (?, ?, ?, ?)",
                ((survey_id, n, document.id, os.fsencode(document.path)) for n, document in enumerate(documents)),
            )
        return survey_id

    def list(self) -> tuple[tuple[int, str, float], ...]:
        """Id, question and time of every survey, the latest first."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT id, question, created_s FROM surveys ORDER BY id DESC").fetchall()
        return tuple((row[0], row[1], row[2]) for row in rows)

    def get(self, survey_id: int) -> Survey:
        """Raises KeyError if there is none of that id."""
        with self._database.read() as connection:
            head = connection.execute(
                "SELECT question, created_s, summary FROM surveys WHERE id = ?", (survey_id,)
            ).fetchone()
            rows = connection.execute(
                "SELECT document_id, path, state, reason, findings FROM survey_rows "
                "WHERE survey_id = ? ORDER BY ordinal",
                (survey_id,),
            ).fetchall()
        if head is None:
            raise KeyError(survey_id)
        return Survey(survey_id, head[0], head[1], head[2], tuple(_row(*row) for row in rows))

    def save_row(self, survey_id: int, row: Row) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute(
                "UPDATE survey_rows SET state = ?, reason = ?, findings = ? WHERE survey_id = ? AND path = ?",
                (row.state.value, row.reason, _findings(row), survey_id, os.fsencode(row.path)),
            )

    def save_summary(self, survey_id: int, summary: str) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute("UPDATE surveys SET summary = ? WHERE id = ?", (summary, survey_id))

    def retry_failed(self, survey_id: int) -> None:
        """Let failed rows be read again."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                "UPDATE survey_rows SET state = 'waiting', reason = '' WHERE survey_id = ? AND state = 'failed'",
                (survey_id,),
            )
            connection.execute("UPDATE surveys SET summary = '' WHERE id = ?", (survey_id,))

    def delete(self, survey_id: int) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute("DELETE FROM surveys WHERE id = ?", (survey_id,))


def _row(document_id: int | None, path: bytes, state: str, reason: str, findings: str) -> Row:
    return Row(
        document_id, Path(os.fsdecode(path)), RowState(state), reason, tuple(map(_finding, json.loads(findings)))
    )


def _findings(row: Row) -> str:
    return json.dumps(
        [{"text": f.text, "citation": asdict(f.citation) | {"path": str(f.citation.path)}} for f in row.findings],
        ensure_ascii=False,
    )


def _finding(stored: dict[str, Any]) -> Finding:
    citation = stored["citation"]
    place = Citation(**citation | {"path": Path(citation["path"]), "support": Support(citation["support"])})
    return Finding(stored["text"], place)
