"""An encrypted library is used like any other, and no file of its data directory shows what is in it."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from core.domain.conversation import ChatMessage
from core.encryption import key_file
from core.encryption.opening import read_log
from core.jobs import Job
from core.recovery.backups import Backups
from core.workspace import Workspace
from tests.support.encrypted import KEY, keychain, new_key
from tests.support.raw_bytes import stored_vectors, traces

WORDS = ["zanzibarite", "quetzalwerk", "meeting about"]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "secret papers"
    folder.mkdir()
    for n, word in enumerate(WORDS[:2]):
        body = "\n\n".join(f"## Part {i}\n\nThe {word} of chapter {i} lies in box {i}." for i in range(8))
        (folder / f"meeting about {n}.md").write_text(body, encoding="utf-8")
    return folder


def opened(data: Path, embedder: Path) -> Workspace:
    return Workspace.open(data, embedder=embedder, keychain=keychain())


def found(workspace: Workspace, query: str) -> list[str]:
    return [passage.text for passage in workspace.retriever.search(query, limit=5).passages]


def test_encrypted_library_answers_as_before_and_shows_nothing(tmp_path: Path, papers: Path, minilm_gguf: Path) -> None:
    data = tmp_path / "data"
    workspace = opened(data, minilm_gguf)
    workspace.library.index([papers], Job())
    conversation = workspace.conversations.create()
    workspace.conversations.append(conversation, ChatMessage(0, "user", "Where is the zanzibarite?"))
    vectors = stored_vectors(workspace.database, papers)
    before = found(workspace, "zanzibarite chapter 3")
    new_key().key_file.write(data / "library.key.next")
    workspace.close()
    assert traces(data, WORDS, vectors)
    workspace = opened(data, minilm_gguf)
    logging.getLogger("core").warning("about a quetzalwerk")
    (papers / "meeting about 3.md").write_text("The third quetzalwerk is green.", encoding="utf-8")
    workspace.library.index([papers], Job())
    assert found(workspace, "zanzibarite chapter 3")[: len(before)] == before
    assert "green" in found(workspace, "third quetzalwerk")[0]
    assert traces(data, WORDS, vectors) == [], "while it is open"
    workspace.close()
    assert traces(data, WORDS, vectors) == []
    assert len(Backups(data, KEY).all()) == 1
    assert any("quetzalwerk" in line for line in read_log(data / "logs", KEY))
    workspace = opened(data, minilm_gguf)
    workspace.encryption.turn_off_later()
    workspace.close()
    workspace = opened(data, minilm_gguf)
    assert found(workspace, "zanzibarite chapter 3")[: len(before)] == before
    assert [summary.id for summary in workspace.conversations.list()] == [conversation]
    workspace.close()


def papermoor(data: Path, *arguments: str, passphrase: str = "", new: str = "") -> subprocess.CompletedProcess[str]:
    import os

    environment = {k: v for k, v in os.environ.items() if not k.startswith("PAPERMOOR_")} | {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        **({"PAPERMOOR_PASSPHRASE": passphrase} if passphrase else {}),
        **({"PAPERMOOR_NEW_PASSPHRASE": new} if new else {}),
    }
    return subprocess.run(
        [sys.executable, "-m", "gui", *arguments, "--data-dir", str(data)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip


def test_command_line_asks_for_the_passphrase_and_says_what_is_wrong(tmp_path: Path, papers: Path) -> None:
    data = tmp_path / "data"
    papermoor(data, "index", str(papers))
    without_keychain = papermoor(data, "encrypt")
    assert without_keychain.returncode == 3 and "There is no keychain" in without_keychain.stderr
    short = papermoor(data, "encrypt", "--passphrase", passphrase="short")
    assert short.returncode == 1 and "too short" in short.stderr
    assert papermoor(data, "encrypt", "--passphrase", passphrase="first words").returncode == 0
    assert traces(data, WORDS, []) == []
    locked, wrong = papermoor(data, "status"), papermoor(data, "status", passphrase="other words")
    assert locked.returncode == wrong.returncode == 3
    assert "locked" in locked.stderr and "Wrong passphrase" in wrong.stderr
    assert "Traceback" not in locked.stderr + wrong.stderr
    assert "zanzibarite" in papermoor(data, "search", "zanzibarite", passphrase="first words").stdout
    assert "workspace opened" in papermoor(data, "doctor", "--log", passphrase="first words").stderr
    assert papermoor(data, "passphrase", passphrase="first words", new="second words").returncode == 0
    assert papermoor(data, "status", passphrase="first words").returncode == 3
    only = papermoor(data, "passphrase", "--remove", passphrase="second words")
    assert only.returncode == 1 and "passphrase is needed" in only.stderr
    assert papermoor(data, "decrypt", passphrase="first words").returncode == 3
    assert papermoor(data, "decrypt", passphrase="second words").returncode == 0
    assert "zanzibarite" in papermoor(data, "search", "zanzibarite").stdout
    assert key_file.SCRYPT_N == 2**17
