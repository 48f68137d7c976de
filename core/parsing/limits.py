"""The limits within which a document is parsed: bytes, characters, pages, memory and time."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """What one document may cost. The defaults suit a laptop with 16 GB, most of which a language model uses.

    Time: `base_s` for any file, `per_mib_s` more for each MiB and `per_page_s` more for each page that a file claims,
    up to `longest_s`; a fixed limit cut an honest 3,700-page PDF in half. Cutting a text into passages has a time of
    its own, with `per_million_chars_s` (measured: 1.5 s). A process that gets little of the processor
    is given longer. OCR: `ocr_page_s` for each picture, at most `ocr_pages` pictures of a document, of which at most
    `embedded_pictures` are embedded in its text.
    Memory: the worker's address space where the system enforces that (Linux), its resident memory elsewhere.
    Archives: the largest compression ratio measured in real files was 37, so `archive_ratio` leaves room; members below
    `archive_ratio_from_bytes` are not checked.
    """

    file_bytes: int = 2048 * MIB
    text_file_bytes: int = 64 * MIB
    text_chars: int = 32_000_000
    memory_bytes: int = 1024 * MIB
    base_s: float = 12.0
    per_page_s: float = 0.05
    per_mib_s: float = 1.0
    longest_s: float = 300.0
    per_million_chars_s: float = 8.0
    pages: int = 20_000
    archive_member_bytes: int = 256 * MIB
    archive_total_bytes: int = 512 * MIB
    archive_members: int = 20_000
    archive_ratio: int = 200
    archive_ratio_from_bytes: int = 10 * MIB
    image_pixels: int = 120_000_000
    ocr_page_s: float = 20.0
    ocr_pages: int = 500
    embedded_pictures: int = 100

    def seconds(self, pages: int, size_bytes: int = 0) -> float:
        """Return the wall-clock seconds that a file of this many pages and bytes may take."""
        wanted = self.base_s + self.per_page_s * max(0, pages) + self.per_mib_s * size_bytes / MIB
        return min(self.longest_s, wanted)

    def cutting_seconds(self, characters: int) -> float:
        """Return the wall-clock seconds that cutting a text of so many characters into passages may take."""
        return min(self.longest_s, self.base_s + self.per_million_chars_s * characters / 1e6)
