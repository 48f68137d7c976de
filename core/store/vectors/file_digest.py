"""A digest of the vector store's file: tells bits that changed while its size and time of change stayed the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.store import key_values
from core.store.database import Database
from core.store.vectors.milvus import FILE_NAME, VectorStoreError, stamp_of

DIGEST_KEY = "vector_store_seal"
BLOCK_BYTES = 1 << 20


class FileDigest:
    """Of the store in `folder`; where its program keeps no single file, there is none. Reads all of the file, about a
    second for a gigabyte, but once for each of its states. Called from any thread; raises `VectorStoreError`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._sound = ""  # the stamp of the state that was found as it was sealed

    def store(self) -> None:
        """The file is as it should be."""
        stamp = stamp_of(self._folder)
        if not stamp or stamp == self._sound:
            return
        value = f"{stamp} {self._digest()}"
        with self._database.write() as connection:
            key_values.put_value(connection, DIGEST_KEY, value)
        self._sound = stamp

    def check(self) -> bool:
        """True if the file is what it was when it was sealed, False if nobody sealed this state of it. Raises if it was
        damaged."""
        stamp = stamp_of(self._folder)
        if not stamp or stamp == self._sound:
            return True
        with self._database.read() as connection:
            sealed, _, digest = (key_values.value_of(connection, DIGEST_KEY) or "").partition(" ")
        if sealed != stamp:
            return False
        if digest != self._digest():
            raise VectorStoreError("its file was damaged")
        self._sound = stamp
        return True

    def _digest(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        try:
            with (self._folder / FILE_NAME).open("rb") as opened:
                while block := opened.read(BLOCK_BYTES):
                    digest.update(block)
        except OSError as error:
            raise VectorStoreError(f"its file cannot be read: {error.strerror}") from error
        return digest.hexdigest()
