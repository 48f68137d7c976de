"""Libraries that are encrypted and decrypted in tests, by processes that may be ended at any step.

`python -m tests.support.encrypted on|off DATA_DIR STEP` turns encryption on or off under `KEY` and kills itself at that
step: an operation on a file, or a report of progress. It prints the number of steps if it comes to the end.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from core.data_dir import DataDir
from core.encryption.key_file import KeyFile
from core.encryption.switching import turn_off, turn_on
from core.encryption.unlocking import NewKey
from core.jobs import Job
from core.store import conversion
from core.store.database import Database

KEY, WRAPPING_KEY = bytes(range(32)), bytes(range(32, 64))
WORD = "zanzibarwolle"
STEPS = ("open", "os.remove", "os.rename", "os.link", "os.rmdir", "shutil.rmtree")


class DictKeychain:
    """A keychain in memory."""

    def __init__(self, **kept: bytes) -> None:
        self.kept = dict(kept)

    def get(self, library_id: str) -> bytes | None:
        return self.kept.get(library_id)

    def put(self, library_id: str, key: bytes) -> None:
        self.kept[library_id] = key

    def remove(self, library_id: str) -> None:
        self.kept.pop(library_id, None)


def new_key() -> NewKey:
    """`KEY`, wrapped by `WRAPPING_KEY`, which a keychain has under the name "library"."""
    return NewKey(KeyFile("library").with_keychain_key(WRAPPING_KEY, KEY), KEY)


def keychain() -> DictKeychain:
    return DictKeychain(library=WRAPPING_KEY)


def fill(data_dir: Path, rows: int = 3000) -> None:
    """A plain library with text, keywords and vectors, and what lies beside it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with Database(data_dir / "library.db") as database, database.write() as connection:
        connection.execute("INSERT INTO folders (id, path, added_s) VALUES (1, ?, 0)", (f"/{WORD}",))
        for n in range(1, rows + 1):
            connection.execute(
                "INSERT INTO keywords (rowid, context, section, body) VALUES (?, '', '', ?)", (n, f"{WORD} w{n}")
            )
            connection.execute("INSERT INTO meta VALUES (?, ?)", (f"k{n}", f"{WORD} {n}"))
    for name in ("vectors/vectors.db", "cache/conversations/c1.state", "cache/conversations/c1.points",
                 "logs/papermoor.log", "logs/papermoor.log.1"):  # fmt: skip
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(WORD)
    for name in ("library.db.before-11", "backups/20260101-000000-aa.db"):
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"SQLite format 3\0" + WORD.encode())


def rows_of(path: Path, key: bytes | None) -> tuple[int, int, int]:
    """Rows of two tables, and how many are found by a keyword."""
    with Database(path, key=key) as database, database.read() as connection:
        return tuple(
            int(connection.execute(query).fetchone()[0])
            for query in (
                "SELECT COUNT(*) FROM meta WHERE key LIKE 'k%'",
                "SELECT COUNT(*) FROM folders",
                f"SELECT COUNT(*) FROM keywords WHERE keywords MATCH '{WORD}'",
            )
        )  # type: ignore[return-value]  # three of them


def files_with(folder: Path, *needles: bytes) -> list[str]:
    """Names of the files in `folder` that hold one of `needles`, or are called so."""
    found = []
    for path in folder.rglob("*"):
        content = path.name.encode() + (path.read_bytes() if path.is_file() else b"")
        if any(needle in content for needle in needles):
            found.append(str(path.relative_to(folder)))
    return found


def main(mode: str, data_dir: Path, last_step: int) -> None:
    """See the module."""
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event in STEPS and str(data_dir) in str(arguments):
            step()

    conversion.STEPS_BETWEEN_CHECKS = 2000
    with closing(DataDir(data_dir)) as opened:
        sys.addaudithook(audit)
        if mode == "on":
            turn_on(opened, new_key(), Job(step))
        else:
            turn_off(opened, KEY, keychain(), Job(step))
        print(steps)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
