"""What of a person's folders is read, as the settings say it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from core.library.scan import ScanRules
from core.settings import Settings

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class LibraryRules:
    """`scan` says which files count at all; one over `largest_file_bytes` is named, with the reason, and not read.
    `recognition` says whether pictures are read, in languages as core.parsing.ocr.tessdata takes them."""

    scan: ScanRules = field(default_factory=ScanRules)
    largest_file_bytes: int = 2048 * MIB
    recognition: bool = True
    recognition_languages: str = ""

    @classmethod
    def of(cls, settings: Settings, data_dir: Path) -> LibraryRules:
        """The data directory is never read: each look would change its log, and so call for the next look."""
        return cls(
            ScanRules(
                hidden=settings.hidden_files,
                patterns=tuple(settings.ignore.splitlines()),
                git_files=settings.git_ignore,
                never=frozenset({os.fsencode(os.path.realpath(data_dir)), os.fsencode(os.path.abspath(data_dir))}),
            ),
            settings.largest_file_mb * MIB,
            settings.recognition,
            settings.recognition_languages,
        )
