"""The file that a parser reads: where it is, what it is said to be, and reading it within limits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.parsing.faults import ParseFault, ParseProblem, fault_of
from core.parsing.limits import MIB, ParseLimits


@dataclass(frozen=True, slots=True)
class Source:
    """A file to parse. `format` is the registry's key ("pdf"), `label` what a person calls it ("PDF")."""

    path: Path
    format: str
    label: str
    password: str | None = None

    @property
    def stem(self) -> str:
        """The title of a document that names none."""
        return self.path.stem or self.path.name

    def read(self, limit_bytes: int) -> bytes:
        """The whole file; more than `limit_bytes` is a fault."""
        try:
            size = os.stat(self.path).st_size
            if size > limit_bytes:
                raise self.too_large(size, limit_bytes)
            with open(self.path, "rb") as file:
                data = file.read(limit_bytes + 1)
        except OSError as error:
            raise fault_of(error) from error
        if len(data) > limit_bytes:
            raise self.too_large(len(data), limit_bytes)
        return data

    def read_text_file(self, limits: ParseLimits) -> bytes:
        return self.read(limits.text_file_bytes)

    def require_text(self, text: str, limits: ParseLimits) -> None:
        """Raise the fault for text that is empty or longer than the limit."""
        if not text.strip("\ufeff\u200b \t\r\n\0") or text.isspace():
            raise self.fault(ParseProblem.EMPTY)
        if len(text) > limits.text_chars:
            detail = f"more than {limits.text_chars // 1_000_000} million characters of text"
            raise self.fault(ParseProblem.TOO_LARGE, detail)

    def fault(self, problem: ParseProblem, detail: str = "") -> ParseFault:
        return ParseFault(problem, format=self.label, detail=detail)

    def too_large(self, size_bytes: int, limit_bytes: int) -> ParseFault:
        megabytes, limit = -(-size_bytes // MIB), limit_bytes // MIB
        return self.fault(ParseProblem.TOO_LARGE, f"{megabytes} MB, and at most {limit} MB can be read")
