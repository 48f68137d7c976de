"""Passages: all text once, cut where a reader would cut it, and an edit changes only the passages near it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chunking.chunker import PassageDraft, chunk_document
from core.chunking.rules import ChunkingRules
from core.chunking.table_header import column_header
from core.parsing.document import Block, BlockKind, DocumentBuilder, ParsedDocument
from core.parsing.limits import ParseLimits
from core.parsing.readers.markdown import markdown_blocks
from core.parsing.readers.plain import text_blocks
from core.parsing.registry import parse_file
from core.text.graphemes import splits_character, splits_word
from core.text.sentences import sentence_ends

SMALL = ChunkingRules(min_chars=40, max_chars=120, min_section_chars=20)
WORDS = "mill river wind flour grain wheel stone miller sack cart horse bread oven field harvest water".split()


def plain(text: str) -> ParsedDocument:
    return ParsedDocument(text, "T", "text", blocks=tuple(text_blocks(text)))


def markdown(text: str) -> ParsedDocument:
    return ParsedDocument(text, "T", "markdown", blocks=tuple(markdown_blocks(text)[0]))


def prose(words: int, seed: int = 1) -> str:
    """Sentences of six to twenty words, in paragraphs of two to seven sentences."""
    source, parts, count = random.Random(seed), list[str](), 0
    while count < words:
        sentences = []
        for _ in range(source.randint(2, 7)):
            length = source.randint(6, 20)
            sentences.append(" ".join(source.choices(WORDS, k=length)).capitalize() + ".")
            count += length
        parts.append(" ".join(sentences))
    return "\n\n".join(parts)


def pieces(document: ParsedDocument, rules: ChunkingRules = SMALL) -> list[str]:
    return [document.text[one.start : one.end] for one in chunk_document(document, rules)]


def assert_sound(document: ParsedDocument, passages: tuple[PassageDraft, ...], rules: ChunkingRules) -> None:
    """In order, without overlap, trimmed, all text covered, none too long, none cut inside a visible character."""
    offset = 0
    for ordinal, one in enumerate(passages):
        assert one.ordinal == ordinal
        assert offset <= one.start < one.end
        assert not document.text[offset : one.start].strip()
        piece = document.text[one.start : one.end]
        assert piece == piece.strip()
        assert not splits_character(document.text, one.start)
        if len(piece) > rules.max_chars:
            assert splits_character(document.text, one.start + rules.max_chars)
        offset = one.end
    assert not document.text[offset:].strip()


texts = st.text(
    st.one_of(
        st.sampled_from(list(" \n.,;!?aB1#-|`>*=\r\t。、ไทย한 e\u0301👩\u200d💻🇩🇪🇫\u0600")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=1500,
)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_any_plain_text_is_covered_once(text: str) -> None:
    document = plain(text)
    assert_sound(document, chunk_document(document, SMALL), SMALL)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_any_markdown_is_covered_once(text: str) -> None:
    document = markdown(text)
    assert_sound(document, chunk_document(document, SMALL), SMALL)


@given(
    texts, st.lists(st.tuples(st.sampled_from(list(BlockKind)), st.integers(0, 1500), st.integers(0, 300))), st.data()
)
@settings(max_examples=100, deadline=None)
def test_any_blocks_and_pages_are_covered_once(
    text: str, spans: list[tuple[BlockKind, int, int]], data: st.DataObject
) -> None:
    blocks, offset = [], 0
    for kind, start, length in sorted(spans, key=lambda span: span[1]):
        start, end = max(start, offset), min(start + length, len(text))
        if start < end:
            blocks.append(Block(kind, start, end, 1))
            offset = end
    pages = tuple(sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5))))
    pages = (0, *pages) if pages else ()
    document = ParsedDocument(text, "T", "pdf", pages, blocks=tuple(blocks))
    passages = chunk_document(document, SMALL)
    assert_sound(document, passages, SMALL)
    assert all(one.page == document.page_at(one.start) for one in passages)


def test_the_same_text_gives_the_same_passages() -> None:
    document = plain(prose(3000))
    assert chunk_document(document) == chunk_document(document)


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("make", [plain, markdown], ids=["plain", "markdown"])
def test_an_edit_changes_only_the_passages_near_it(where: float, make: Callable[[str], ParsedDocument]) -> None:
    text = prose(60_000)
    cut = text.index(". ", int(len(text) * where)) + 2
    edited = text[:cut] + "One more sentence stands here now. " + text[cut:]
    before, after = set(pieces(make(text), ChunkingRules())), pieces(make(edited), ChunkingRules())
    changed = [piece for piece in after if piece not in before]
    assert len(after) > 300
    assert 1 <= len(changed) <= 12


def test_an_edit_in_a_text_without_any_punctuation_stays_local() -> None:
    source = random.Random(3)
    text = " ".join(source.choices(WORDS, k=40_000))
    edited = text[:100_000] + " something else entirely " + text[100_000:]
    before = set(pieces(plain(text), ChunkingRules()))
    after = pieces(plain(edited), ChunkingRules())
    assert sum(piece not in before for piece in after) <= 12


def test_sentences_stay_whole_where_they_can() -> None:
    text = prose(2000)
    for piece in pieces(plain(text), ChunkingRules()):
        assert piece.endswith(".")


def test_no_cut_falls_inside_a_word() -> None:
    text = " ".join(WORDS * 400)
    document = plain(text)
    assert not any(splits_word(text, one.end) for one in chunk_document(document, SMALL))


def test_a_heading_begins_a_passage_and_names_its_section() -> None:
    body = "The mill grinds grain into flour all day. " * 8
    text = f"# Mills\n\n{body}\n\n## Wind\n\n{body}\n\n## Water\n\n### Old\n\n{body}\n"
    document = markdown(text)
    passages = chunk_document(document, ChunkingRules(200, 500, 50))
    assert [one.section for one in passages] == ["Mills", "Mills › Wind", "Mills › Water › Old"]
    assert text[passages[2].start :].startswith("## Water\n\n### Old")


@pytest.mark.parametrize("read", [plain, markdown])
def test_headings_of_wiki_text_are_headings_in_any_text(read: Callable[[str], ParsedDocument]) -> None:
    body = "The mill grinds grain = flour all day. " * 8
    text = f"= Mills =\n{body}\n== Wind ==\n{body}\n = = = Old = = = \n{body}\na == b\n= =\n"
    passages = chunk_document(read(text), ChunkingRules(200, 500, 50))
    assert [one.section for one in passages] == ["Mills", "Mills › Wind", "Mills › Wind › Old"]


def test_small_sections_are_joined() -> None:
    text = "".join(f"## Word {n}\n\nMeans {n}.\n\n" for n in range(60))
    passages = chunk_document(markdown("# Glossary\n\n" + text), ChunkingRules(200, 500, 150))
    assert 3 <= len(passages) <= 8
    assert {one.section for one in passages} == {"Glossary"}


def test_a_page_begins_a_passage() -> None:
    out = DocumentBuilder("pdf", ParseLimits())
    for number in range(3):
        out.begin_page()
        out.paragraph(f"Page {number} is about the mill. " * 10)
    document = out.build("T")
    passages = chunk_document(document, ChunkingRules(200, 500, 50))
    assert [one.page for one in passages] == [0, 1, 2]


def test_a_fence_is_kept_whole() -> None:
    fence = "```\n" + "\n\n".join(f"line {n} of the program" for n in range(20)) + "\n```"
    text = prose(300) + "\n\n" + fence + "\n\n" + prose(300, seed=2)
    assert any(fence in piece for piece in pieces(markdown(text), ChunkingRules()))


def test_rows_of_a_table_are_kept_whole() -> None:
    rows = [f"{n}\tMiller {n}\tGrain of kind {n}\t{n * 17}" for n in range(200)]
    out = DocumentBuilder("xlsx", ParseLimits())
    out.table([["No", "Name", "Grain", "Sacks"], *(row.split("\t") for row in rows)])
    document = out.build("T")
    for piece in pieces(document, ChunkingRules()):
        assert all(line in rows or line.startswith("No\t") for line in piece.split("\n"))


def test_later_pieces_of_a_long_table_have_its_header_in_their_section() -> None:
    out = DocumentBuilder("xlsx", ParseLimits())
    out.heading("Stores", 1)
    out.table([["No", "Name", "Grain"], *([str(n), f"Miller {n}", f"kind {n}"] for n in range(200))])
    out.paragraph(prose(200))
    passages = chunk_document(out.build("T"))
    table, after = [one.section for one in passages[:5]], passages[-1].section
    assert table == ["Stores", *4 * ["Stores › No | Name | Grain"]]
    assert after == "Stores"


@pytest.mark.parametrize(
    ("table", "header"),
    [
        ("Name;Grain;Sacks\nMiller;rye;17", "Name | Grain | Sacks"),
        ("| Name | **Grain** |\n|---|---|\n| Miller | rye |", "Name | Grain"),
        ("2024\t1,874\t3.5 %\n2025\t1,901\t3.6 %", None),
        ("Miller\n17", None),
        ('{"name": "Miller", "sacks": 17}\n{"name": "Baker", "sacks": 3}', None),
        ("Name\tGrain", None),
    ],
)
def test_a_column_header_holds_names_and_no_values(table: str, header: str | None) -> None:
    found = column_header(f"before\n{table}", 7, 7 + len(table))
    assert (found and found[1]) == header


def test_a_passage_that_does_not_fit_is_cut_further() -> None:
    text = prose(300) + "\n\n" + "１２３，４５６。" * 60 + "\n\n" + prose(300, seed=2)

    def fits(section: str, body: str) -> bool:
        return len(body.encode()) <= 600

    document = plain(text)
    passages, unbounded = chunk_document(document, fits=fits), chunk_document(document)
    assert_sound(document, passages, ChunkingRules())
    assert all(fits("", text[one.start : one.end]) for one in passages)
    assert len(passages) > len(unbounded)
    assert len({(one.start, one.end) for one in passages} & {(one.start, one.end) for one in unbounded}) >= 4


def test_languages_without_spaces_are_cut_at_their_own_sentence_ends() -> None:
    text = "風車は一日中粉を挽く。川の水車も同じように働いている。" * 60
    assert all(piece.endswith("。") for piece in pieces(plain(text), ChunkingRules()))
    thai = "โรงสีโม่แป้งตลอดทั้งวัน แม่น้ำไหลผ่านหมู่บ้าน ชาวนาปลูกข้าว " * 60
    assert all(piece.endswith(("วัน", "บ้าน", "ข้าว")) for piece in pieces(plain(thai), ChunkingRules()))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Dr. Mill went home. He slept.", 1),
        ("It cost 3.5 euros. Too much.", 1),
        ("See e.g. the mill. And more.", 1),
        ("Really?! Yes. “No.” Well.", 3),
        ("यह पहला वाक्य है। यह दूसरा है।", 1),
        ("هل هذا صحيح؟ نعم.", 1),
        ("J. R. Miller wrote it. In 1. place.", 1),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, count: int) -> None:
    assert len(list(sentence_ends(text, 0, len(text)))) == count


def test_a_long_line_without_spaces_is_cut() -> None:
    text = "".join(random.Random(1).choices("abcdefgh", k=50_000))
    document = plain(text)
    assert_sound(document, chunk_document(document), ChunkingRules())


def test_code_is_cut_at_its_definitions(tmp_path: Path) -> None:
    functions = [f"def grind_{n}(grain):\n" + "    grain = grain + 1\n" * 12 for n in range(10)]
    path = tmp_path / "mill.py"
    path.write_text("\n\n".join(functions))
    document = parse_file(path)
    passages = chunk_document(document)
    assert [one.section for one in passages] == [f"def grind_{n}" for n in range(10)]
