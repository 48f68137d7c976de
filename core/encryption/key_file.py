"""The key file beside the library: the library's key, wrapped by the keychain's key, by a passphrase, or by both."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import unicodedata
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.domain.faults import N_, WorkspaceFault
from core.encryption.files import write_whole
from core.encryption.sealing import NONCE_BYTES, TAG_BYTES

VERSION = 1
KEY_BYTES = 32
SALT_BYTES = 16
# OWASP's Password Storage Cheat Sheet: scrypt with N = 2^17, r = 8, p = 1; 128 MiB and about half a second.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
SCRYPT_MOST_BYTES = 512 << 20  # of memory, that a key file may ask for; OpenSSL takes less than 2 GiB
SHORTEST_PASSPHRASE = 8  # characters


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A library's key, encrypted under another key. With `salt` and scrypt's `cost` (N, r, p), that is one made from a
    passphrase."""

    sealed: bytes
    salt: bytes = b""
    cost: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What the key file says. `turn_off` is set when encryption is to be turned off at the next start."""

    library_id: str
    by_keychain: WrappedKey | None = None
    by_passphrase: WrappedKey | None = None
    turn_off: bool = False

    @classmethod
    def new(cls) -> KeyFile:
        return cls(uuid.uuid4().hex)

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """Raises `WorkspaceFault` if the file is damaged, and OSError."""
        try:
            return _from_json(json.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path) from error

    def write(self, path: Path) -> None:
        """Write the file whole or not at all, to the disk. Raises OSError."""
        write_whole(path, json.dumps(_to_json(self), indent=1).encode())

    def with_keychain_key(self, wrapping_key: bytes, key: bytes) -> KeyFile:
        return replace(self, by_keychain=WrappedKey(self._wrap(wrapping_key, key, "keychain")))

    def with_passphrase(self, passphrase: str, key: bytes) -> KeyFile:
        """Wrap `key` under `passphrase`, in place of another. Raises `WorkspaceFault` if it is too short."""
        if len(normalised(passphrase)) < SHORTEST_PASSPHRASE:
            raise WorkspaceFault(
                N_("The passphrase is too short"),
                N_("A passphrase needs {n} characters or more; some words in a row are easy to remember."),
                N_("Choose a longer one."),
                n=SHORTEST_PASSPHRASE,
            )
        salt, cost = os.urandom(SALT_BYTES), (SCRYPT_N, SCRYPT_R, SCRYPT_P)
        wrapped = WrappedKey(self._wrap(_stretched(passphrase, salt, cost), key, "passphrase"), salt, cost)
        return replace(self, by_passphrase=wrapped)

    def key_by_keychain(self, wrapping_key: bytes) -> bytes | None:
        """The library's key; None if this is not the key that wrapped it."""
        return self._unwrap(wrapping_key, self.by_keychain, "keychain")

    def key_by_passphrase(self, passphrase: str) -> bytes | None:
        """The library's key; None if this is not the passphrase. Takes about half a second."""
        wrapped = self.by_passphrase
        if wrapped is None:
            return None
        return self._unwrap(_stretched(passphrase, wrapped.salt, wrapped.cost), wrapped, "passphrase")

    def _wrap(self, wrapping_key: bytes, key: bytes, by: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(wrapping_key).encrypt(nonce, key, self._bound_to(by))

    def _unwrap(self, wrapping_key: bytes, wrapped: WrappedKey | None, by: str) -> bytes | None:
        if wrapped is None or len(wrapping_key) != KEY_BYTES:
            return None
        nonce, sealed = wrapped.sealed[:NONCE_BYTES], wrapped.sealed[NONCE_BYTES:]
        try:
            return AESGCM(wrapping_key).decrypt(nonce, sealed, self._bound_to(by))
        except InvalidTag:
            return None

    def _bound_to(self, by: str) -> bytes:
        return f"papermoor key {VERSION} {self.library_id} {by}".encode()


def normalised(passphrase: str) -> str:
    """One form for what keyboards type as different code points: NFC, as RFC 8265, section 4.2, has for passwords."""
    return unicodedata.normalize("NFC", passphrase)


def _stretched(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return hashlib.scrypt(
        normalised(passphrase).encode(),
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=SCRYPT_MOST_BYTES + (16 << 20),
        dklen=KEY_BYTES,
    )


def _to_json(key_file: KeyFile) -> dict[str, Any]:
    def wrapped(one: WrappedKey | None) -> dict[str, Any] | None:
        if one is None:
            return None
        return {"sealed": _text(one.sealed), "salt": _text(one.salt), "scrypt": list(one.cost)}

    return {
        "version": VERSION,
        "library": key_file.library_id,
        "keychain": wrapped(key_file.by_keychain),
        "passphrase": wrapped(key_file.by_passphrase),
        "turn_off": key_file.turn_off,
    }


def _from_json(found: Any) -> KeyFile:
    """Raises ValueError, KeyError or TypeError for anything that `_to_json` does not make."""
    if found["version"] != VERSION:
        raise ValueError("another version")

    def wrapped(one: Any) -> WrappedKey | None:
        if one is None:
            return None
        n, r, p = (int(number) for number in one["scrypt"])
        sealed = base64.b64decode(one["sealed"], validate=True)
        if len(sealed) != NONCE_BYTES + KEY_BYTES + TAG_BYTES:
            raise ValueError("not a wrapped key")
        return WrappedKey(sealed, base64.b64decode(one["salt"], validate=True), (n, r, p))

    by_passphrase = wrapped(found["passphrase"])
    if by_passphrase is not None:
        n, r, p = by_passphrase.cost
        if n < 2 or n & (n - 1) or not 0 < r <= 64 or not 0 < p <= 16 or 128 * n * r > SCRYPT_MOST_BYTES:
            raise ValueError("no cost of scrypt that is used")
    if not isinstance(found["library"], str) or not isinstance(found["turn_off"], bool):
        raise TypeError("not a key file")
    return KeyFile(found["library"], wrapped(found["keychain"]), by_passphrase, found["turn_off"])


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _damaged(path: Path) -> WorkspaceFault:
    return WorkspaceFault(
        N_("The key file is damaged"),
        N_("{path} holds the library's key and cannot be read, or a newer version of Papermoor wrote it."),
        N_("Put back a copy of this file from a backup. Without it the library cannot be opened."),
        path=path,
    )
