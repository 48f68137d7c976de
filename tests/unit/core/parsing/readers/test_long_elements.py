"""Text that comes in a million pieces within one element is joined once, not copied with each of them."""

from __future__ import annotations

from typing import Protocol

import pytest

from core.parsing.readers.docx import _Paragraphs
from core.parsing.readers.sparse_sheet import _Cells, _SharedStrings
from core.parsing.readers.xml_file import _Elements

PIECES = 1_000_000


class Receiver(Protocol):
    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def data(self, text: str) -> None: ...
    def end(self, name: str) -> None: ...


@pytest.mark.timeout(120)  # joined piece by piece, they would take hours
@pytest.mark.parametrize("receiver", [_Elements(), _Paragraphs(), _Cells([]), _SharedStrings()])
def test_a_million_pieces_of_one_element_are_joined_at_once(receiver: Receiver) -> None:
    receiver.start("row", {})
    receiver.start("c", {"t": "str"})
    receiver.start("si", {})
    receiver.start("t", {})
    for _ in range(PIECES):
        receiver.data("text of ten")
    for name in ("t", "c", "p", "row"):
        receiver.end(name)
