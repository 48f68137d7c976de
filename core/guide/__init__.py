"""Papermoor's own user guide, bundled, so that a newcomer can search and ask within a minute."""

from __future__ import annotations

from pathlib import Path

from core.i18n import current_language


def guide_folder() -> Path:
    """The folder that holds the guide in the person's language, in English where there is none."""
    here = Path(__file__).parent
    translated = here / current_language()
    return translated if translated.is_dir() else here / "en"
