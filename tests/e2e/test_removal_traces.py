"""What a removal leaves in pages, journals, copies and memory that nothing names any more: nothing."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.conversation import ChatMessage
from core.domain.faults import StorageFault
from core.jobs import Job
from core.store.database import Database
from core.store.schema import TO_ERASE
from core.survey.store import SurveyStore
from core.workspace import Workspace
from tests.support.raw_bytes import traces


def _word(chance: random.Random) -> str:
    return "zq" + "".join(chance.choice("bcdfghjklmnp") for _ in range(10))


def _write(folder: Path, chance: random.Random, words: list[str]) -> None:
    """A document a word, of very different sizes, so that rows move between pages when they are stored and edited."""
    folder.mkdir(exist_ok=True)
    for word in words:
        title = f"# {word} title {'long ' * chance.randrange(40)}"
        parts = [f"## Part {n}\n\n{word} body {n} " + "alpha beta " * chance.randrange(3, 100)
                 for n in range(chance.randrange(1, 5))]  # fmt: skip
        name = f"{chance.randrange(10**9)} {word} {'x' * chance.randrange(120)}.md"
        (folder / name).write_text("\n\n".join([title, *parts]), encoding="utf-8")


def test_no_page_keeps_copies_of_rows_that_moved(tmp_path: Path) -> None:
    chance = random.Random(2)  # SQLite leaves some behind with this one
    words = [_word(chance) for _ in range(150)]
    secret, public = tmp_path / "secret", tmp_path / "public"
    _write(secret, chance, words)
    _write(public, chance, [_word(chance) for _ in range(150)])
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([secret, public], Job())
        for path in sorted(secret.iterdir())[::3]:
            path.write_text(path.read_text() + "\n\n" + "more text " * chance.randrange(1, 300), encoding="utf-8")
        for path in sorted(public.iterdir())[::3]:
            path.write_text(f"# {'t' * chance.randrange(1, 400)}\n\n{path.read_text()}", encoding="utf-8")
        workspace.library.index(None, Job())
        _remove(workspace, secret)
        assert traces(tmp_path / "data", words, []) == []
        assert workspace.library.counts().documents == 150
    finally:
        workspace.close()
    assert traces(tmp_path / "data", words, []) == []


def test_files_that_could_not_be_read_leave_no_name(tmp_path: Path) -> None:
    words = [_word(random.Random(n)) for n in range(4)]
    for word in words:
        (tmp_path / "secret").mkdir(exist_ok=True)
        (tmp_path / "secret" / f"{word}.pdf").write_bytes(b"no document")
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([tmp_path / "secret"], Job())
        _remove(workspace, tmp_path / "secret")
        assert traces(tmp_path / "data", words, []) == []
    finally:
        workspace.close()


def test_a_file_deleted_from_the_disk_takes_saved_states_and_backups_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    _write(folder, random.Random(1), ["zanzibarite", "granite"])
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([folder], Job())
        copies = [tmp_path / "data" / "library.db.before-11", workspace.data_dir.cache / "conversations" / "c1.state"]
        copies[1].parent.mkdir()
        for copy in copies:
            shutil.copy(tmp_path / "data" / "library.db", copy)
        next(folder.glob("*zanzibarite*")).unlink()
        workspace.library.index(None, Job())
        assert traces(tmp_path / "data", ["zanzibarite"], []) == []
        assert not any(copy.exists() for copy in copies)
    finally:
        workspace.close()


def test_deleted_conversations_leave_no_page_and_no_backup(tmp_path: Path) -> None:
    chance = random.Random(5)
    words = [_word(chance) for _ in range(30)]
    for attempt in range(2):  # the second one finds the backup that the first one's end has made
        workspace = Workspace.open(tmp_path / "data")
        if attempt == 0:
            ids = [workspace.conversations.create() for _ in words]
            for conversation, word in zip(ids, words, strict=True):
                for _ in range(chance.randrange(1, 5)):
                    text = f"{word} lorem " * chance.randrange(1, 900)
                    workspace.conversations.append(conversation, ChatMessage(0, "user", text))
        else:
            for conversation in ids[::2]:
                workspace.conversations.delete(conversation)
        workspace.close()
    assert traces(tmp_path / "data", words[::2], []) == []
    assert traces(tmp_path / "data", words[1:2], [])


def test_a_deleted_survey_leaves_nothing_in_backups(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "data")
    survey = SurveyStore(workspace.database).create("zanzibarite?", ())
    workspace.close()
    assert traces(tmp_path / "data" / "backups", ["zanzibarite"], [])
    workspace = Workspace.open(tmp_path / "data")
    SurveyStore(workspace.database).delete(survey)
    workspace.close()
    assert traces(tmp_path / "data", ["zanzibarite"], []) == []


def test_a_library_of_an_earlier_version_is_rewritten_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _write(tmp_path / "papers", random.Random(1), ["granite"])
    workspace = Workspace.open(data)
    workspace.library.index([tmp_path / "papers"], Job())
    workspace.close()
    with closing(sqlite3.connect(data / "library.db")) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE old (x)")
        connection.execute("INSERT INTO old VALUES ('zanzibarite')")
        connection.commit()
        connection.execute("DROP TABLE old")
        connection.executescript(TO_ERASE)  # as the migration does
    assert traces(data, ["zanzibarite"], [])
    Workspace.open(data).close()
    assert traces(data, ["zanzibarite"], []) == []


def test_a_removal_says_when_something_keeps_the_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path / "papers", random.Random(1), ["zanzibarite"])
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([tmp_path / "papers"], Job())
        with monkeypatch.context() as patched:
            patched.setattr(Database, "checkpoint", lambda self: False)  # as while a reader holds on to the journal
            with pytest.raises(StorageFault, match="still on the disk"):
                _remove(workspace, tmp_path / "papers")
        workspace.library.index(None, Job())
        assert traces(tmp_path / "data", ["zanzibarite"], []) == []
    finally:
        workspace.close()


def _remove(workspace: Workspace, path: Path) -> None:
    (folder,) = [folder for folder in workspace.library.folders() if folder.path == path]
    workspace.library.remove(folder.id)


def test_an_interrupted_removal_is_finished_when_the_library_is_closed(tmp_path: Path) -> None:
    _write(tmp_path / "papers", random.Random(1), ["zanzibarite"])
    workspace = Workspace.open(tmp_path / "data")
    workspace.library.index([tmp_path / "papers"], Job())
    workspace.close()
    with closing(sqlite3.connect(tmp_path / "data" / "library.db")) as connection:
        connection.execute("UPDATE folders SET removed_s = 1")  # and there it was killed
        connection.commit()
    Workspace.open(tmp_path / "data").close()
    assert traces(tmp_path / "data", ["zanzibarite"], []) == []


def test_a_removal_does_not_wait_while_indexing_is_paused(tmp_path: Path) -> None:
    _write(tmp_path / "papers", random.Random(1), ["zanzibarite"])
    workspace = Workspace.open(tmp_path / "data")
    try:
        workspace.library.index([tmp_path / "papers"], Job())
        workspace.throttle.pause()
        _remove(workspace, tmp_path / "papers")
        assert traces(tmp_path / "data", ["zanzibarite"], []) == []
    finally:
        workspace.close()
