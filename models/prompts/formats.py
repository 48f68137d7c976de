"""Chooses the chat format of a model by the header of its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.prompts.chat_format import ChatFormat

if TYPE_CHECKING:
    from models.gguf.header import GgufHeader

HARMONY_ARCHITECTURE = "gpt-oss"  # 20b and 120b alike


def chat_format_for(header: GgufHeader, cache_dir: Path) -> ChatFormat:
    """The chat format of the model with this header. Raises `ModelFault` if it is no chat model."""
    if header.architecture == HARMONY_ARCHITECTURE:
        from models.prompts.harmony_render import HarmonyFormat

        return HarmonyFormat.from_gguf(header.path, cache_dir)
    from models.prompts.templates import TemplateFormat

    return TemplateFormat.from_gguf(header)
