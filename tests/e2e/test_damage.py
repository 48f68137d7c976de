"""Whatever is damaged in the files of a data directory, search answers, it is told once, and repair mends it."""

from __future__ import annotations

import json
import logging
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from core.cli.run import run_command_line
from core.jobs import Job
from core.workspace import Workspace
from tests.support import damage
from tests.support.damage import WORDS, damage_copy, make_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Documents, and a data directory that holds them."""
    root = tmp_path_factory.mktemp("library")
    make_library(root / "documents", root / "data", None)
    return root / "documents", root / "data"


def run(capsys: pytest.CaptureFixture[str], words: Sequence[str], data: Path) -> tuple[str, str]:
    status = run_command_line([*words, "--data-dir", str(data)])
    printed = capsys.readouterr()
    assert status == 0, printed
    return printed.out, printed.err


def found(capsys: pytest.CaptureFixture[str], data: Path, word: str) -> set[str]:
    out, _ = run(capsys, ["search", f"{word} hall", "--json"], data)
    return {Path(passage["path"]).stem for passage in json.loads(out)["passages"]}


def assert_survives(capsys: pytest.CaptureFixture[str], data: Path, words: Sequence[str] = WORDS) -> None:
    """Searching answers with what is left; after a repair, with everything, and nothing is damaged any more."""
    found(capsys, data, words[0])
    run(capsys, ["doctor", "--repair"], data)
    out, _ = run(capsys, ["doctor", "--json"], data)
    facts = json.loads(out)
    assert facts["database"]["healthy"] and facts["documents"] == len(WORDS) and facts["conversations"] == 2
    for word in words:
        assert word in found(capsys, data, word)


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_is_survived_and_mended(
    tmp_path: Path, library: tuple[Path, Path], capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    what = damage_copy(library[1], tmp_path / "data", random.Random(seed))
    logging.getLogger(__name__).info("damaged: %s", what)
    assert_survives(capsys, tmp_path / "data", WORDS[:3])


@pytest.mark.parametrize("kind", damage.KINDS)
def test_damage_of_the_database_itself_is_survived(
    tmp_path: Path, library: tuple[Path, Path], capsys: pytest.CaptureFixture[str], kind: damage.Kind
) -> None:
    for seed in range(3):
        data = tmp_path / f"data {seed}"
        shutil.copytree(library[1], data)
        kind(data / "library.db", random.Random(seed))
        assert_survives(capsys, data, WORDS[:2])


def test_one_damaged_text_is_left_out_told_once_and_read_again(
    tmp_path: Path, library: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(library[1], data)
    with closing(sqlite3.connect(data / "library.db")) as connection, connection:
        rows = connection.execute(
            "SELECT t.id, t.data FROM texts t JOIN documents d ON d.id = t.document_id WHERE d.title LIKE '%lease%'"
        ).fetchall()
        assert len(rows) == 1
        for row_id, packed in rows:
            packed = packed[:20] + b"\xff\xff" + packed[22:]
            connection.execute("UPDATE texts SET data = ? WHERE id = ?", (packed, row_id))
    out, told = run(capsys, ["search", "hall", "--limit", "100", "--json"], data)
    assert {Path(one["path"]).stem for one in json.loads(out)["passages"]} == set(WORDS) - {"lease"}
    assert "1 document was damaged" in told
    _, again = run(capsys, ["search", "hall", "--json"], data)
    assert "damaged" not in again
    run(capsys, ["index", str(library[0])], data)
    assert found(capsys, data, "lease") >= {"lease"}


@pytest.mark.parametrize("gone", ["emptied", "deleted"])
def test_an_empty_or_missing_database_is_no_new_library(
    tmp_path: Path, library: tuple[Path, Path], capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(library[1], data)
    for file in data.glob("library.db*"):
        file.write_bytes(b"") if gone == "emptied" else file.unlink()
    _, told = run(capsys, ["status"], data)
    assert "damaged or lost" in told
    run(capsys, ["index", str(library[0])], data)
    workspace = Workspace.open(data)
    try:
        titles = {summary.title for summary in workspace.conversations.list()}
        assert titles == {"Question 0.0 about granite?", "Question 1.0 about granite?"}
        assert {folder.path for folder in workspace.library.folders()} == {library[0]}
    finally:
        workspace.close()


def test_a_damaged_message_says_so_and_comes_back_from_the_backup(tmp_path: Path, library: tuple[Path, Path]) -> None:
    data = tmp_path / "data"
    shutil.copytree(library[1], data)
    with closing(sqlite3.connect(data / "library.db")) as connection, connection:
        connection.execute("UPDATE messages SET body = '{\"text' WHERE id = 2")
    workspace = Workspace.open(data)
    try:
        (first, *_) = [one.id for one in workspace.conversations.list()][::-1]
        texts = [message.text for message in workspace.conversations.messages(first)]
        assert "damaged on the disk" in texts[1] and texts[0] == "Question 0.0 about granite?"
        assert workspace.mend(Job())
        assert workspace.conversations.messages(first)[1].text == "Question 0.1 about lease?"
    finally:
        workspace.close()


def test_an_interrupted_salvage_is_finished_or_begun_again(tmp_path: Path, library: tuple[Path, Path]) -> None:
    """The new file is complete under its own name before the damaged one is moved."""
    for complete in (True, False):
        data = tmp_path / f"data {complete}"
        shutil.copytree(library[1], data)
        (data / "library.db").rename(data / ("library.db.salvaged" if complete else "library.db.salvage-part"))
        shutil.copy(library[1] / "library.db", data / "library.db")
        with open(data / "library.db", "r+b") as file:
            file.write(b"no database at all")
        workspace = Workspace.open(data)
        try:
            assert workspace.library.counts().documents == (len(WORDS) if complete else 0)
            assert len(workspace.conversations.list()) == 2
        finally:
            workspace.close()
