"""The keyword index: SQLite's FTS5 over terms that are already analysed, separated by spaces.

It keeps no copy of what it indexes. A row is therefore deleted by giving its terms once more, exactly as they were;
they are made again from the stored text, and the whole index is made anew when the analysis itself has changed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from core.store import key_values
from core.text import tokenizer

LAYOUT = 2
"""Of the rows: a section's terms stand with those of the text, so that one column tells how many passages hold one."""
VERSION = f"{LAYOUT}/{getattr(tokenizer, 'VERSION', 0)}/{unicodedata.unidata_version}"
WEIGHTS = (1.0, 1.0, 1.0)
MERGE_PAGES = 200
RENEWED_KEY = "keywords_renewed_through"
CHANGES_KEY = "keywords_changes"


@dataclass(frozen=True, slots=True)
class KeywordRow:
    """The terms of one passage: of its document (name, title, beginning), its section, its text."""

    chunk_id: int
    context: str
    section: str
    body: str

    @property
    def stored(self) -> tuple[int, str, str]:
        return self.chunk_id, self.context, f"{self.section} {self.body}"


def search_terms(text: str) -> str:
    """`text` as the index stores it."""
    return " ".join(tokenizer.terms(text))


def add(connection: Connection, rows: Iterable[KeywordRow]) -> None:
    connection.executemany(
        "INSERT INTO keywords (rowid, context, section, body) VALUES (?, ?, '', ?)", (row.stored for row in rows)
    )


def index_state(connection: Connection) -> tuple[int, int]:
    """How often the index changed otherwise than by rows with higher ids than all before, and the highest id. Where
    the first is the same, the rows up to the lower of two second ones are the same."""
    (through,) = connection.execute("SELECT IFNULL(MAX(id), 0) FROM chunks").fetchone()
    return int(key_values.value_of(connection, CHANGES_KEY) or 0), through


def count_change(connection: Connection) -> None:
    """Note, in the same transaction, that rows are added that do not have the highest ids, or that rows go."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1",
        (CHANGES_KEY,),
    )


def remove(connection: Connection, rows: Iterable[KeywordRow]) -> None:
    """Delete rows that were added with exactly these terms."""
    count_change(connection)
    connection.executemany(
        "INSERT INTO keywords (keywords, rowid, context, section, body) VALUES ('delete', ?, ?, '', ?)",
        (row.stored for row in rows),
    )


def clear(connection: Connection) -> None:
    count_change(connection)
    connection.execute("INSERT INTO keywords (keywords) VALUES ('delete-all')")


def covers(connection: Connection, document_id: int) -> bool:
    """Whether the index holds this document's passages; while it is made anew, those come later that have not yet."""
    through = key_values.value_of(connection, RENEWED_KEY)
    return through is None or document_id <= int(through)


def any_of(terms: Iterable[str]) -> str:
    """The expression that matches passages with at least one of `terms`; "" for none."""
    return " OR ".join(f'"{term}"' for term in dict.fromkeys(terms) if '"' not in term)


def search(
    connection: Connection,
    expression: str,
    limit: int,
    *,
    documents: Collection[int] | None = None,
    weights: Sequence[float] = WEIGHTS,
) -> list[tuple[int, float]]:
    """The best passages for an FTS5 `expression` over terms: (chunk id, BM25 score), a higher score is better.

    `weights` are those of context, section and body. `documents` limits the search to these ids.
    """
    if not expression:
        return []
    among = ""
    if documents is not None:
        ids = ",".join(str(int(i)) for i in documents)
        among = f"AND rowid IN (SELECT id FROM chunks WHERE document_id IN ({ids}))"
    rank = f"bm25({', '.join(str(float(weight)) for weight in weights)})"
    rows = connection.execute(
        f"SELECT rowid, -rank FROM keywords WHERE keywords MATCH ? AND rank MATCH '{rank}' {among} "
        "ORDER BY rank LIMIT ?",
        (expression, limit),
    )
    return rows.fetchall()


def merge_step(connection: Connection) -> bool:
    """Rewrite a part of the index so that deleted terms leave the disk; True while there is more to do.

    To be a transaction of its own: what is deleted in the same one is not yet in the index.
    """
    before = connection.total_changes
    connection.execute(f"INSERT INTO keywords (keywords, rank) VALUES ('merge', -{MERGE_PAGES})")
    return connection.total_changes - before >= 2
