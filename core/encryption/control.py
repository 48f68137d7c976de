"""What a person is shown of an open library's encryption, and may change; conversions wait for the next start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.data_dir import DataDir
from core.domain.faults import N_, WorkspaceFault
from core.encryption.disk import disk_is_encrypted
from core.encryption.key_file import KeyFile
from core.encryption.keychain import Keychain
from core.encryption.opening import drop_plans, plan_to_turn_off, plan_to_turn_on, read_log
from core.encryption.unlocking import make_key


@dataclass(frozen=True, slots=True)
class EncryptionState:
    """Whether the library is encrypted, whether that changes at the next start, and what opens it."""

    encrypted: bool
    changes_at_next_start: bool
    by_keychain: bool
    by_passphrase: bool


class LibraryEncryption:
    """The encryption of an open library, whose `key` is None if it is plain. Any thread but the GUI's: the keychain and
    a passphrase take a while. Raises `WorkspaceFault`."""

    def __init__(self, data_dir: DataDir, key: bytes | None, keychain: Keychain) -> None:
        self._data_dir = data_dir
        self._key = key
        self._keychain = keychain

    def state(self) -> EncryptionState:
        with _told(self._data_dir):
            if self._key is None:
                return EncryptionState(False, self._data_dir.next_key_file.exists(), False, False)
            now = KeyFile.read(self._data_dir.key_file)
        return EncryptionState(True, now.turn_off, now.by_keychain is not None, now.by_passphrase is not None)

    def turn_on_later(self, passphrase: str | None) -> EncryptionState:
        """Have the library encrypted at the next start, under `passphrase`, or if it is None under a key in the
        keychain."""
        with _told(self._data_dir):
            drop_plans(self._data_dir, self._keychain)
            plan_to_turn_on(self._data_dir, make_key(passphrase, self._keychain))
        return self.state()

    def turn_off_later(self) -> EncryptionState:
        """Have the library decrypted at the next start."""
        with _told(self._data_dir):
            plan_to_turn_off(self._data_dir)
        return self.state()

    def leave_as_it_is(self) -> EncryptionState:
        """Take back what was put off to the next start."""
        with _told(self._data_dir):
            drop_plans(self._data_dir, self._keychain)
        return self.state()

    def set_passphrase(self, passphrase: str) -> EncryptionState:
        """Add or change the passphrase of an encrypted library."""
        if self._key is None:
            raise ValueError("the library is not encrypted")
        with _told(self._data_dir):
            KeyFile.read(self._data_dir.key_file).with_passphrase(passphrase, self._key).write(self._data_dir.key_file)
        return self.state()

    def log_records(self) -> list[str]:
        """The records of the sealed log, oldest first; none in a library that is not encrypted."""
        with _told(self._data_dir):
            return [] if self._key is None else read_log(self._data_dir.path / "logs", self._key)

    def is_worth_asking_about(self) -> bool:
        """Whether nothing encrypts what is stored here: neither the library nor, as far as can be told, the disk."""
        state = self.state()
        return not (state.encrypted or state.changes_at_next_start) and disk_is_encrypted(self._data_dir.path) is False


@contextmanager
def _told(data_dir: DataDir) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WorkspaceFault(
            N_("The data folder cannot be used"),
            N_("Papermoor cannot write to its data folder {path} ({why})."),
            N_("Give yourself write permission for it, or choose another folder with --data-dir."),
            path=data_dir.path,
            why=error.strerror or type(error).__name__,
        ) from error
