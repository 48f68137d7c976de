"""The file that a parser reads: open, or its bytes if it is an attachment; its name, its format and its passwords."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from core.parsing.faults import ParseFault, ParseProblem, fault_from_os_error
from core.parsing.limits import MIB, ParseLimits
from core.parsing.open_file import OpenFile


@dataclass(frozen=True, slots=True)
class Source:
    """A file to parse. `format` is the registry's key ("pdf"), `label` what a person calls it ("PDF"). `path` is only
    a name: what is read is `file` or, of a file inside another one, `depth` files deep, `data`. `password` was given
    for this file, `other_passwords` for others."""

    path: PurePath
    format: str
    label: str
    password: str | None = field(default=None, repr=False)
    data: bytes | None = field(default=None, repr=False)
    file: OpenFile | None = field(default=None, repr=False)
    depth: int = 0
    other_passwords: tuple[str, ...] = field(default=(), repr=False)

    @property
    def passwords(self) -> tuple[str, ...]:
        """The passwords to try on an encrypted file, the one given for it first."""
        return ((self.password,) if self.password else ()) + self.other_passwords

    def encryption_fault(self) -> ParseFault:
        """Return the fault for an encrypted file that none of the passwords opens."""
        return self.fault(ParseProblem.WRONG_PASSWORD if self.password else ParseProblem.ENCRYPTED)

    @property
    def stem(self) -> str:
        """The title of a document that has no title of its own."""
        return self.path.stem or self.path.name

    @property
    def size_bytes(self) -> int:
        if self.file is not None:
            return self.file.size_bytes
        return len(self.data or b"")

    def open(self) -> BinaryIO:
        return self.file.reader() if self.file is not None else io.BytesIO(self.data or b"")

    def read(self, limit_bytes: int) -> bytes:
        """Return the whole file. Raises `ParseFault` (too large) for more than `limit_bytes`."""
        size = self.size_bytes
        if size > limit_bytes:
            raise self.too_large(size, limit_bytes)
        try:
            with self.open() as file:
                data = file.read(limit_bytes + 1)
        except OSError as error:
            raise fault_from_os_error(error) from error
        if len(data) > limit_bytes:
            raise self.too_large(len(data), limit_bytes)
        return data

    def read_text_file(self, limits: ParseLimits) -> bytes:
        return self.read(limits.text_file_bytes)

    def require_text(self, text: str, limits: ParseLimits) -> None:
        """Raise `ParseFault` if `text` is blank or longer than the limit."""
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
