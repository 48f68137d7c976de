"""Refuses archives: their files are documents only once somebody unpacks them. Raises the fault that fits best."""

from __future__ import annotations

import zipfile

from core.parsing.document import DocumentBuilder
from core.parsing.faults import ParseProblem
from core.parsing.source import Source


def parse(source: Source, out: DocumentBuilder) -> None:
    if source.path.suffix.lower() == ".zip":
        try:
            with source.open() as file, zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise source.fault(ParseProblem.DAMAGED) from error
        if any(info.file_size == source.size_bytes for info in infos):
            raise source.fault(ParseProblem.DAMAGED)
        if any(info.flag_bits & 1 for info in infos):
            raise source.fault(ParseProblem.ENCRYPTED)
    raise source.fault(ParseProblem.ARCHIVE)
