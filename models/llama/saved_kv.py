"""KV caches of conversations on disk, in a folder of bounded size, so that an old conversation needs no new prefill.

A saved cache is derived from the conversation and its documents and just as private. `remove` and `clear` need no
model, so that deleting a conversation or a document can always delete it.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from models.llama.kv_cache import Checkpoint

if TYPE_CHECKING:
    from models.llama.context import ChatContext

log = logging.getLogger(__name__)

FOLDER = "conversations"
MAX_TOTAL_BYTES = 4 << 30  # some twenty conversations of 8,000 tokens
MIN_FREE_BYTES = 2 << 30  # left free on the disk
STATE_SUFFIX, CHECKPOINTS_SUFFIX = ".state", ".points"
SAFE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class SavedKv:
    """The tokens and checkpoints of a saved KV cache. `SavedKvStore.restore` puts the cache itself into the context."""

    tokens: tuple[int, ...]
    checkpoints: tuple[Checkpoint, ...]


class FileSealing(Protocol):
    """Encrypts files. `label` says what a file stands for."""

    def write(self, path: Path, label: str, parts: Iterable[bytes | bytearray | memoryview]) -> int:
        """Write the bytes of `parts`, encrypted; returns the file's size. Raises OSError."""

    def read(self, path: Path, label: str) -> bytearray:
        """What was written. Raises OSError, and ValueError for anything else."""


