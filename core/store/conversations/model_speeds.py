"""Stores how fast each language model was on this machine, so that the first question of a day has a figure too."""

from __future__ import annotations

import time
from dataclasses import dataclass

from core.store.database import Database


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second of prefill and of decode (0 until that was measured)."""

    prefill_tokens_s: float
    decode_tokens_s: float


class Speeds:
    """Any thread. `model` identifies a model file (`core.engines.engines.Engines.chat_key`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, model: str) -> Speed | None:
        """The last speed measured; None if there is none."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT prefill_tokens_s, decode_tokens_s FROM speeds WHERE model = ?", (model,)
            ).fetchone()
        return Speed(*row) if row else None

    def note(self, model: str, speed: Speed) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO speeds (model, prefill_tokens_s, decode_tokens_s, measured_s) "
                "VALUES (?, ?, ?, ?)",
                (model, speed.prefill_tokens_s, speed.decode_tokens_s, time.time()),
            )
