"""Messages of workers: what is sent arrives unchanged, and everything else is refused in bounded time and memory."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.sheet_cells import SheetRows
from core.parsing.document import Block, BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process import wire
from core.parsing.process.fields import FieldWriter, WireError

LIMITS = ParseLimits()
REPORT = ParsedDocument(
    "Größe 🍍 x\n\na\tb\nc",
    "Title",
    "xlsx",
    pages=(0, 6, 11),
    page_labels=("i", "ii", "Größe"),
    blocks=(Block(BlockKind.HEADING, 0, 5, 2, "Größe"), Block(BlockKind.TABLE, 11, 16)),
    warnings=("careful",),
    ocr_pages=(1,),
    unread_pictures=2,
    rows=(SheetRows(11, 14, 7, (1, 2, 3, 9)), SheetRows(15, 16, 9, (1,))),
    ocr_ranges=((2, 9), (11, 13)),
)
MESSAGES: tuple[wire.Message, ...] = (
    REPORT,
    wire.WorkerReady(),
    wire.PageCount(7),
    wire.OcrStarted(),
    wire.OcrPageWords(3, '[["Größe", 1.5]]'),
    ParseFault(ParseProblem.TOO_LARGE, format="PDF", detail="9 MB"),
)


def sent(message: wire.Message) -> wire.Message:
    """`message` as it arrives."""
    joiner = wire.FrameJoiner(LIMITS)
    *first, last = wire.frames(message)
    assert [joiner.add(frame) for frame in first] == [None] * len(first)
    joined = joiner.add(last)
    assert joined is not None
    return wire.unpack(*joined, LIMITS)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message: wire.Message) -> None:
    arrived = sent(message)
    if isinstance(message, ParseFault):
        assert isinstance(arrived, ParseFault)
        assert (arrived.problem, arrived.format, arrived.detail) == (message.problem, message.format, message.detail)
    else:
        assert arrived == message


def test_a_long_document_arrives_whole() -> None:
    text = "".join(random.Random(3).choices("abcdefgß中🍍 \n", k=1_500_000))
    blocks = tuple(Block(BlockKind.PARAGRAPH, at, at + 20) for at in range(0, len(text) - 20, 20))
    document = ParsedDocument(text, "T", "text", blocks=blocks)
    assert len(list(wire.frames(document))) > 3
    assert sent(document) == document


def test_long_names_are_cut_and_halves_of_characters_replaced() -> None:
    heading = Block(BlockKind.HEADING, 0, 5, 5000, "h" * 1_000_000)
    odd = ParsedDocument("a\ud800b c", "t" * 1_000_000, "md", blocks=(heading,), warnings=("w" * 1_000_000,) * 5000)
    arrived = sent(odd)
    assert isinstance(arrived, ParsedDocument)
    assert arrived.text == "a?b c"
    assert len(arrived.title) == len(arrived.blocks[0].label) == 300
    assert len(arrived.warnings) == 1000


def assert_refused(message_type: int, data: bytes) -> None:
    with pytest.raises(WireError):
        wire.unpack(message_type, data, LIMITS)


@pytest.mark.parametrize("message_type", range(9))
@pytest.mark.parametrize(
    "data", [b"\0" * 9, b"\2\0\0\0\0", b"cos\nsystem\n.", bytes(range(200)), b'{"pages": 1e400}', b"[" * 100_000],
    ids=["zeros", "cut short", "pickle", "numbers", "JSON", "deep JSON"],
)  # fmt: skip
def test_bytes_that_are_no_message_are_refused(message_type: int, data: bytes) -> None:
    assert_refused(message_type, data)


WRONG: dict[str, ParsedDocument] = {
    "a block outside the text": replace(REPORT, blocks=(Block(BlockKind.CODE, 2, 99),)),
    "a block that ends before it begins": replace(REPORT, blocks=(Block(BlockKind.CODE, 5, 2),)),
    "a block before the text": replace(REPORT, blocks=(Block(BlockKind.CODE, -1, 2),)),
    "a level below zero": replace(REPORT, blocks=(Block(BlockKind.HEADING, 0, 2, -1),)),
    "a page outside the text": replace(REPORT, pages=(0, 6, 99)),
    "pages out of order": replace(REPORT, pages=(0, 11, 6)),
    "more labels than pages": replace(REPORT, page_labels=("a",) * 4),
    "OCR of a page that does not exist": replace(REPORT, ocr_pages=(3,)),
    "pictures below zero": replace(REPORT, unread_pictures=-1),
    "an OCR range outside the text": replace(REPORT, ocr_ranges=((2, 99),)),
    "an OCR range backwards": replace(REPORT, ocr_ranges=((9, 2),)),
    "rows outside the text": replace(REPORT, rows=(SheetRows(0, 99, 1, (1,)),)),
    "rows that overlap": replace(REPORT, rows=(SheetRows(0, 3, 1, (1,)), SheetRows(2, 4, 2, (1,)))),
    "a row zero": replace(REPORT, rows=(SheetRows(0, 3, 0, (1,)),)),
    "a row after the last": replace(REPORT, rows=(SheetRows(0, 3, 2_000_000, (1,)),)),
    "a column zero": replace(REPORT, rows=(SheetRows(0, 3, 1, (0,)),)),
    "columns backwards": replace(REPORT, rows=(SheetRows(0, 3, 1, (2, 1)),)),
    "a column after the last": replace(REPORT, rows=(SheetRows(0, 3, 1, (1, 16_385)),)),
    "no columns": replace(REPORT, rows=(SheetRows(0, 3, 1, ()),)),
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_a_document_that_cannot_be_is_refused(document: ParsedDocument) -> None:
    assert_refused(*wire.pack(document))


@pytest.mark.parametrize("message", [wire.PageCount(-1), wire.PageCount(1 << 62), wire.OcrPageWords(-1, "")])
def test_numbers_out_of_range_are_refused(message: wire.Message) -> None:
    assert_refused(*wire.pack(message))


def test_a_list_of_a_billion_takes_no_memory() -> None:
    billion = struct.pack("<I", 1 << 30) + bytes(64)
    assert_refused(wire.DOCUMENT, billion)
    out = FieldWriter()
    out.text("text")
    out.texts(["T", "md"])
    assert_refused(wire.DOCUMENT, out.data + billion)


def test_text_that_is_no_utf8_is_refused() -> None:
    out = FieldWriter()
    out.number(3)
    for data in (b"\xed\xa0\x80", b"\xff", b"\xc3", b"\xf4\x90\x80\x80"):
        assert_refused(wire.OCR_PAGE_WORDS, out.data + struct.pack("<I", len(data)) + data)


def test_more_than_the_limits_allow_is_refused() -> None:
    small = ParseLimits(text_chars=10, pages=2)
    with pytest.raises(WireError):
        wire.unpack(*wire.pack(replace(REPORT, text=REPORT.text * 2)), small)
    with pytest.raises(WireError):
        wire.unpack(*wire.pack(wire.PageCount(3)), small)


def joined(*frames: bytes) -> None:
    joiner = wire.FrameJoiner(ParseLimits(text_chars=0))
    for frame in frames:
        joiner.add(frame)


FULL = bytes(wire.FRAME_BYTES - 2)


@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"\6"],
        [b"\6\2"],
        [b"\0\0"],
        [b"\x63\0"],
        [b"\6\1few bytes"],
        [b"\6\1"] * 3,
        [b"\6\1" + FULL, b"\5\0"],
        [b"\1\1" + FULL],
        [b"\4\1" + FULL] * 5,
        [b"\6\1" + FULL] * 300,
        [b"\2\0" + bytes(65)],
    ],
    ids=["empty", "no flag", "wrong flag", "type 0", "type 99", "not full", "no bytes", "of two messages", "long ready",
         "long words", "endless document", "long page count"],
)  # fmt: skip
def test_frames_that_are_too_many_or_too_large_are_refused(frames: list[bytes]) -> None:
    with pytest.raises(WireError):
        joined(*frames)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.integers(0, 255), st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(message_type: int, data: bytes) -> None:
    try:
        message = wire.unpack(message_type, data, LIMITS)
    except WireError:
        return
    assert wire.pack(message)[0] == message_type


CHANGES = ("flip", "set", "cut", "insert", "type")
PACKED = [wire.pack(message) for message in MESSAGES]


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.sampled_from(PACKED),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.sampled_from(CHANGES), st.integers(0, 255)),
    ),
)
def test_a_changed_message_is_a_message_or_refused(
    packed: tuple[int, bytes], changes: list[tuple[int, str, int]]
) -> None:
    message_type, data = packed[0], bytearray(packed[1])
    for place, change, value in changes:
        at = place % (len(data) + 1)
        if change == "flip" and data:
            data[at % len(data)] ^= 1 << value % 8
        elif change == "set":
            data[at : at + 4] = value.to_bytes(1) * 4
        elif change == "cut":
            del data[at : at + value]
        elif change == "insert":
            data[at:at] = bytes(value)
        else:
            message_type = value % 8
    try:
        message = wire.unpack(message_type, bytes(data), LIMITS)
    except WireError:
        return
    if isinstance(message, ParsedDocument):
        assert all(0 <= block.start <= block.end <= len(message.text) for block in message.blocks)
        assert all(0 <= run.start <= run.end <= len(message.text) for run in message.rows)
        message.text.encode()
