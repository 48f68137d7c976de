"""Owns harmony, gpt-oss's conversation format, for the rest of the program: conversation -> ids, ids -> events."""

from __future__ import annotations

from models.chat_format import Prompt
from models.harmony_parser import HarmonyParser
from models.harmony_render import HarmonyEncoding
from models.vocabulary import FORCE_FINAL, STOP_IDS

__all__ = ["FORCE_FINAL", "STOP_IDS", "HarmonyEncoding", "HarmonyParser", "Prompt"]
