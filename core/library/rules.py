"""Which files of the person's folders are indexed, from the settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from core.library.scan import ScanRules
from core.settings import Settings

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class LibraryRules:
    """Which files are indexed and how. `scan` says which files count at all; one over `largest_file_bytes` is listed
    with the reason and not parsed. With `ocr`, pictures are read, in `ocr_languages` as core.parsing.ocr.tessdata takes
    them."""

    scan: ScanRules = field(default_factory=ScanRules)
    largest_file_bytes: int = 2048 * MIB
    ocr: bool = True
    ocr_languages: str = ""

    @classmethod
    def of(cls, settings: Settings, data_dir: Path) -> LibraryRules:
        """The rules of these settings. The data directory is never indexed: each comparison would change its log and so
        cause the next."""
        return cls(
            ScanRules(
                include_hidden=settings.hidden_files,
                patterns=tuple(settings.ignore.splitlines()),
                use_gitignore=settings.git_ignore,
                excluded_folders=frozenset(
                    {os.fsencode(os.path.realpath(data_dir)), os.fsencode(os.path.abspath(data_dir))}
                ),
            ),
            settings.largest_file_mb * MIB,
            settings.recognition,
            settings.recognition_languages,
        )
