"""The mark by which the database's file is rewritten after something was deleted from it.

SQLite overwrites what is deleted (`secure_delete`), but not the copies that stay behind in a page when rows move to
another one, as they do whenever a page becomes too full or too empty. Only a rewritten file has none of them.
"""

from __future__ import annotations

from sqlite3 import Connection

from core.store import key_values
from core.store.database import Database

REWRITE_KEY = "library_to_rewrite"


def mark_for_rewriting(connection: Connection) -> None:
    """Record, in the transaction that deletes something, that the file may keep bytes of it."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1",
        (REWRITE_KEY,),
    )


def rewrite_if_marked(database: Database) -> bool:
    """Rewrite the file if it is marked, and empty the journal. Returns whether neither keeps anything deleted: False
    if readers needed the journal for longer than the busy timeout, or something was deleted meanwhile."""
    with database.read() as connection:
        marked = key_values.value_of(connection, REWRITE_KEY)
    if marked is None:
        return True
    database.rewrite()
    if not database.checkpoint():
        return False
    with database.write() as connection:
        ended = connection.execute("DELETE FROM meta WHERE key = ? AND value = ?", (REWRITE_KEY, marked)).rowcount
    return ended == 1
