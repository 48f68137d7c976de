"""Exported surveys as files: the format by the name, and a fault if the file cannot be written."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from core.domain.faults import Fault
from core.survey.export import to_csv, to_markdown
from core.survey.export_file import write_export
from core.survey.values import Survey

SURVEY = Survey(1, "Wie viele Verträge?", 0.0, "", ())


def test_a_name_that_ends_in_csv_gives_csv_with_a_byte_order_mark_for_spreadsheets(tmp_path: Path) -> None:
    path = tmp_path / "table.CSV"
    write_export(SURVEY, path)
    assert path.read_bytes() == codecs.BOM_UTF8 + to_csv(SURVEY).encode()


def test_any_other_name_gives_markdown(tmp_path: Path) -> None:
    path = tmp_path / "table.md"
    write_export(SURVEY, path)
    assert path.read_bytes() == to_markdown(SURVEY).encode()


def test_a_file_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault) as raised:
        write_export(SURVEY, tmp_path / "missing" / "table.csv")
    assert raised.value.title == "Not written"
