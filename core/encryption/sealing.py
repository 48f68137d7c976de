"""AES-256-GCM for what lies beside the database: whole files in bound pieces, and single lines of a log."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"PMSEAL1\0"
SALT_BYTES = 16
NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2: 96 bits
TAG_BYTES = 16
PIECE_BYTES = 1 << 20


def derived_key(key: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """A 256-bit key of its own for each purpose (HKDF, RFC 5869), so that no two uses share nonces."""
    return HKDF(SHA256(), 32, salt or None, purpose.encode()).derive(key)


class SealedFiles:
    """Writes and reads files that only `key` opens. Any thread.

    A file is `MAGIC`, a salt, and pieces of a mebibyte, each with its tag. Every file has a key of its own, and a
    piece's nonce is its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
    Vizár, 2015): pieces that are altered, swapped, left out or cut off are found. `label` says what a file stands for;
    one that was moved to another's place does not open.
    """

    def __init__(self, key: bytes) -> None:
        self._key = derived_key(key, "files")

    def write(self, path: Path, label: str, parts: Iterable[bytes | bytearray | memoryview]) -> int:
        """Write the bytes of `parts` to `path`, readable by its owner alone; returns the file's size. Raises OSError;
        the file is then incomplete."""
        salt = os.urandom(SALT_BYTES)
        cipher = AESGCM(derived_key(self._key, label, salt))
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
            file.write(MAGIC + salt)
            number, waiting = 0, b""
            for piece in _pieces(parts):
                if number or waiting:
                    file.write(cipher.encrypt(_nonce(number, last=False), waiting, MAGIC))
                    number += 1
                waiting = piece
            file.write(cipher.encrypt(_nonce(number, last=True), waiting, MAGIC))
            return file.tell()

    def read(self, path: Path, label: str) -> bytearray:
        """What was written. Raises OSError, and ValueError if it is not exactly that."""
        with path.open("rb") as file:
            head = file.read(len(MAGIC) + SALT_BYTES)
            if len(head) != len(MAGIC) + SALT_BYTES or not head.startswith(MAGIC):
                raise ValueError("not a sealed file")
            cipher = AESGCM(derived_key(self._key, label, head[len(MAGIC) :]))
            found = bytearray()
            for number, (piece, last) in enumerate(_sealed_pieces(file)):
                try:
                    found += cipher.decrypt(_nonce(number, last=last), piece, MAGIC)
                except InvalidTag:
                    raise ValueError("a sealed file was altered") from None
            return found


def is_sealed(path: Path) -> bool:
    """Whether the file begins as a sealed one."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class SealedLines:
    """Seals single lines, such as records of a log; their order and number are not bound. Any thread."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(derived_key(key, "log"))

    def seal(self, text: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), b"log")).decode("ascii")

    def open(self, line: str) -> str:
        """What was sealed. Raises ValueError if the line is none or was altered."""
        sealed = base64.b64decode(line.strip(), validate=True)
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise ValueError("not a sealed line")
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], b"log").decode()
        except InvalidTag:
            raise ValueError("a sealed line was altered") from None


_BINARY: int = getattr(os, "O_BINARY", 0)  # Windows alone has it


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])


def _pieces(parts: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """`parts` in pieces of `PIECE_BYTES`, the last one shorter; none if there are no bytes."""
    begun = bytearray()
    for part in parts:
        view = memoryview(part).cast("B")
        for start in range(0, len(view), PIECE_BYTES):
            begun += view[start : start + PIECE_BYTES]
            while len(begun) >= PIECE_BYTES:
                yield bytes(begun[:PIECE_BYTES])
                del begun[:PIECE_BYTES]
    if begun:
        yield bytes(begun)


def _sealed_pieces(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The pieces that follow in `file`, each with whether it is the last."""
    piece = file.read(PIECE_BYTES + TAG_BYTES)
    while True:
        following = file.read(PIECE_BYTES + TAG_BYTES)
        yield piece, not following
        if not following:
            return
        piece = following
