"""Stores what was read of a document: text, passages, keywords.

All of it is one transaction where it is short. A document of many passages takes several, in the order of
core.store.documents.passage_changes; it stays queued until the last one, so that an interrupted run stores it again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from sqlite3 import Connection

from core.domain.sheet_cells import SheetRows
from core.store.database import Database
from core.store.documents import sheet_rows
from core.store.documents.damage import from_the_rest
from core.store.documents.ocr_cache import forget_pages
from core.store.documents.parse_crash_log import end_parsing
from core.store.documents.passage_changes import (
    STEP_PASSAGES,
    NewPassage,
    Step,
    StoredState,
    context_steps,
    forget_rewriting,
    insertion_steps,
    keyword_rows,
    passage_changes,
    placing_step,
    removal_steps,
    state_of,
    stored_state,
    trust_terms,
)
from core.store.documents.stored_pages import StoredPages
from core.store.documents.texts import drop_text, pieces_of, put_text
from core.store.file_rewriting import mark_for_rewriting
from core.store.keywords import index as keyword_index


@dataclass(frozen=True, slots=True)
class FileStat:
    """Identifies the state of a file: size, time of change, when it was checked, and a hash of its bytes (empty if it
    could not be read). Times in nanoseconds since the epoch."""

    size_bytes: int
    modified_ns: int
    checked_ns: int
    content_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class NewContent:
    """What was read from a file. `pages` say which text was read from pictures by OCR, in the languages
    `recognised_in`; `unread_pictures` counts pages waiting for OCR; `rows` are lines that are rows of sheets."""

    file: FileStat
    text: str
    title: str
    context: str
    format: str
    passages: tuple[NewPassage, ...]
    pages: StoredPages = StoredPages()
    warnings: tuple[str, ...] = ()
    recognised_in: str = ""
    unread_pictures: int = 0
    rows: tuple[SheetRows, ...] = ()


class ContentStore:
    """Writes documents' contents, one after another. Any thread. `put` and `skip` end the parse of their document in
    the crash log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()

    def put(self, document_id: int, content: NewContent) -> bool:
        """Store `content`; unchanged passages keep their ids and so their vectors. False if the document left the
        library meanwhile."""
        with self._turn:
            steps = self._steps(document_id, lambda c, stored: _storing(c, document_id, stored, content))
            return steps is not None and self._carry_out(document_id, steps)

    def skip(
        self,
        document_id: int,
        file: FileStat,
        reason: str,
        *,
        format: str = "",
        problem: str = "",
        unread_pictures: int = 0,
        recognised_in: str = "",
    ) -> bool:
        """Record why the document cannot be read, as a sentence (`reason`) and as a word for programs (`problem`), and
        drop what was stored of it. `unread_pictures` and `recognised_in` as in `NewContent`. False if it left the
        library."""
        columns = _NOTHING_READ | {
            "reason": reason,
            "format": format,
            "problem": problem,
            "pictures": unread_pictures,
            "recognised_in": recognised_in,
        }

        def settle(connection: Connection) -> None:
            _drop_text(connection, document_id)
            end_parsing(connection, document_id)
            forget_pages(connection, document_id)
            _update(connection, document_id, columns | _file_columns(file))

        with self._turn:
            steps = self._steps(document_id, lambda c, stored: removal_steps(c, document_id, stored, stored.passages))
            return steps is not None and self._carry_out(document_id, [*steps, Step(1, settle)])

    def give_up_on_pictures(self, document_id: int) -> None:
        """Stop waiting for the OCR of its pictures; what is stored stays."""
        with self._database.write() as connection:
            _update(connection, document_id, {"pictures": 0})
            forget_pages(connection, document_id)

    def delete(self, document_id: int, folder_id: int) -> None:
        """Delete the document and every trace of it, if it still belongs to this folder."""

        def forget(connection: Connection) -> None:
            _drop_text(connection, document_id)
            connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
            mark_for_rewriting(connection)

        def removal() -> list[Step] | None:
            with self._database.read() as connection:
                row = connection.execute(
                    "SELECT context FROM documents WHERE id = ? AND folder_id = ?", (document_id, folder_id)
                ).fetchone()
                if row is None:
                    return None
                stored = state_of(connection, document_id, row[0])
                return list(removal_steps(connection, document_id, stored, stored.passages))

        with self._turn:
            steps = from_the_rest(self._database, removal)
            if steps is None:
                return
            for transaction in _transactions([*steps, Step(1, forget)]):
                with self._database.write() as connection:
                    for step in transaction:
                        step.apply(connection)

    def move(self, document_id: int, folder_id: int, path: bytes, title: str, context: str, file: FileStat) -> None:
        """Record that the file is now at `path`, with the same content: only what depends on its name changes."""
        columns: _Columns = {"folder_id": folder_id, "path": path, "title": title, "context": context}
        columns |= _file_columns(file)
        with self._turn:
            steps = self._steps(
                document_id, lambda c, stored: context_steps(c, document_id, stored, stored.passages, context)
            )
            if steps is not None:
                steps.append(Step(1, lambda connection: _update(connection, document_id, columns)))
                self._carry_out(document_id, steps)

    def _steps(self, document_id: int, plan: Callable[[Connection, StoredState], Iterable[Step]]) -> list[Step] | None:
        """The steps that `plan` makes of what is stored; None if the document is not in the library."""

        def planned() -> list[Step] | None:
            with self._database.read() as connection:
                stored = stored_state(connection, document_id)
                return None if stored is None else list(plan(connection, stored))

        return from_the_rest(self._database, planned)

    def _carry_out(self, document_id: int, steps: Iterable[Step]) -> bool:
        """False if the document left the library meanwhile: what is stored by then goes with its folder."""
        for transaction in _transactions(steps):
            with self._database.write() as connection:
                if not _is_in_library(connection, document_id):
                    return False
                for step in transaction:
                    step.apply(connection)
        return True


