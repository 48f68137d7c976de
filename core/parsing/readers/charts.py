"""Writes the charts of office files as tables: a row for each series, under the categories."""

from __future__ import annotations

import io

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.readers.archive import Archive
from core.parsing.readers.xml_events import feed


def write_chart(archive: Archive, name: str, label: str, out: DocumentBuilder) -> None:
    """Write the chart in the part `name`: its titles, then its values."""
    chart = _Chart()
    feed(io.BytesIO(archive.read(name)), chart, label, tolerant=True)
    for title in chart.titles:
        out.paragraph(title)
    out.table(chart.rows())


class _Chart:
    """XML target for a chart part. A series holds texts by the element they are in: its name ("tx"), the categories
    ("cat") and the values ("val")."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self._series: list[dict[str, list[str]]] = []
        self._parent = ""
        self._text: list[str] = []
        self._in_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "ser":
            self._series.append({"tx": [], "cat": [], "val": []})
        elif name in ("tx", "cat", "val", "xVal", "yVal", "title"):
            self._parent = {"xVal": "cat", "yVal": "val"}.get(name, name)
        elif name in ("v", "t"):
            self._in_text = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._in_text = False
        if name == "v" or (name == "p" and self._text):
            self._add(one_line("".join(self._text)))
            self._text.clear()
        elif name == "ser":
            self._parent = ""

    def data(self, text: str) -> None:
        if self._in_text:
            self._text.append(text)

    def _add(self, text: str) -> None:
        if not text:
            return
        if self._series and self._parent in self._series[-1]:
            self._series[-1][self._parent].append(text)
        elif text not in self.titles:
            self.titles.append(text)

    def rows(self) -> list[list[str]]:
        """Return the series as rows of cells, under a row of the categories if there are any."""
        categories = next((series["cat"] for series in self._series if series["cat"]), [])
        rows = [[" ".join(series["tx"]), *series["val"]] for series in self._series]
        return [["", *categories], *rows] if categories else rows
