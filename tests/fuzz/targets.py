"""What is fuzzed: each target takes bytes, and raises nothing but an `AssertionError` where something is wrong.

Whatever else comes out of a target is a fault of the program: it says which exceptions are expected.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path, PurePath

from core.domain.documents import Citation, Support
from core.survey.values import Finding, RowState, Survey, SurveyRow
from tests.fuzz import seeds

Check = Callable[[bytes], None]
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Target:
    """`seeds` are valid inputs; `check` looks at one input."""

    seeds: Sequence[bytes]
    check: Check


def targets() -> dict[str, Target]:
    """Every target by name."""
    found = {
        f"parse-{name.partition('.')[2]}": Target((raw,), partial(_parse, name))
        for name, raw in sorted(seeds.documents_by_name().items())
    }
    texts = (
        seeds.TEXT.encode(),
        "Dr. Müller sah 3,5 kg Äpfel. 文档在哪里？".encode(),
        b"a. b! c? [1] [2, 3]\n> q\n1. x",
    )
    return found | {
        "wire": Target(_messages(), _wire),
        "harmony": Target((b"\x01\x02\x03 final answer",), _harmony),
        "template": Target(tuple(map(str.encode, seeds.TEMPLATES)), _template),
        "gguf": Target((_gguf(),), _gguf_header),
        "text": Target(texts, _text),
        "citations": Target(texts, _citations),
        "export": Target((*texts, b"=1+1|<b>[x](http://a)![y](http://b)\n"), _export),
        "printing": Target((*texts, b"\x1b]0;x\x07\x9b\xe2\x80\xae"), _printing),
        "settings": Target((b'largest_file_mb = 3\nlanguage = "en"\npaused = true\n',), _settings),
        "messages": Target((b'{"text": "a", "citations": [], "sources": [], "complete": true}',), _message),
        "sheets": Target((b"1-6,9", b"1,2,3"), _sheet_columns),
    }


def _parse(name: str, raw: bytes) -> None:
    """Through the reader, and through the cutting of passages; `ParseFault` says why a file cannot be read."""
    from core.chunking.chunker import cut_document
    from core.parsing.faults import ParseFault
    from core.parsing.registry import parse_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(raw)
        with suppress(ParseFault):
            parsed = parse_file(path)
            assert all(0 <= block.start <= block.end <= len(parsed.text) for block in parsed.blocks)
            assert list(parsed.pages) == sorted(parsed.pages) and all(p <= len(parsed.text) for p in parsed.pages)
            for _ in cut_document(parsed):
                pass


def _messages() -> tuple[bytes, ...]:
    from core.parsing.document import ParsedDocument
    from core.parsing.faults import ParseFault, ParseProblem
    from core.parsing.process.wire import Message, OcrPageWords, PageCount, pack

    document = ParsedDocument(text="one two", title="t", format="text", pages=(0, 4))
    messages: tuple[Message, ...] = (document, ParseFault(ParseProblem.DAMAGED), PageCount(3), OcrPageWords(1, "[]"))
    return tuple(bytes((kind,)) + data for kind, data in (pack(message) for message in messages))


def _wire(raw: bytes) -> None:
    from core.parsing.limits import ParseLimits
    from core.parsing.process.fields import WireError
    from core.parsing.process.wire import unpack

    with suppress(WireError):
        unpack(raw[0] if raw else 0, raw[1:], ParseLimits())


def _harmony(raw: bytes) -> None:
    """Token ids made of pairs of bytes, many of them control tokens."""
    from models.prompts.harmony_parser import HarmonyParser
    from models.prompts.harmony_vocabulary import ORDINARY_TOKENS

    parser = HarmonyParser(lambda token: bytes((token % 256,)))
    for first, second in zip(raw[::2], raw[1::2], strict=False):
        parser.feed(ORDINARY_TOKENS + second % 16 if first % 3 == 0 else first * 256 + second)
    parser.finish()


def _template(raw: bytes) -> None:
    from models.faults import ModelFault
    from models.prompts.template_budget import TemplateFailed
    from models.prompts.template_sandbox import ChatTemplate

    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes " * 50}]
    with suppress(ModelFault, TemplateFailed):
        template = ChatTemplate(raw.decode("utf-8", "replace"), "model.gguf")
        assert len(template.render({"messages": messages, "bos_token": "<s>"}, date(2026, 1, 2))) < 1 << 26


def _gguf() -> bytes:
    from tests.support.gguf_bytes import Value, gguf_bytes

    metadata: dict[str, Value] = {
        "general.architecture": "bert", "general.name": "small", "bert.block_count": 1, "bert.embedding_length": 8,
        "bert.context_length": 64, "bert.attention.head_count": 2, "bert.attention.layer_norm_epsilon": 1e-5,
        "tokenizer.ggml.tokens": ["a", "b", "c"], "tokenizer.ggml.bos_token_id": 1,
    }  # fmt: skip
    return gguf_bytes(metadata, {"token_embd.weight": (8, 3), "blk.0.attn_q.weight": (8, 8)})


def _gguf_header(raw: bytes) -> None:
    from models.faults import ModelFault
    from models.gguf.consistency import require_consistent
    from models.gguf.header import read_header

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        path.write_bytes(raw)
        with suppress(ModelFault):
            require_consistent(read_header(path))


def _text(raw: bytes) -> None:
    from core.citations.quantities import words_as_digits
    from core.text.sentences import sentence_spans
    from core.text.tokenizer import terms

    text = raw.decode("utf-8", "replace")
    spans = list(sentence_spans(text))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    terms(text)
    words_as_digits(text)


def _citations(raw: bytes) -> None:
    from core.citations.support import best_span, support

    text = raw.decode("utf-8", "replace")
    support(text[:2000], text)
    start, end = best_span(text[:500], text)
    assert 0 <= start <= end <= len(text)


def _export(raw: bytes) -> None:
    """Nothing active comes out, and nothing of the table is lost."""
    from markdown_it import MarkdownIt

    from core.survey.export import to_csv, to_markdown

    survey = _survey(raw.decode("utf-8", "replace"))
    rows = list(csv.reader(io.StringIO(to_csv(survey), newline="")))
    assert len(rows) == 2 and len(rows[1]) == 11
    assert not any(
        field[:1] in ("=", "+", "-", "@", "\t", "\r") and len(field) > 1 for field in rows[1] if field != "-"
    )
    tokens = MarkdownIt("commonmark").enable("table").parse(to_markdown(survey))
    kinds = {inside.type for token in tokens for inside in (token, *(token.children or ()))}
    assert not kinds & {"html_block", "html_inline", "image", "link_open"}, kinds


def _survey(text: str) -> Survey:
    path = Path("/documents") / (PurePath(text.replace("\0", "").replace("/", " ")[:100] or "a").name or "a")
    citation = Citation(1, 1, path, text[:50], None, text[:50], 0, 1, text[:300], Support.WEAK)
    row = SurveyRow(1, path, RowState.READ, "", (Finding(text[:300], citation, text[:20]),))
    return Survey(1, text[:200], 0.0, text, (row,))


def _printing(raw: bytes) -> None:
    from core.text.printable import printable, printable_json, printable_line

    text = raw.decode("utf-8", "surrogateescape")
    assert not CONTROL.search(printable(text).replace("\t", ""))
    assert not re.search(r"[\t\n]", printable_line(text)) and not CONTROL.search(printable_line(text))
    value = {"text": raw.decode("utf-8", "replace")}
    shown = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(shown) == value and not CONTROL.search(shown)


def _settings(raw: bytes) -> None:
    from core.settings import SettingsStore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.toml"
        path.write_bytes(raw)
        store = SettingsStore(path)
        store.change(largest_file_mb=7)
        assert SettingsStore(path).current.largest_file_mb == 7


def _message(raw: bytes) -> None:
    from core.store.conversations.message_json import message_of

    message_of(1, "user", raw.decode("utf-8", "replace"), 0.0)


def _sheet_columns(raw: bytes) -> None:
    from core.domain.sheet_cells import unpacked

    with suppress(ValueError):
        assert len(unpacked(raw.decode("utf-8", "replace"))) < 1 << 21
