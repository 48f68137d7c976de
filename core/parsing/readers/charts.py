"""Charts in office files: each series as a row of a table, under its categories."""

from __future__ import annotations

import io

from core.parsing.cleaning import one_line
from core.parsing.document import DocumentBuilder
from core.parsing.readers.archive import Archive
from core.parsing.readers.xml_events import feed


def write_chart(archive: Archive, name: str, label: str, out: DocumentBuilder) -> None:
    """The chart in the part `name`: its titles, then its figures."""
    chart = _Chart()
    feed(io.BytesIO(archive.read(name)), chart, label, tolerant=True)
    for title in chart.titles:
        out.paragraph(title)
    out.table(chart.rows())


class _Chart:
    """Target for a chart part."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self._series: list[dict[str, list[str]]] = []
        self._place = ""
        self._text: list[str] = []
        self._open = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "ser":
            self._series.append({"tx": [], "cat": [], "val": []})
        elif name in ("tx", "cat", "val", "xVal", "yVal", "title"):
            self._place = {"xVal": "cat", "yVal": "val"}.get(name, name)
        elif name in ("v", "t"):
            self._open = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._open = False
        if name == "v" or (name == "p" and self._text):
            self._put(one_line("".join(self._text)))
            self._text.clear()
        elif name == "ser":
            self._place = ""

    def data(self, text: str) -> None:
        if self._open:
            self._text.append(text)

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._series and self._place in self._series[-1]:
            self._series[-1][self._place].append(text)
        elif text not in self.titles:
            self.titles.append(text)

    def rows(self) -> list[list[str]]:
        categories = next((series["cat"] for series in self._series if series["cat"]), [])
        rows = [[" ".join(series["tx"]), *series["val"]] for series in self._series]
        return [["", *categories], *rows] if categories else rows
