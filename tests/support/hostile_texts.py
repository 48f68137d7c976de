"""Texts made to keep a program busy: runs, nests, tables and markup that never closes, of any length.

Each shape is a function from a length in characters to a text of about that length, always the same one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import count

Shape = Callable[[int], str]
SEED = 20_261_201
PIECES: Mapping[str, str] = {
    "dot": ".", "exclamation": "!", "question": "?", "space": " ", "newline": "\n", "tab": "\t", "digit": "1",
    "zero": "0", "letter": "a", "capital": "A", "quote": '"', "apostrophe": "'", "typographic": "’", "paren": "(",
    "close paren": ")", "bracket": "[", "close bracket": "]", "brace": "{", "close brace": "}", "pipe": "|",
    "dash": "-", "en dash": "–", "backtick": "`", "greater": ">", "less": "<", "hash": "#", "star": "*", "plus": "+",
    "underscore": "_", "ampersand": "&", "comma": ",", "semicolon": ";", "colon": ":", "slash": "/", "backslash": "\\",
    "equals": "=", "tilde": "~", "caret": "^", "at": "@", "percent": "%", "dollar": "$", "euro": "€", "ellipsis": "…",
    "nbsp": "\u00a0", "zero width": "\u200b", "soft hyphen": "\u00ad", "joiner": "\u200d", "combining": "\u0301",
    "return": "\r", "form feed": "\x0c", "line separator": "\u2028", "null": "\x00", "han": "的", "han one": "一",
    "han ten": "十", "myriad": "万", "month sign": "月", "kana": "あ", "katakana": "ア", "hangul": "가", "jamo": "ᄀ",
    "thai": "ก", "thai vowel": "เ", "thai sign": "ิ", "hindi": "क", "hindi sign": "ि", "arabic": "ا", "hebrew": "א",
    "cyrillic": "д", "greek": "λ", "accent": "é", "sharp s": "ß", "ligature": "ﬁ", "flag": "🇩", "emoji": "👍🏽",
    "full stop": "。", "bullet": "•", "left mark": "【", "astral": "𝔞",
    "dot space": ". ", "dot letter": "a.", "dotted capital": "A.", "dot digit": "1.", "comma digit": "1,",
    "spaced digit": "1 ", "thousands": "1,000.", "slash digit": "1/", "dash digit": "1-", "colon digit": "1:",
    "word": "word ", "Word": "Word ", "two letters": "ab ", "camel": "aB", "snake": "a_", "apostrophes": "a'",
    "hyphens": "a-", "quotes": "'\"", "open close": "()", "mixed marks": ".!?", "closers": ".)", "spaced dots": ". . ",
    "clause": "a, ", "semicolons": "a; ", "and": "and ", "not": "not ", "than": "than ", "contracted": "don't ",
    "of the": "of the ", "one": "one ", "hundred": "hundred ", "thousand": "thousand ", "twenty-": "twenty-",
    "nineteen": "nineteen eighty ", "half": "half a dozen ", "third": "two thirds ", "German": "einundzwanzig ",
    "German glued": "einund", "German one": "ein ", "Finnish": "kaksisataa", "French": "quatre-vingt-", "dos": "dos ",
    "Vietnamese": "mười ", "Indonesian": "dua belas ", "Hindi word": "एक ", "Thai word": "หนึ่ง", "Korean": "이십",
    "Korean myriad": "만 ", "Korean word": "한국어 ", "Chinese number": "三百", "Chinese date": "2021年5月3日",
    "May": "May ", "3 May": "3 May 2021 ", "3, ": "3, ", "3/": "3/5/2021 ", "ISO": "2021-05-03 ", "year": "2021 ",
    "q1": "Q1 ", "URL": "http://a.b/c?d=e&", "mail": "a@b.c ", "mail piece": "a@", "mark": "[1]", "marks": "[1, 2] ",
    "open mark": "[1, ", "gpt mark": "【1†", "footnote": ".[1] ", "mention": '@"a ', "mention word": " @a",
    "image": "![", "image link": "![a](", "link": "[a](", "link title": '[a](b "', "whole link": "[a](b) ",
    "strong": "**a ", "strong tight": "**a", "emphasis": "*a ", "emphasis tight": "*a", "strong low": "__a ",
    "low": "_a ", "struck": "~~a ", "code": "`a ", "code double": "`a``", "escape": "\\*", "html": "<b>",
    "html open": "<a ", "html close": "</a>", "comment": "<!--", "comment open": "<!-- -", "script": "<script>",
    "cell tag": "<td>", "entity": "&amp;", "item line": "- a\n", "numbered line": "1. a\n", "quote line": "> a\n",
    "heading line": "# a\n", "fence line": "```\n", "both fences": "```\n~~~\n", "rule line": "---\n",
    "row line": "|a|b|\n", "delimiter line": "|---|\n", "wiki line": "== a ==\n", "wiki open": "== a\n",
    "wiki sign": "= ", "wiki both": "= a =", "blank lines": "\n \n", "indented": "    a\n", "two lines": "a\nb\n",
    "spaced lines": " \n", "crlf": "a\r\n", "returns": "a\r", "mixed ends": "a\r\nb\rc\n", "csv": "a;b,c\td\n",
    "json list": "[", "json key": '{"a":', "json text": '"a",', "assignment": "a=1\n", "def": "def a():\n",
    "public": "public ", "class": "class ", "namespace": "a::", "section": "\\section{a}\n",
    "section open": "\\section{",
    "title": "\\title{", "title option": "\\title[", "subtitle": "00:00:01,000 --> 00:00:02,000\na\n\n",
    "subtitle number": "1:", "voice": "<v ", "chapter": "Chapter I ", "numbered heading": "1.1 ",
    "from": "From a 2021\n",
    "roman": "iv ", "page": "page 1 of 2 ", "bullets": "• ", "minus": "−1 ", "percentages": "5% ",
    "money": "$5 million ",
    "million": "million ", "unit": "5 kg ", "katakana words": "アイウエオ ", "clauses": "、", "Japanese stops": "あ。",
    "dictionary": "a: b\n", "think": "<think>", "think open": "<thin", "tool": "<tool_call>", "header": "assistant",
    "recipient": "to=", "recipient token": "to=a<|", "none": "[none]", "refusal open": "*_ \n", "page break": "a\x0c",
    "latin run": "Aé的", "numbered name": "GPT-4 ", "name": "Anna Smith's ",
    "long word": "antidisestablishmentarianism ", "mark line": "[1]\n", "Chinese clause": "的，", "tenth": "十分之",
}  # fmt: skip
"""What is repeated, by name."""
_MIXED = ".!?,;: \n\t()[]{}|-`<>#*_&=~'\"/\\@1aA的ก。"


def _run(piece: str) -> Shape:
    return lambda length: (piece * (length // len(piece) + 1))[:length]


def _inside(piece: str) -> Shape:
    """The run between two words: what must be tried from every place because the end does not fit."""
    return lambda length: f"x{_run(piece)(length - 2)}x"


def _nested(opening: str, closing: str) -> Shape:
    return lambda length: (
        opening * (length // (len(opening) + len(closing))) + closing * (length // (len(opening) + len(closing)))
    )


def _growing(piece: str, joint: str) -> Shape:
    """Runs of one, two, three … pieces: no two have the same length."""

    def make(length: int) -> str:
        parts: list[str] = []
        size = 0
        for n in count(1):
            if size >= length:
                return joint.join(parts)
            parts.append(piece * n)
            size += n * len(piece) + len(joint)
        raise AssertionError("count never ends")

    return make


def _deep(frame: str) -> Shape:
    """Lines of growing indentation or quotation."""
    return lambda length: "".join(
        frame[0] * (len(frame) - 1) * n + f"{frame[0] if frame[0] != ' ' else '-'} a\n" for n in range(int(length**0.5))
    )


def _mixed(alphabet: str, pieces: int) -> Shape:
    def make(length: int) -> str:
        chosen = random.Random(SEED)
        parts = ["".join(chosen.choices(alphabet, k=pieces)) for _ in range(40)]
        return "".join(chosen.choices(parts, k=length // pieces + 1))[:length]

    return make


def _table(columns: Callable[[int], int]) -> Shape:
    def make(length: int) -> str:
        wide = columns(length)
        row, rule = "|a" * wide + "|\n", "|-" * wide + "|\n"
        return row + rule + row * max(1, (length - 2 * len(row)) // len(row))

    return make


def _headings(length: int) -> str:
    """Headings one under another, each a level deeper, then up again."""
    return "".join(f"{'#' * (1 + n % 6)} Heading {n}\n\ntext {n}.\n\n" for n in range(length // 24))


def _words(length: int) -> str:
    """Words that all differ."""
    return " ".join(f"word{n}" for n in range(length // 9))


def _capital_words(length: int) -> str:
    """Names and numbers that all differ, in short sentences."""
    return " ".join(f"Firm{n} sold {n + 1000} cars. " for n in range(length // 22))


def _number_table(length: int) -> str:
    """A table of numbers with a head and many columns."""
    wide = 60
    head = "| name | " + " | ".join(f"{2000 + n}" for n in range(wide)) + " |\n" + "|---" * (wide + 1) + "|\n"
    row = "| sales | " + " | ".join(f"{n}.5" for n in range(wide)) + " |\n"
    return head + row * max(1, (length - len(head)) // len(row))


def _alphabet(length: int) -> str:
    """Every character of the basic plane in turn."""
    every = "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0xFFFE))))
    return (every * (length // len(every) + 1))[:length]


def _front_matter(length: int) -> str:
    return "---\n" + "title: a\n" * ((length - 4) // 9)


def shapes() -> dict[str, Shape]:
    """Every shape by name."""
    found: dict[str, Shape] = {name: _run(piece) for name, piece in PIECES.items()}
    found |= {f"inside {name}": _inside(piece) for name, piece in PIECES.items() if len(piece) <= 2}
    for name, (opening, closing) in {
        "brackets": ("[", "]"), "parens": ("(", ")"), "braces": ("{", "}"), "quotes": ("“", "”"),
        "tags": ("<b>", "</b>"),
        "divs": ("<div>", "</div>"), "images": ("![", "](a)"), "stars": ("*a", "a*"), "mixed": ("([{", "}])"),
        "lists": ("<ul><li>a", "</li></ul>"), "blockquotes": ("<blockquote>", "</blockquote>"),
        "fields": ("\x13", "\x15"), "json": ('{"a":[', "]}"),
    }.items():  # fmt: skip
        found[f"nested {name}"] = _nested(opening, closing)
    for name, piece in {
        "backticks": "`",
        "stars": "*",
        "dots": ".",
        "spaces": " ",
        "hashes": "#",
        "dashes": "-",
    }.items():
        found[f"growing {name}"] = _growing(piece, "a")
        found[f"growing {name} in lines"] = _growing(piece, "\n")
    found |= {"deep list": _deep("  "), "deep quote": _deep("> "), "deep quote lines": _deep(">>")}
    found |= {f"mixed {n}": _mixed(_MIXED, n) for n in (3, 17)}
    found |= {"one column": _table(lambda length: 1), "one row": _table(lambda length: length // 6)}
    found |= {"square table": _table(lambda length: max(1, int((length // 2) ** 0.5))), "headings": _headings}
    found |= {"words": _words, "names": _capital_words, "numbers": _number_table, "alphabet": _alphabet}
    found |= {"front matter": _front_matter}
    return found