class SavedKvStore:
    """The saved KV caches of one cache directory, by conversation key, encrypted if `sealing` is given. `settings_id`
    identifies the model and how it is loaded: what was saved under another one is not restored, and is deleted when its
    turn comes."""

    def __init__(
        self,
        cache_dir: Path,
        settings_id: str = "",
        max_bytes: int = MAX_TOTAL_BYTES,
        sealing: FileSealing | None = None,
    ) -> None:
        self._root = cache_dir / FOLDER
        self._settings_id = settings_id
        self._max_bytes = max_bytes
        self._sealing = sealing

    def save(self, key: str, context: ChatContext, tokens: Sequence[int], checkpoints: Sequence[Checkpoint]) -> bool:
        """Save the KV cache of `context` under `key`. Returns False if there was no room or the disk failed."""
        size_bytes = context.state_size()
        state_file, checkpoints_file = self._files(key)
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            if size_bytes > self._max_bytes or shutil.disk_usage(self._root).free < size_bytes + MIN_FREE_BYTES:
                self.remove(key)
                return False
            partial = state_file.with_suffix(".part")
            self._make_room(size_bytes, keep=key)
            state_bytes = self._write_state(partial, key, context, tokens)
            checkpoints_file.unlink(missing_ok=True)  # a state without it does not count, so the two always match
            os.replace(partial, state_file)
            parts = _checkpoints_parts(self._settings_id, tokens, checkpoints, state_bytes)
            self._write_checkpoints(checkpoints_file, key, parts)
        except OSError as error:
            log.warning("a conversation's state could not be saved: %s", error.strerror)
            with suppress(OSError):
                self.remove(key)
            return False
        return True

    def restore(self, key: str, context: ChatContext) -> SavedKv | None:
        """Replace the KV cache of `context` by the one saved under `key`. Returns None, with `context` unchanged or
        empty, if nothing usable is saved."""
        state_file, checkpoints_file = self._files(key)
        try:
            saved, state_bytes, settings_id = self._read_checkpoints(checkpoints_file, key)
            if settings_id != self._settings_id or state_file.stat().st_size != state_bytes:
                return None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("a saved conversation is unreadable: %s", type(error).__name__)
            self.remove(key)
            return None
        if not saved.tokens or len(saved.tokens) > context.context_tokens:
            return None
        if self._load_state(state_file, key, context, saved.tokens):
            os.utime(checkpoints_file)  # its modification time is the time of last use
            return saved
        self.remove(key)
        return None

    def remove(self, key: str) -> None:
        """Delete what is saved of one conversation."""
        for file in self._files(key):
            file.unlink(missing_ok=True)

    def keep_only(self, keys: Collection[str]) -> None:
        """Delete what is saved under any other key than `keys`."""
        if self._root.is_dir():
            for file in self._root.iterdir():
                if file.stem not in keys:
                    file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete everything."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _write_state(self, path: Path, key: str, context: ChatContext, tokens: Sequence[int]) -> int:
        if self._sealing is None:
            return context.save_state(path, tokens)
        return self._sealing.write(path, key + STATE_SUFFIX, [context.state()])  # llama.cpp's own file would be plain

    def _load_state(self, path: Path, key: str, context: ChatContext, tokens: Sequence[int]) -> bool:
        if self._sealing is None:
            return context.load_state(path, tokens)
        try:
            state = self._sealing.read(path, key + STATE_SUFFIX)
        except (OSError, ValueError) as error:
            log.warning("a saved conversation is unreadable: %s", type(error).__name__)
            return False
        return context.replace_state(state, len(tokens))

    def _write_checkpoints(self, path: Path, key: str, parts: Sequence[bytes]) -> None:
        """Write `parts` as a whole or not at all."""
        partial = path.with_suffix(".part")
        if self._sealing is not None:
            self._sealing.write(partial, key + CHECKPOINTS_SUFFIX, parts)
        else:
            with partial.open("wb") as file:
                file.writelines(parts)
        os.replace(partial, path)

    def _read_checkpoints(self, path: Path, key: str) -> tuple[SavedKv, int, str]:
        """Tokens and checkpoints, the size of the state file, the settings' id. Raises OSError, ValueError, KeyError or
        TypeError if the file is missing or damaged."""
        if self._sealing is not None:
            return _checkpoints_from(io.BytesIO(self._sealing.read(path, key + CHECKPOINTS_SUFFIX)))
        with path.open("rb") as file:
            return _checkpoints_from(file)

    def _files(self, key: str) -> tuple[Path, Path]:
        """The state file and the checkpoints file of `key`. Raises ValueError for a key that is no safe file name."""
        if not SAFE_KEY.fullmatch(key):
            raise ValueError(f"not a key of a saved conversation: {key!r}")
        return self._root / (key + STATE_SUFFIX), self._root / (key + CHECKPOINTS_SUFFIX)

    def _make_room(self, size_bytes: int, keep: str) -> None:
        """Delete the least recently used caches, but not that of `keep`, until `size_bytes` more fit."""
        kept = {file.name for file in self._files(keep)}
        others = list(self._least_recently_used_first(kept))
        total = sum(size for _used, _key, size in others)
        for _used, key, size in others:
            if total + size_bytes <= self._max_bytes:
                return
            self.remove(key)
            total -= size

    def _least_recently_used_first(self, kept: set[str]) -> Iterator[tuple[float, str, int]]:
        """Time of last use, key and size of each saved state not in `kept`. A state without its checkpoints file counts
        as the oldest; leftovers of an interrupted `save` are deleted."""
        found = []
        for file in self._root.iterdir():
            if file.suffix == ".part":
                file.unlink(missing_ok=True)
            elif file.suffix == STATE_SUFFIX and file.name not in kept:
                checkpoints_file = file.with_suffix(CHECKPOINTS_SUFFIX)
                used = checkpoints_file.stat().st_mtime if checkpoints_file.exists() else 0.0
                found.append((used, file.stem, file.stat().st_size))
        yield from sorted(found)


def _checkpoints_parts(
    settings_id: str, tokens: Sequence[int], checkpoints: Sequence[Checkpoint], state_bytes: int
) -> list[bytes]:
    """A line of JSON followed by the checkpoints' bytes."""
    head = {
        "settings": settings_id,
        "state_bytes": state_bytes,
        "tokens": list(tokens),
        "points": [[checkpoint.position, len(checkpoint.window_state)] for checkpoint in checkpoints],
    }
    return [json.dumps(head).encode() + b"\n", *(checkpoint.window_state for checkpoint in checkpoints)]


def _checkpoints_from(file: BinaryIO) -> tuple[SavedKv, int, str]:
    head = json.loads(file.readline())
    checkpoints = []
    for position, size in head["points"]:
        window_state = file.read(int(size))
        if len(window_state) != size:
            raise ValueError("cut short")
        checkpoints.append(Checkpoint(int(position), window_state))
    saved = SavedKv(tuple(int(token) for token in head["tokens"]), tuple(checkpoints))
    return saved, int(head["state_bytes"]), str(head["settings"])
