"""Gets the library's key from the keychain or a passphrase, and changes who may have it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from core.domain.faults import N_, WorkspaceFault
from core.encryption.key_file import KEY_BYTES, KeyFile
from core.encryption.keychain import Keychain, KeychainFault


@dataclass(frozen=True, slots=True)
class NewKey:
    """A library's key with the key file that wraps it."""

    key_file: KeyFile
    key: bytes = field(repr=False)


class LockedFault(WorkspaceFault):
    """The library is encrypted and a passphrase is needed to open it. `wrong` if one was given that does not fit."""

    def __init__(self, title: str, what: str, todo: str = "", *, wrong: bool = False, **values: object) -> None:
        super().__init__(title, what, todo, **values)
        self.wrong = wrong


class KeyMissingFault(WorkspaceFault):
    """The library is encrypted and the keychain has no key that opens it; there is no passphrase either."""


def make_key(passphrase: str | None, keychain: Keychain) -> NewKey:
    """A new library key, wrapped by `passphrase`, or if it is None by a new key in the keychain. Raises
    `WorkspaceFault` (no keychain, passphrase too short)."""
    key_file, key = KeyFile.new(), os.urandom(KEY_BYTES)
    if passphrase is not None:
        return NewKey(key_file.with_passphrase(passphrase, key), key)
    return NewKey(with_keychain(key_file, key, keychain), key)


def with_keychain(key_file: KeyFile, key: bytes, keychain: Keychain) -> KeyFile:
    """`key_file` with `key` also wrapped by a new key that the keychain keeps. Raises `KeychainFault`."""
    wrapping_key = os.urandom(KEY_BYTES)
    keychain.put(key_file.library_id, wrapping_key)
    return key_file.with_keychain_key(wrapping_key, key)


def unlock(key_file: KeyFile, passphrase: str | None, keychain: Keychain) -> bytes:
    """The library's key. A `passphrase` that was given is used before the keychain. Raises `LockedFault`,
    `KeyMissingFault` or, where there is no passphrase to ask for, `KeychainFault`."""
    if passphrase is not None and key_file.by_passphrase is not None:
        key = key_file.key_by_passphrase(passphrase)
        if key is None:
            raise LockedFault(
                N_("Wrong passphrase"),
                N_("This passphrase does not open the library."),
                N_("Type it again. Small and capital letters differ."),
                wrong=True,
            )
        return key
    try:
        key = _from_keychain(key_file, keychain)
    except KeychainFault:
        if key_file.by_passphrase is None:
            raise
        key = None
    if key is not None:
        return key
    if key_file.by_passphrase is not None:
        raise LockedFault(
            N_("The library is locked"),
            N_("The library is encrypted and opens with its passphrase."),
            N_("Type the passphrase. On the command line it may also be in the variable PAPERMOOR_PASSPHRASE."),
        )
    raise KeyMissingFault(
        N_("The library's key is missing"),
        N_("The library is encrypted, and the keychain of this account does not have the key that opens it."),
        N_("Log in to the account in which it was encrypted, or restore the keychain from a backup."),
    )


def without_passphrase(key_file: KeyFile) -> KeyFile:
    """`key_file` without its passphrase. Raises `WorkspaceFault` if nothing else opens the library."""
    if key_file.by_keychain is None:
        raise WorkspaceFault(
            N_("The passphrase is needed"),
            N_("Nothing but this passphrase opens the library."),
            N_("Change it, or turn encryption off."),
        )
    return replace(key_file, by_passphrase=None)


def _from_keychain(key_file: KeyFile, keychain: Keychain) -> bytes | None:
    if key_file.by_keychain is None:
        return None
    wrapping_key = keychain.get(key_file.library_id)
    return None if wrapping_key is None else key_file.key_by_keychain(wrapping_key)
