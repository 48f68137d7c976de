"""Chooses the prompt format of a model from the header of its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.prompts.chat_format import ChatFormat

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader

HARMONY_ARCHITECTURE = "gpt-oss"  # 20b and 120b alike


def format_of(header: GgufHeader, cache_dir: Path) -> ChatFormat:
    """The format of the model with this header; raises `ModelFault` for a file that is no chat model."""
    if header.architecture == HARMONY_ARCHITECTURE:
        from models.prompts.harmony_render import HarmonyEncoding

        return HarmonyEncoding.from_gguf(header.path, cache_dir)
    from models.prompts.templates import TemplateFormat

    return TemplateFormat.from_gguf(header)
