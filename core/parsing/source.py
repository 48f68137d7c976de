"""The file that a parser reads: where it is (or its bytes, for an attachment), what it is said to be, within limits."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from core.parsing.faults import ParseFault, ParseProblem, fault_of
from core.parsing.limits import MIB, ParseLimits


@dataclass(frozen=True, slots=True)
class Source:
    """A file to parse. `format` is the registry's key ("pdf"), `label` what a person calls it ("PDF"). `data` are its
    bytes where it lies inside another file, `depth` files deep; `path` then is only a name. `password` was given for
    this file, `other_passwords` for others."""

    path: Path
    format: str
    label: str
    password: str | None = field(default=None, repr=False)
    data: bytes | None = field(default=None, repr=False)
    depth: int = 0
    other_passwords: tuple[str, ...] = field(default=(), repr=False)

    @property
    def passwords(self) -> tuple[str, ...]:
        """Those to try on an encrypted file, the one given for it first."""
        return ((self.password,) if self.password else ()) + self.other_passwords

    def encrypted(self) -> ParseFault:
        """The fault for a file that none of the passwords opens."""
        return self.fault(ParseProblem.WRONG_PASSWORD if self.password else ParseProblem.ENCRYPTED)

    @property
    def stem(self) -> str:
        """The title of a document that names none."""
        return self.path.stem or self.path.name

    @property
    def size_bytes(self) -> int:
        if self.data is not None:
            return len(self.data)
        try:
            return os.stat(self.path).st_size
        except OSError as error:
            raise fault_of(error) from error

    def open(self) -> BinaryIO:
        if self.data is not None:
            return io.BytesIO(self.data)
        try:
            return open(self.path, "rb")
        except OSError as error:
            raise fault_of(error) from error

    def read(self, limit_bytes: int) -> bytes:
        """The whole file; more than `limit_bytes` is a fault."""
        size = self.size_bytes
        if size > limit_bytes:
            raise self.too_large(size, limit_bytes)
        try:
            with self.open() as file:
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
