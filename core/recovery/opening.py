"""Opens a library's database, after replacing it if it is damaged or lost."""

from __future__ import annotations

from pathlib import Path

from core.i18n import ngettext, tr
from core.jobs import Job
from core.recovery.backups import Backups
from core.recovery.salvage import Salvaged, finish_interrupted_salvage, salvage
from core.store.database import DAMAGE_MARK, Database, DatabaseDamaged


def open_database(path: Path, backups: Backups, job: Job, key: bytes | None = None) -> tuple[Database, str]:
    """The database at `path` (with a `key`, it is encrypted), and a text for the person if it had to be replaced, else
    "". Raises `StorageFault`."""
    finish_interrupted_salvage(path)
    marked = path.with_name(path.name + DAMAGE_MARK).exists()
    if not marked and not _is_lost(path, backups):
        try:
            return Database(path, key=key), ""
        except DatabaseDamaged:
            pass  # as it is found now
    saved = salvage(path, backups, job, key)
    return Database(path, key=key), _text(saved)


def _is_lost(path: Path, backups: Backups) -> bool:
    """Whether a library was here and its file is empty or gone: a new one would hide that."""
    if path.exists() and path.stat().st_size > 0:
        return False
    journal, vectors = path.with_name(path.name + "-wal"), path.with_name("vectors")
    has_journal = journal.exists() and journal.stat().st_size > 0
    return bool(backups.all()) or has_journal or (vectors.is_dir() and any(vectors.glob("*.db")))


def _text(saved: Salvaged) -> str:
    return " ".join(
        (
            tr("The library file was damaged or lost, and a new one was made of what could be read and of the latest "
               "backup."),
            ngettext(
                "{n} document is read again from its file.", "{n} documents are read again from their files.",
                saved.documents,
            ),
            tr("If something is missing, add its folder again."),
        )
    )  # fmt: skip
