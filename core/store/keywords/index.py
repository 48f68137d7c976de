"""The keyword index: SQLite's FTS5 over search terms, separated by spaces.

It keeps no copy of what it indexes, so a row is deleted by giving its terms once more, exactly as they were added. They
are computed again from the stored text, and the whole index is rebuilt when the tokenizer changes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from core.store import key_values
from core.text import tokenizer

LAYOUT = 2
"""The weights of a row's columns. A section's terms are stored with those of the text, so that one column tells how
many passages have a term."""
VERSION = f"{LAYOUT}/{getattr(tokenizer, 'VERSION', 0)}/{unicodedata.unidata_version}"
WEIGHTS = (1.0, 1.0, 1.0)
MERGE_PAGES = 200
VERSION_KEY = "keywords_version"
RENEWED_KEY = "keywords_renewed_through"
RENEWED_PART_KEY = "keywords_renewed_part"
"""How many passages are in the index of the document after the last that is complete, while it is filled again."""
CHANGES_KEY = "keywords_changes"


@dataclass(frozen=True, slots=True)
class KeywordRow:
    """The search terms of one passage: of its document (name, title, beginning), its section, its text."""

    passage_id: int
    context: str
    section: str
    body: str

    @property
    def stored(self) -> tuple[int, str, str]:
        return self.passage_id, self.context, f"{self.section} {self.body}"


def add(connection: Connection, rows: Iterable[KeywordRow]) -> None:
    connection.executemany(
        "INSERT INTO keywords (rowid, context, section, body) VALUES (?, ?, '', ?)", (row.stored for row in rows)
    )


def index_state(connection: Connection) -> tuple[int, int]:
    """How often the index changed other than by rows with higher ids than all before, and the highest id. Where the
    first is equal, the rows up to the lower of the two ids are equal."""
    (through,) = connection.execute("SELECT IFNULL(MAX(id), 0) FROM chunks").fetchone()
    return int(key_values.value_of(connection, CHANGES_KEY) or 0), through


def note_change(connection: Connection) -> None:
    """Record, in the same transaction, that rows are added which do not have the highest ids, or that rows are
    deleted."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1",
        (CHANGES_KEY,),
    )


def remove(connection: Connection, rows: Iterable[KeywordRow]) -> None:
    """Delete rows that were added with exactly these terms."""
    note_change(connection)
    connection.executemany(
        "INSERT INTO keywords (keywords, rowid, context, section, body) VALUES ('delete', ?, ?, '', ?)",
        (row.stored for row in rows),
    )


def clear(connection: Connection) -> None:
    note_change(connection)
    key_values.drop_value(connection, RENEWED_PART_KEY)
    connection.execute("INSERT INTO keywords (keywords) VALUES ('delete-all')")


def start_over(connection: Connection) -> None:
    """Empty the index, to be filled again from the stored texts."""
    clear(connection)
    key_values.put_value(connection, RENEWED_KEY, "0")


def covers(connection: Connection, document_id: int) -> bool:
    """Whether the index has this document's passages; while it is rebuilt, some follow later."""
    through = key_values.value_of(connection, RENEWED_KEY)
    return through is None or document_id <= int(through)


def any_of(terms: Iterable[str]) -> str:
    """The FTS5 expression that matches passages with at least one of `terms`; "" for none."""
    return " OR ".join(f'"{term}"' for term in dict.fromkeys(terms) if '"' not in term)


def search(
    connection: Connection,
    expression: str,
    limit: int,
    *,
    documents: Collection[int] | None = None,
    weights: Sequence[float] = WEIGHTS,
) -> list[tuple[int, float]]:
    """The best passages for an FTS5 `expression` over terms as (passage id, BM25 score); a higher score is better.

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
    """Rewrite a part of the index so that deleted terms leave the disk. True while there is more to do.

    Call it in a transaction of its own: what the same one deletes is not yet in the index.
    """
    before = connection.total_changes
    connection.execute(f"INSERT INTO keywords (keywords, rank) VALUES ('merge', -{MERGE_PAGES})")
    return connection.total_changes - before >= 2
