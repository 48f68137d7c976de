"""A digest of the vector store's file: detects bits that changed although its size and time of change did not."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.store import key_values
from core.store.database import Database
from core.store.vectors.store_file import FILE_NAME, VectorStoreError, stamp_of

DIGEST_KEY = "vector_store_seal"
BLOCK_BYTES = 1 << 20


class FileDigest:
    """The digest of the store in `folder`; there is none where its program keeps no single file. Computing it reads the
    whole file, about a second a gigabyte, once for each state. Any thread; raises `VectorStoreError`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._verified_stamp = ""  # of the state whose digest was found right

    def store(self) -> None:
        """Store the digest of the file as it is now."""
        stamp = stamp_of(self._folder)
        if not stamp or stamp == self._verified_stamp:
            return
        value = f"{stamp} {self._digest()}"
        with self._database.write() as connection:
            key_values.put_value(connection, DIGEST_KEY, value)
        self._verified_stamp = stamp

    def check(self) -> bool:
        """True if the file is as it was when its digest was stored, False if no digest was stored for this state.
        Raises if it is damaged."""
        stamp = stamp_of(self._folder)
        if not stamp or stamp == self._verified_stamp:
            return True
        with self._database.read() as connection:
            stored_stamp, _, digest = (key_values.value_of(connection, DIGEST_KEY) or "").partition(" ")
        if stored_stamp != stamp:
            return False
        if digest != self._digest():
            raise VectorStoreError("its file was damaged")
        self._verified_stamp = stamp
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
