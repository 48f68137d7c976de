"""What is removed leaves no trace in any file of the data directory: at once, after a restart, after kills."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.domain.conversation import ChatMessage
from core.jobs import Job
from core.workspace import Workspace
from tests.support.raw_bytes import stored_vectors, traces

SECRETS = [f"zanzibarite{n}" for n in range(6)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder whose documents hold the secrets and one that stays."""
    secret, public = tmp_path / "secret papers", tmp_path / "public"
    for folder in (secret, public):
        folder.mkdir()
    for n, word in enumerate(SECRETS):
        body = "\n\n".join(f"## Part {i}\n\nThe {word} of chapter {i} is kept in box {i * 7 + n}." for i in range(8))
        (secret / f"file {n}.md").write_text(body, encoding="utf-8")
        (public / f"file {n}.md").write_text(body.replace(word, "granite"), encoding="utf-8")
    return secret, public


@contextmanager
def opened(tmp_path: Path, embedder: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path / "data", embedder=embedder)
    try:
        yield workspace
    finally:
        workspace.close()


def test_a_removed_folder_leaves_no_byte_of_text_or_vectors(
    tmp_path: Path, folders: tuple[Path, Path], minilm_gguf: Path
) -> None:
    secret, public = folders
    data = tmp_path / "data"
    with opened(tmp_path, minilm_gguf) as workspace:
        workspace.library.index([secret, public], Job())
        vectors = stored_vectors(workspace.database, secret)
        before = traces(data, [*SECRETS, "secret papers"], vectors)
        assert len(vectors) >= 6 and any("vectors.db: vector" in one for one in before), before
        assert any("library.db" in one and "text" in one for one in before)
        backup = data / "library.db.before-11"
        shutil.copy(data / "library.db", backup)  # as a migration leaves one
        saved_kv = workspace.data_dir.cache / "conversations" / "1.state"
        saved_kv.parent.mkdir()
        saved_kv.write_text(" ".join(SECRETS))
        (folder,) = [folder for folder in workspace.library.folders() if folder.path == secret]
        workspace.library.remove(folder.id)
        assert traces(data, [*SECRETS, "secret papers"], vectors) == []
        assert not backup.exists() and not saved_kv.exists()
        found = workspace.retriever.search("granite box", limit=5)
        assert found.semantic and {passage.path.parent for passage in found.passages} == {public}
    assert traces(data, [*SECRETS, "secret papers"], vectors) == []
    with opened(tmp_path, minilm_gguf) as workspace:
        assert workspace.retriever.search("granite box", limit=5).passages
        assert traces(data, [*SECRETS, "secret papers"], vectors) == []


def test_edited_and_deleted_files_leave_nothing(tmp_path: Path, folders: tuple[Path, Path], minilm_gguf: Path) -> None:
    secret, _ = folders
    with opened(tmp_path, minilm_gguf) as workspace:
        workspace.library.index([secret], Job())
        vectors = stored_vectors(workspace.database, secret)
        for n in range(3):
            (secret / f"file {n}.md").unlink()
            (secret / f"file {n + 3}.md").write_text(f"Nothing but granite, {n} times.", encoding="utf-8")
        workspace.library.index([secret], Job())
        assert traces(tmp_path / "data", SECRETS, vectors) == []


def test_the_vectors_of_a_replaced_embedder_leave_nothing(
    tmp_path: Path, folders: tuple[Path, Path], minilm_gguf: Path
) -> None:
    _, public = folders
    with opened(tmp_path, minilm_gguf) as workspace:
        workspace.library.index([public], Job())
        vectors = stored_vectors(workspace.database, public)
        (fingerprint, _), *_ = workspace.vectors.ledger.pushed()
        workspace.vectors.forget(fingerprint, Job())
    assert traces(tmp_path / "data", [], vectors) == []


def test_a_deleted_conversation_leaves_nothing_once_the_program_ends(tmp_path: Path, minilm_gguf: Path) -> None:
    with opened(tmp_path, minilm_gguf) as workspace:
        conversation = workspace.conversations.create()
        workspace.conversations.append(conversation, ChatMessage(0, "user", SECRETS[0]))
        kept = workspace.conversations.create()
        workspace.conversations.append(kept, ChatMessage(0, "user", "granite"))
        workspace.conversations.delete(conversation)
    assert traces(tmp_path / "data", SECRETS, []) == []
    with opened(tmp_path, minilm_gguf) as workspace:
        assert [summary.title for summary in workspace.conversations.list()] == ["granite"]


@pytest.mark.parametrize("seed", range(4))
def test_a_removal_that_was_killed_is_finished_by_the_next_run(
    tmp_path: Path, folders: tuple[Path, Path], minilm_gguf: Path, seed: int
) -> None:
    secret, public = folders
    with opened(tmp_path, minilm_gguf) as workspace:
        workspace.library.index([secret, public], Job())
        vectors = stored_vectors(workspace.database, secret)
    command = [sys.executable, "-P", "-m", "gui", "remove", str(secret), "--data-dir", str(tmp_path / "data")]
    command += ["--embedder", str(minilm_gguf)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as child:
        while child.poll() is None and not _is_marked(tmp_path / "data" / "library.db", secret):
            time.sleep(0.005)
        time.sleep(random.Random(seed).uniform(0, 0.8))
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
    with opened(tmp_path, minilm_gguf) as workspace:
        workspace.library.index(None, Job())
        assert traces(tmp_path / "data", SECRETS, vectors) == []
        assert {document.path.parent for document in workspace.library.documents()} == {public}


def _is_marked(database: Path, folder: Path) -> bool:
    """Whether the removal of `folder` has begun, and cannot be taken back."""
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute("SELECT removed_s FROM folders WHERE path = ?", (os.fsencode(folder),)).fetchone()
    return row is None or row[0] is not None


def test_the_command_removes_what_was_added_and_says_so(
    tmp_path: Path, folders: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    from core.cli.run import run_command_line

    secret, public = folders
    data = ["--data-dir", str(tmp_path / "data")]
    assert run_command_line(["index", str(secret), str(public / "file 0.md"), *data]) == 0
    capfd.readouterr()
    assert run_command_line(["remove", str(secret / "file 1.md"), *data]) == 1
    assert "is part of" in capfd.readouterr().err
    assert run_command_line(["remove", str(tmp_path / "elsewhere"), *data]) == 1
    assert "is not in the library" in capfd.readouterr().err
    assert run_command_line(["remove", os.path.relpath(secret), str(public / "file 0.md"), "--json", *data]) == 0
    removed = json.loads(capfd.readouterr().out)
    assert removed["removed"] == [str(secret), str(public / "file 0.md")] and removed["documents"] == 7
    assert traces(tmp_path / "data", SECRETS, []) == [] and (secret / "file 1.md").exists()


def test_milvus_lite_logs_nowhere_else(tmp_path: Path, folders: tuple[Path, Path], minilm_gguf: Path) -> None:
    """Its program would write logs into the system's folder of temporary files."""
    before = set(Path("/tmp").glob("milvus.*"))
    with opened(tmp_path, minilm_gguf) as workspace:
        workspace.library.index([folders[1]], Job())
        assert workspace.vectors.is_ready(workspace.vectors.ledger.pushed()[0][0])
    assert set(Path("/tmp").glob("milvus.*")) == before
