"""Writes a survey's table to a file that another program reads."""

from __future__ import annotations

from pathlib import Path

from core.domain.faults import N_, Fault
from core.survey.values import Survey


def export(survey: Survey, path: Path) -> None:
    """As CSV or Markdown, by the ending of `path`. On a worker; raises `Fault` if the disk refuses."""
    from core.survey.export import to_csv, to_markdown

    as_csv = path.suffix.lower() == ".csv"
    text, encoding = (to_csv(survey), "utf-8-sig") if as_csv else (to_markdown(survey), "utf-8")
    try:
        path.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise Fault(N_("Not written"), N_("{path} cannot be written: {why}."), path=path, why=error.strerror) from error