def _transactions(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Group `steps` into transactions of about `STEP_PASSAGES` passages at most."""
    group: list[Step] = []
    weight = 0
    for step in steps:
        if group and weight + step.weight > STEP_PASSAGES:
            yield group
            group, weight = [], 0
        group.append(step)
        weight += step.weight
    if group:
        yield group


def _storing(connection: Connection, document_id: int, stored: StoredState, content: NewContent) -> Iterator[Step]:
    """The steps that store `content` in place of what is `stored`."""
    changes = passage_changes(stored.passages, content.passages, content.text)
    kept = [old for old, _ in changes.kept]
    yield from removal_steps(connection, document_id, stored, changes.gone)
    yield from context_steps(connection, document_id, stored, kept, content.context)
    yield _text_step(document_id, content, placing_step(changes, content.passages))
    yield from insertion_steps(document_id, changes, content.passages, content.context)

    def settle(connection: Connection) -> None:
        end_parsing(connection, document_id)
        forget_pages(connection, document_id)
        _update(connection, document_id, _content_columns(content) | _file_columns(content.file))

    yield Step(1, settle)


def _text_step(document_id: int, content: NewContent, placing: Step) -> Step:
    """Exchange the text and what refers to it. The document is queued until all of its passages are stored."""
    pieces = pieces_of(content.text)

    def exchange(connection: Connection) -> None:
        placing.apply(connection)
        put_text(connection, document_id, pieces)
        sheet_rows.put(connection, document_id, content.rows)
        _update(connection, document_id, _text_columns(content) | {"pending": 1, "content_hash": None})
        connection.execute("UPDATE documents SET state = 'waiting' WHERE id = ? AND state = 'skipped'", (document_id,))

    return Step(placing.weight + len(pieces) + len(content.rows) // 20, exchange)


def _is_in_library(connection: Connection, document_id: int) -> bool:
    row = connection.execute(
        "SELECT 1 FROM documents d JOIN folders f ON f.id = d.folder_id WHERE d.id = ? AND f.removed_s IS NULL",
        (document_id,),
    ).fetchone()
    return row is not None


_Columns = dict[str, str | bytes | int | None]
"""Columns of the table `documents` by name."""
_SETTLED: _Columns = {"pending": 0, "attempts": 0}
_NOTHING_READ: _Columns = _SETTLED | {
    "state": "skipped",
    "recognised": 0,
    "text_length": 0,
    "pages": "",
    "page_count": None,
    "warnings": "",
    "passage_count": 0,
    "context": "",
}


def _update(connection: Connection, document_id: int, columns: _Columns) -> None:
    """Set these columns of a document's row. Their names are ours, never text from outside."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(f"UPDATE documents SET {assignments} WHERE id = :id", columns | {"id": document_id})


def _file_columns(file: FileStat) -> _Columns:
    return {
        "size_bytes": file.size_bytes,
        "modified_ns": file.modified_ns,
        "checked_ns": file.checked_ns,
        "content_hash": file.content_hash or None,
    }


def _content_columns(content: NewContent) -> _Columns:
    settled: _Columns = {
        "state": "indexed",
        "reason": "",
        "problem": "",
        "pictures": content.unread_pictures,
        "recognised_in": content.recognised_in,
        "context": content.context,
    }
    return _SETTLED | settled | _text_columns(content)


def _text_columns(content: NewContent) -> _Columns:
    """What describes the stored text, and is exchanged with it."""
    return {
        "recognised": content.pages.pictures,
        "title": content.title,
        "format": content.format,
        "text_length": len(content.text),
        "pages": content.pages.stored,
        "page_count": len(content.pages.starts) or None,
        "warnings": json.dumps(content.warnings) if content.warnings else "",
        "passage_count": len(content.passages),
    }


def _drop_text(connection: Connection, document_id: int) -> None:
    """Drop what is left of a document whose passages have been deleted."""
    drop_text(connection, document_id)
    sheet_rows.drop(connection, document_id)
    forget_rewriting(connection, document_id)


def rebuild_keywords(connection: Connection, document_id: int, first: int = 0, limit: int = 2**31) -> tuple[int, bool]:
    """Add keyword rows of the document's passages from the `first` on, at most `limit`, to an index that has none of
    them. Return how many were added, and whether these were the last."""
    keyword_index.note_change(connection)
    forget_rewriting(connection, document_id)
    trust_terms(connection, document_id)
    row = connection.execute("SELECT context FROM documents WHERE id = ?", (document_id,)).fetchone()
    state = state_of(connection, document_id, row[0])
    passages = state.passages[first : first + limit]
    keyword_index.add(connection, keyword_rows(connection, document_id, state, passages))
    return len(passages), first + limit >= len(state.passages)
