"""The key file, the keychain, and sealed files and lines: what fits opens, anything else is a sentence."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from core.data_dir import DataDir
from core.domain.faults import WorkspaceFault
from core.encryption import key_file as key_files
from core.encryption.key_file import KeyFile
from core.encryption.keychain import KeychainFault, SystemKeychain
from core.encryption.opening import open_library_key, plan_to_turn_off, plan_to_turn_on, read_log
from core.encryption.sealing import PIECE_BYTES, SealedFiles, SealedLines
from core.encryption.switching import is_encrypted, turn_on
from core.encryption.unlocking import (
    KeyMissingFault,
    LockedFault,
    make_key,
    unlock,
    with_keychain,
    without_passphrase,
)
from core.jobs import Job
from tests.support.encrypted import KEY, WORD, DictKeychain, fill, keychain, new_key, rows_of
from tests.support.keychains import BrokenBackend, MemoryBackend

PASSPHRASE = "correct horse é"


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_files, "SCRYPT_N", 2**10)


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    before, used = keyring.get_keyring(), MemoryBackend()
    keyring.set_keyring(used)
    yield used
    keyring.set_keyring(before)


def test_key_is_found_in_the_keychain(backend: MemoryBackend, tmp_path: Path) -> None:
    new = make_key(None, SystemKeychain())
    new.key_file.write(tmp_path / "library.key")
    assert unlock(KeyFile.read(tmp_path / "library.key"), None, SystemKeychain()) == new.key
    assert new.key.hex() not in (tmp_path / "library.key").read_text()
    SystemKeychain().remove(new.key_file.library_id)
    SystemKeychain().remove(new.key_file.library_id)
    assert backend.kept == {}
    with pytest.raises(KeyMissingFault):
        unlock(new.key_file, None, SystemKeychain())


@pytest.mark.parametrize("broken", [fail.Keyring(), BrokenBackend()])  # type: ignore[no-untyped-call]  # likewise
def test_keychain_that_is_absent_or_broken_is_a_sentence(broken: KeyringBackend) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(broken)
    try:
        with pytest.raises(KeychainFault):
            make_key(None, SystemKeychain())
        with pytest.raises(KeychainFault):
            unlock(new_key().key_file, None, SystemKeychain())
    finally:
        keyring.set_keyring(before)


def test_passphrase_opens_in_any_form_of_its_letters_and_no_other_does() -> None:
    new = make_key(PASSPHRASE, DictKeychain())
    assert unlock(new.key_file, "correct horse e\u0301", DictKeychain()) == new.key
    for wrong in ("Correct horse é", "correct horse e", "", "correct horse é "):
        with pytest.raises(LockedFault) as caught:
            unlock(new.key_file, wrong, DictKeychain())
        assert caught.value.wrong
    with pytest.raises(LockedFault) as caught:
        unlock(new.key_file, None, DictKeychain())
    assert not caught.value.wrong
    with pytest.raises(WorkspaceFault, match="8 characters"):
        make_key("short", DictKeychain())


def test_passphrase_beside_the_keychain_and_back() -> None:
    kept = keychain()
    both = new_key().key_file.with_passphrase(PASSPHRASE, KEY)
    assert unlock(both, None, kept) == unlock(both, PASSPHRASE, DictKeychain()) == KEY
    with pytest.raises(LockedFault):
        unlock(both, None, DictKeychain())
    changed = both.with_passphrase("another passphrase", KEY)
    with pytest.raises(LockedFault):
        unlock(changed, PASSPHRASE, kept)
    assert unlock(without_passphrase(changed), None, kept) == KEY
    alone = make_key(PASSPHRASE, kept)
    with pytest.raises(WorkspaceFault):
        without_passphrase(alone.key_file)
    assert unlock(without_passphrase(with_keychain(alone.key_file, alone.key, kept)), None, kept) == alone.key


def test_damaged_key_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "library.key"
    make_key(PASSPHRASE, DictKeychain()).key_file.write(path)
    whole = json.loads(path.read_bytes())
    slot = whole["passphrase"]
    for damaged in (
        b"", b"\xff", b"[]", b"null", path.read_bytes()[:-9],
        json.dumps(whole | {"version": 2}).encode(),
        json.dumps(whole | {"turn_off": 1}).encode(),
        json.dumps(whole | {"passphrase": slot | {"scrypt": [2**40, 8, 1]}}).encode(),
        json.dumps(whole | {"passphrase": slot | {"scrypt": [1000, 8, 1]}}).encode(),
        json.dumps(whole | {"passphrase": slot | {"scrypt": [0, 0, 0]}}).encode(),
        json.dumps(whole | {"passphrase": slot | {"sealed": "AAAA"}}).encode(),
    ):  # fmt: skip
        path.write_bytes(damaged)
        with pytest.raises(WorkspaceFault):
            KeyFile.read(path)


def test_key_file_of_another_library_is_a_sentence_and_marks_nothing_as_damaged(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder, 10)
    with closing(DataDir(folder)) as data_dir:
        turn_on(data_dir, new_key(), Job())
    other = make_key(PASSPHRASE, DictKeychain())
    other.key_file.write(folder / "library.key")
    before = (folder / "library.db").read_bytes()
    with closing(DataDir(folder)) as data_dir, pytest.raises(WorkspaceFault, match="library"):
        open_library_key(data_dir, PASSPHRASE, DictKeychain(), Job())
    assert (folder / "library.db").read_bytes() == before
    assert not list(folder.glob("*damaged*"))


def test_what_is_put_off_to_the_next_start_is_done_there(tmp_path: Path) -> None:
    folder, kept = tmp_path / "data", keychain()
    fill(folder, 10)
    with closing(DataDir(folder)) as data_dir:
        plan_to_turn_on(data_dir, new_key())
        assert not is_encrypted(data_dir)
    with closing(DataDir(folder)) as data_dir:
        assert open_library_key(data_dir, None, kept, Job()) == KEY
        plan_to_turn_off(data_dir)
        assert is_encrypted(data_dir)
    with closing(DataDir(folder)) as data_dir:
        assert open_library_key(data_dir, None, kept, Job()) is None
    assert rows_of(folder / "library.db", None) == (10, 1, 10)


def test_log_of_an_encrypted_library_is_sealed_and_can_be_read(tmp_path: Path) -> None:
    import logging

    log = logging.getLogger("core.tests")
    with closing(DataDir(tmp_path)) as data_dir:
        data_dir.start_log(SealedLines(KEY).seal)
        log.warning("first %s", WORD)
        try:
            raise ValueError(WORD)
        except ValueError:
            log.exception("second")
    (file,) = (tmp_path / "logs").iterdir()
    assert WORD not in file.read_text() and "core.tests" not in file.read_text()
    file.write_text("cut off\n" + file.read_text())
    first, second = read_log(tmp_path / "logs", KEY)
    assert first.endswith(f"first {WORD}") and "Traceback" in second
    assert read_log(tmp_path / "logs", bytes(32)) == []


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_sealed_file_opens_as_it_was(tmp_path: Path, size: int) -> None:
    content, path = random.Random(size).randbytes(size), tmp_path / "file"
    cut = size // 3
    written = SealedFiles(KEY).write(path, "a", [content[:cut], memoryview(content)[cut:]])
    assert written == path.stat().st_size
    assert SealedFiles(KEY).read(path, "a") == content
    for key, label in ((KEY, "b"), (bytes(32), "a")):
        with pytest.raises(ValueError, match="sealed"):
            SealedFiles(key).read(path, label)


def test_sealed_file_that_was_altered_anywhere_does_not_open(tmp_path: Path) -> None:
    chance, path = random.Random(7), tmp_path / "file"
    files = SealedFiles(KEY)
    files.write(path, "a", [chance.randbytes(3 * PIECE_BYTES)])
    whole, piece = path.read_bytes(), PIECE_BYTES + 16
    changed = [whole[: chance.randrange(len(whole))] for _ in range(8)]
    changed += [whole[: 24 + piece], whole[: 24 + 2 * piece], whole + whole[24 : 24 + piece], whole + b"\0"]
    changed += [whole[:24] + whole[24 + piece : 24 + 2 * piece] + whole[24 : 24 + piece] + whole[24 + 2 * piece :]]
    for _ in range(12):
        at = chance.randrange(len(whole))
        changed.append(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
    for content in changed:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="sealed"):
            files.read(path, "a")


def test_plain_sqlite_opens_a_library_that_was_decrypted(tmp_path: Path) -> None:
    from core.store.conversion import copy_converted

    fill(tmp_path, 100)
    copy_converted(tmp_path / "library.db", None, tmp_path / "e", KEY, Job())
    copy_converted(tmp_path / "e", KEY, tmp_path / "p", None, Job())
    with closing(sqlite3.connect(tmp_path / "p")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT COUNT(*) FROM keywords WHERE keywords MATCH 'w7'").fetchone() == (1,)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
