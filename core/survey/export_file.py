"""Writes a survey to a file for other programs."""

from __future__ import annotations

from pathlib import Path

from core.domain.faults import N_, Fault
from core.domain.text_files import write_text_file
from core.survey.export import to_csv, to_markdown
from core.survey.values import Survey


def write_export(survey: Survey, path: Path) -> None:
    """Write `survey` as CSV if the name ends so, else as Markdown. Raises `Fault` if the file cannot be written."""
    as_csv = path.suffix.lower() == ".csv"
    text, encoding = (to_csv(survey), "utf-8-sig") if as_csv else (to_markdown(survey), "utf-8")
    try:
        write_text_file(path, text, encoding)
    except OSError as error:
        raise Fault(N_("Not written"), N_("{path} cannot be written: {why}."), path=path, why=error.strerror) from error
