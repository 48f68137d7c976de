"""One splitter for documents and answers: where sentences end, and that no text makes it slow."""

from __future__ import annotations

import pytest

from core.text.sentences import clause_ends, sentence_ends, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


CASES = [
        ["Dated Feb. 3 by Smith et al. in Vol. 2.", "It is signed."],
        ["He met Mr. Keller and Dr. J. Smith at 5 p.m. on Monday.", "See No. 5.", "The end."],
        ["It costs 3.5 million, e.g. for ropes.", "That is all."],
        ["He lives in the U.S. and works at Acme Inc. in Ohio.", "They pay him."],
        ["He moved to the U.S.", "He works at Acme Inc.", "The firm grew."],
        ["He was 21.", "She was 20.", "Both left."],
        ["Er kam am 3. Mai an.", "Das war gut.", "Das 21. Jahrhundert begann."],
        ["Vgl. Abs. 2 und Art. 5.", "Der Vertrag, z.B. die Miete, gilt."],
        ["Le prix est de 5 euros, cf. p. 12.", "Il est fixe."],
        ["La Sra. Pérez llegó.", "¿Quién la vio?", "¡Nadie!"],
        ["O Sr. Silva assinou.", "A Dra. Costa não."],
        ["\"Stop.\"", "He left.", "(It rained.)", "Then... it ended…", "Yes!"],
        ["我们去了。", "他说：“好！”", "真的？", "是的。"],
        ["そうです。", "「はい。」", "終わり"],
        ["यह अच्छा है।", "वह गया।", "ठीक"],
        ["هل هذا صحيح؟", "نعم."],
        ["Первое.", "Второе!", "Третье?"],
        ["It was sold. [1]", "The buyer paid. [2][3]", "Done [4]."],
        ["One line without an end", "and another"],
        ["| a | b. C |", "|---|---|", "| 1. x | 2. y |"],
        ["1. First thing.", "Then more."],
    ]  # fmt: skip
"""Texts as lists of their sentences, in many languages."""


def joined(parts: list[str]) -> str:
    return "".join(part + ("\n" if part.startswith(("|", "One line")) else " ") for part in parts)


@pytest.mark.parametrize("parts", CASES)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    assert sentences(joined(parts)) == parts


def test_both_ways_to_ask_agree_within_a_line() -> None:
    text = "Dated Feb. 3 by Smith et al. in Vol. 2. It is signed. Dr. No left."
    ends = [*sentence_ends(text, 0, len(text)), len(text)]
    assert ends == [end for _, end in sentence_spans(text)]


def test_clauses_end_after_their_marks() -> None:
    assert list(clause_ends("one, two; three: four", 0, 21)) == [4, 9, 16]


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "x" + "." * MEGABYTE + "x",
        "x" + "?!" * (MEGABYTE // 2) + "x",
        "." + ")" * MEGABYTE + "x",
        '."' * (MEGABYTE // 2) + "x",
        "…" * MEGABYTE + "x",
        "。" * MEGABYTE,
        ". " * (MEGABYTE // 2),
        "1. " * (MEGABYTE // 3),
        "Dr. " * (MEGABYTE // 4),
        "x. [1]" * (MEGABYTE // 6),
        "." + " [1]" * (MEGABYTE // 4) + "x",
        "ก " * (MEGABYTE // 2),
        "\n" * MEGABYTE,
        " " * MEGABYTE,
        "\t" * MEGABYTE + "|",
        "," * MEGABYTE + "x",
        "a" * MEGABYTE,
    ],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_a_megabyte_of_one_mark_is_split_in_linear_time(text: str) -> None:
    """A quadratic pattern would need hours here, and the suite's time limit ends it."""
    spans = list(sentence_spans(text))
    assert all(text[start:end].strip() for start, end in spans)
    assert all(0 < end < len(text) for end in sentence_ends(text, 0, len(text)))
    assert sum(1 for _ in clause_ends(text, 0, len(text))) <= len(text)
