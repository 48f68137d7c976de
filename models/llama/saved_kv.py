"""Evaluated conversations on disk, so that an old one goes on without being read again. A bounded folder.

What is saved is derived from the conversation and its documents and as private as they are: `remove` and `clear` work
without a model, for whoever deletes a conversation or a document.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.llama.kv_cache import Checkpoint

if TYPE_CHECKING:
    from models.llama.context import ChatContext

log = logging.getLogger(__name__)

FOLDER = "conversations"
LIMIT_BYTES = 4 << 30  # some twenty conversations of 8,000 tokens
KEPT_FREE_BYTES = 2 << 30  # on the disk
STATE, POINTS = ".state", ".points"
SAFE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class SavedKv:
    """What a context held, without its state: that is put back by `SavedCaches.restore` itself."""

    tokens: tuple[int, ...]
    checkpoints: tuple[Checkpoint, ...]


class SavedKvStore:
    """The saved conversations of one cache directory. `settings_id` names the model and how it is loaded: what was
    saved under another one is not restored, and goes in its turn."""

    def __init__(self, cache_dir: Path, settings_id: str = "", limit_bytes: int = LIMIT_BYTES) -> None:
        self._root = cache_dir / FOLDER
        self._settings_id = settings_id
        self._limit_bytes = limit_bytes

    def save(self, key: str, context: ChatContext, tokens: Sequence[int], checkpoints: Sequence[Checkpoint]) -> bool:
        """Keep what `context` holds under `key`; False if there was no room. Never raises for the disk's sake."""
        size_bytes = context.state_size()
        state, points = self._files(key)
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            if size_bytes > self._limit_bytes or shutil.disk_usage(self._root).free < size_bytes + KEPT_FREE_BYTES:
                self.remove(key)
                return False
            partial = state.with_suffix(".part")
            self._make_room(size_bytes, keep=key)
            saved = context.save_state(partial, tokens)
            points.unlink(missing_ok=True)  # without it the state does not count: none of both is ever half new
            os.replace(partial, state)
            _write_points(points, self._settings_id, tokens, checkpoints, saved)
        except OSError as error:
            log.warning("a conversation's state could not be saved: %s", error.strerror)
            with suppress(OSError):
                self.remove(key)
            return False
        return True

    def restore(self, key: str, context: ChatContext) -> SavedKv | None:
        """Put what was saved under `key` into `context`, which then holds nothing else; None if there is nothing that
        fits, with `context` unchanged or empty."""
        state, points = self._files(key)
        try:
            saved, state_bytes, settings_id = _read_points(points)
            if settings_id != self._settings_id or state.stat().st_size != state_bytes:
                return None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("a saved conversation is unreadable: %s", type(error).__name__)
            self.remove(key)
            return None
        if not saved.tokens or len(saved.tokens) > context.context_tokens:
            return None
        if context.load_state(state, saved.tokens):
            os.utime(points)
            return saved
        self.remove(key)
        return None

    def remove(self, key: str) -> None:
        """Delete what was saved of one conversation."""
        for file in self._files(key):
            file.unlink(missing_ok=True)

    def keep_only(self, keys: Collection[str]) -> None:
        """Delete what was saved under any other key."""
        if self._root.is_dir():
            for file in self._root.iterdir():
                if file.stem not in keys:
                    file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete everything."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _files(self, key: str) -> tuple[Path, Path]:
        if not SAFE_KEY.fullmatch(key):
            raise ValueError(f"not a key of a saved conversation: {key!r}")
        return self._root / (key + STATE), self._root / (key + POINTS)

    def _make_room(self, size_bytes: int, keep: str) -> None:
        """Delete the least recently used until `size_bytes` more fit."""
        kept = {file.name for file in self._files(keep)}
        used = list(self._by_age(kept))
        total = sum(size for _when, _key, size in used)
        for _when, key, size in used:
            if total + size_bytes <= self._limit_bytes:
                return
            self.remove(key)
            total -= size

    def _by_age(self, kept: set[str]) -> Iterator[tuple[float, str, int]]:
        """When it was last used, key and size of each saved conversation, oldest first; leftovers count as oldest."""
        found = []
        for state in self._root.iterdir():
            if state.suffix == ".part":
                state.unlink(missing_ok=True)
            elif state.suffix == STATE and state.name not in kept:
                points = state.with_suffix(POINTS)
                when = points.stat().st_mtime if points.exists() else 0.0
                found.append((when, state.stem, state.stat().st_size))
        yield from sorted(found)


def _write_points(
    path: Path, settings_id: str, tokens: Sequence[int], checkpoints: Sequence[Checkpoint], state_bytes: int
) -> None:
    """A line of JSON, then the checkpoints' bytes; whole or not at all."""
    head = {
        "settings": settings_id,
        "state_bytes": state_bytes,
        "tokens": list(tokens),
        "points": [[point.position, len(point.window)] for point in checkpoints],
    }
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        for point in checkpoints:
            file.write(point.window)
    os.replace(partial, path)


def _read_points(path: Path) -> tuple[SavedKv, int, str]:
    with path.open("rb") as file:
        head = json.loads(file.readline())
        points = []
        for position, size in head["points"]:
            window = file.read(int(size))
            if len(window) != size:
                raise ValueError("cut short")
            points.append(Checkpoint(int(position), window))
    saved = SavedKv(tuple(int(token) for token in head["tokens"]), tuple(points))
    return saved, int(head["state_bytes"]), str(head["settings"])
