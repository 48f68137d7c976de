"""Text files: read character for character, whatever their encoding, with headings where they have any."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.parsing.document import BlockKind, ParsedDocument
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.readers.encoding import decode
from core.parsing.readers.plain import text_blocks
from core.parsing.registry import format_of, is_supported, parse_file
from tests.support.permissions import as_a_person

POLISH = "Zażółć gęślą jaźń. Książka leży na stole, a pies śpi pod łóżkiem."
SAMPLES = {
    "French": ("Le garçon a mangé une pêche à l'école, où il était déjà allé. Ça ne fait rien.", "cp1252 mac_roman"),
    "German": ("Die schöne Frau fährt über die Straße nach Köln und trägt große Äpfel.", "cp1252 mac_roman cp850"),
    "Portuguese": ("A situação não é fácil: as crianças comem maçãs e pães. São três, irmão.", "cp1252 mac_roman"),
    "Polish": (POLISH, "cp1250 iso8859_2 cp852"),
    "Czech": ("Příliš žluťoučký kůň úpěl ďábelské ódy. Včera jsme šli do města.", "cp1250 iso8859_2"),
    "Hungarian": ("Árvíztűrő tükörfúrógép. Az öreg hölgy délután gyümölcsöt vett, később hazaért.", "cp1250 iso8859_2"),
    "Turkish": ("Şu köşe yaz köşesi, şu köşe kış köşesi. Çocuklar bugün okula gitmediler.", "cp1254"),
    "Lithuanian": ("Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą. Žąsys ėjo.", "cp1257"),
    "Russian": ("Съешь ещё этих мягких французских булок, да выпей чаю. Вчера мы ходили в лес.", "cp1251 koi8_r cp866"),
    "Greek": ("Το παιδί πήγε χθες στο σχολείο και έμαθε πολλά καινούργια πράγματα.", "cp1253 iso8859_7"),
    "Hebrew": ("דג סקרן שט בים מאוכזב ולפתע מצא חברה. הילדים הלכו אתמול לבית הספר.", "cp1255"),
    "Japanese": ("日本国民は、正当に選挙された国会における代表者を通じて行動し、", "cp932 euc_jp iso2022_jp"),
    "Chinese": ("中华人民共和国是工人阶级领导的、以工农联盟为基础的社会主义国家。", "gb18030"),
    "Taiwanese": ("中華民國基於三民主義，為民有民治民享之民主共和國。人民之言論自由。", "big5"),
    "Korean": ("모든 국민은 인간으로서의 존엄과 가치를 가지며, 행복을 추구할 권리를 가진다.", "cp949"),
    "Thai": ("คนไทยทุกคนย่อมเสมอกันในกฎหมายและได้รับความคุ้มครอง", "cp874"),
    "Vietnamese": (
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng.",
        "utf-16-le utf-16-be utf-32-le utf-8-sig utf-16",
    ),
}
CASES = [(language, text, name) for language, (text, names) in SAMPLES.items() for name in names.split()]


def write_file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problem_of(path: Path, limits: ParseLimits | None = None) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        parse_file(path, limits)
    return caught.value.problem


def block_texts(document: ParsedDocument, kind: BlockKind) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks if block.kind is kind]


@pytest.mark.parametrize(("language", "text", "encoding"), CASES, ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_a_text_is_read_in_the_encoding_it_was_written_in(language: str, text: str, encoding: str) -> None:
    assert decode("\n".join([text] * 3).encode(encoding)) == "\n".join([text] * 3)


def test_utf8_comes_before_every_guess() -> None:
    text = "naïve café — “quoted” 文档 🍍\r\n"
    assert decode(text.encode()) == text


def test_a_file_joined_from_two_encodings_keeps_both() -> None:
    assert decode("Straße und Köln\n".encode("cp1252") + "naïve café\n".encode()) == "Straße und Köln\nnaïve café\n"


def test_a_declared_encoding_is_used() -> None:
    page = '<meta charset="koi8-r"><p>ё</p>'
    assert decode(page.encode("koi8_r")) == page


@pytest.mark.parametrize("name", ["letter.txt", "notes.md", "main.py"])
def test_offsets_are_offsets_in_the_file(tmp_path: Path, name: str) -> None:
    content = "# One\r\n\r\nfirst  line\twith tab\r\nsecond\r\n\r\n\r\ndef f():\r\n    pass\r\n"
    document = parse_file(write_file(tmp_path, name, content.encode("utf-8-sig")))
    assert document.text == content
    assert document.pages == ()


def test_zero_bytes_in_a_text_do_not_make_it_binary(tmp_path: Path) -> None:
    document = parse_file(write_file(tmp_path, "nul.txt", b"before\0\0after the word is quince\0"))
    assert "quince" in document.text


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + bytes(5000)])
def test_binary_data_is_refused(tmp_path: Path, content: bytes) -> None:
    assert problem_of(write_file(tmp_path, "data.txt", content)) is ParseProblem.BINARY


@pytest.mark.parametrize("content", ["", " \n\t\r\n ", "\ufeff"])
def test_a_file_without_text_is_empty(tmp_path: Path, content: str) -> None:
    assert problem_of(write_file(tmp_path, "nothing.txt", content)) is ParseProblem.EMPTY


def test_a_text_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ParseFault) as caught:
        parse_file(path)
    assert caught.value.problem is ParseProblem.TOO_LARGE
    assert "1024 MB" in str(caught.value)


def test_plain_text_has_only_sure_headings(tmp_path: Path) -> None:
    text = "INTRODUCTION\n\nHello there\n\n2.1 Scope\n\nMore. And more.\n\nTitle\n=====\nbody\n\nHe said no.\n"
    document = parse_file(write_file(tmp_path, "a.txt", text))
    headings = [(block.label, block.level) for block in document.blocks if block.kind is BlockKind.HEADING]
    assert headings == [("INTRODUCTION", 1), ("2.1 Scope", 2), ("Title", 1)]


def test_a_rule_below_a_wiki_heading_is_no_heading() -> None:
    headings = [block.label for block in text_blocks("== Wind ==\n-----\nIt turns the mill.") if block.label]
    kinds = [block.kind for block in text_blocks("== Wind ==\n-----\nIt turns the mill.")]
    assert headings == ["Wind"] and kinds == [BlockKind.HEADING, BlockKind.PARAGRAPH]


def test_short_lines_before_paragraphs_of_one_line_are_headings(tmp_path: Path) -> None:
    body = "The mill grinds grain into flour all day. " * 8
    text = f"{body}\nResults\nOf wind\n\n{body}\nFigure 2 A mill\n{body}\nJust a sentence.\n{body}\nWater\n{body}\n"
    for name in ("mills.txt", "mills.md"):
        (tmp_path / name).write_text(text)
        document = parse_file(tmp_path / name)
        assert document.title == "mills"
        assert [block.label for block in document.blocks if block.kind is BlockKind.HEADING] == [
            "Results",
            "Of wind",
            "Water",
        ]
    (tmp_path / "mills.md").write_text(f"# Mills\n\n{text}")
    markdown = parse_file(tmp_path / "mills.md")
    assert [block.label for block in markdown.blocks if block.kind is BlockKind.HEADING] == ["Mills"]


def test_one_of_several_wiki_articles_is_not_the_title(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("= Mills =\n\nThey grind.\n\n== Wind ==\n\nIt turns them.\n")
    (tmp_path / "two.md").write_text("= Mills =\n\nThey grind.\n\n= Looms =\n\nThey weave.\n")
    assert parse_file(tmp_path / "one.md").title == "Mills"
    assert parse_file(tmp_path / "two.md").title == "two"


def test_markdown_has_its_blocks(tmp_path: Path) -> None:
    text = (
        "---\ntitle: The guide\n---\n\n# First *bold* [link](x.md) #\n\nA paragraph\nof two lines.\n\n- one\n- two\n\n"
        "```py\n# no heading\n\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nSecond\n------\n\n> quoted\n"
    )
    document = parse_file(write_file(tmp_path, "a.md", text))
    kinds = [block.kind.value for block in document.blocks]
    assert kinds == [
        "paragraph", "heading", "paragraph", "list_item", "list_item", "code", "table", "heading", "quote",
    ]  # fmt: skip
    assert document.title == "The guide"
    assert [block.label for block in document.blocks if block.kind is BlockKind.HEADING] == [
        "First bold link",
        "Second",
    ]
    assert block_texts(document, BlockKind.CODE) == ["```py\n# no heading\n\nx = 1\n```"]


def test_an_unclosed_fence_extends_to_the_end(tmp_path: Path) -> None:
    document = parse_file(write_file(tmp_path, "a.md", "text\n\n~~~\n# a\n```\n# b\n"))
    assert block_texts(document, BlockKind.CODE) == ["~~~\n# a\n```\n# b"]


def test_code_has_its_definitions_as_headings(tmp_path: Path) -> None:
    source = (
        "import os\n\n\nclass Mill:\n    def grind(self) -> None:\n        pass\n\n\nasync def main():\n    x = 1\n"
    )
    document = parse_file(write_file(tmp_path, "mill.py", source))
    labels = [(block.label, block.level) for block in document.blocks if block.kind is BlockKind.HEADING]
    assert labels == [("class Mill", 1), ("def grind", 2), ("def main", 1)]


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        (
            "a.tex",
            "\\title{On Mills}\n\\section{Wind}\ntext\n\\subsection*{Old \\emph{ones}}\n",
            ["Wind", "Old \\emph{ones}"],
        ),
        ("a.adoc", "= Mills\n\ntext\n\n== Wind\nmore\n", ["Mills", "Wind"]),
        ("a.org", "* Mills\ntext\n** Wind\n", ["Mills", "Wind"]),
        ("a.wiki", "== Mills ==\ntext\n", ["Mills"]),
    ],
)
def test_markup_of_other_kinds_has_its_headings(tmp_path: Path, name: str, text: str, labels: list[str]) -> None:
    document = parse_file(write_file(tmp_path, name, text))
    assert document.text == text
    assert [block.label for block in document.blocks if block.kind is BlockKind.HEADING] == labels


def test_json_with_escapes_is_laid_out_readably(tmp_path: Path) -> None:
    document = parse_file(write_file(tmp_path, "a.json", '{"name": "M\\u00fcller", "lone": "\\ud800"}'))
    assert "Müller" in document.text
    document.text.encode()


def test_deeply_nested_json_stays_unchanged(tmp_path: Path) -> None:
    content = "[" * 100_000
    assert parse_file(write_file(tmp_path, "a.json", content)).text == content


def test_a_csv_file_is_one_table(tmp_path: Path) -> None:
    document = parse_file(write_file(tmp_path, "a.csv", "name,age\nAda,36\n"))
    assert block_texts(document, BlockKind.TABLE) == ["name,age\nAda,36\n"]


def test_a_notebook_keeps_text_code_and_results(tmp_path: Path) -> None:
    notebook = (
        '{"cells": [{"cell_type": "markdown", "source": ["# Mills\\n", "They grind."]}, {"cell_type": "code", '
        '"source": "1 + 1", "outputs": [{"data": {"text/plain": ["2"]}}]}]}'
    )
    document = parse_file(write_file(tmp_path, "a.ipynb", notebook))
    assert document.text == "Mills\n\nThey grind.\n\n1 + 1\n\n2"
    assert document.title == "Mills"


def test_subtitles_become_paragraphs_with_their_times(tmp_path: Path) -> None:
    content = (
        "1\n00:00:01,000 --> 00:00:02,000\nGood <i>evening</i>,\n\n2\n00:00:02,500 --> 00:00:04,000\nstranger.\n\n"
        "3\n00:01:00,000 --> 00:01:02,000\n12\n"
    )
    document = parse_file(write_file(tmp_path, "a.srt", content))
    assert document.text == "[00:00:01] Good evening,\nstranger.\n\n[00:01:00] 12"


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.PDF", "pdf"), ("Makefile", "code"), ("LICENSE", "text"), ("a.tar", "archive"), ("a.xyz", None), ("a", None)],
)
def test_formats_go_by_names(name: str, format: str | None) -> None:
    assert format_of(Path(name)) == format
    assert is_supported(Path(name)) == (format is not None)


def test_a_file_that_may_not_be_read_has_its_own_problem(tmp_path: Path) -> None:
    path = write_file(tmp_path, "closed.txt", "Text.")
    path.chmod(0)
    with as_a_person():
        assert problem_of(path) is ParseProblem.NOT_PERMITTED


def test_a_missing_file_and_an_unsupported_one_have_their_own_problems(tmp_path: Path) -> None:
    assert problem_of(tmp_path / "gone.txt") is ParseProblem.MISSING
    assert problem_of(tmp_path / "gone.xyz") is ParseProblem.UNSUPPORTED
