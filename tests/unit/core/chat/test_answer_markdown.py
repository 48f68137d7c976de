"""An answer's Markdown before it is rendered: citation links, images, and the length that is final."""

from __future__ import annotations

import pytest

from core.chat.answer_markdown import parse_citation_link, stable_length, with_citation_links
from core.domain.conversation import CheckedSentence
from core.domain.documents import Support


@pytest.mark.parametrize(
    ("markdown", "linked"),
    [
        ("So it is [1].", r"So it is [\[1\]](cite:1)."),
        ("Both [1, 2] and [3;4]", r"Both [\[1\]](cite:1)[\[2\]](cite:2) and [\[3\]](cite:3)[\[4\]](cite:4)"),
        ("As trained 【5†L1-L3】.", r"As trained [\[5\]](cite:5)."),
        ("A [link](https://a.b) stays", "A [link](https://a.b) stays"),
        ("`x[1]` is code", "`x[1]` is code"),
        ("```\nx[1]\n```\nbut [1]", "```\nx[1]\n```\nbut " + r"[\[1\]](cite:1)"),
        ("~~~\nx[1]\n```\nx[2]", "~~~\nx[1]\n```\nx[2]"),
        ("![secret](https://evil.example/?q=1)", "[secret](https://evil.example/?q=1)"),
    ],
)
def test_citations_outside_code_and_images_become_links(markdown: str, linked: str) -> None:
    assert with_citation_links(markdown) == linked


def test_numbers_that_cite_nothing_stay_text() -> None:
    assert with_citation_links("[1] and [9]", frozenset({1})) == r"[\[1\]](cite:1) and \[9\]"


def test_a_citation_in_a_doubtful_sentence_gets_a_sign() -> None:
    doubtful = CheckedSentence(100, 110, (1,), Support.WEAK)
    confirmed = CheckedSentence(110, 120, (2,), Support.SUPPORTED)
    linked = with_citation_links("One [1].  Two [2].", None, (doubtful, confirmed), offset=100)
    assert linked == r"One [\[1?\]](cite:1:weak).  Two [\[2\]](cite:2)."


@pytest.mark.parametrize(
    ("address", "citation"),
    [
        ("cite:4", (4, Support.UNCHECKED)),
        ("cite:4:weak", (4, Support.WEAK)),
        ("cite:4:not_found", (4, Support.NOT_FOUND)),
        ("cite:x", None),
        ("https://example.org/4", None),
    ],
)
def test_the_address_of_a_citation_is_parsed(address: str, citation: tuple[int, Support] | None) -> None:
    assert parse_citation_link(address) == citation


@pytest.mark.parametrize(
    ("markdown", "stable"),
    [
        ("one\n\ntwo", "one\n\n"),
        ("one\ntwo", ""),
        ("- one\n\n- two", ""),
        ("- one\n\ntext", "- one\n\n"),
        ("```\ncode\n\nmore", ""),
        ("```\ncode\n\n```\n\ntext", "```\ncode\n\n```\n\n"),
        ("text\n\n```\ncode", "text\n\n"),
        ("| a |\n|---|\n\n| b |", ""),
    ],
)
def test_only_finished_blocks_are_stable(markdown: str, stable: str) -> None:
    assert markdown[: stable_length(markdown)] == stable
